"""How long is the event loop held up while very large events are recorded? Beside small ones."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from contextune.compose import journal_at
from contextune.core.conversation import ToolResult
from contextune.core.effects import ToolReturned

LARGE = 4_000_000
"""Characters of a large result."""

SMALL = 400
RESULTS = 10
PAUSE = 0.001
"""Seconds that the loop sleeps between two looks at the clock."""


async def held_up(path: Path, characters: int, results: int = RESULTS) -> float:
    """The most milliseconds that the event loop was late while results of a size were recorded."""
    text = ("a line of output\n" * (characters // 17 + 1))[:characters]
    result = ToolResult(tool_use_id="toolu_01", content=text)
    event = ToolReturned(run_id="r_1", at=1, task_id="task", attempt=1, call_id="toolu_01", result=result)
    journal = journal_at(path)
    late = [0.0]
    watching = asyncio.ensure_future(_watch(late))
    try:
        for _ in range(results):
            await journal.append([event])
            await asyncio.sleep(PAUSE)
    finally:
        watching.cancel()
        await journal.close()
    return max(late) * 1000


async def _watch(late: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(PAUSE)
        late.append(time.perf_counter() - began - PAUSE)

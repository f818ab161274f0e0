"""How long is the event loop held up while very large events are recorded? Beside small ones."""

from __future__ import annotations

import asyncio
from pathlib import Path

from contextune.bench.heartbeat import PAUSE, Lateness, beating, lateness
from contextune.compose import journal_at
from contextune.core.model.conversation import ToolResult
from contextune.core.runs.effects import ToolReturned

LARGE = 4_000_000
"""Characters of a large result."""

SMALL = 400
RESULTS = 10


async def held_up(path: Path, characters: int, results: int = RESULTS) -> Lateness:
    """How late the event loop was while results of a size were recorded."""
    text = ("a line of output\n" * (characters // 17 + 1))[:characters]
    result = ToolResult(tool_use_id="toolu_01", content=text)
    event = ToolReturned(run_id="r_1", at=1, task_id="task", attempt=1, call_id="toolu_01", result=result)
    journal = journal_at(path)
    try:
        with beating() as beats:
            for _ in range(results):
                await journal.append([event])
                await asyncio.sleep(PAUSE)
    finally:
        await journal.close()
    return lateness(beats)

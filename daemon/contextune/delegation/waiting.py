"""Waits for what happens to a Run, in whichever process it is driven."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from contextune.core.runs.run import Run
from contextune.core.states import ENDED_TASK
from contextune.delegation.desk import Desk
from contextune.protocol.wording import bill_text

PATIENCE, LOOK = 10.0, 0.1
"""Seconds to wait for the process that drives a Run to do as it was told, and between two looks."""

ALONE = 3
"""Looks at which a Run has no process before it counts as left: one may be about to take it."""

Heard = Callable[[float, str], Awaitable[None]]
"""Takes how far something is, a number that rises, and the same in words."""


async def unheard(_progress: float, _text: str) -> None:
    """For a client that does not ask how far something is."""


async def until(
    desk: Desk, run_id: str, holds: Callable[[Run], bool], seconds: float, heard: Heard = unheard
) -> tuple[Run, bool]:
    """The Run once this holds of it, or as it is after so many seconds; and whether it holds."""
    seen = 0
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        # It may happen in another process; the Journal is all there is to look at.
        run = await desk.run(run_id)
        if (is_so := holds(run)) or loop.time() >= end:
            return run, is_so
        if run.seq > seen:
            seen = run.seq
            await heard(float(seen), how_far(run))
        await asyncio.sleep(LOOK)


async def needs_somebody(desk: Desk, run_id: str, seconds: float, heard: Heard = unheard) -> Run:
    """The Run once it ends, stops, or an agent asks something; or as it is after so many seconds."""

    alone = 0

    def stands(run: Run) -> bool:
        nonlocal alone
        alone = alone + 1 if desk.app.lookout.driver(run.id) == "nobody" else 0
        asks = any(task.question is not None for task in run.tasks)
        return run.state != "running" or asks or alone >= ALONE

    return (await until(desk, run_id, stands, seconds, heard))[0]


def how_far(run: Run) -> str:
    """Such as `2 of 5 Tasks done, $0.0312 spent`."""
    done = sum(task.state in ENDED_TASK for task in run.tasks)
    return f"{done} of {len(run.tasks)} Tasks done, {bill_text(run.bill)} spent"

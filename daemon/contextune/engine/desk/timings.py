"""Where the time of Runs went: measured from the Journal, compared with earlier Runs of the repository."""

from __future__ import annotations

import asyncio

from contextune.core.errors import NothingToDo
from contextune.core.model.ledger import PLANNING
from contextune.core.runs.run import Run
from contextune.core.timing.comparison import MOST_EARLIER, TimingReport, compared
from contextune.core.timing.phases import RunTiming, timing
from contextune.engine.surroundings.world import World


class Timings:
    """Measures Runs. Asks no model."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def of(self, run: Run) -> TimingReport:
        """A Run beside earlier ones of its repository. Raises NothingToDo if it has no events."""
        ids = await self._world.journal.runs(run.repository)
        before = ids[ids.index(run.id) + 1 :] if run.id in ids else []
        mine = await self._timing(run.id)
        if mine is None:
            raise NothingToDo(f"Run {run.id} has not begun, so there is nothing to measure.")
        earlier = [await self._timing(other) for other in before[: 2 * MOST_EARLIER]]
        return compared(mine, [one for one in earlier if one is not None])

    async def _timing(self, run_id: str) -> RunTiming | None:
        events = await self._world.journal.read(run_id)
        planning = await self._world.journal.read(PLANNING + run_id)
        return await asyncio.to_thread(timing, events, planning)

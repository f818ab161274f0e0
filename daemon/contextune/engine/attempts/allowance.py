"""What one attempt may use: time for its tools and tests, and disk for its files."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from contextune.core.errors import LimitReached
from contextune.core.ports import Clock, Repository
from contextune.core.settings import Settings
from contextune.core.sizes import size_text
from contextune.core.spending.wording import duration_text
from contextune.engine.worktrees.leases import Lease

LOOK_EVERY = 10_000
"""Milliseconds after which the disk is asked again how much is free."""

LOOK_THROUGH_EVERY = 300_000
"""Milliseconds after which a worktree is looked through whatever the disk says: 64,000 files take a quarter
of a second, in which everything else of the daemon is slower."""


class Allowance:
    """Counts while an agent's tools and tests work.

    What it waits for a model, a person or a processor is left out.
    """

    def __init__(self, clock: Clock, repository: Repository, lease: Lease, settings: Settings) -> None:
        self._clock = clock
        self._repository = repository
        self._lease = lease
        self._settings = settings
        self._worked = 0
        self._waited = lease.waited_ms
        self._since = self._asked = self._looked = clock.now()
        self._free: int | None = None
        """Bytes that were free when the disk was asked first."""

    def begin(self) -> None:
        """Tools and tests work from now on."""
        self._since = self._clock.now()
        self._waited = self._lease.waited_ms

    def stop(self) -> int:
        """They stand still until they begin again; returns the time, in milliseconds since the epoch."""
        now = self._clock.now()
        waited = self._lease.waited_ms - self._waited
        self._worked += max(0, now - self._since - waited)
        self.begin()
        return now

    async def left_out(self, waiting: Callable[[], Awaitable[object]]) -> None:
        """Wait for something between two turns, which counts as no work."""
        self.stop()
        await waiting()
        self.begin()

    async def end(self) -> None:
        """They have done their work. Raises LimitReached if they used more than the attempt may."""
        now = self.stop()
        most = self._settings.task_timeout * 1000
        if self._worked > most:
            raise LimitReached(f"Its commands and tests took more than {duration_text(most)}.")
        if self._free is None or now - self._asked >= LOOK_EVERY:
            self._asked = now
            await self._ask(now)

    async def _ask(self, now: int) -> None:
        """Look through the worktree once its disk has lost as much as the Task may take, or after long."""
        upkeep, most = self._repository.upkeep, self._settings.task_disk
        free = await asyncio.to_thread(upkeep.free, self._lease.path)
        if self._free is None:
            self._free = free
        if self._free - free >= most or now - self._looked >= LOOK_THROUGH_EVERY:
            self._looked = now
            await self._look(most)

    async def _look(self, most: int) -> None:
        lease = self._lease
        grown = await asyncio.to_thread(self._repository.upkeep.grown, lease.path, lease.ready_at)
        if grown > most:
            raise LimitReached(
                f"The files that it made take {size_text(grown)}; the setting task_disk allows "
                f"{size_text(most)}."
            )

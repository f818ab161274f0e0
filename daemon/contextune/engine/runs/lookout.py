"""Looks out for Runs of other processes: shows what happens in them, and finds those that nobody drives.

Two editor windows on one repository, or an editor and a command line, share their Runs through the Journal.
One process drives a Run; the others tell its events here as if they had happened in them. Where its process
is gone or hangs although the Run was at work, the Run is left: whoever looks out says so once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from contextune.core.errors import ContextuneError
from contextune.core.model.ledger import PLANNING, SHADOW
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run, advance, is_unfinished
from contextune.core.states import LIVE_RUN, Driver
from contextune.engine.runs.drives import Drives
from contextune.engine.runs.ownership import LEASE, Pulses
from contextune.engine.surroundings.world import World

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between two looks while no other process drives a Run that is shown here."""

LIVE = 0.1
"""The same while one does."""

ALONE = 2
"""Looks at which a Run has no process before it counts as left: one may be about to take it."""

Left = Callable[[Run], Awaitable[bool]]
"""Sees to a Run that was left; False to be told again with the next look."""


class Lookout:
    """Follows the Runs of some repositories that this process does not drive."""

    def __init__(self, world: World, drives: Drives, *, lease: float = LEASE) -> None:
        self._world = world
        self._drives = drives
        self._pulses = Pulses(world.mailbox, lease)
        self._shown: dict[str, Run] = {}
        self._roots: set[str] = set()
        self._drivers: dict[str, Driver] = {}
        self._alone: dict[str, int] = {}
        """At how many looks in a row a Run had no process."""
        self._seen_to: set[str] = set()
        self._looking: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = drives.subscribe(self._heard)

    def watch(self, root: Path, runs: Iterable[Run]) -> None:
        """Follow the Runs of a repository: these, and those that other processes begin."""
        self._roots.add(str(root))
        for run in runs:
            self._show(run)

    def begin(self, *, left: Left, changed: Callable[[str], None]) -> None:
        """Look from now on. `changed` hears the id of a Run that another process took or let go."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on(left, changed), name="lookout")

    def driver(self, run_id: str) -> Driver:
        """Which process drives a Run."""
        return self._drives.driver(run_id)

    def silent_for(self, run_id: str) -> float:
        """Seconds since another process that drives a Run gave a sign of life; 0 if none drives it.

        By the system's clock: it only says where a closer look is worth it.
        """
        beat = self._world.mailbox.last_beat(run_id) if self.driver(run_id) == "elsewhere" else None
        return 0.0 if beat is None else max(0, self._world.clock.now() - beat) / 1000

    async def is_hung(self, run_id: str) -> bool:
        """Whether the process that drives a Run gives no sign of life; takes as long as its lease if so."""
        return await self._pulses.watch(run_id)

    async def close(self) -> None:
        """Look no more."""
        self._unsubscribe()
        self._unsubscribe = _nothing
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def _look_on(self, left: Left, changed: Callable[[str], None]) -> None:
        place: int | None = None
        while True:
            try:
                place, streams = await self._world.journal.news(place)
                for stream in streams:
                    await self._follow(stream)
                await self._see_who_drives(left, changed)
            except ContextuneError as problem:
                # The Journal may be out of reach for a moment, as on a full disk; what is missed comes later.
                log.warning("Runs of other processes cannot be followed: %s", problem)
            others = "elsewhere" in self._drivers.values()
            await asyncio.sleep(LIVE if others else LOOK)

    async def _follow(self, run_id: str) -> None:
        """Tell what other processes have journalled of a Run."""
        if run_id.startswith((PLANNING, SHADOW)):
            return
        while self._drives.driver(run_id) != "here":
            known = self._shown.get(run_id)
            events = await self._world.journal.read(run_id, known.seq if known else 0)
            if self._shown.get(run_id) is not known:
                continue  # this process has recorded something meanwhile
            if known is None and not self._concerns(events):
                return
            for event in events:
                known = advance(known, event)
                self._drives.tell(known, event)
            return

    def _concerns(self, events: list[ev.AnyEvent]) -> bool:
        folders = [event.repository for event in events if isinstance(event, ev.RunCreated | ev.RunMoved)]
        return bool(folders) and folders[-1] in self._roots

    async def _see_who_drives(self, left: Left, changed: Callable[[str], None]) -> None:
        unfinished = [run for run in self._shown.values() if is_unfinished(run)]
        for run_id in self._drivers.keys() - {run.id for run in unfinished}:
            del self._drivers[run_id]
        for run in unfinished:
            driver, before = self._drives.driver(run.id), self._drivers.get(run.id)
            self._drivers[run.id] = driver
            if before is not None and driver != before:
                changed(run.id)
            if driver == "here" or not _is_to_go_on(run):
                self._alone.pop(run.id, None)
                self._seen_to.discard(run.id)
                continue
            await self._judge(run, driver, left)

    async def _judge(self, run: Run, driver: Driver, left: Left) -> None:
        """Have a Run seen to whose process is gone or hangs: once, or until somebody can."""
        if driver == "elsewhere" and not self._pulses.is_hung(run.id):
            self._alone.pop(run.id, None)
            self._seen_to.discard(run.id)
            return
        looks = ALONE if driver == "elsewhere" else self._alone.get(run.id, 0) + 1
        if run.id not in self._seen_to and looks >= ALONE and await left(run):
            self._seen_to.add(run.id)
        self._alone[run.id] = looks

    def _heard(self, run: Run, event: ev.AnyEvent) -> None:
        del event
        if run.repository in self._roots:
            self._show(run)

    def _show(self, run: Run) -> None:
        known = self._shown.get(run.id)
        if known is None or known.seq <= run.seq:
            self._shown[run.id] = run


def _is_to_go_on(run: Run) -> bool:
    """Whether a Run is at work by its Journal; one that is paused or parked waits for its user."""
    return run.state == "running" or run.state not in LIVE_RUN


def _nothing() -> None:
    """There is nothing left to end."""

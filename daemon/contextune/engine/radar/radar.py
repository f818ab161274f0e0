"""The Radar: which live worktrees overlap with each other, with the Ghost and with the user's own work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contextune.agents.overlap_told import overlap_told
from contextune.core.errors import ContextuneError
from contextune.core.overlap.live_snapshots import Snapshot
from contextune.core.overlap.radar import LiveOverlap, OverlapFound, OverlapGone
from contextune.core.ports import Clock, Overlays, Repository
from contextune.core.runs import events as ev
from contextune.core.runs.effects import GhostRebuilt
from contextune.core.runs.run import Run
from contextune.core.todo_ports import Watcher
from contextune.engine.money.account import Emit
from contextune.engine.radar.comparing import Comparing, Side

MOMENT = 0.02
"""Seconds from a write to the look at it: the agent's next request goes first."""
GRACE = 2.0
"""Seconds before it is told that an overlap has gone, or moved: an agent's next write may bring it back."""
QUIET = 0.15
"""Seconds that a user's edits are gathered."""
TRIES = 3
"""Looks in a row that git may refuse before the next write is waited for."""
AT_ONCE = 3
"""Merges at a time."""

GHOST, USER = ":ghost", ":user"
"""Names of the sides that are no Task's."""

Key = tuple[str, str, str, str, str]


@dataclass(slots=True)
class _Live:
    """A worktree that is looked at."""

    path: Path
    start: str
    files: tuple[str, ...]
    is_due: bool = True
    """Whether something was written since the last look."""
    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while somebody waits for the look."""
    looking: asyncio.Task[None] | None = None
    failures: int = 0
    """Looks in a row that git refused."""


class Radar:
    """Looks at the worktrees of one driven Run; `heard` keeps it informed."""

    def __init__(
        self,
        repository: Repository,
        run: Callable[[], Run],
        *,
        emit: Emit,
        clock: Clock,
        overlays: Callable[[], Overlays] = dict,
    ) -> None:
        """`overlays` are the user's unsaved buffers, by path."""
        self._repository = repository
        self._run = run
        self._emit = emit
        self._clock = clock
        self._overlays = overlays
        self._base = run().base.commit
        self._order = {task.id: number for number, task in enumerate(run().tasks)}
        self._comparing = Comparing(repository, self._base)
        self._live: dict[str, _Live] = {}
        self._sides: dict[str, Snapshot] = {}
        self._seen: dict[tuple[str, str], tuple[LiveOverlap, ...]] = {}
        """What does not fit, by pair of sides."""
        self._told: dict[Key, LiveOverlap] = {one.key: one for one in run().live_overlaps}
        """What the Journal has."""
        self._settling: dict[Key, asyncio.TimerHandle] = {}
        self._due: dict[str, None] = {}
        """Sides that changed and are to be compared, in order."""
        self._comparer: asyncio.Task[None] | None = None
        self._edited = False
        self._at_user: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._closed = False

    def watch_user(self, watcher: Watcher) -> None:
        """Follow the user's checkout on disk until the Radar is closed."""
        self._spawn(self._follow(watcher))
        self.user_edited()
        if self._run().ghost is not None:
            self._spawn(self._look_at_ghost(self._run().ghost or ""))

    def heard(self, event: ev.AnyEvent) -> None:
        """Take in an event of the Run."""
        match event:
            case ev.LeaseTaken():
                files = self._run().task(event.task_id).files
                known = self._live.get(event.task_id)
                live = _Live(Path(event.path), event.start, files)
                live.looking = known.looking if known else None
                self._live[event.task_id] = live
                self.wrote(event.task_id, None)
            case GhostRebuilt():
                self._base = event.base.commit
                self._comparing = Comparing(self._repository, self._base)
                self.user_edited()
            case ev.TaskJoined():
                self._leave(event.task_id)
                self._spawn(self._look_at_ghost(event.ghost))
            case ev.TaskEnded():
                self._leave(event.task_id)
            case _:
                pass

    def wrote(self, task_id: str, paths: Collection[str] | None) -> None:
        """A Task's worktree changed at these paths; None if it may have changed anywhere."""
        live = self._live.get(task_id)
        if live is None or self._closed:
            return
        self._repository.snapshots.wrote(live.path, paths)
        live.is_due = True
        if live.looking is None or live.looking.done():
            live.looking = asyncio.create_task(self._look(task_id), name=f"look at {task_id}")

    def user_edited(self) -> None:
        """The user's files or unsaved buffers changed."""
        self._edited = True
        if not self._closed and (self._at_user is None or self._at_user.done()):
            self._at_user = self._spawn(self._look_at_user())

    async def settle(self, task_id: str) -> None:
        """Wait until nothing looks at a Task's worktree any more."""
        live = self._live.get(task_id)
        if live is not None and live.looking is not None:
            live.wanted.set()
            await asyncio.wait([live.looking])
            live.wanted.clear()

    async def compared(self) -> None:
        """Wait until all that was seen so far is compared and told."""
        while self._comparer is not None and not self._comparer.done():
            await asyncio.wait([self._comparer])

    async def close(self) -> None:
        """Look at nothing any more; what overlapped stays as it was last told."""
        self._closed = True
        for timer in self._settling.values():
            timer.cancel()
        looking = [live.looking for live in self._live.values() if live.looking is not None]
        tasks = [*looking, *self._background, *([self._comparer] if self._comparer else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for key in [*self._told]:
            if not self._is_live(self._told[key]):
                await self._gone(key)

    # What there is.

    async def _look(self, task_id: str) -> None:
        """Take snapshots of a worktree until there is nothing new; the newest writes count."""
        while (live := self._live.get(task_id)) is not None and live.is_due:
            with suppress(TimeoutError):
                await asyncio.wait_for(live.wanted.wait(), MOMENT)
            live.is_due = False
            try:
                snapshot = await asyncio.to_thread(self._repository.snapshots.take, live.path, live.start)
            except ContextuneError:
                # A file moved from under git. At the next look, all of the worktree counts.
                live.is_due = True
                live.failures += 1
                if live.failures >= TRIES:
                    return
                continue
            live.failures = 0
            if self._live.get(task_id) is not live:
                continue
            self._put(task_id, snapshot)
            if snapshot.paths != live.files:
                live.files = snapshot.paths
                await self._emit(
                    ev.FilesTouched(
                        run_id=self._run().id, at=self._clock.now(), task_id=task_id, files=live.files
                    )
                )

    async def _look_at_user(self) -> None:
        while self._edited:
            await asyncio.sleep(QUIET)
            self._edited = False
            with suppress(ContextuneError):
                self._put(
                    USER,
                    await asyncio.to_thread(self._repository.snapshots.user, self._overlays(), self._base),
                )

    async def _look_at_ghost(self, commit: str) -> None:
        with suppress(ContextuneError):
            self._put(GHOST, await asyncio.to_thread(self._repository.snapshots.of, commit, self._base))

    async def _follow(self, watcher: Watcher) -> None:
        with suppress(ContextuneError):  # without a watcher the user's unsaved buffers still count
            async for _ in watcher.watch(self._repository.root):
                self.user_edited()

    def _put(self, name: str, snapshot: Snapshot) -> None:
        if self._sides.get(name) == snapshot or self._closed:
            return
        self._sides[name] = snapshot
        self._due[name] = None
        if self._comparer is None or self._comparer.done():
            self._comparer = asyncio.create_task(self._compare(), name="radar")

    def _leave(self, task_id: str) -> None:
        self._live.pop(task_id, None)
        self._sides.pop(task_id, None)
        self._due.pop(task_id, None)
        self._seen = {pair: found for pair, found in self._seen.items() if task_id not in pair}
        for key in [key for key, told in self._told.items() if told.concerns(task_id)]:
            self._spawn(self._gone(key))

    # What does not fit.

    async def _compare(self) -> None:
        while self._due:
            name = next(iter(self._due))
            del self._due[name]
            others = [other for other in self._sides if other != name and not {name, other} <= {GHOST, USER}]
            await asyncio.gather(*(self._pairs(name, others[part::AT_ONCE]) for part in range(AT_ONCE)))
            await self._report(name)

    async def _pairs(self, one: str, others: Sequence[str]) -> None:
        """Compare one side with some others, all of them in one thread: most pairs take next to nothing."""
        pairs = [sorted((one, other), key=self._rank) for other in others]
        sides = [
            (first, second, self._sides[first], self._sides[second])
            for first, second in pairs
            if first in self._sides and second in self._sides
        ]
        if not sides:
            return
        for (first, second, mine, theirs), found in zip(
            sides, await asyncio.to_thread(self._compared, sides), strict=True
        ):
            if found is None or self._sides.get(first) is not mine or self._sides.get(second) is not theirs:
                continue
            if found:
                self._seen[first, second] = found
            else:
                self._seen.pop((first, second), None)

    def _compared(
        self, sides: Sequence[tuple[str, str, Snapshot, Snapshot]]
    ) -> list[tuple[LiveOverlap, ...] | None]:
        """What does not fit of each pair; None where that cannot be told now."""
        found: list[tuple[LiveOverlap, ...] | None] = []
        for first, second, mine, theirs in sides:
            try:
                found.append(self._comparing.between(_side(first, mine), _side(second, theirs)))
            except ContextuneError:
                found.append(None)  # an object was pruned, or git was stopped: the next write compares anew
        return found

    def _rank(self, name: str) -> tuple[int, str]:
        return self._order.get(name, len(self._order)), name

    async def _report(self, by: str) -> None:
        """Tell what is new at once, and what is gone or has moved when it has stayed so."""
        truth = self._truth()
        for key, overlap in truth.items():
            timer = self._settling.pop(key, None)
            if timer is not None:
                timer.cancel()
            told = self._told.get(key)
            if told is None:
                await self._found(overlap, by)
            elif told != overlap:
                self._settle_soon(key)
        for key in self._told:
            if key not in truth:
                self._settle_soon(key)

    def _truth(self) -> dict[Key, LiveOverlap]:
        return {one.key: one for found in self._seen.values() for one in found}

    async def _found(self, overlap: LiveOverlap, by: str) -> None:
        later = by if overlap.concerns(by) else overlap.task_id
        self._told[overlap.key] = overlap
        await self._emit(
            OverlapFound(
                run_id=self._run().id,
                at=self._clock.now(),
                task_id=later,
                overlap=overlap,
                told=overlap_told(self._run(), later, overlap),
            )
        )

    def _settle_soon(self, key: Key) -> None:
        if key not in self._settling and not self._closed:
            loop = asyncio.get_running_loop()
            self._settling[key] = loop.call_later(GRACE, lambda: self._spawn(self._settled(key)))

    async def _settled(self, key: Key) -> None:
        self._settling.pop(key, None)
        overlap = self._truth().get(key)
        if overlap is None:
            await self._gone(key)
        elif self._told.get(key) not in (None, overlap):
            self._told[key] = overlap
            at = self._clock.now()
            await self._emit(
                OverlapFound(run_id=self._run().id, at=at, task_id=overlap.task_id, overlap=overlap)
            )

    async def _gone(self, key: Key) -> None:
        overlap = self._told.pop(key, None)
        if overlap is not None:
            await self._emit(OverlapGone(run_id=self._run().id, at=self._clock.now(), overlap=overlap))

    def _is_live(self, overlap: LiveOverlap) -> bool:
        return all(task_id in self._live for task_id in (overlap.task_id, overlap.other_id) if task_id)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task


def _side(name: str, snapshot: Snapshot) -> Side:
    match name:
        case ":ghost":
            return Side("ghost", "", snapshot)
        case ":user":
            return Side("user", "", snapshot)
        case _:
            return Side("task", name, snapshot)

"""The transcripts that are being read: each is read from the Journal once, and then only what is new."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from contextune.core.errors import UsageProblem
from contextune.core.runs.effects import TurnKept
from contextune.core.runs.run import Run
from contextune.core.runs.transcript import Entry, TranscriptWriter
from contextune.engine.repositories.places import Places
from contextune.engine.surroundings.world import World

OPEN = 4
"""Transcripts that are kept in memory: those read last."""

RunWith = Callable[[str, str], Awaitable[Run]]


class Attempted(NamedTuple):
    """The entries of an attempt, the Task's own first. A copy: reading it needs no care."""

    attempt: int
    entries: Sequence[Entry]


class _Reader:
    """A Task's transcript as far as it was read."""

    def __init__(self, run: Run, task_id: str) -> None:
        task = run.task(task_id).task
        self.writer = TranscriptWriter(task_id, task.title, task.brief)
        self.run_id = run.id
        self.read = 0
        """Events of the Run that were read."""
        self.lock = asyncio.Lock()


class Transcripts:
    """Reads what agents were told, did, saw and cost. Changes nothing."""

    def __init__(self, world: World, places: Places, run_with: RunWith) -> None:
        self._world = world
        self._places = places
        self._run_with = run_with
        self._open: OrderedDict[tuple[str, str], _Reader] = OrderedDict()

    async def of(self, run_id: str, task_id: str, attempt: int | None = None) -> Attempted:
        """An attempt of a Task; the newest if `attempt` is None. Raises UsageProblem if there is none."""
        writer = await self._read(run_id, task_id)
        attempts = writer.attempts
        number = max(attempts, default=0) if attempt is None else attempt
        if attempt is not None and attempt not in attempts:
            known = ", ".join(str(one) for one in sorted(attempts) if one) or "none"
            raise UsageProblem(f"Task {task_id!r} has no attempt {attempt}. Attempts: {known}.")
        return Attempted(number, [writer.head, *attempts.get(number, ())])

    async def all(self, run_id: str, task_id: str) -> list[Entry]:
        """Every attempt of a Task, one after the other. Raises UsageProblem if the Run has no such Task."""
        writer = await self._read(run_id, task_id)
        return [
            writer.head,
            *(entry for number in sorted(writer.attempts) for entry in writer.attempts[number]),
        ]

    async def changes(self, run_id: str, task_id: str, attempt: int, turn: int) -> str:
        """The unified diff of what a turn changed. Empty if nothing is kept of it. Raises UsageProblem."""
        run = await self._run_with(run_id, task_id)
        kept = [
            event
            for event in await self._world.journal.read(run.id)
            if isinstance(event, TurnKept) and event.task_id == task_id and event.attempt == attempt
        ]
        before = next((event for event in reversed(kept) if event.turn < turn), None)
        after = next((event for event in kept if event.turn == turn), None)
        if after is None:
            return ""
        repository = (await self._places.of_run(run)).repository
        start = after.start if before is None or before.start != after.start else before.tree
        return await asyncio.to_thread(repository.diff, start, after.tree)

    async def _read(self, run_id: str, task_id: str) -> TranscriptWriter:
        reader = self._open.get((run_id, task_id))
        if reader is None:
            reader = _Reader(await self._run_with(run_id, task_id), task_id)
            reader = self._open.setdefault((run_id, task_id), reader)
            if len(self._open) > OPEN:
                self._open.popitem(last=False)
        self._open.move_to_end((run_id, task_id))
        async with reader.lock:
            events = await self._world.journal.read(reader.run_id, reader.read)
            if events:
                await asyncio.to_thread(reader.writer.feed, events)
                reader.read += len(events)
        return reader.writer

"""What can be read: a folder's Todos; of Runs how they stand, what happened in them, what they changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

from contextune.core.errors import ContextuneError, PlaceProblem, UsageProblem
from contextune.core.model.money import Bill
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.core.settings import Settings
from contextune.core.spending.costs import total
from contextune.core.spending.history import History, history
from contextune.core.todos.todo import Todo
from contextune.engine.desk.line_origins import LineOrigins
from contextune.engine.desk.transcripts import Transcripts
from contextune.engine.quotes.quote import below
from contextune.engine.repositories.places import Places
from contextune.engine.runs.drives import Drives
from contextune.engine.surroundings.world import World


class Reading:
    """Reads Todos, and Runs wherever they are driven. Changes nothing."""

    def __init__(self, world: World, places: Places, drives: Drives) -> None:
        self._world = world
        self._places = places
        self._drives = drives
        self.origins = LineOrigins(world, places, self.run_with)
        """Which turn wrote a line."""
        self.transcripts = Transcripts(world, places, self.run_with)
        """What agents were told, did, saw and cost."""

    async def run(self, run_id: str) -> Run:
        """A Run by its id or a unique beginning of it. Raises UsageProblem."""
        run = await self._drives.newest(run_id)
        if run is None:
            ids = await self._world.journal.runs(None)
            matching = [known for known in ids if known.startswith((run_id, f"r_{run_id}"))]
            if len(matching) != 1:
                said = "is not unique" if matching else "is no run"
                raise UsageProblem(f"{run_id!r} {said}. `contextune runs` lists them.")
            return await self.run(matching[0])
        return run

    async def runs(self, folder: Path | None) -> list[Run]:
        """Runs of one repository or of all, newest first."""
        root = str((await self._places.of(folder)).repository.root) if folder else None
        return [await self.run(run_id) for run_id in await self._world.journal.runs(root)]

    async def events(self, run_id: str) -> AsyncIterator[ev.AnyEvent]:
        """All that happened in a Run, in order."""
        for event in await self._world.journal.read(run_id):
            yield event

    async def scan(self, path: Path) -> list[Todo]:
        """The Todos below a folder or in a file, read once, without watching it. Raises PlaceProblem.

        Within a repository, paths and ids are those of the repository, whichever part of it is asked for.
        """
        path = path.resolve()
        if not path.exists():
            raise PlaceProblem(f"{path} does not exist. Give the folder of a project.")
        try:
            root = (await self._places.of(path)).repository.root
        except PlaceProblem:
            root = path if path.is_dir() else path.parent
        settings = self._world.settings.load(root, {})
        scan, markers, exclude = self._world.scanner.scan, settings.markers, settings.exclude
        found = await asyncio.to_thread(scan, root, markers=markers, exclude=exclude, overlays={})
        return below(found, root, path)

    async def file_at(
        self, run_id: str, task_id: str | None, path: str, side: Literal["base", "before", "after"]
    ) -> bytes | None:
        """One side of a diff: of the whole Run, or of one Task's own commit."""
        run = await self.run(run_id)
        commit: str | None
        if task_id is None:
            commit = run.ghost if side == "after" else run.base.commit
        else:
            task = (await self.run_with(run_id, task_id)).task(task_id)
            own = task.joined or task.commit or (task.bounced.commit if task.bounced else None)
            start = f"{own}^" if task.joined else task.start
            commit = {"base": f"{own}^" if own else None, "before": start}.get(side, own) or None
        if commit is None:
            return None
        place = await self._places.of_run(run)
        return await asyncio.to_thread(place.repository.read_file, commit, path)

    async def diff(self, run_id: str, task_id: str | None = None) -> str:
        """The unified diff of a Run, or of one Task."""
        run = await self.run(run_id)
        place = await self._places.of_run(run)
        before, after = run.base.commit, run.ghost
        if task_id is not None:
            task = (await self.run_with(run_id, task_id)).task(task_id)
            before, after = task.start or before, task.commit
            if task.joined:
                before, after = f"{task.joined}^", task.joined
        if after is None:
            return ""
        return await asyncio.to_thread(place.repository.diff, before, after)

    async def run_with(self, run_id: str, task_id: str) -> Run:
        """A Run that has this Task. Raises UsageProblem if it has not."""
        run = await self.run(run_id)
        if all(task.id != task_id for task in run.tasks):
            known = ", ".join(task.id for task in run.tasks)
            raise UsageProblem(f"Run {run.id} has no task {task_id!r}. Tasks: {known}.")
        return run

    async def root(self, folder: Path) -> Path:
        """The root of a folder's repository. Raises PlaceProblem if it is in none."""
        return (await self._places.of(folder)).repository.root

    async def settings(self, folder: Path) -> Settings:
        """The settings in force in a folder's repository. Raises ContextuneError."""
        return self._world.settings.load(await self.root(folder), {})

    async def costs(self, folder: Path | None = None, *, since: int = 0, until: int | None = None) -> History:
        """What was spent on requests reserved from `since` to before `until`, and all that explains it.

        Of one repository or of all; times in milliseconds since the epoch.
        """
        root = str((await self._places.of(folder)).repository.root) if folder else None
        entries = await self._world.journal.ledger(since=since, until=until, repository=root)
        milestones = await self._world.journal.milestones(root)
        settings = self._world.settings.load(Path(root) if root else None, {})
        price_of = self._world.prices.price
        return await asyncio.to_thread(
            history, entries, milestones, settings, price_of, since=since, until=until
        )

    async def spent(self, since: int) -> Bill:
        """What all settled requests cost that were reserved from `since` on, in every process."""
        return await asyncio.to_thread(total, await self._world.journal.ledger(since=since))

    def problem(self, run_id: str) -> ContextuneError | None:
        """What ended the last drive of a Run in this process before its time; None if nothing did."""
        return self._drives.problem(run_id)

    def is_driven_elsewhere(self, run_id: str) -> bool:
        """Whether another process drives a Run."""
        return self._drives.driver(run_id) == "elsewhere"

    def is_sampling(self, run_id: str) -> bool:
        """Whether shadow samples of a Run are being made in this process, after its drive has ended."""
        return self._drives.samples.is_making(run_id)

    async def sampled(self, run_id: str) -> None:
        """Wait until the shadow samples of a Run that are made in this process are done."""
        await self._drives.wait(run_id)
        await self._drives.samples.wait(run_id)

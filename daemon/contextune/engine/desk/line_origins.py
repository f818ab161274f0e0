"""Who wrote a line of a Task's result: looked up in what its worktree held after each turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from contextune.core.ports import Repository
from contextune.core.runs.effects import TurnKept
from contextune.core.runs.line_origin import Origin, Version, origin_of
from contextune.core.runs.run import Run
from contextune.engine.repositories.places import Places
from contextune.engine.surroundings.world import World

RunWith = Callable[[str, str], Awaitable[Run]]


class LineOrigins:
    """Finds the turn that wrote a line."""

    def __init__(self, world: World, places: Places, run_with: RunWith) -> None:
        self._world = world
        self._places = places
        self._run_with = run_with

    async def of(self, run_id: str, task_id: str, path: str, line: int) -> Origin:
        """Who wrote a line, counted from 1, of a file as the Task's commit has it. Raises UsageProblem."""
        run = await self._run_with(run_id, task_id)
        task = run.task(task_id)
        commit = task.joined or task.commit
        if commit is None:
            return Origin("unknown")
        given_up = {attempt.number for attempt in task.attempts if attempt.outcome == "outdone"}
        kept = [
            event
            for event in await self._world.journal.read(run.id)
            if isinstance(event, TurnKept) and event.task_id == task_id and event.attempt not in given_up
        ]
        repository = (await self._places.of_run(run)).repository
        # A turn that ends with `finish` is not kept by itself: what the attempt came to is what it held.
        last = [(one.number, one.turns, one.tree) for one in task.attempts if one.number not in given_up]
        held = [(event.attempt, event.turn, event.tree) for event in kept]
        held += [(number, turns, tree) for number, turns, tree in last if tree]
        start = kept[0].start if kept else task.start
        return await asyncio.to_thread(_look, repository, commit, start, sorted(held), path, line)


def _look(
    repository: Repository,
    commit: str,
    start: str | None,
    held: list[tuple[int, int, str]],
    path: str,
    line: int,
) -> Origin:
    def lines(of: str | None) -> list[str]:
        content = repository.read_file(of, path) if of else None
        return [] if content is None else content.decode("utf-8", "replace").splitlines()

    versions = [Version(attempt, turn, lines(tree)) for attempt, turn, tree in held]
    return origin_of(line, lines(commit), lines(start), versions)

"""What the user does in the review of a Run: rejects hunks and files, edits, takes that back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import msgspec

from contextune.core.errors import ContextuneError, UsageProblem
from contextune.core.ports import Repository
from contextune.core.process_ports import Letter
from contextune.core.proof.flags import LINK_WORDS
from contextune.core.runs import events as ev
from contextune.core.runs.amendments import (
    MOST_BYTES,
    Amendment,
    AmendRefused,
    AmendStarted,
    added,
    file_wishes,
    taken_back,
)
from contextune.core.runs.comments import MOST_CHARACTERS, Comment, CommentAdded, CommentRemoved
from contextune.core.runs.hunks import Hunk, hunks, moved, stands
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun
from contextune.engine.integration.amending import Amending
from contextune.engine.integration.reopening import reopened, retried
from contextune.engine.proof.stand import Stand
from contextune.engine.repositories.places import Places
from contextune.engine.runs.drives import Drives
from contextune.engine.surroundings.world import World
from contextune.engine.worktrees.leases import Leases

LONGEST_LINE = 500
"""Characters of a quoted line."""


class FileHunks(NamedTuple):
    """The hunks of one file of a Task: those that are in the result, and where they stand there."""

    hunks: tuple[Hunk, ...]
    placed: tuple[bool, ...]
    """Whether the file in the Ghost has the hunk at the lines that it names: others may have moved it."""


class ReviewDesk:
    """Changes the result of a Run that waits for review. The user's checkout is not touched."""

    def __init__(self, world: World, places: Places, drives: Drives) -> None:
        self._world = world
        self._places = places
        self._drives = drives

    async def hunks(self, run: Run, task_id: str, path: str) -> FileHunks:
        """The hunks of a file that one can reject. Raises UsageProblem."""
        task = _task_in(run, task_id, path)
        place = await self._places.of_run(run)
        return await asyncio.to_thread(_hunks, place.repository, run, task, path)

    async def reject(self, run_id: str, task_id: str, path: str, hunk: str = "") -> Run:
        """Take a file's change by a Task, or one hunk of it, out of the result. Raises ContextuneError."""
        async with self._alone(run_id) as run:
            task = _task_in(run, task_id, path)
            excerpt = ""
            if hunk:
                place = await self._places.of_run(run)
                every = (await asyncio.to_thread(_hunks, place.repository, run, task, path)).hunks
                found = next((one for one in every if one.id == hunk), None)
                if found is None:
                    known = ", ".join(one.id for one in every) or "none"
                    raise UsageProblem(f"{path} of Task {task_id} has no change {hunk!r}. It has: {known}.")
                excerpt = found.excerpt
            new = Amendment(kind="reject", task_id=task_id, path=path, hunk=hunk, excerpt=excerpt)
            return await self._amend(run, added(run.amendments, new))

    async def take_back(self, run_id: str, amendment_id: str) -> Run:
        """Take a change back that was made in review. Raises UsageProblem if there is none of that id."""
        async with self._alone(run_id) as run:
            left = taken_back(run.amendments, amendment_id)
            if len(left) == len(run.amendments):
                raise UsageProblem(f"Run {run.id} has no change {amendment_id!r} that was made in review.")
            return await self._amend(run, left)

    async def edit(self, run_id: str, task_id: str, path: str, content: bytes) -> Run:
        """Have a file of a Task hold something else in the result. Raises ContextuneError."""
        if len(content) > MOST_BYTES:
            raise UsageProblem(
                f"{path} has {len(content):,} bytes; at most {MOST_BYTES:,} can be edited here."
            )
        async with self._alone(run_id) as run:
            task = _task_in(run, task_id, path)
            place = await self._places.of_run(run)
            commit = await asyncio.to_thread(_edited, place.repository, run, task, path, content)
            new = Amendment(kind="edit", task_id=task_id, path=path, content=commit)
            return await self._amend(run, added(run.amendments, new))

    async def comment(self, run_id: str, comment: Comment) -> Run:
        """Keep a comment, or change an open one of the same id. Raises UsageProblem."""
        run = await self._of(run_id, comment.task_id)
        if not comment.text.strip() or len(comment.text) > MOST_CHARACTERS:
            raise UsageProblem(f"A comment has between 1 and {MOST_CHARACTERS:,} characters.")
        if comment.line < 1 or not comment.path:
            raise UsageProblem("A comment stands at a line of a file; lines count from 1.")
        comment = msgspec.structs.replace(comment, quote=comment.quote[:LONGEST_LINE], sent=False)
        at = self._world.clock.now()
        return await self._say(
            run, Letter(verb="comment", comment=comment), CommentAdded(run_id=run.id, at=at, comment=comment)
        )

    async def remove_comment(self, run_id: str, comment_id: str) -> Run:
        """Take a comment back that was not sent. Raises UsageProblem if there is none."""
        run = await self._of(run_id)
        if all(one.id != comment_id or one.sent for one in run.comments):
            raise UsageProblem(f"Run {run.id} has no open comment {comment_id!r}.")
        at = self._world.clock.now()
        return await self._say(
            run,
            Letter(verb="remove_comment", text=comment_id),
            CommentRemoved(run_id=run.id, at=at, comment_id=comment_id),
        )

    async def send_comments(self, run_id: str) -> Run:
        """Tell the agents all open comments at once; Tasks that had ended are taken up again with them."""
        run = await self._of(run_id)
        if all(one.sent for one in run.comments):
            raise UsageProblem(f"Run {run.id} has no comment that was not sent.")
        if self._drives.driver(run.id) != "nobody":
            await self._drives.ask(run, Letter(verb="send_comments"))
            return await self._of(run_id)
        async with self._alone(run.id) as still:
            place = await self._places.of_run(still)
            settings = self._places.settings_of(still)
            leases = Leases.of(self._world, place.repository, still, settings)
            at = self._world.clock.now()
            try:
                events = await reopened(
                    still, place.repository, leases, at, by_syntax=settings.merge_by_syntax
                )
            finally:
                leases.close()
            run = await self._drives.record(*events, *retried(still, at))
            self._drives.begin(place, run, settings)
        return run

    async def _say(self, run: Run, letter: Letter, event: ev.AnyEvent) -> Run:
        """Have whoever drives a Run record what the user said, or record it where nobody does."""
        if self._drives.driver(run.id) == "nobody":
            return await self._drives.record(event)
        await self._drives.ask(run, letter)
        return await self._of(run.id)

    async def _of(self, run_id: str, task_id: str | None = None) -> Run:
        run = await self._drives.newest(run_id)
        if run is None:
            raise UsageProblem(f"{run_id!r} is no run.")
        if task_id is not None and all(task.id != task_id for task in run.tasks):
            raise UsageProblem(f"Run {run.id} has no task {task_id!r}.")
        if run.state in ("accepted", "undone", "discarded"):
            raise UsageProblem(f"Run {run.id} is {run.state}; no agent would hear a comment.")
        return run

    @asynccontextmanager
    async def _alone(self, run_id: str) -> AsyncIterator[Run]:
        """The Run as it stands, while nobody else moves it."""
        async with self._drives.landing.moving(run_id):
            run = await self._drives.newest(run_id)
            if run is None:
                raise UsageProblem(f"{run_id!r} is no run.")
            require_reviewable(run)
            if self._drives.driver(run_id) != "nobody":
                raise UsageProblem(f"Run {run_id} is still being worked on. Wait for its end.")
            yield run

    async def _amend(self, run: Run, amendments: Sequence[Amendment]) -> Run:
        place = await self._places.of_run(run)
        at = self._world.clock.now()
        run = await self._drives.record(AmendStarted(run_id=run.id, at=at, amendments=tuple(amendments)))
        settings = self._places.settings_of(run)
        leases = Leases.of(self._world, place.repository, run, settings)
        try:
            amending = Amending(
                run,
                place.repository,
                Stand(place.repository, place.gate, leases),
                now=self._world.clock.now,
                by_syntax=settings.merge_by_syntax,
            )
            run = await self._drives.record(*await amending.to(amendments))
            await amending.show(run.ghost)
        except ContextuneError as problem:
            at = self._world.clock.now()
            await self._drives.record(AmendRefused(run_id=run.id, at=at, reason=str(problem)))
            raise
        finally:
            leases.close()
        return run


def require_reviewable(run: Run) -> None:
    """Raise UsageProblem unless a Run waits for review; one of which all was rejected still does."""
    if run.state != "review" and not (run.state == "failed" and run.amendments):
        raise UsageProblem(f"Run {run.id} is {run.state}; only a Run that waits for review can be changed.")


def _task_in(run: Run, task_id: str, path: str) -> TaskRun:
    task = next((one for one in run.tasks if one.id == task_id), None)
    if task is None or task.id not in run.candidates:
        known = ", ".join(run.candidates)
        raise UsageProblem(f"Run {run.id} has no Task {task_id!r} in its result. It has: {known}.")
    if all(change.path != path for change in task.changes):
        known = ", ".join(change.path for change in task.changes)
        raise UsageProblem(f"Task {task_id} does not change {path}. It changes {known}.")
    return task


def _hunks(repository: Repository, run: Run, task: TaskRun, path: str) -> FileHunks:
    original = task.original or ""
    start = repository.resolve(f"{original}^") or run.base.commit
    wish = next((one for one in file_wishes(run.amendments, task.id) if one.path == path), None)
    before = repository.read_file(start, path)
    after = repository.read_file((wish.content if wish else "") or original, path)
    every = hunks(path, before, after)
    left = moved(every, wish.hunks if wish else ())
    if wish is not None and wish.rejected:
        return FileHunks((), ())
    shown = repository.read_file(task.joined, path) if task.joined else None
    return FileHunks(left, tuple(stands(one, shown) for one in left))


def _edited(repository: Repository, run: Run, task: TaskRun, path: str, content: bytes) -> str:
    """A commit that holds the Task's work with this file in it, under a ref. Blocking."""
    original = task.original or ""
    change = next(one for one in task.changes if one.path == path)
    if change.after is None or any(words in change.flag for words in LINK_WORDS):
        raise UsageProblem(f"{path} is no file with text in this Task's result: reject its change instead.")
    if repository.read_file(original, path) is None:
        raise UsageProblem(f"Task {task.id} leaves no {path}: there is nothing to edit.")
    tree = repository.with_files(repository.tree_of(original), {path: content})
    commit = repository.commit_tree(tree, [original], f"Edited in review: {path}")
    repository.set_ref(f"refs/contextune/kept/{run.id}/edit-{commit[:12]}", commit)
    return commit

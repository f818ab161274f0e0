"""Puts the Ghost of a Run together anew with what the user changed in review, as objects, and tests it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from contextune.core.ports import Repository
from contextune.core.runs import events as ev
from contextune.core.runs.amendments import Amended, Amendment, LeftOut, file_wishes
from contextune.core.runs.effects import Placed
from contextune.core.runs.hunks import without
from contextune.core.runs.run import Run, advance
from contextune.core.runs.task_run import TaskRun
from contextune.engine.integration.commits import commit_message
from contextune.engine.integration.ghost import ghost_branch
from contextune.engine.integration.result import ready
from contextune.engine.proof.stand import Stand

NOTHING_LEFT = "You rejected all that it changed."


class Change(NamedTuple):
    """What a Task changes in the Ghost: `commit` has a single parent, `start`."""

    commit: str
    start: str


class Assembly(NamedTuple):
    """Tasks put together in memory."""

    head: str
    placed: tuple[Placed, ...]
    left_out: tuple[LeftOut, ...]


class Amending:
    """Rebuilds the Ghost of a Run that nobody drives. Nothing of the user's is touched."""

    def __init__(
        self, run: Run, repository: Repository, stand: Stand, *, now: Callable[[], int], by_syntax: bool
    ) -> None:
        self._run = run
        self._repository = repository
        self._stand = stand
        self._now = now
        self._by_syntax = by_syntax

    async def to(self, amendments: Sequence[Amendment]) -> list[ev.AnyEvent]:
        """What happened, to be recorded together. Until it is, the Ghost is the old one, whole.

        Both stay under refs of their own. Raises GitProblem.
        """
        run, repository = self._run, self._repository
        made = await asyncio.to_thread(
            put_together, repository, run, amendments, run.candidates, self._by_syntax
        )
        for commit in filter(None, (run.ghost, made.head)):
            await asyncio.to_thread(repository.set_ref, kept_ghost(run.id, commit), commit)
        evidence = None
        if made.placed and run.gate is not None and run.baseline is not None:
            evidence = await self._stand.judge(made.head, run.gate, run.base.commit, run.baseline)
        amended = Amended(
            run_id=run.id,
            at=self._now(),
            amendments=tuple(amendments),
            ghost=made.head if made.placed else None,
            placed=made.placed,
            left_out=made.left_out,
            evidence=evidence,
        )
        return [amended, await asyncio.to_thread(ready, advance(run, amended), repository, self._now())]

    async def show(self, ghost: str | None) -> None:
        """Have the Run's branch lead to its Ghost, for people who look there."""
        if ghost is not None:
            ref = f"refs/heads/{ghost_branch(self._run.id)}"
            await asyncio.to_thread(self._repository.set_ref, ref, ghost)


def kept_ghost(run_id: str, commit: str) -> str:
    """The ref of a Ghost that is, or was, the Run's: what an event names must be there for git."""
    return f"refs/contextune/kept/{run_id}/ghost-{commit[:12]}"


def put_together(
    repository: Repository,
    run: Run,
    amendments: Sequence[Amendment],
    task_ids: Collection[str],
    by_syntax: bool,
) -> Assembly:
    """These Tasks on the Run's Base, in order, as the user wants them. Blocking."""
    head = run.base.commit
    placed: list[Placed] = []
    left_out: list[LeftOut] = []
    for task_id in task_ids:
        task = run.task(task_id)
        change = amended_change(repository, run, task, amendments)
        if change is None:
            left_out.append(LeftOut(task_id=task_id, reason=NOTHING_LEFT))
            continue
        if change == (task.original, head):
            head = change.commit
        else:
            merge = repository.merge(head, change.commit, change.start)
            if merge.tree is None and by_syntax:
                merge = repository.merge_by_syntax(merge, head, change.commit, change.start)
            if merge.tree is None:
                files = ", ".join(merge.conflicts)
                reason = f"Without what you changed in review, git cannot merge it any more in {files}."
                left_out.append(LeftOut(task_id=task_id, reason=reason))
                continue
            head = repository.commit_tree(merge.tree, [head], _message(run, task))
        placed.append(Placed(task_id=task_id, commit=head))
    return Assembly(head, tuple(placed), tuple(left_out))


def amended_change(
    repository: Repository, run: Run, task: TaskRun, amendments: Sequence[Amendment]
) -> Change | None:
    """What a Task changes once the user's amendments are made; None if nothing is left. Blocking."""
    original = task.original or ""
    start = repository.resolve(f"{original}^") or run.base.commit
    wishes = file_wishes(amendments, task.id)
    if not wishes:
        return Change(original, start)
    as_before: list[str] = []
    contents: dict[str, bytes] = {}
    for wish in wishes:
        before = repository.read_file(start, wish.path)
        after = repository.read_file(wish.content or original, wish.path)
        content = None if wish.rejected else without(wish.path, before, after, wish.hunks)
        if content is None or (content == before and not wish.content):
            as_before.append(wish.path)
        else:
            contents[wish.path] = content
    tree = repository.tree_of(original)
    if contents:
        tree = repository.with_files(tree, contents)
    if as_before:
        tree = repository.mix(tree, start, as_before)
    if tree == repository.tree_of(start):
        return None
    if tree == repository.tree_of(original):
        return Change(original, start)
    return Change(repository.commit_tree(tree, [start], _message(run, task)), start)


def _message(run: Run, task: TaskRun) -> str:
    return commit_message(run, task, task.summary, task.remaining)

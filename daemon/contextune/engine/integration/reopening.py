"""Takes Tasks out of the Ghost of a Run in review, and up again, with what the user says of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from contextune.agents.comments import taken_up_words
from contextune.core.errors import UsageProblem
from contextune.core.ports import Repository
from contextune.core.runs import events as ev
from contextune.core.runs.comments import Comment, CommentsSent, TaskReopened, ids_of, open_comments
from contextune.core.runs.run import Run
from contextune.engine.integration.amending import Assembly, amended_change, kept_ghost, put_together
from contextune.engine.worktrees.leases import Leases

REASON = "The user commented on it in review."


class Work(NamedTuple):
    """A Task that is taken up: what it did, and the tree of that on top of what is left."""

    task_id: str
    commit: str
    tree: str


async def reopened(
    run: Run, repository: Repository, leases: Leases, at: int, *, by_syntax: bool
) -> list[ev.AnyEvent]:
    """The Tasks with open comments, taken up in their worktrees. Raises UsageProblem if one cannot be.

    What a worktree held before stays under a ref.
    """
    chosen = [task_id for task_id in run.joined if open_comments(run.comments, task_id)]
    made, works = await asyncio.to_thread(_taken_out, run, repository, chosen, by_syntax)
    ghost = made.head if made.placed else None
    for commit in filter(None, (run.ghost, ghost)):
        await asyncio.to_thread(repository.set_ref, kept_ghost(run.id, commit), commit)
    events: list[ev.AnyEvent] = []
    for work in works:
        comments = open_comments(run.comments, work.task_id)
        events.append(
            TaskReopened(
                run_id=run.id,
                at=at,
                task_id=work.task_id,
                reason=REASON,
                handed=taken_up_words(comments),
                commit=work.commit,
                ghost=ghost,
                placed=tuple((placed.task_id, placed.commit) for placed in made.placed),
            )
        )
        events.append(await _in_worktree(run, repository, leases, made.head, work, at))
        events.append(_sent(run, comments, at))
    return events


def retried(run: Run, at: int) -> list[ev.AnyEvent]:
    """Ended Tasks with open comments that are not in the result: done again, with the comments."""
    events: list[ev.AnyEvent] = []
    for task in run.tasks:
        comments = open_comments(run.comments, task.id)
        if comments and task.id not in run.joined:
            told = taken_up_words(comments)
            events.append(ev.TaskRetried(run_id=run.id, at=at, task_id=task.id))
            events.append(ev.AgentTold(run_id=run.id, at=at, task_id=task.id, text=told))
            events.append(_sent(run, comments, at))
    return events


def _sent(run: Run, comments: Sequence[Comment], at: int) -> CommentsSent:
    return CommentsSent(run_id=run.id, at=at, comment_ids=ids_of(comments))


def _taken_out(
    run: Run, repository: Repository, chosen: Sequence[str], by_syntax: bool
) -> tuple[Assembly, list[Work]]:
    """The Ghost without these Tasks, and each of them on top of it. Blocking."""
    rest = [task_id for task_id in run.joined if task_id not in chosen]
    made = put_together(repository, run, run.amendments, rest, by_syntax)
    if made.left_out:
        names = ", ".join(run.task(one.task_id).task.title for one in made.left_out)
        mine = ", ".join(run.task(task_id).task.title for task_id in chosen)
        raise UsageProblem(f"{names} was built on what {mine} changed: comment on {names} instead.")
    works = []
    for task_id in chosen:
        task = run.task(task_id)
        change = amended_change(repository, run, task, run.amendments)
        merge = repository.merge(made.head, change.commit, change.start) if change else None
        if change is None or merge is None or merge.tree is None:
            title = task.task.title
            raise UsageProblem(
                f"{title} was built on another Task with comments: send those of that Task first."
            )
        works.append(Work(task_id, change.commit, merge.tree))
    return made, works


async def _in_worktree(
    run: Run, repository: Repository, leases: Leases, head: str, work: Work, at: int
) -> ev.LeaseTaken:
    lease = await leases.take(work.task_id, head)
    number = len(run.task(work.task_id).attempts)
    kept = f"refs/contextune/kept/{run.id}/{work.task_id}/review-{number}"
    await asyncio.to_thread(repository.upkeep.keep, lease.path, kept)
    commit = await asyncio.to_thread(
        repository.commit_tree, work.tree, [head], "Taken up again after the review"
    )
    await asyncio.to_thread(repository.reset_worktree, lease.path, commit)
    return ev.LeaseTaken(
        run_id=run.id,
        at=at,
        task_id=work.task_id,
        path=str(lease.path),
        branch=lease.branch,
        start=head,
        port=lease.port,
    )

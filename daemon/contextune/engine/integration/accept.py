"""Accept, Undo and Discard: the only places where the user's branch and checkout move."""

from __future__ import annotations

import asyncio

from contextune.core.errors import UsageProblem
from contextune.core.ports import Clock, MadeBranch, Repository
from contextune.core.proof.flags import unseen_text
from contextune.core.runs import events as ev
from contextune.core.runs.endings import Restore, RunAccepted, RunDiscarded, RunUndone
from contextune.core.runs.held import held_text
from contextune.core.runs.protected import branch_name, is_protected
from contextune.core.runs.run import Run
from contextune.core.runs.wish import AcceptWish
from contextune.core.settings import Settings
from contextune.engine.integration.commits import squash_message
from contextune.engine.integration.ghost import ghost_branch
from contextune.engine.proof import stand
from contextune.engine.worktrees.leases import Leases


async def accept(
    run: Run, repository: Repository, clock: Clock, wish: AcceptWish, settings: Settings
) -> RunAccepted:
    """Move the user's branch once, or make one beside a protected branch; signed if that is set.

    Raises UsageProblem, GitProblem or MergeRefused, and then nothing has moved.

    Repeating it after a crash moves nothing twice.
    """
    refuse(run, wish)
    message = squash_message(run) if wish.mode == "squash" else None
    base, result, sign = run.base, run.ghost or "", settings.git_signing
    beside = is_protected(base, settings.protected_branches) and not wish.onto_protected
    if beside or wish.mode == "pr":
        name = branch_name(settings.accept_branch, run.title, run.id)
        made = await asyncio.to_thread(repository.make_branch, base, result, message, name, sign=sign)
        return _accepted(run, clock, wish, made.name, (base.head, made.commit), None)
    restore = await asyncio.to_thread(repository.move_checkout, base, result, message, sign=sign)
    after = await asyncio.to_thread(repository.resolve, "HEAD") or result
    return _accepted(run, clock, wish, base.branch, (restore.head, after), restore)


def _accepted(
    run: Run,
    clock: Clock,
    wish: AcceptWish,
    branch: str | None,
    commits: tuple[str, str],
    restore: Restore | None,
) -> RunAccepted:
    before, after = commits
    return RunAccepted(
        run_id=run.id,
        at=clock.now(),
        mode=wish.mode,
        branch=branch,
        before=before,
        after=after,
        restore=restore,
    )


def refuse(run: Run, wish: AcceptWish) -> None:
    """Raise UsageProblem if a Run cannot be accepted like this: none with flagged files not seen."""
    mode, seen = wish.mode, wish.seen
    if mode == "none":
        raise UsageProblem("Choose how to accept: merge, squash or pr.")
    if run.state not in ("review", "undone"):
        raise UsageProblem(f"Run {run.id} is {run.state}; only a Run that waits for review can be accepted.")
    unknown = sorted(set(wish.without) - {task.id for task in run.tasks})
    if unknown:
        raise UsageProblem(f"Run {run.id} has no Task called {', '.join(unknown)}.")
    if run.joined and not set(run.joined) - set(wish.without):
        raise UsageProblem(f"Nothing of run {run.id} would be left. Discard it instead.")
    if run.ghost is None or not run.joined:
        raise UsageProblem(f"Run {run.id} has no accepted Task, so there is nothing to accept.")
    partial = [held for held in run.held if not held.is_whole]
    if partial:
        told = " ".join(f"{held.task_id}: {held_text(held)}" for held in partial)
        raise UsageProblem(f"Run {run.id} cannot be accepted. {told} Do that Task again.")
    unseen = [change for change in run.changes if change.flag and change.path not in seen]
    if unseen:
        raise UsageProblem(unseen_text(run.id, unseen))


async def undo(run: Run, repository: Repository, clock: Clock, *, sign: bool = False) -> RunUndone:
    """Move the user's branch back, or on to commits that revert the Run's where it has moved on.

    A branch that was made for the result is removed. Raises UsageProblem or MergeRefused, and then nothing
    has moved.
    """
    accepted = run.accepted
    if accepted is None or run.state != "accepted":
        raise UsageProblem(f"Run {run.id} is {run.state}; only an accepted Run can be undone.")
    if accepted.mode == "pr":
        raise UsageProblem(
            f"Run {run.id} is a pull request, and your branch was not moved. Close it on GitHub; "
            f"`git branch -D {accepted.branch}` removes the branch here."
        )
    after = accepted.before
    if accepted.restore is None:
        made = MadeBranch(accepted.branch or "", accepted.after)
        await asyncio.to_thread(repository.remove_branch, run.ghost or "", made)
    else:
        after = await asyncio.to_thread(
            repository.restore_checkout, run.base, accepted.after, accepted.restore, sign=sign
        )
    return RunUndone(
        run_id=run.id,
        at=clock.now(),
        branch=accepted.branch,
        after=after,
        reverted=after != accepted.before,
    )


async def discard(run: Run, repository: Repository, clock: Clock, leases: Leases) -> RunDiscarded:
    """Drop a Run's branches and worktrees; Salvage refs keep all of it."""
    if run.state not in ("review", "failed", "cancelled", "undone"):
        raise UsageProblem(f"Run {run.id} is {run.state}; accept, undo or cancel it first.")
    kept: list[str] = []
    if run.ghost is not None:
        ref = f"refs/contextune/salvage/{run.id}/ghost-commits"
        await asyncio.to_thread(repository.set_ref, ref, run.ghost)
        kept.append(ref)
    for name in [stand.NAME, *(name for task in run.tasks for name in task.leases)]:
        salvage = await leases.give_back(name)
        if salvage is not None:
            kept.append(salvage)
    await drop_branches(run, repository)
    return RunDiscarded(run_id=run.id, at=clock.now(), salvage=tuple(kept))


async def release(run: Run, repository: Repository, clock: Clock, leases: Leases) -> list[ev.LeaseReturned]:
    """Give back the worktrees and branches of an accepted Run; what they hold stays under Salvage refs."""
    returned = []
    await leases.give_back(stand.NAME)
    for task in run.tasks:
        for name in task.leases[1:]:
            await leases.give_back(name)
        if task.worktree is not None:
            salvage = await leases.give_back(task.id)
            at = clock.now()
            returned.append(ev.LeaseReturned(run_id=run.id, at=at, task_id=task.id, salvage=salvage))
    await drop_branches(run, repository)
    return returned


async def drop_branches(run: Run, repository: Repository) -> None:
    """Remove a Run's own branches, each kept first under a Salvage ref."""
    for branch in [ghost_branch(run.id), *(task.branch for task in run.tasks if task.branch)]:
        kept = f"refs/contextune/salvage/{run.id}/branch-{branch.rpartition('/')[2]}"
        await asyncio.to_thread(repository.upkeep.drop_branch, f"refs/heads/{branch}", kept)

"""How a green Task gets into the Ghost, and how one that does not fit goes back on top of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from contextune.agents.joining import Side, bounced_words
from contextune.core.runs import events as ev
from contextune.core.runs.bounced import unfit_text
from contextune.engine.attempts.attempt import Done
from contextune.engine.drive.run import RunDriver
from contextune.engine.integration.commits import commit_message
from contextune.engine.integration.ghost import Bounced, Candidate, Joined
from contextune.engine.worktrees.leases import Lease

MAX_BOUNCES = 2
"""How often a Task goes back to an agent because it does not fit the others."""


async def join(driver: RunDriver, task_id: str, lease: Lease, done: Done) -> ev.TaskBounced | None:
    """Commit what the Gate saw and take it to the Ghost; None if it is in.

    Where it does not fit, its worktree then holds its work on top of the Ghost.
    """
    repository = driver.repository
    message = commit_message(driver.run, driver.run.task(task_id), done.summary, done.remaining)
    commit = await asyncio.to_thread(repository.commit_tree, done.tree, [lease.start], message)
    await asyncio.to_thread(repository.set_ref, f"refs/heads/{lease.branch}", commit)
    files = tuple(await asyncio.to_thread(repository.changes, lease.start, commit))
    await driver.emit(
        ev.TaskCommitted(
            run_id=driver.run.id,
            at=driver.now(),
            task_id=task_id,
            commit=commit,
            tree=done.tree,
            files=files,
            summary=done.summary,
            remaining=done.remaining,
        )
    )
    candidate = Candidate(
        task_id=task_id,
        commit=commit,
        start=lease.start,
        message=message,
        files=frozenset(file.path for file in files),
    )
    outcome = await _taken_in(driver, candidate)
    if isinstance(outcome, Joined):
        await driver.emit(
            ev.TaskJoined(
                run_id=driver.run.id,
                at=driver.now(),
                task_id=task_id,
                ghost=outcome.ghost,
                commit=outcome.commit,
                merged_by=outcome.help.program if outcome.help else "",
                merged=outcome.help.files if outcome.help else (),
            )
        )
        return None
    return await _bounce(driver, candidate, lease, await driver.ghost.explained(candidate, outcome))


async def _bounce(driver: RunDriver, candidate: Candidate, lease: Lease, outcome: Bounced) -> ev.TaskBounced:
    """Put the Task's work on top of the Ghost, then record that it goes back to an agent there.

    In this order: a process that dies in between leaves a Task that is still about to join.
    """
    run, task_id = driver.run, candidate.task_id
    if outcome.against:
        outcome = replace(outcome, reason=unfit_text(run, outcome.against, outcome.conflicts))
    event = ev.TaskBounced(
        run_id=run.id,
        at=driver.now(),
        task_id=task_id,
        reason=outcome.reason,
        against=outcome.against,
        conflicts=outcome.conflicts,
        commit=candidate.commit,
        handed=await asyncio.to_thread(_words, driver, candidate, outcome),
    )
    if run.task(task_id).bounces >= MAX_BOUNCES:
        await driver.emit(event)
        return event
    await _put_on_ghost(driver, task_id, lease, outcome)
    lease.start = outcome.ghost
    await driver.emit(event, lease_taken(driver, task_id, lease))
    return event


def lease_taken(driver: RunDriver, task_id: str, lease: Lease) -> ev.LeaseTaken:
    """The event that tells where a Task is worked on."""
    return ev.LeaseTaken(
        run_id=driver.run.id,
        at=driver.now(),
        task_id=task_id,
        path=str(lease.path),
        branch=lease.branch,
        start=lease.start,
        port=lease.port,
    )


async def _taken_in(driver: RunDriver, candidate: Candidate) -> Joined | Bounced:
    """The Ghost's word. To cancel the Task then is too late if it gets in: others may be in its batch."""
    joining = asyncio.create_task(driver.ghost.join(candidate), name=f"join {candidate.task_id}")
    try:
        return await asyncio.shield(joining)
    except asyncio.CancelledError:
        if driver.halting:
            joining.cancel()
            await asyncio.wait([joining])
            raise
        outcome = await joining
        if isinstance(outcome, Bounced):
            raise
        return outcome


async def _put_on_ghost(driver: RunDriver, task_id: str, lease: Lease, bounced: Bounced) -> None:
    """Bring a Task's worktree to its work on top of the Ghost; what it was before stays under a ref."""
    repository, run = driver.repository, driver.run
    kept = f"refs/contextune/kept/{run.id}/{task_id}/{run.task(task_id).bounces + 1}"
    await asyncio.to_thread(repository.upkeep.keep, lease.path, kept)
    merged = await asyncio.to_thread(
        repository.commit_tree, bounced.tree, [bounced.ghost], "Put together with the others"
    )
    await asyncio.to_thread(repository.reset_worktree, lease.path, merged)


def _words(driver: RunDriver, candidate: Candidate, bounced: Bounced) -> str:
    """What the agent that goes on is told. Blocking."""
    run, diff, paths = driver.run, driver.repository.diff, bounced.conflicts
    own = run.task(candidate.task_id)
    mine = Side(own.task, own.summary, diff(candidate.start, candidate.commit, paths) if paths else "")
    others = [
        Side(other.task, other.summary, diff(f"{other.joined}^", str(other.joined), paths) if paths else "")
        for other in (run.task(task_id) for task_id in bounced.against)
    ]
    return bounced_words(bounced.reason, mine, others, paths, bounced.evidence)

"""How a green Task gets into the Ghost, and how one that does not fit goes back on top of it."""

from __future__ import annotations

import asyncio

from contextune.agents.briefing import gate_report
from contextune.core import events as ev
from contextune.core.conversation import Text
from contextune.engine.attempt import Done
from contextune.engine.commits import commit_message
from contextune.engine.ghost import Bounced, Candidate, Joined
from contextune.engine.leases import Lease
from contextune.engine.run import RunDriver


async def join(driver: RunDriver, task_id: str, lease: Lease, done: Done) -> Bounced | None:
    """Commit what the Gate saw and take it to the Ghost; None if it is in."""
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
    outcome = await _taken_in(
        driver,
        Candidate(
            task_id=task_id,
            commit=commit,
            start=lease.start,
            message=message,
            files=frozenset(file.path for file in files),
        ),
    )
    if isinstance(outcome, Joined):
        await driver.emit(
            ev.TaskJoined(
                run_id=driver.run.id,
                at=driver.now(),
                task_id=task_id,
                ghost=outcome.ghost,
                commit=outcome.commit,
            )
        )
        return None
    await driver.emit(
        ev.TaskBounced(
            run_id=driver.run.id,
            at=driver.now(),
            task_id=task_id,
            reason=outcome.reason,
            against=outcome.against,
        )
    )
    return outcome


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


async def put_on_ghost(driver: RunDriver, task_id: str, lease: Lease, bounced: Bounced) -> tuple[Text, ...]:
    """Put a Task's work on top of the Ghost in its worktree; what the agent that goes on is told."""
    repository, run = driver.repository, driver.run
    kept = f"refs/contextune/kept/{run.id}/{task_id}/{run.task(task_id).bounces}"
    await asyncio.to_thread(repository.upkeep.keep, lease.path, kept)
    merged = await asyncio.to_thread(
        repository.commit_tree, bounced.tree, [bounced.ghost], "Put together with the others"
    )
    await asyncio.to_thread(repository.reset_worktree, lease.path, merged)
    words = [f"# On top of the other Tasks\nThis Task was green by itself. {bounced.reason}"]
    others = [run.task(other) for other in bounced.against]
    words += [f"The other Task, {other.task.title}: {other.summary}" for other in others]
    if bounced.conflicts:
        words.append("Files with conflict markers: " + ", ".join(bounced.conflicts))
    else:
        words.append("Your worktree holds your work merged with theirs. Make the Gate green again.")
        if bounced.evidence is not None:
            words.append(gate_report(bounced.evidence))
    return (Text(text="\n\n".join(words)),)

"""What a Task that overlaps with others does about it: it goes on, waits for them, or goes on top of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from contextune.agents.overlap_told import rebased_told
from contextune.core.errors import UsageProblem
from contextune.core.overlap.radar import Course, CourseChosen
from contextune.core.runs.overlapping import overlapping
from contextune.core.runs.run import Run
from contextune.core.states import ENDED_TASK
from contextune.engine.tasks.joining import lease_taken
from contextune.engine.worktrees.leases import Lease

if TYPE_CHECKING:
    from contextune.engine.drive.run import RunDriver


def awaited(run: Run, task_id: str) -> frozenset[str]:
    """The Tasks, still at work, that another one waits for: it overlapped with them when that was chosen."""
    return frozenset(
        other for other in run.task(task_id).waits_for if run.task(other).state not in ENDED_TASK
    )


async def choose(driver: RunDriver, task_id: str, course: Course) -> None:
    """Settle what a Task does. Raises UsageProblem if there is none to wait for, or they wait in a ring."""
    run = driver.run
    waits_for = waits(run, task_id, course)
    await driver.emit(
        CourseChosen(run_id=run.id, at=driver.now(), task_id=task_id, course=course, waits_for=waits_for)
    )


def waits(run: Run, task_id: str, course: Course) -> tuple[str, ...]:
    """The Tasks that another one waits for if it does that. Raises UsageProblem as `choose` does."""
    waits_for = () if course == "go_on" else overlapping(run, task_id)
    if course != "go_on" and not waits_for:
        raise UsageProblem(f"Task {task_id} overlaps with no other Task that is at work.")
    ring = [other for other in waits_for if task_id in _all_awaited(run, other)]
    if ring:
        raise UsageProblem(f"Task {ring[0]} waits for {task_id} already: both would wait for ever.")
    return waits_for


async def until_free(driver: RunDriver, task_id: str) -> None:
    """Wait until nobody is left whom a Task waits for, or its user has it go on."""
    while awaited(driver.run, task_id):
        driver.happened.clear()
        await driver.happened.wait()


async def rebase(driver: RunDriver, task_id: str, lease: Lease) -> None:
    """Put a Task's unfinished work on top of the Ghost, between two of its turns, and have its agent told.

    What it was before stays under a ref.
    """
    repository, run = driver.repository, driver.run
    ghost = run.ghost or run.base.commit
    if ghost == lease.start:
        await driver.emit(_done(driver, task_id, ""))
        return
    tree = await asyncio.to_thread(repository.worktree_tree, lease.path)
    own = await asyncio.to_thread(repository.commit_tree, tree, [lease.start], "Before it was rebased")
    merge = await asyncio.to_thread(repository.merge, ghost, own, lease.start)
    kept = f"refs/contextune/kept/{run.id}/{task_id}/rebased-{run.seq}"
    await asyncio.to_thread(repository.upkeep.keep, lease.path, kept)
    result = merge.tree or merge.marked or tree
    put = await asyncio.to_thread(repository.commit_tree, result, [ghost], "Put on top of the others")
    await asyncio.to_thread(repository.reset_worktree, lease.path, put)
    followed = not await asyncio.to_thread(repository.leads_to, lease.start, run.base.commit)
    lease.start = ghost
    told = rebased_told(run, task_id, merge.conflicts, followed=followed)
    await driver.emit(lease_taken(driver, task_id, lease), _done(driver, task_id, told))


def _done(driver: RunDriver, task_id: str, told: str) -> CourseChosen:
    return CourseChosen(run_id=driver.run.id, at=driver.now(), task_id=task_id, course="go_on", told=told)


def _all_awaited(run: Run, task_id: str) -> frozenset[str]:
    """Whom a Task waits for, by others, too; by its dependencies as well."""
    seen: set[str] = set()
    stack = [task_id]
    while stack:
        one = stack.pop()
        for other in (*awaited(run, one), *run.task(one).task.depends_on):
            if other not in seen:
                seen.add(other)
                stack.append(other)
    return frozenset(seen)

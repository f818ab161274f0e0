"""The user's checkout around the work on a Task: what it was before, what it is after."""

from __future__ import annotations

import asyncio

from contextune.core.errors import GitProblem
from contextune.core.ports import Repository
from contextune.core.runs.effects import CheckoutSeen
from contextune.core.worktrees.checkout_look import CheckoutLook
from contextune.engine.drive.run import RunDriver


async def see_before(driver: RunDriver, task_id: str) -> None:
    """Record the checkout before a Task is worked on, once for all its attempts."""
    if driver.run.task(task_id).checkout_before is None:
        await _see(driver, task_id)


async def see_after(driver: RunDriver, task_id: str) -> None:
    """Record the checkout after it, and what is different."""
    await _see(driver, task_id)


async def _see(driver: RunDriver, task_id: str) -> None:
    before = driver.run.task(task_id).checkout_before
    try:
        look = await driver.looks.look()
        changed = () if before is None else await asyncio.to_thread(_changed, driver.repository, before, look)
    except GitProblem:
        return  # such as a file that the user moves at this very moment: the next look will tell
    await driver.emit(
        CheckoutSeen(
            run_id=driver.run.id,
            at=driver.now(),
            task_id=task_id,
            moment="before" if before is None else "after",
            look=look,
            changed=changed,
        )
    )


def _changed(repository: Repository, before: CheckoutLook, after: CheckoutLook) -> tuple[str, ...]:
    parts = [name for name, mark in after.parts.items() if before.parts.get(name) != mark]
    paths = [] if before.tree == after.tree else repository.changes(before.tree, after.tree)
    return (*(change.path for change in paths), *parts)

"""A Run follows its branch, at its user's wish: what moved there meanwhile becomes its new Base."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from contextune.core.errors import UsageProblem
from contextune.core.overlap.radar import CourseChosen
from contextune.core.ports import Overlays, Repository
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.core.states import ENDED_TASK
from contextune.core.worktrees.snapshot import Base
from contextune.engine.integration.rebuild import Rebuild

if TYPE_CHECKING:
    from contextune.engine.drive.run import RunDriver


def base_to_follow(repository: Repository, run: Run, overlays: Overlays, ref: str | None) -> Base:
    """What the user sees now, taken as at the Run's start. Blocking.

    Raises UsageProblem if another branch is checked out, or nothing has moved.
    """
    base = repository.take_base(overlays, ref)
    where = run.base.branch or "a detached HEAD"
    if base.branch != run.base.branch:
        raise UsageProblem(
            f"The run started on {where}, and {base.branch or 'a detached HEAD'} is checked out now. Switch "
            "back first. Nothing was changed."
        )
    if (base.head, base.tree) == (run.base.head, run.base.tree):
        raise UsageProblem(f"{where} is where run {run.id} stands already: there is nothing to follow.")
    return base


async def follow_base(driver: RunDriver) -> None:
    """Bring a Run at work to what the user sees now.

    The Ghost is put together anew and tested; Tasks at work go on top of it with their next turn, and those
    to come begin there. Raises UsageProblem or MergeRefused, and then the Run goes on as it did.
    """
    run, repository, ref = driver.run, driver.repository, driver.settings.base
    async with driver.ghost.still():
        while driver.ghost.task_ids != frozenset(driver.run.joined):
            # A Task has just got in, and that is not recorded yet.
            driver.happened.clear()
            await driver.happened.wait()
        run = driver.run
        base = await asyncio.to_thread(base_to_follow, repository, run, driver.overlays(), ref)
        rebuild = Rebuild(
            run, repository, driver.stand, now=driver.now, by_syntax=driver.settings.merge_by_syntax
        )
        rebuilt = await rebuild.on(base)
        told = await asyncio.to_thread(rebuild.note, rebuilt)
        await driver.emit(rebuilt, *_on_top(driver), *told)
        driver.stand_on_base()


def _on_top(driver: RunDriver) -> list[ev.AnyEvent]:
    """Tasks that have begun go on top of the Ghost with their next turn."""
    return [
        CourseChosen(run_id=driver.run.id, at=driver.now(), task_id=task.id, course="rebase")
        for task in driver.run.tasks
        if task.worktree is not None and task.state not in ENDED_TASK
    ]

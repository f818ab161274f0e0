"""Where a Task goes on after a rung has failed: the router's word, by what the repository's history shows."""

from __future__ import annotations

from collections.abc import Sequence

from contextune.core.routing.router import Asked
from contextune.core.runs.task_run import TaskRun
from contextune.engine.drive.run import RunDriver
from contextune.engine.money.price_books import prices_under
from contextune.engine.money.pricing import Pricer
from contextune.engine.money.records import history, kind_in


async def step_above(driver: RunDriver, task: TaskRun, failed: Sequence[int]) -> int:
    """The step of the Ladder to try after these have failed on a Task, in order; its length at the end."""
    run, top = driver.run, len(driver.run.ladder)
    if driver.settings.routing == "fixed" or failed[-1] + 1 >= top:
        return failed[-1] + 1
    quoted = run.quote.priced(task.id)
    records = await history(driver.world.journal, driver.repository, offline=run.offline)
    router = Pricer(run.ladder, prices_under(driver.settings, driver.world.prices), records).router
    explored = quoted is not None and quoted.explored
    following = router.next_rung(Asked(kind_in(run, task), task.task.complexity), failed, explored=explored)
    return top if following is None else following

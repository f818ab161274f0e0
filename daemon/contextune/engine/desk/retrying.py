"""An ended Task done again: from where it began, or from a rung that the user chooses by its price."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import NamedTuple

from contextune.core.errors import UsageProblem
from contextune.core.model.conversation import Rung
from contextune.core.model.money import PriceRange
from contextune.core.model.naming import rung_text
from contextune.core.process_ports import Letter
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun
from contextune.core.spending.wording import dollars_text
from contextune.core.states import CLOSED_RUN, ENDED_TASK
from contextune.engine.desk.rungs import WaitingRungs, price_from, require_rung, room_of
from contextune.engine.runs.drives import Drives


class RetryRung(NamedTuple):
    """A rung on which a Task can begin again."""

    start: int
    """Its place on the Run's ladder, from 0."""
    rung: Rung
    price: PriceRange
    tried: bool
    """Whether an agent of this Task worked on it already."""


class RetryOffer(NamedTuple):
    """Where a Task can begin again."""

    rungs: tuple[RetryRung, ...]
    """Those of the Run's ladder, in order."""
    room: Decimal
    """Dollars that are left of the Run's budget."""


class Retrying:
    """Does ended Tasks again, wherever their Runs are driven."""

    def __init__(
        self, waiting: WaitingRungs, drives: Drives, run_with: Callable[[str, str], Awaitable[Run]]
    ) -> None:
        self._waiting = waiting
        self._drives = drives
        self._run_with = run_with

    async def rungs(self, run_id: str, task_id: str) -> RetryOffer:
        """Where a Task can begin again, and what it is expected to cost from there. Raises UsageProblem."""
        run = await self._run_with(run_id, task_id)
        task = run.task(task_id)
        _require_ended(run, task)
        pricer = await self._waiting.pricer(run)
        tried = {attempt.rung for attempt in task.attempts}
        rungs = (
            RetryRung(start, rung, price_from(pricer, run, task, start), rung in tried)
            for start, rung in enumerate(run.ladder)
        )
        return RetryOffer(tuple(rungs), room_of(run))

    async def retry(self, run_id: str, task_id: str, start: int | None = None) -> None:
        """Do an ended Task again; `start` is a place on the Run's ladder, from 0, or None for where it began.

        Raises UsageProblem if it did not end, or the rung is unknown or most likely costs more than is left.
        """
        run = await self._run_with(run_id, task_id)
        _require_ended(run, run.task(task_id))
        if start is not None:
            await self._require_room(run, task_id, start)
        if self._drives.driver(run.id) != "nobody":
            text = "" if start is None else str(start)
            await self._drives.ask(run, Letter(verb="retry_task", task_id=task_id, text=text))
            return
        await self._drives.retry(run.id, task_id, start)

    async def _require_room(self, run: Run, task_id: str, start: int) -> None:
        require_rung(run, start)
        rungs, room = await self.rungs(run.id, task_id)
        likely = rungs[start].price.likely
        if likely is not None and likely > room:
            raise UsageProblem(
                f"On {rung_text(run.ladder[start])} it most likely costs {dollars_text(likely)}, and the "
                f"budget of run {run.id} has {dollars_text(room)} left. Raise it first."
            )


def _require_ended(run: Run, task: TaskRun) -> None:
    if task.state not in ENDED_TASK or task.state == "accepted":
        raise UsageProblem(f"Task {task.id} is {task.state}; only a Task that ended can be done again.")
    if run.state in CLOSED_RUN:
        raise UsageProblem(f"Run {run.id} is {run.state}; start a new one for this Todo.")

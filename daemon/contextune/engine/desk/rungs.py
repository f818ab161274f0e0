"""Where the Tasks of a Run that wait for their first agent can begin, and what they cost from there."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from contextune.core.errors import UsageProblem
from contextune.core.model.conversation import Rung
from contextune.core.model.money import PriceRange
from contextune.core.model.naming import rung_text
from contextune.core.planning.quote import TaskQuote
from contextune.core.runs.ladder import beginning, is_to_begin
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun
from contextune.core.spending.wording import dollars_text
from contextune.engine.money.price_books import prices_under
from contextune.engine.money.pricing import Pricer, in_all
from contextune.engine.money.records import history
from contextune.engine.repositories.places import Places
from contextune.engine.surroundings.world import World


class WaitingRung(NamedTuple):
    """A rung on which some Tasks can begin."""

    start: int
    """Its place on the Run's ladder, from 0."""
    rung: Rung
    price: PriceRange
    """Of those Tasks together."""
    chosen: bool
    """Whether all of them begin there now."""
    lack: str
    """Why they cannot, a sentence; empty if they can."""


class WaitingOffer(NamedTuple):
    """Where some Tasks that wait can begin."""

    task_ids: tuple[str, ...]
    rungs: tuple[WaitingRung, ...]
    """Those of the Run's ladder, in order."""
    room: Decimal
    """Dollars that are left of the Run's budget."""


class WaitingRungs:
    """Prices the Tasks that wait for their first agent."""

    def __init__(self, world: World, places: Places) -> None:
        self._world = world
        self._places = places

    async def pricer(self, run: Run) -> Pricer:
        """Prices Tasks of this Run by what the history of its repository shows."""
        place = await self._places.of_run(run)
        records = await history(self._world.journal, place.repository, offline=run.offline)
        prices = prices_under(self._places.settings_of(run), self._world.prices)
        return Pricer(run.ladder, prices, records)

    async def offer(
        self, run: Run, task_ids: Sequence[str] = (), budget: Decimal | None = None
    ) -> WaitingOffer:
        """Where these Tasks can begin, all that wait if none is named, within a budget or the Run's own.

        Raises UsageProblem if one of them is unknown or has begun, or none waits.
        """
        waiting = [task for task in run.tasks if is_to_begin(task)]
        chosen = [_one_of(run, waiting, task_id) for task_id in dict.fromkeys(task_ids)] or waiting
        if not chosen:
            raise UsageProblem(f"No Task of run {run.id} waits for its first agent.")
        room = room_of(run, budget)
        pricer = await self.pricer(run)
        now = {task.id: beginning(run.quote, task.task, run.ladder, task.begins)[0] for task in waiting}
        before = _likely(in_all([price_from(pricer, run, task, now[task.id]) for task in waiting]))
        others = [price_from(pricer, run, task, now[task.id]) for task in waiting if task not in chosen]

        def at(start: int) -> WaitingRung:
            prices = [price_from(pricer, run, task, start) for task in chosen]
            after = _likely(in_all([*prices, *others]))
            # What costs no more than before is never refused: it does not make anything worse.
            is_too_dear = after > room and after > before
            lack = str(_too_dear(run, _named(chosen, waiting), start, after, room)) if is_too_dear else ""
            is_now = all(now[task.id] == start for task in chosen)
            return WaitingRung(start, run.ladder[start], in_all(prices), is_now, lack)

        rungs = tuple(at(start) for start in range(len(run.ladder)))
        return WaitingOffer(tuple(task.id for task in chosen), rungs, room)


def require_rung(run: Run, start: int) -> None:
    """Raise UsageProblem, which lists the rungs, if a Run's ladder has no such place."""
    if not 0 <= start < len(run.ladder):
        known = ", ".join(f"{place} {rung_text(rung)}" for place, rung in enumerate(run.ladder))
        raise UsageProblem(f"There is no rung {start} to begin on. Rungs: {known}.")


def room_of(run: Run, budget: Decimal | None = None) -> Decimal:
    """Dollars that are left of a Run's budget, or of the one that it is to get."""
    whole = run.budget if budget is None else budget
    return max(Decimal(0), whole - run.bill.dollars - run.reserved)


def price_from(pricer: Pricer, run: Run, task: TaskRun, start: int) -> PriceRange:
    """What a Task is expected to cost that begins there."""
    quoted: TaskQuote | None = run.quote.priced(task.id)
    known = quoted or pricer.quotes([task.task], ())[0]
    return pricer.pinned(known, task.task.complexity, start).price


def _one_of(run: Run, waiting: Sequence[TaskRun], task_id: str) -> TaskRun:
    found = next((task for task in run.tasks if task.id == task_id), None)
    if found is None:
        raise UsageProblem(f"Run {run.id} has no task {task_id!r}.")
    if found not in waiting:
        raise UsageProblem(
            f"Task {task_id} is {found.state}: only one that waits for its first agent can begin elsewhere."
        )
    return found


def _too_dear(run: Run, what: str, start: int, likely: Decimal, room: Decimal) -> UsageProblem:
    rung, dollars, left = rung_text(run.ladder[start]), dollars_text(likely), dollars_text(room)
    return UsageProblem(
        f"With {what} on {rung}, what waits most likely costs {dollars}, and the budget of run {run.id} has "
        f"{left} left. Raise it first."
    )


def _named(chosen: Sequence[TaskRun], waiting: Sequence[TaskRun]) -> str:
    if len(chosen) == 1:
        return f"“{chosen[0].task.title}”"
    return "all of it" if len(chosen) == len(waiting) else f"{len(chosen)} Tasks"


def _likely(price: PriceRange) -> Decimal:
    """What is expected; nothing where a model has no price, since no budget of dollars bounds that."""
    return price.likely or Decimal(0)

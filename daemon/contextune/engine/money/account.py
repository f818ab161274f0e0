"""The money of one Run, of one Quote, or of a shadow sample: what is spent, held back, and allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Protocol, TypeVar

import msgspec

from contextune.core.errors import BudgetReached, BudgetScope, UsageProblem
from contextune.core.model.budget import Budgets, Cap, Limits
from contextune.core.model.money import Bill, Charge
from contextune.core.model.requests import TaskBudgetRaised
from contextune.core.ports import Clock
from contextune.core.runs.events import AnyEvent, RunAdjusted, RunResumed
from contextune.core.runs.run import Run
from contextune.core.settings import EDITOR_REQUESTS, Settings

ZERO = Decimal(0)
Amount = TypeVar("Amount", int, Decimal)


class Emit(Protocol):
    """Journals events, all or none. Raises BudgetReached, and records nothing, if one exceeds a cap."""

    async def __call__(self, *events: AnyEvent, caps: Sequence[Cap] = ()) -> None:
        """Journal the events."""
        ...


class Soon(Protocol):
    """Journals events of a Task, all or none, perhaps without waiting for the disk."""

    async def __call__(self, *events: AnyEvent) -> None:
        """Have the events on their way to the Journal."""
        ...


GOES_ON: dict[BudgetScope, str] = {
    "day": "A new one begins the next day.",
    "month": "A new one begins the next month.",
}
"""When a budget that is reached goes on by itself."""


class Account:
    """Holds back the worst case of every request in flight, so that no budget can be overshot."""

    def __init__(
        self,
        stream: str,
        budget: Decimal,
        emit: Emit,
        *,
        repository: str = "",
        budgets: Budgets = Budgets(),  # noqa: B008 a frozen value
    ) -> None:
        self.stream = stream
        """The id under which the Journal keeps the requests."""
        self.repository = repository
        self.budget = budget
        self._limits = Limits()
        self._budgets = budgets
        """What the settings say."""
        self.budgets = budgets
        """The same, but for what the Run's user bounds otherwise."""
        self.bill = Bill()
        self.held = ZERO
        self.held_requests = 0
        """Requests without a price that are held back, as dollars are for the others."""
        self.emit = emit
        self.emit_soon: Soon = emit
        """Need not wait for the disk where what is emitted of the same Task next does."""
        self.task_budgets: dict[str, Decimal] = {}
        """Where the user raised what a Task may cost."""
        self._request_budgets: dict[str, Decimal] = {}
        """Where that lets a single request of a Task cost more, too."""
        self._coming: list[RunAdjusted] = []
        """Changes that are about to be recorded."""
        self.rebound = 0
        """How often its Run's user has changed what Tasks and requests may cost."""
        self.task_spent: dict[str, Decimal] = {}
        self._task_held: dict[str, Decimal] = {}
        self.in_flight = 0
        """Requests that are recorded and have not settled."""
        self._trying = 0
        """Reservations that are on their way to the Journal."""
        self._moved = 0
        """How often a request was recorded or settled."""
        self._changed = asyncio.Event()
        self._settled = asyncio.Event()
        self._tried = asyncio.Event()

    def bound(self, settings: Settings) -> None:
        """Take the budgets that the settings name, but for those that the Run's own Quote has others for."""
        self._budgets = budgets_of(settings)
        self._keep_within()

    def expect(self, change: RunAdjusted) -> None:
        """Keep to a change that is to be recorded, where it is the narrower, until `follow` or `forget`."""
        self._coming.append(change)
        self._keep_within()

    def forget(self, change: RunAdjusted, run: Run) -> None:
        """It was not recorded: what the Run had holds."""
        self._coming = [one for one in self._coming if one is not change]
        self._take(run)
        self._changed.set()

    def follow(self, run: Run, event: AnyEvent) -> None:
        """Allow and bound what a recorded event has made of the Run; whoever waits for room looks again."""
        if not isinstance(event, RunAdjusted | RunResumed | TaskBudgetRaised):
            return
        if isinstance(event, RunAdjusted):
            self._coming = [one for one in self._coming if one is not event]
            self.rebound += event.limits != Limits()
        self._take(run)
        self._changed.set()

    async def until_rebound(self, since: int) -> None:
        """Wait until the Run's user has changed limits, once `rebound` was `since`."""
        while self.rebound == since:
            self._changed.clear()
            await self._changed.wait()

    async def hold(self, worst_case: Decimal | None, task_id: str | None = None) -> None:
        """Hold back a request's worst case, if need be after others have settled below theirs.

        A request without a price, whose worst case is None, is held back as one request. Raises
        BudgetReached, and holds nothing, if it does not fit even then.
        """
        if worst_case is None:
            self._hold_one()
            return
        wanted = worst_case
        while (reached := self.lacks(wanted, task_id)) is not None:
            if not self._may_fit_later(wanted, task_id):
                raise reached
            self._changed.clear()
            await self._changed.wait()
        self.held += wanted
        if task_id is not None:
            self._task_held[task_id] = self._task_held.get(task_id, ZERO) + wanted

    def go_on(self, run: Run, settings: Settings) -> None:
        """From where a Run stands: what was spent counts, and what its user allows and bounds."""
        self.bill = run.bill
        self.task_spent = {task.id: task.bill.dollars for task in run.tasks}
        self._budgets = budgets_of(settings)
        self._take(run)

    @contextmanager
    def trying(self) -> Iterator[int]:
        """While a reservation is on its way to the Journal. Gives what `may_have_room` has to know."""
        self._trying += 1
        try:
            yield self._moved
        finally:
            self._trying -= 1
            self._tried.set()

    def recorded(self) -> None:
        """A reservation is in the Journal: the request is under way."""
        self.in_flight += 1
        self._moved += 1

    def settle(self, worst_case: Decimal | None, charge: Charge, task_id: str | None = None) -> None:
        """Give back what was held for a request under way and bill what was used."""
        self.in_flight -= 1
        self._moved += 1
        self._settled.set()
        self.release(worst_case, task_id)
        self.bill = self.bill.plus(charge)
        if task_id is not None:
            self.task_spent[task_id] = self.task_spent.get(task_id, ZERO) + (charge.dollars or ZERO)

    def release(self, worst_case: Decimal | None, task_id: str | None = None) -> None:
        """Give back what was held for a request that never left."""
        if worst_case is None:
            self.held_requests -= 1
        else:
            self.held -= worst_case
            if task_id is not None:
                self._task_held[task_id] -= worst_case
        self._changed.set()

    async def may_have_room(self, since: int) -> bool:
        """Whether a reservation that exceeded a cap, tried `since`, should be tried again, if need be later.

        What is in flight holds back more than it will cost. Others that are only tried do not count, but
        those that turn out to be recorded do.
        """
        while self._trying and self._moved == since:
            self._tried.clear()
            await self._tried.wait()
        if self._moved == since and self.in_flight:
            self._settled.clear()
            await self._settled.wait()
        return self._moved != since

    def lacks(self, wanted: Decimal, task_id: str | None) -> BudgetReached | None:
        """The budget that a reservation of so many dollars would exceed now, the narrowest first."""
        single = self._single(task_id)
        if single is not None and wanted > single:
            return BudgetReached(
                f"One request may cost ${single}, and the next one could cost ${wanted:.4f}.",
                scope="request",
                needed=wanted,
            )
        allowed = self._allowed(task_id)
        if task_id is not None and allowed is not None:
            spent, held = self.task_spent.get(task_id, ZERO), self._task_held.get(task_id, ZERO)
            if spent + held + wanted > allowed:
                return BudgetReached(
                    f"The Task's budget of ${allowed} is reached: {_amounts(spent, held, wanted)}",
                    scope="task",
                    needed=spent + held + wanted,
                )
        if self.bill.dollars + self.held + wanted > self.budget:
            return BudgetReached(
                f"The budget of ${self.budget} is reached: {_amounts(self.bill.dollars, self.held, wanted)}",
                scope="run",
                needed=self.bill.dollars + self.held + wanted,
            )
        return None

    def caps(self, clock: Clock, at: int) -> list[Cap]:
        """The budgets that hold across Runs, for a reservation made at `at`."""
        found = []
        if self.budgets.day is not None:
            found.append(Cap(scope="day", since=clock.day_start(at), limit=self.budgets.day))
        if self.budgets.month is not None:
            found.append(Cap(scope="month", since=clock.month_start(at), limit=self.budgets.month))
        return found

    def _hold_one(self) -> None:
        """Hold back one request without a price. It counts whatever comes of it, so none is waited for."""
        most, taken = self.budgets.requests, self.bill.unpriced + self.held_requests
        if most is not None and taken >= most:
            raise BudgetReached(
                f"The {most:,} requests without a price that a Run may send are used up.",
                scope="requests",
                needed=Decimal(taken + 1),
            )
        self.held_requests += 1

    def _take(self, run: Run) -> None:
        self.budget, self._limits = run.budget, run.limits
        self.task_budgets = {task.id: task.budget for task in run.tasks if task.budget is not None}
        self._request_budgets = {
            task.id: task.request_budget for task in run.tasks if task.request_budget is not None
        }
        self._keep_within()

    def _keep_within(self) -> None:
        """Bound what the settings and the Run's user say, and what is to be recorded where that is less."""
        now = self._limits.over(self._budgets)
        for change in self._coming:
            limits = change.limits
            self.budget = min(self.budget, change.budget)
            now = msgspec.structs.replace(
                now,
                request=_less(now.request, limits.request),
                task=_less(now.task, limits.task),
                requests=_less(now.requests, limits.requests),
            )
            if limits.task is not None:
                self.task_budgets = {i: min(one, limits.task) for i, one in self.task_budgets.items()}
            if limits.request is not None:
                self._request_budgets = {}
        self.budgets = now

    def _allowed(self, task_id: str | None) -> Decimal | None:
        return self.task_budgets.get(task_id or "", self.budgets.task)

    def _single(self, task_id: str | None) -> Decimal | None:
        """The most that one request may cost; a Task whose budget the user raised may use all of that."""
        single, raised = self.budgets.request, self._request_budgets.get(task_id or "")
        return single if single is None or raised is None else max(single, raised)

    def _may_fit_later(self, wanted: Decimal, task_id: str | None) -> bool:
        """Whether it fits if all that is in flight settles at nothing."""
        single = self._single(task_id)
        if not self.held or (single is not None and wanted > single):
            return False
        allowed = self._allowed(task_id)
        if task_id is not None and allowed is not None:
            spent = self.task_spent.get(task_id, ZERO)
            if spent + wanted > allowed:
                return False
        return self.bill.dollars + wanted <= self.budget


def _less(one: Amount | None, other: Amount | None) -> Amount | None:
    """The narrower of two bounds; None bounds nothing."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def budgets_of(settings: Settings) -> Budgets:
    """The budgets that the settings name, beside that of the Run."""
    return Budgets(
        request=settings.request_budget,
        task=settings.task_budget,
        day=settings.day_budget,
        month=settings.month_budget,
        requests=requests_of(settings),
    )


def requests_of(settings: Settings) -> int | None:
    """How many requests without a price one Run may send."""
    if settings.max_requests is None and settings.uses_editor_models:
        return EDITOR_REQUESTS
    return settings.max_requests


def _amounts(spent: Decimal, held: Decimal, wanted: Decimal) -> str:
    return f"${spent:.4f} spent, ${held:.4f} held back, and the next request could cost ${wanted:.4f}."


def require_requests(run_id: str, most: int | None, sent: int, under_way: int) -> None:
    """Raise UsageProblem if a Run is to send fewer requests without a price than it has."""
    if most is not None and most < sent + under_way:
        raise UsageProblem(
            f"Run {run_id} has sent {sent:,} requests without a price, and {under_way:,} more are under way; "
            f"allow at least {sent + under_way:,}, or pause it."
        )


def require_room(run_id: str, budget: Decimal, spent: Decimal, held: Decimal) -> None:
    """Raise UsageProblem if a budget is below what a Run has spent and holds back for requests under way."""
    if budget < spent + held:
        raise UsageProblem(
            f"Run {run_id} has spent ${spent:.4f} and holds back ${held:.4f} for requests under way; give a "
            f"budget of at least ${spent + held:.4f}, or pause it."
        )

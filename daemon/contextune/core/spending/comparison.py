"""Two periods, two Runs or two models side by side."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from contextune.core.base import Value
from contextune.core.model.ledger import LedgerEntry
from contextune.core.model.money import Bill
from contextune.core.runs.run import Run
from contextune.core.spending.chance import Ratio, ratio
from contextune.core.spending.costs import is_shadow, share_of, total
from contextune.core.spending.history import TAKEN_BACK, History

FEW = 10
"""Tasks; with fewer on a side, chance alone makes large differences."""


class Side(Value, frozen=True, kw_only=True):
    """One of the two. A Task counts if a request was made for it here."""

    name: str
    bill: Bill
    tasks: int
    accepted: int
    """Tasks that were accepted; of a model, those that were accepted on it."""
    each: Ratio | None
    """Dollars for each accepted Task, over Tasks, planning shared among all; None if none was accepted."""

    @property
    def per_task(self) -> Decimal | None:
        """Dollars a Task; None if there is none."""
        return share_of(self.bill.dollars, Decimal(self.tasks))

    @property
    def per_accepted(self) -> Decimal | None:
        """Dollars an accepted Task; None if there is none."""
        return share_of(self.bill.dollars, Decimal(self.accepted))


class Change(Value, frozen=True, kw_only=True):
    """One measure of both."""

    measure: str
    one: Decimal | None
    other: Decimal | None
    difference: Decimal | None
    """The other less the one; None unless both are known."""
    relative: Decimal | None
    """The difference as a share of the one, such as -0.25 for a quarter less; None if the one is zero."""


class Comparison(Value, frozen=True, kw_only=True):
    """Both sides, their changes, and what to make of them."""

    one: Side
    other: Side
    changes: tuple[Change, ...]
    remark: str


Chosen = Callable[[LedgerEntry], bool]


def compare(
    past: History, one: tuple[str, Chosen], other: tuple[str, Chosen], *, model: bool = False
) -> Comparison:
    """Compare two choices of requests, each with its name. `model` says that they are of one model each."""
    first, second = (_side(past, name, chosen, model=model) for name, chosen in (one, other))
    measures: tuple[tuple[str, Callable[[Side], Decimal | None]], ...] = (
        ("dollars", lambda side: side.bill.dollars),
        ("dollars a Task", lambda side: side.per_task),
        ("dollars an accepted Task", lambda side: side.per_accepted),
        ("requests a Task", lambda side: share_of(Decimal(side.bill.requests), Decimal(side.tasks))),
        ("share of Tasks accepted", lambda side: share_of(Decimal(side.accepted), Decimal(side.tasks))),
        ("share read from the cache", _cached),
    )
    return Comparison(
        one=first,
        other=second,
        changes=tuple(_change(name, of(first), of(second)) for name, of in measures),
        remark=_remark(first, second),
    )


def _cached(side: Side) -> Decimal | None:
    usage = side.bill.usage
    return share_of(Decimal(usage.cache_read_tokens), Decimal(usage.prompt_tokens))


def _side(past: History, name: str, chosen: Chosen, *, model: bool) -> Side:
    entries = [entry for entry in past.entries if entry.settled and not is_shadow(entry) and chosen(entry)]
    spent: dict[tuple[str, str], Decimal] = {}
    for entry in entries:
        if entry.task_id is not None:
            key = (entry.stream, entry.task_id)
            spent[key] = spent.get(key, Decimal(0)) + (entry.dollars or 0)
    models = {entry.rung.model for entry in entries} if model else None
    accepted = {
        (run.id, task.id)
        for run in past.runs
        for task in run.tasks
        if (run.id, task.id) in spent and _is_accepted(run, task.id, models)
    }
    bill = total(entries)
    # What belongs to no Task is shared by all, so that the parts make up the whole.
    shared = (bill.dollars - sum(spent.values(), Decimal(0))) / len(spent) if spent else Decimal(0)
    pairs = [(dollars + shared, Decimal(key in accepted)) for key, dollars in spent.items()]
    return Side(name=name, bill=bill, tasks=len(spent), accepted=len(accepted), each=ratio(pairs))


def _is_accepted(run: Run, task_id: str, models: set[str] | None) -> bool:
    task = run.task(task_id)
    if task.state != "accepted" or run.state in TAKEN_BACK:
        return False
    return models is None or (task.attempt is not None and task.attempt.rung.model in models)


def _change(measure: str, one: Decimal | None, other: Decimal | None) -> Change:
    difference = None if one is None or other is None else other - one
    relative = None if difference is None or not one else difference / one
    return Change(measure=measure, one=one, other=other, difference=difference, relative=relative)


def _remark(one: Side, other: Side) -> str:
    if not one.bill.requests or not other.bill.requests:
        return f"Nothing was spent in {one.name if not one.bill.requests else other.name}."
    if min(one.tasks, other.tasks) < FEW:
        return f"{one.tasks} against {other.tasks} Tasks are too few to tell a difference from chance."
    first, second = one.each, other.each
    if first is None or second is None:
        return "One side has no accepted Task, so that there is no price of one."
    if _overlap(first, second):
        return "The intervals of dollars an accepted Task overlap: the difference may be chance."
    dearer, cheaper = (one, other) if first.value > second.value else (other, one)
    return f"An accepted Task cost more in {dearer.name} than in {cheaper.name}, beyond what chance would do."


def _overlap(one: Ratio, other: Ratio) -> bool:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return True
    return one.low <= other.high and other.low <= one.high

"""How often Tasks pass on which rung, from the records of those that ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby

from contextune.core.base import Value
from contextune.core.model.conversation import Rung
from contextune.core.planning.plan import Complexity
from contextune.core.planning.record import Step, TaskRecord
from contextune.core.spending.chance import Share, share

_DECIDED = frozenset({"red", "limit", "refused"})
"""Outcomes by which a rung has failed. The others, such as cancelled, say nothing of it."""


class Visit(Value, frozen=True, kw_only=True):
    """A Task's stay on one rung: one attempt, or several in a row."""

    kind: str
    complexity: Complexity
    rung: Rung
    passed: bool | None
    """None if it was cut off before the Gate could tell."""
    first: bool
    """Whether the Task began there."""
    dollars: Decimal | None
    """None where a request was unpriced. Likewise the next one."""
    rest: Decimal | None
    """What the Task cost from here to its end, this stay included."""


def visits(records: Iterable[TaskRecord]) -> Iterator[Visit]:
    """The stays of Tasks on rungs, in order. Attempts in a row on one rung are one stay.

    So are the tries of a rung side by side, and a fresh conversation that goes on with the work. What came
    after the first green Gate of a Task is part of what it cost, but no stay of its own: it began with the
    work of others.
    """
    for record in records:
        stays = [(rung, list(steps)) for rung, steps in groupby(record.steps, key=lambda step: step.rung)]
        for number, (rung, steps) in enumerate(stays):
            later = [step for _, others in stays[number:] for step in others]
            yield Visit(
                kind=record.kind,
                complexity=record.complexity,
                rung=rung,
                passed=_passed(steps, record),
                first=number == 0,
                dollars=_sum(steps),
                rest=_sum(later),
            )
            if any(step.outcome == "green" for step in steps):
                break


def _passed(steps: Sequence[Step], record: TaskRecord) -> bool | None:
    outcomes = {step.outcome for step in steps}
    if "green" in outcomes:
        # Green work that did not fit the others, or that the user took back, is not done.
        return None if record.state == "cancelled" else record.state == "accepted" and not record.reverted
    return False if outcomes & _DECIDED else None


def _sum(steps: Iterable[Step]) -> Decimal | None:
    amounts = [step.dollars for step in steps]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def mean(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The mean of the known amounts; None if there are none."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) / len(known) if known else None


class Rate(Value, frozen=True, kw_only=True):
    """How often Tasks of one kind pass on one rung."""

    kind: str
    rung: Rung
    passed: Share
    cut_off: int
    """Stays that ended before the Gate could tell; not among those of `passed`."""
    each: Decimal | None
    """The mean cost of a stay, in dollars."""


def rates(records: Sequence[TaskRecord]) -> tuple[Rate, ...]:
    """By kind and rung, the kinds with most stays first, the rungs of a kind as Tasks came to them."""
    cells: dict[tuple[str, Rung], list[Visit]] = {}
    order: dict[str, int] = {}
    for visit in visits(records):
        cells.setdefault((visit.kind, visit.rung), []).append(visit)
        order[visit.kind] = order.get(visit.kind, 0) + 1
    made = [_rate(kind, rung, found) for (kind, rung), found in cells.items()]
    return tuple(sorted(made, key=lambda rate: (-order[rate.kind], rate.kind)))


def _rate(kind: str, rung: Rung, found: Sequence[Visit]) -> Rate:
    decided = [visit for visit in found if visit.passed is not None]
    return Rate(
        kind=kind,
        rung=rung,
        passed=share(sum(visit.passed is True for visit in decided), len(decided)),
        cut_off=len(found) - len(decided),
        each=mean(visit.dollars for visit in found),
    )


class Climb(Value, frozen=True, kw_only=True):
    """How often Tasks of one kind left the rung on which they began, and how often they were accepted."""

    kind: str
    climbed: Share
    accepted: Share
    dollars: Decimal
    """What they cost in all."""


def _tells(step: Step) -> bool:
    """Whether an attempt tells something of its rung: what ended for a problem outside of it does not."""
    return step.outcome != "failed"


def climbs(records: Sequence[TaskRecord]) -> tuple[Climb, ...]:
    """By kind, those that climb most often first."""
    by_kind: dict[str, list[TaskRecord]] = {}
    for record in records:
        if any(_tells(step) for step in record.steps):
            by_kind.setdefault(record.kind, []).append(record)
    made = [
        Climb(
            kind=kind,
            climbed=share(
                sum(len({step.rung for step in r.steps if _tells(step)}) > 1 for r in found), len(found)
            ),
            accepted=share(sum(r.state == "accepted" and not r.reverted for r in found), len(found)),
            dollars=sum((r.dollars for r in found), Decimal(0)),
        )
        for kind, found in by_kind.items()
    ]
    return tuple(sorted(made, key=lambda climb: (-climb.climbed.value, -climb.climbed.of, climb.kind)))

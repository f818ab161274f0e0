"""What the records of ended Tasks say of single rungs: tried on what, after which others, and if it held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from contextune.core.model.conversation import Rung
from contextune.core.planning.plan import Complexity
from contextune.core.planning.record import TaskRecord
from contextune.core.spending.rates import visits


class Trial(NamedTuple):
    """One rung tried on one Task."""

    kind: str
    complexity: Complexity
    rung: Rung
    failed: tuple[Rung, ...]
    """The rungs that had failed on that Task before, in order."""
    passed: bool
    """Whether its work was accepted, and not taken back later."""
    dollars: Decimal | None
    """None where a request was unpriced."""
    age: int
    """Ended Tasks of the same kind that are newer."""


def trials(records: Iterable[TaskRecord]) -> tuple[Trial, ...]:
    """What records, newest first, tell of rungs. A Task that was taken back counts against who did it."""
    newer: dict[str, int] = {}
    found: list[Trial] = []
    for record in records:
        age = newer.get(record.kind, 0)
        newer[record.kind] = age + 1
        found += _of_task(record, age)
    return tuple(found)


def _of_task(record: TaskRecord, age: int) -> Iterator[Trial]:
    failed: list[Rung] = []
    for visit in visits([record]):
        if visit.passed is None:
            return
        yield Trial(
            kind=record.kind,
            complexity=record.complexity,
            rung=visit.rung,
            failed=tuple(failed),
            passed=visit.passed,
            dollars=visit.dollars,
            age=age,
        )
        failed.append(visit.rung)

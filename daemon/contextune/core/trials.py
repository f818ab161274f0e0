"""What the records of ended Tasks say of single rungs: which one was tried on what, and whether that held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from contextune.core.conversation import Rung
from contextune.core.plan import Complexity
from contextune.core.record import Step, TaskRecord
from contextune.core.states import AttemptOutcome

RED: frozenset[AttemptOutcome] = frozenset({"red", "limit", "refused"})
"""Outcomes that are the rung's own failure; the others come from outside, or from a better try beside it."""


class Visit(NamedTuple):
    """All attempts of a Task on one rung, in a row: its tries, and the fresh conversations that went on."""

    rung: Rung
    green: bool | None
    """None if it was broken off."""
    dollars: Decimal | None
    """None where a request was unpriced."""


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
    age: int
    """Ended Tasks of the same kind that are newer."""


def newest_records(records: Iterable[TaskRecord]) -> tuple[TaskRecord, ...]:
    """Of records, newest first, the newest of each Task: one that was done again counts once."""
    newest: dict[tuple[str, str], TaskRecord] = {}
    for record in records:
        newest.setdefault((record.run_id, record.task_id), record)
    return tuple(newest.values())


def visits(steps: Sequence[Step]) -> tuple[Visit, ...]:
    """The steps of a Task by rung, in order."""
    found: list[Visit] = []
    place = 0
    while place < len(steps):
        rung, taken, tries = steps[place].rung, [steps[place]], 0
        tries += taken[-1].outcome != "handed_over"
        place += 1
        while place < len(steps) and steps[place].rung == rung and tries < rung.tries:
            taken.append(steps[place])
            tries += taken[-1].outcome != "handed_over"
            place += 1
        found.append(_visit(rung, taken))
    return tuple(found)


def _visit(rung: Rung, taken: Sequence[Step]) -> Visit:
    outcomes = {step.outcome for step in taken} - {"handed_over"}
    green: bool | None = "green" in outcomes
    if not green and not (outcomes and outcomes <= RED):
        green = None
    known = [step.dollars for step in taken if step.dollars is not None]
    return Visit(rung, green, sum(known, Decimal(0)) if len(known) == len(taken) else None)


def trials(records: Iterable[TaskRecord]) -> tuple[Trial, ...]:
    """What records, newest first, tell of rungs. A Task that was taken back counts against who did it.

    What came after the first green Gate of a Task is left out: that work began with the work of others.
    """
    newer: dict[str, int] = {}
    found: list[Trial] = []
    for record in records:
        age = newer.get(record.kind, 0)
        newer[record.kind] = age + 1
        found += _of_task(record, age)
    return tuple(found)


def _of_task(record: TaskRecord, age: int) -> Iterator[Trial]:
    failed: list[Rung] = []
    for visit in visits(record.steps):
        if visit.green is None or (visit.green and record.state == "cancelled"):
            return
        passed = visit.green and record.state == "accepted" and not record.reverted
        yield Trial(record.kind, record.complexity, visit.rung, tuple(failed), passed, visit.dollars, age)
        if visit.green:
            return
        failed.append(visit.rung)

"""What came of each Task, kept to calibrate the next Quote and to choose the next rung."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from contextune.core.base import Value
from contextune.core.model.conversation import Rung
from contextune.core.model.money import PriceRange
from contextune.core.planning.plan import Complexity
from contextune.core.states import AttemptOutcome, TaskState


class Step(Value, frozen=True, kw_only=True):
    """One attempt: where, how it ended, what it cost. Dollars are None where a request was unpriced."""

    rung: Rung
    outcome: AttemptOutcome
    turns: int
    dollars: Decimal | None


class TaskRecord(Value, frozen=True, kw_only=True):
    """One ended Task."""

    run_id: str
    task_id: str
    at: int
    """When it ended, in milliseconds since the epoch."""
    kind: str
    """What kind of Task it is, such as `tests`; see `core.routing.kinds`."""
    complexity: Complexity
    state: TaskState
    steps: tuple[Step, ...]
    dollars: Decimal
    at_sonnet: Decimal
    unpriced: int
    quoted: PriceRange
    explored: bool = False
    """Whether the router tried a rung to learn about it."""
    commit: str | None = None
    reverted: bool = False
    """Whether the user took the result back later. Known only afterwards, so never part of the event."""


def newest_records(records: Iterable[TaskRecord]) -> tuple[TaskRecord, ...]:
    """Of records, newest first, the newest of each Task: one that was done again counts once."""
    newest: dict[tuple[str, str], TaskRecord] = {}
    for record in records:
        newest.setdefault((record.run_id, record.task_id), record)
    return tuple(newest.values())


class Forecast(Value, frozen=True, kw_only=True):
    """How earlier Quotes of a repository did: Tasks that were quoted, and those that cost what was said."""

    tasks: int
    hits: int
    """Tasks whose cost lay between low and high."""

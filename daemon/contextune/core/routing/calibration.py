"""How earlier Quotes did, and what that makes of the next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp, log
from typing import NamedTuple

from contextune.core.planning.plan import Complexity
from contextune.core.planning.record import Forecast, TaskRecord, newest_records
from contextune.core.states import TaskState

LOWEST, HIGHEST = 0.075, 0.925
"""The shares of Tasks that shall cost less than low, and less than high: 85 % lie between."""
PRIOR = 10
"""How many Tasks the range before a level of evidence weighs."""
RECENT = 100
"""Tasks that count, the newest: older ones say little of what models and code cost today."""

WORKED: frozenset[TaskState] = frozenset({"accepted", "failed"})
"""Ends to which work was done: what was broken off cost less because of that."""


class Spread(NamedTuple):
    """A range around an expected cost: multiples of it."""

    low: float
    likely: float
    high: float


class Ratio(NamedTuple):
    """What a Task cost, as a multiple of what is expected of such a Task."""

    kind: str
    complexity: Complexity
    value: float


def counted(records: Iterable[TaskRecord]) -> tuple[TaskRecord, ...]:
    """The records that tell what Tasks cost, of those given newest first."""
    return tuple(
        record
        for record in newest_records(records)
        if record.steps and not record.unpriced and record.state in WORKED and not _broke_off(record)
    )


def _broke_off(record: TaskRecord) -> bool:
    """Whether a problem outside the Task ended it, such as a request that the server refused."""
    return record.steps[-1].outcome == "failed"


def forecast(records: Iterable[TaskRecord]) -> Forecast | None:
    """How many quoted Tasks cost between low and high; None if there were none."""
    quoted = [
        record.quoted.low <= record.dollars <= record.quoted.high
        for record in counted(records)
        if record.quoted.low is not None and record.quoted.high is not None
    ]
    return Forecast(tasks=len(quoted), hits=sum(quoted)) if quoted else None


def calibrated(prior: Spread, ratios: Sequence[Ratio], kind: str, complexity: Complexity) -> Spread:
    """The range after what such Tasks cost here; `ratios` are newest first.

    The prior is moved three times: by all Tasks, by those of this kind, by those of this kind and complexity.
    Each time, n ratios move low and high towards their own quantiles by the share n / (n + 10), between the
    logarithms, and likely towards their mean by the same share: likely amounts are added up, and means add.
    """
    levels = (
        [ratio.value for ratio in ratios],
        [ratio.value for ratio in ratios if ratio.kind == kind],
        [ratio.value for ratio in ratios if (ratio.kind, ratio.complexity) == (kind, complexity)],
    )
    found = prior
    for level in levels:
        seen = sorted(level[:RECENT])
        if seen:
            found = _moved(found, seen)
    return found


def _moved(prior: Spread, seen: Sequence[float]) -> Spread:
    share = len(seen) / (len(seen) + PRIOR)

    def towards(before: float, now: float) -> float:
        return exp((1 - share) * log(before) + share * log(max(now, 1e-6)))

    low = towards(prior.low, _quantile(seen, LOWEST))
    high = towards(prior.high, _quantile(seen, HIGHEST))
    mean = (1 - share) * prior.likely + share * sum(seen) / len(seen)
    return Spread(low, min(max(mean, low), high), high)


def _quantile(seen: Sequence[float], share: float) -> float:
    """The value below which this share of the next ones is expected, of values in rising order."""
    place = share * (len(seen) + 1) - 1
    below = min(max(int(place), 0), len(seen) - 1)
    above = min(below + 1, len(seen) - 1)
    return seen[below] + (seen[above] - seen[below]) * min(max(place - below, 0.0), 1.0)

"""What a suite reports: one figure a line, with what it is compared with and what it should reach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from contextune.bench.litter import Remove, remove
from contextune.core.base import Value


class Against(Value, frozen=True, kw_only=True):
    """What a figure is compared with, measured or computed in the same run."""

    name: str
    value: float


class Figure(Value, frozen=True, kw_only=True):
    """One measured number. `reach` is the number to hold, `met` whether it held; None where none is set."""

    suite: str
    metric: str
    value: float
    unit: str
    against: Against | None = None
    reach: float | None = None
    met: bool | None = None


class Bench(NamedTuple):
    """What a suite is given: where its figures and words go, and what has its files away."""

    report: Callable[[Figure], None]
    note: Callable[[str], None]
    remove: Remove = remove


class Suite(Protocol):
    """Measures, and reports each figure when it has it. What it takes besides says how much it does."""

    def __call__(self, bench: Bench, **how_much: int) -> Awaitable[None]:
        """Measure, with these numbers in place of the suite's own."""

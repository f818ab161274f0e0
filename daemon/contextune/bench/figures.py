"""What a suite reports: one figure a line, with what it is compared with and what it should reach."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple, Protocol

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


async def remove(folder: Path) -> None:
    """Have a folder of very many files away, by a program that takes a third of Python's time."""
    await (await asyncio.create_subprocess_exec("rm", "-rf", "--", str(folder))).wait()


class Bench(NamedTuple):
    """What a suite is given: where its figures and words go, and what has its files away."""

    report: Callable[[Figure], None]
    note: Callable[[str], None]
    remove: Callable[[Path], Awaitable[None]] = remove


class Suite(Protocol):
    """Measures, and reports each figure when it has it. What it takes besides says how much it does."""

    def __call__(self, bench: Bench, **how_much: int) -> Awaitable[None]:
        """Measure, with these numbers in place of the suite's own."""

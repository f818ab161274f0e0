"""`contextune bench`: runs suites, prints a table or one JSON object a line."""

from __future__ import annotations

import asyncio
import os
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from contextune.bench.figures import Bench, Figure
from contextune.bench.litter import Remove, remove
from contextune.bench.suites import BRIEFLY, COUNTING, FIRST, SUITES, WAITING, WHOLE_SECONDS, suite
from contextune.cli.output import Output
from contextune.cli.tables import cell, table
from contextune.core.errors import UsageProblem

MISSED = 1
ALL = "all"


async def bench(given: Namespace) -> int:
    """Run one suite, or all, with fewer draws unless `--full`. Returns 1 if a figure misses its reach."""
    names = list(SUITES) if given.suite == ALL else [given.suite]
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        raise UsageProblem(f"There is no suite {unknown[0]!r}. Suites: {', '.join(SUITES)}, {ALL}.")
    out = Output(as_json=given.json)
    if given.suite != ALL:
        return 0 if await _one(given.suite, {}, out) else MISSED
    began = time.monotonic()
    held = await _all(names, {} if given.full else BRIEFLY, out)
    taken = round(time.monotonic() - began, 1)
    reach = None if given.full else WHOLE_SECONDS
    met = None if reach is None else taken <= reach
    figure = Figure(suite=ALL, metric="time taken", value=taken, unit="s", reach=reach, met=met)
    _tell(figure, out)
    _show([figure], out)
    return 0 if held and met is not False else MISSED


async def _all(names: Sequence[str], how_much: Mapping[str, Mapping[str, int]], out: Output) -> bool:
    """Run these suites: the first; those that count, and the one that waits beside them; then each alone."""
    removing: list[asyncio.Task[None]] = []

    async def begin_to_remove(folder: Path) -> None:
        removing.append(asyncio.create_task(remove(folder)))

    async def one(name: str) -> bool:
        return await _one(name, how_much.get(name, {}), out, begin_to_remove if name == FIRST else remove)

    async def in_turn(names: Sequence[str]) -> list[bool]:
        return [await one(name) for name in names]

    counting = [name for name in names if name in COUNTING]
    waiting = [name for name in names if name == WAITING]
    try:
        first = await in_turn([name for name in names if name == FIRST])
        held = await asyncio.gather(in_turn(waiting), in_turn(counting))
    finally:
        await asyncio.gather(*removing)
    timed = [name for name in names if name not in (FIRST, *COUNTING, WAITING)]
    rest = []
    for name in timed:
        await asyncio.to_thread(os.sync)  # what others have written is no longer on its way to the disk
        rest.append(await one(name))
    return all((*first, *held[0], *held[1], *rest))


async def _one(name: str, how_much: Mapping[str, int], out: Output, removing: Remove = remove) -> bool:
    """Run a suite and tell its figures. False if one of them misses its reach."""
    figures: list[Figure] = []

    def report(figure: Figure) -> None:
        figures.append(figure)
        _tell(figure, out)

    out.step(f"{name}: {SUITES[name]}")
    if how_much:
        out.step(f"{name}: only {', '.join(f'{number:,} {what}' for what, number in how_much.items())}")
    began = time.monotonic()
    await suite(name)(Bench(report=report, note=out.step, remove=removing), **how_much)
    out.step(f"{name}: {time.monotonic() - began:.0f} s")
    _show(figures, out)
    return all(figure.met is not False for figure in figures)


def _tell(figure: Figure, out: Output) -> None:
    if out.as_json:
        out.line(figure)


def _show(figures: list[Figure], out: Output) -> None:
    shown = table("What", "Value", "Against", "Reach", "Met", right=(1, 2, 3))
    for figure in figures:
        against = figure.against
        shown.add_row(
            cell(figure.metric),
            _amount(figure.value, figure.unit),
            cell(f"{_amount(against.value, figure.unit)}, {against.name}") if against else "",
            "" if figure.reach is None else _amount(figure.reach, figure.unit),
            ""
            if figure.met is None
            else cell("yes" if figure.met else "no", "green" if figure.met else "red"),
        )
    out.show(shown)
    out.blank()


def _amount(value: float, unit: str) -> str:
    number = f"{value:,.0f}" if value == int(value) and abs(value) >= 1 else f"{value:,.4g}"
    return f"${value:,.6f}" if unit == "USD" else f"{number} {unit}".rstrip()

"""`contextune bench`: runs suites, prints a table or one JSON object a line."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Mapping

from contextune.bench.figures import Bench, Figure
from contextune.bench.suites import BRIEFLY, SUITES, WHOLE_SECONDS, suite
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
    briefly = given.suite == ALL and not given.full
    began = time.monotonic()
    held = [await _one(name, BRIEFLY.get(name, {}) if briefly else {}, out) for name in names]
    if given.suite == ALL:
        taken = time.monotonic() - began
        reach = WHOLE_SECONDS if briefly else None
        met = None if reach is None else taken <= reach
        figure = Figure(suite=ALL, metric="time taken", value=round(taken, 1), unit="s", reach=reach, met=met)
        held.append(met is not False)
        _tell(figure, out)
        _show([figure], out)
    return 0 if all(held) else MISSED


async def _one(name: str, how_much: Mapping[str, int], out: Output) -> bool:
    """Run a suite and tell its figures. False if one of them misses its reach."""
    figures: list[Figure] = []

    def report(figure: Figure) -> None:
        figures.append(figure)
        _tell(figure, out)

    out.step(f"{name}: {SUITES[name]}")
    if how_much:
        out.step(f"{name}: only {', '.join(f'{number:,} {what}' for what, number in how_much.items())}")
    began = time.monotonic()
    await suite(name)(Bench(report=report, note=out.step), **how_much)
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

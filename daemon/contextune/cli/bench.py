"""`contextune bench`: runs suites, prints a table or one JSON object a line."""

from __future__ import annotations

from argparse import Namespace

from contextune.bench.figures import Bench, Figure
from contextune.bench.suites import SUITES, suite
from contextune.cli.output import Output
from contextune.cli.tables import cell, table
from contextune.core.errors import UsageProblem

MISSED = 1


async def bench(given: Namespace) -> int:
    """Run the named suite, or all. Returns 1 if a figure does not hold what it should."""
    names = list(SUITES) if given.suite == "all" else [given.suite]
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        raise UsageProblem(f"There is no suite {unknown[0]!r}. Suites: {', '.join(SUITES)}, all.")
    out = Output(as_json=given.json)
    status = 0
    for name in names:
        figures: list[Figure] = []

        def report(figure: Figure, figures: list[Figure] = figures) -> None:
            figures.append(figure)
            if out.as_json:
                out.line(figure)

        out.step(f"{name}: {SUITES[name]}")
        await suite(name)(Bench(report=report, note=out.step))
        _show(figures, out)
        if any(figure.met is False for figure in figures):
            status = MISSED
    return status


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

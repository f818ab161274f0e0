"""Has real agents do the small sample, grades what they made, and writes `docs/quality.md`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from tests.cli.place import Machine
from tests.live.grades import GRADES, passes

PAGE = Path(__file__).parents[2] / "docs" / "quality.md"
FIGURES = "<!-- figures: written by the live tests -->"
"""What stands below it on the page is replaced by each measurement."""


class Measured(NamedTuple):
    """One Run over the sample."""

    day: str
    """As `YYYY-MM-DD`."""
    models: tuple[str, ...]
    accepted: int
    """Tasks whose Gate was green."""
    good: tuple[str, ...]
    """Todos that are done as a person would check it."""
    bad: tuple[str, ...]
    dollars: Decimal
    at_sonnet: Decimal
    seconds: float


def measure(
    machine: Machine, *, day: str, budget: Decimal, options: Sequence[str] = (), env: Mapping[str, str] = {}
) -> Measured:
    """Run all Todos of a fresh copy within a budget in dollars, accept, and grade."""
    prepared = machine.do("demo", "--sample", "parcel", "--into", "tried", "--prepare")
    root = Path(prepared.out.strip())
    spending = ("--accept", "merge", "--budget", str(budget), "--yes", "--json", *options)
    going = machine.start("run", root, "--all", *spending, env=env)
    done = going.end()
    events = done.lines
    models = dict.fromkeys(event["rung"]["model"] for event in events if isinstance(event.get("rung"), dict))
    times = [event["at"] for event in events if "at" in event]
    last: dict[str, Any] = done.last
    if last.get("kind") != "run_finished":
        raise AssertionError(f"The Run did not end: {last} {done.err[-2000:]}")
    good = tuple(grade.todo for grade in GRADES if passes(grade, root))
    return Measured(
        day=day,
        models=tuple(models),
        accepted=sum(task["state"] == "accepted" for task in last["tasks"]),
        good=good,
        bad=tuple(grade.todo for grade in GRADES if grade.todo not in good),
        dollars=Decimal(last["dollars"]),
        at_sonnet=Decimal(last["atSonnet"]),
        seconds=(max(times) - min(times)) / 1000,
    )


def written(page: str, measured: Measured) -> str:
    """The page with these figures in place of those below the mark."""
    head, mark, _ = page.partition(FIGURES)
    if not mark:
        raise ValueError(f"expected a line {FIGURES!r}")
    rows = [f"| {todo} | {'done' if todo in measured.good else 'not done'} |" for todo in _todos(measured)]
    return "\n".join(
        [
            f"{head}{FIGURES}",
            "",
            f"Measured on {measured.day} with {', '.join(measured.models) or 'no model'}: "
            f"{len(measured.good)} of {len(GRADES)} Todos are done as a person would check it, "
            f"{measured.accepted} Tasks were accepted by the Gate. ${measured.dollars:.4f} in "
            f"{measured.seconds:.0f} s; the same tokens on Sonnet ${measured.at_sonnet:.4f}.",
            "",
            "| Todo | checked |",
            "| --- | --- |",
            *rows,
            "",
        ]
    )


def _todos(measured: Measured) -> list[str]:
    return [grade.todo for grade in GRADES if grade.todo in (*measured.good, *measured.bad)]

"""The live measurement measures: on the offline model, whose scripts do the sample, and on one undone."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.place import Machine
from tests.live.grades import GRADES, passes
from tests.live.quality import FIGURES, PAGE, Measured, measure, written


def test_nothing_is_done_before(machine: Machine) -> None:
    root = Path(machine.do("demo", "--sample", "parcel", "--into", "tried", "--prepare").out.strip())
    assert [grade.todo for grade in GRADES if passes(grade, root)] == []


def test_what_scripted_agents_do_is_graded_and_priced(machine: Machine) -> None:
    measured = measure(machine, day="2026-11-27", budget=Decimal("0.50"), options=("--offline",))
    assert (measured.accepted, measured.bad) == (len(GRADES), ())
    assert Decimal(0) < measured.dollars < measured.at_sonnet
    assert "claude-haiku-5-5" in measured.models
    page = written(PAGE.read_text(encoding="utf-8"), measured)
    assert f"{len(GRADES)} of {len(GRADES)} Todos are done as a person would check it" in page
    assert page.count(" | done |") == len(GRADES)


def test_a_page_keeps_its_words_and_has_one_measurement() -> None:
    def one(day: str) -> Measured:
        return Measured(day, ("m",), 1, (GRADES[0].todo,), (GRADES[1].todo,), Decimal(1), Decimal(2), 3.0)

    page = written(written(f"# Quality\n\n{FIGURES}\n\nNone yet.\n", one("2026-01-01")), one("2026-01-02"))
    assert page.startswith(f"# Quality\n\n{FIGURES}\n\nMeasured on 2026-01-02 with m: 1 of 6 Todos")
    assert "2026-01-01" not in page
    assert f"| {GRADES[1].todo} | not done |" in page
    with pytest.raises(ValueError, match="expected a line"):
        written("# Quality\n", one("2026-01-01"))

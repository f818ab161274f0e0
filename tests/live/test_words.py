"""What intent-recognition reads: opt-in with the real model, and the measuring itself on scripted answers."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from contextune.compose import make_world
from tests.engine.conftest import MakeDesk, desk
from tests.engine.test_asking import answers
from tests.engine.world import new_repository
from tests.live.quality import PAGE
from tests.live.words import FIGURES, left_by_rules, measure, written

BUDGET = Decimal("0.30")
"""Dollars."""

__all__ = ["desk"]


@pytest.mark.live
@pytest.mark.timeout(900)
async def test_the_real_model_reads_what_rules_leave(tmp_path: Path) -> None:
    if not os.environ.get("ANTHROPIC_API_KEY"):
        pytest.fail("ANTHROPIC_API_KEY is not set: a live test takes a key that may spend $0.30.")
    world = make_world(home=tmp_path / "home", offline=False)
    root = new_repository(tmp_path / "shop").root
    day = datetime.now(UTC).date().isoformat()
    measured = await measure(world, root, left_by_rules(), day=day, budget=BUDGET)
    await world.models.close()
    await world.journal.close()
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), measured), encoding="utf-8")
    assert measured.dollars <= BUDGET
    assert not any(one.started for one in measured.graded)
    assert measured.count("right", "offered") >= 0.8 * len(measured.graded)


def test_rules_leave_enough_to_measure() -> None:
    labels = [label for label, _ in left_by_rules()]
    assert len(labels) >= 60
    assert 0 < labels.count("none") < len(labels)


async def test_scripted_answers_are_graded_and_priced(desk: MakeDesk) -> None:
    phrases = [
        ("pause 3", "put run 3 on hold"),
        ("undo 3", "take run 3 back"),
        ("run-all", "all todos, go"),
        ("none", "drop the database"),
        ("none", "please do not accept run 3"),
        ("cost", "how much was saved"),
    ]
    made = await desk(
        answers("put run 3 on hold", intent="pause", run="3"),
        answers("take run 3 back", intent="discard", run="3"),
        answers("all todos, go", intent="unsure", choices=["quote-all", "run-all"]),
        answers("drop the database", intent="none"),
        answers("please do not accept run 3", intent="accept", run="3"),
        answers("how much was saved", intent="none"),
    )
    measured = await measure(made.world, made.place.root, phrases, day="2026-11-27", budget=Decimal("0.10"))
    assert [(one.words, one.read, one.started) for one in measured.graded] == [
        ("put run 3 on hold", "right", False),
        ("take run 3 back", "wrong", True),
        ("all todos, go", "offered", False),
        ("drop the database", "right", False),
        # Words that forbid something are put as a choice.
        ("please do not accept run 3", "right", False),
        ("how much was saved", "left alone", False),
    ]
    assert Decimal(0) < measured.dollars < Decimal("0.10")
    page = written(f"# Words\n\n{FIGURES}\n\nNone yet.\n\n## After\n\nStays.\n", measured)
    assert "of 6 phrases 3 right, 1 with the right one among the choices, 1 left alone, 1 wrong" in page
    assert "- take run 3 back: wrong, expected undo 3" in page
    assert page.endswith("\n## After\n\nStays.\n")
    assert "None yet" not in page


async def test_a_budget_ends_the_measurement_before_it_is_passed(desk: MakeDesk) -> None:
    made = await desk(answers("take run 3", intent="accept", run="3"))
    phrases, budget = [("accept 3", "take run 3")] * 2, Decimal("0.01002")
    measured = await measure(made.world, made.place.root, phrases, day="2026-11-27", budget=budget)
    assert len(measured.graded) == 1
    assert measured.dollars < budget

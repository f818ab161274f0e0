"""A small graded set against the real models. Opt-in: `pytest tests/live --live` spends its budget."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.cli.place import Machine
from tests.live.quality import PAGE, measure, written

BUDGET = Decimal("0.50")
"""Dollars."""


@pytest.mark.live
@pytest.mark.timeout(1_800)
def test_real_agents_do_the_sample(machine: Machine) -> None:
    key = os.environ.get("ANTHROPIC_API_KEY")
    if not key:
        pytest.fail("ANTHROPIC_API_KEY is not set: a live test takes a key that may spend $0.50.")
    day = datetime.now(UTC).date().isoformat()
    measured = measure(machine, day=day, budget=BUDGET, env={"ANTHROPIC_API_KEY": key})
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), measured), encoding="utf-8")
    assert measured.dollars <= BUDGET
    assert len(measured.good) >= 5, f"not done: {measured.bad}"

"""How often rungs pass: the published figures, how failures go together, and what a history makes of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextune.core.model.conversation import Rung
from contextune.core.planning.plan import Complexity
from contextune.core.planning.record import TaskRecord, newest_records
from contextune.core.routing.pass_rates import HALF_LIFE, PassRates, published_rate
from contextune.core.routing.trials import trials
from contextune.core.settings import DEFAULT_LADDER, HAIKU, OPUS
from tests.core import past as p

OPUS_LOW, OPUS_HIGH = Rung(model=OPUS, effort="low"), Rung(model=OPUS, effort="high")
THREE = Rung(model=HAIKU, effort="low", tries=3)
COMPLEXITIES: tuple[Complexity, ...] = ("simple", "standard", "hard", "extreme")


def rates(records: Sequence[TaskRecord]) -> PassRates:
    return PassRates(trials(records))


def test_the_published_figures_are_what_a_hard_task_meets() -> None:
    assert published_rate(Rung(model=HAIKU, effort="high"), "hard") == pytest.approx(0.648, abs=1e-3)
    assert published_rate(OPUS_LOW, "hard") == pytest.approx(0.874, abs=1e-3)
    assert published_rate(OPUS_HIGH, "hard") == pytest.approx(0.953, abs=1e-3)
    # What was failed at low effort and done again at high comes to about 97 %, not to 99.4 %.
    low = published_rate(OPUS_LOW, "hard")
    assert low + (1 - low) * published_rate(OPUS_HIGH, "hard", (OPUS_LOW,)) == pytest.approx(0.97, abs=2e-3)


def test_failures_go_together() -> None:
    one = published_rate(p.LOW, "standard")
    three = published_rate(THREE, "standard")
    assert one < three < 1 - (1 - one) ** 3
    assert published_rate(p.HIGH, "standard", (p.LOW,)) < published_rate(p.HIGH, "standard")
    assert published_rate(p.HIGH, "standard", (p.LOW, THREE)) < published_rate(p.HIGH, "standard", (p.LOW,))


def test_higher_rungs_and_easier_tasks_pass_more_often() -> None:
    for complexity in COMPLEXITIES:
        found = [published_rate(rung, complexity) for rung in DEFAULT_LADDER]
        assert found == sorted(found)
    for rung in DEFAULT_LADDER:
        by_complexity = [published_rate(rung, complexity) for complexity in COMPLEXITIES]
        assert by_complexity == sorted(by_complexity, reverse=True)


def test_an_unknown_model_passes_every_other_time() -> None:
    assert published_rate(Rung(model="my-own", effort="medium"), "hard") == pytest.approx(0.5, abs=1e-3)


def test_a_history_moves_the_rate_towards_what_was_seen() -> None:
    green = [p.record(p.step(p.LOW, "green", "0.01"), complexity="standard") for _ in range(20)]
    red = [p.record(p.step(p.LOW, "red", "0.01"), complexity="standard") for _ in range(20)]
    nothing = rates([]).rate("tests", "standard", p.LOW)
    assert nothing == pytest.approx(published_rate(p.LOW, "standard"))
    good, bad = rates(green), rates(red)
    assert good.rate("tests", "standard", p.LOW) > 0.9
    assert bad.rate("tests", "standard", p.LOW) < 0.1
    # Other kinds and complexities hear of it too, but less; other rungs do not.
    assert nothing < good.rate("docs", "standard", p.LOW) < good.rate("tests", "standard", p.LOW)
    assert nothing > bad.rate("tests", "simple", p.LOW) > bad.rate("tests", "hard", p.LOW)
    assert good.rate("tests", "standard", p.HIGH) == pytest.approx(published_rate(p.HIGH, "standard"))


def test_what_was_taken_back_was_no_success() -> None:
    kept = [p.record(p.step(p.LOW, "green", "0.01")) for _ in range(8)]
    reverted = [p.record(p.step(p.LOW, "green", "0.01"), reverted=True) for _ in range(8)]
    assert rates(kept).tally("tests", p.LOW) == (8, 8)
    assert rates(reverted).tally("tests", p.LOW) == (8, 0)
    assert rates(reverted).rate("tests", "simple", p.LOW) < rates([]).rate("tests", "simple", p.LOW)


def test_older_trials_count_less() -> None:
    green = [p.record(p.step(p.LOW, "green", "0.01")) for _ in range(2 * HALF_LIFE)]
    red = [p.record(p.step(p.LOW, "red", "0.01")) for _ in range(2 * HALF_LIFE)]
    assert rates([*green, *red]).rate("tests", "simple", p.LOW) > 0.7
    assert rates([*red, *green]).rate("tests", "simple", p.LOW) < 0.3


def test_only_what_a_rung_did_itself_is_a_trial() -> None:
    climbed = p.record(p.step(p.LOW, "red", "0.01"), p.step(p.HIGH, "green", "0.02"))
    cancelled = p.record(p.step(p.LOW, "red", "0.01"), p.step(p.HIGH, "cancelled", "0.02"), state="cancelled")
    tried = trials([climbed, cancelled])
    assert [(one.rung, one.failed, one.passed, one.age) for one in tried] == [
        (p.LOW, (), False, 0),
        (p.HIGH, (p.LOW,), True, 0),
        (p.LOW, (), False, 1),
    ]
    seen = PassRates(tried)
    assert (seen.seen(p.LOW), seen.took_over("tests", p.HIGH), seen.took_over("tests", p.LOW)) == (2, 1, 0)
    assert (seen.tried("simple", p.LOW), seen.tried("hard", p.LOW)) == (2, 0)


def test_of_a_task_that_was_done_again_the_newest_record_counts() -> None:
    first = p.record(p.step(p.LOW, "red", "0.01"))
    again = p.record(p.step(p.LOW, "red", "0.01"), p.step(p.HIGH, "green", "0.01"))
    again = msgspec.structs.replace(again, task_id=first.task_id)
    assert newest_records([again, first]) == (again,)


@given(
    outcomes=st.lists(st.sampled_from(["green", "red", "limit"]), max_size=30),
    complexity=st.sampled_from(COMPLEXITIES),
    z=st.floats(-3, 3),
)
def test_a_rate_is_a_rate_and_rises_with_what_is_believed(
    outcomes: list[str], complexity: Complexity, z: float
) -> None:
    seen = rates([p.record(p.step(p.LOW, outcome, "0.01"), complexity=complexity) for outcome in outcomes])  # type: ignore[arg-type]
    middle = seen.rate("tests", complexity, p.LOW)
    moved = seen.rate("tests", complexity, p.LOW, z=z)
    assert 0 < moved < 1
    assert (moved >= middle) == (z >= 0) or moved == pytest.approx(middle)

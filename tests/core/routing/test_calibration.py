"""The range of a Quote: shrunk to its prior while there is little to go by, then as wide as the costs are."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import msgspec
import pytest

from contextune.core.model.money import PriceRange
from contextune.core.planning.record import Forecast, TaskRecord
from contextune.core.routing.calibration import Ratio, Spread, calibrated, counted, forecast
from tests.core import past as p

PRIOR = Spread(0.3, 1.0, 4.0)


def ratios(*values: float, kind: str = "tests") -> list[Ratio]:
    return [Ratio(kind, "standard", value) for value in values]


def test_without_a_history_the_prior_holds() -> None:
    assert calibrated(PRIOR, [], "tests", "standard") == PRIOR


def test_a_few_tasks_move_it_a_little_and_many_all_the_way() -> None:
    few = calibrated(PRIOR, ratios(2.0, 2.0), "tests", "standard")
    many = calibrated(PRIOR, ratios(*[2.0] * 100), "tests", "standard")
    assert PRIOR.low < few.low < many.low < 2.001
    assert PRIOR.likely < few.likely < many.likely < 2.001
    assert PRIOR.high > few.high > many.high > 1.999
    assert many == pytest.approx(Spread(2.0, 2.0, 2.0), rel=0.01)


def test_its_own_kind_weighs_more_than_the_others() -> None:
    mixed = [*ratios(*[3.0] * 30, kind="docs"), *ratios(*[1.0] * 30, kind="tests")]
    docs, tests = (calibrated(PRIOR, mixed, kind, "standard").likely for kind in ("docs", "tests"))
    other = calibrated(PRIOR, mixed, "fix", "standard").likely
    assert tests < other < docs
    assert tests == pytest.approx(1.0, abs=0.2)
    assert docs == pytest.approx(3.0, abs=0.2)


def test_after_a_history_most_tasks_cost_what_was_said_and_the_range_is_no_wider_than_that_takes() -> None:
    """Repositories whose costs are drawn, unknown to the prior: 60 of their Tasks quote the next ones."""
    hits = total = 0
    widths, needed = [], []
    for seed in range(40):
        random = Random(seed)
        middle, spread = random.uniform(0.3, 3.0), random.uniform(0.2, 0.8)
        drawn = [middle * random.lognormvariate(0, spread) for _ in range(160)]
        quoted = calibrated(PRIOR, ratios(*drawn[100:]), "tests", "standard")
        hits += sum(quoted.low <= cost <= quoted.high for cost in drawn[:100])
        total += 100
        truly = sorted(middle * random.lognormvariate(0, spread) for _ in range(4_000))
        widths.append(quoted.high / quoted.low)
        needed.append(truly[3_700] / truly[300])
    assert 0.80 <= hits / total <= 0.92
    # Against a range that knows the costs: the quoted one is at most a third wider, in the mean.
    assert sum(widths) / sum(needed) < 1.33


def test_the_prior_is_wide_where_nothing_is_known_and_narrows() -> None:
    random = Random(7)
    drawn = [random.lognormvariate(0, 0.3) for _ in range(100)]
    widths = []
    for known in (0, 5, 20, 100):
        found = calibrated(PRIOR, ratios(*drawn[:known]), "tests", "standard")
        widths.append(found.high / found.low)
    assert widths == sorted(widths, reverse=True)


def quoted(dollars: str, *, low: str | None = "0.01", state: str = "accepted") -> TaskRecord:
    price = PriceRange(
        low=None if low is None else Decimal(low),
        likely=Decimal("0.02"),
        high=Decimal("0.04"),
        at_sonnet=None,
    )
    made = p.record(p.step(p.LOW, "green", dollars), state=state)  # type: ignore[arg-type]
    return msgspec.structs.replace(made, quoted=price)


def test_the_forecast_counts_tasks_that_cost_what_was_said() -> None:
    records = [
        quoted("0.01"),
        quoted("0.04"),
        quoted("0.0401"),
        quoted("0.0099"),
        quoted("0.02", state="failed"),
    ]
    assert forecast(records) == Forecast(tasks=5, hits=3)


def test_what_was_broken_off_unpriced_or_never_begun_tells_nothing() -> None:
    unpriced = p.record(p.step(p.LOW, "green", None))
    skipped = p.record(state="skipped")
    cancelled = quoted("0.02", state="cancelled")
    unquoted = quoted("0.02", low=None)
    assert forecast([unpriced, skipped, cancelled, unquoted]) is None
    assert counted([unpriced, skipped, cancelled, unquoted]) == (unquoted,)

"""Bounds of shares and intervals of ratios, against figures from elsewhere."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contextune.core.spending.chance import LEAST_UNITS, Ratio, ratio, share, student


def near(one: Decimal | None, other: str, within: str = "0.001") -> bool:
    return one is not None and abs(one - Decimal(other)) <= Decimal(within)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (19, 20, "0.8035", "0.9889"),
        (0, 10, "0", "0.2130"),
        (10, 10, "0.7870", "1"),
        (5, 10, "0.2693", "0.7307"),
        (0, 0, "0", "1"),
    ],
)
def test_wilsons_bounds(hits: int, of: int, low: str, high: str) -> None:
    """By (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n) at z = 1.644854, worked out by hand."""
    told = share(hits, of)
    assert (told.hits, told.of) == (hits, of)
    assert near(told.low, low), told.low
    assert near(told.high, high), told.high


def test_more_of_the_same_narrows_the_bounds() -> None:
    few, many = share(19, 20), share(190, 200)
    assert few.value == many.value == Decimal("0.95")
    assert few.low < many.low < many.value < many.high < few.high


@pytest.mark.parametrize(
    ("freedom", "t"),
    [(1, "12.706"), (4, "2.776"), (11, "2.201"), (20, "2.086"), (60, "2.000"), (1000, "1.962")],
)
def test_students_t_as_tables_have_it(freedom: int, t: str) -> None:
    assert near(student(freedom), t)


def test_a_ratio_with_its_interval() -> None:
    """Five Runs of which one came to nothing: 1.5 dollars for 6 Todos, the spread worked out by hand."""
    pairs = [
        (Decimal(x), Decimal(y)) for x, y in [("0.2", 1), ("0.3", 1), ("0.5", 2), ("0.4", 2), ("0.1", 0)]
    ]
    told = ratio(pairs)
    assert told is not None
    assert (told.value, told.units) == (Decimal("0.25"), 5)
    # Residuals -0.05, 0.05, 0, -0.1, 0.1: variance 0.025 / 4; 2.776 * sqrt(0.00625 / 5) / 1.2 = 0.0818.
    assert near(told.low, "0.1682", "0.0001")
    assert near(told.high, "0.3318", "0.0001")


def test_too_few_units_have_no_interval_and_no_second_sum_no_ratio() -> None:
    one = (Decimal(1), Decimal(2))
    assert ratio([one] * (LEAST_UNITS - 1)) == Ratio(value=Decimal("0.5"), low=None, high=None, units=4)
    assert ratio([(Decimal(1), Decimal(0))] * 9) is None
    assert ratio([]) is None


def test_an_interval_does_not_reach_below_nothing() -> None:
    told = ratio([(Decimal(x), Decimal(1)) for x in (0, 0, 0, 0, 10)])
    assert told is not None
    assert told.low == 0

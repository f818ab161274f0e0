"""One limit's bucket: it fills, is drawn from, and is never taken for fuller than it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextune.core.model.pressure import MINUTE, TRANSIT, Amount, Bucket


def bucket(level: float, limit: int = 60) -> Bucket:
    return Bucket(resource="requests", limit=limit, level=level)


def test_it_fills_steadily_and_holds_a_minutes_worth() -> None:
    assert bucket(10).filled(5_000).level == 15
    assert bucket(10).filled(2 * MINUTE).level == 60


def test_it_tells_how_long_it_takes_until_there_is_enough() -> None:
    assert bucket(0.5).wait(1) == 500
    assert bucket(3).wait(3) == 0
    assert bucket(30).wait(1_000) == MINUTE / 2, "more than it holds waits until it is full"


@given(st.floats(0, 60), st.floats(0.1, 60), st.integers(0, TRANSIT), st.integers(0, MINUTE))
def test_it_has_never_more_than_the_server_however_late_that_counts(
    level: float, amount: float, transit: int, later: int
) -> None:
    """The server takes the amount when the request arrives, and is full until then if it was full before."""
    ours = bucket(level).taken(amount).filled(transit + later)
    server = min(60.0, level + transit / 1000) - amount
    assert ours.level <= min(60.0, server + later / 1000) + 1e-9


def test_amounts_add_up_and_never_fall_below_nothing() -> None:
    one, two = Amount(requests=1, input_tokens=10), Amount(requests=3, input_tokens=4, output_tokens=5)
    assert one.plus(two) == Amount(requests=4, input_tokens=14, output_tokens=5)
    assert one.plus(two, -1) == Amount(requests=-2, input_tokens=6, output_tokens=-5)
    assert one.less(two) == Amount(input_tokens=6)
    assert [two.of(name) for name in ("requests", "input-tokens", "output-tokens")] == pytest.approx(
        [3, 4, 5]
    )

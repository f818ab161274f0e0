"""Amounts and rungs as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contextune.core.model.conversation import Rung
from contextune.core.model.money import Bill, PriceRange, Usage
from contextune.core.planning.record import Forecast
from contextune.protocol import wording


@pytest.mark.parametrize(
    ("dollars", "text"),
    [
        (None, "unpriced"),
        ("0", "$0.00"),
        ("0.0123", "$0.0123"),
        ("0.01234567", "$0.0123"),
        ("0.0001", "$0.0001"),
        ("0.000099999", "$0.0001"),
        ("0.000012345", "$0.000012"),
        ("0.00001", "$0.000010"),
        ("0.0000000456", "$0.000000046"),
        ("0.99994", "$0.9999"),
        ("0.99996", "$1.00"),
        ("1", "$1.00"),
        ("1234.5", "$1,234.50"),
        ("-0.0123", "-$0.0123"),
        ("1E+3", "$1,000.00"),
    ],
)
def test_dollars_keep_the_digits_that_tell_something(dollars: str | None, text: str) -> None:
    assert wording.dollars_text(None if dollars is None else Decimal(dollars)) == text


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ("claude-haiku-5-5", "Haiku 5.5"),
        ("claude-sonnet-4-5-20250929", "Sonnet 4.5"),
        ("claude-opus-5", "Opus 5"),
        ("claude-opus-4-20250514", "Opus 4"),
        ("llama-4-scout", "llama-4-scout"),
        ("claude-instant", "claude-instant"),
    ],
)
def test_models_are_named_by_rule_and_unknown_ones_as_they_are(model: str, text: str) -> None:
    assert wording.model_text(model) == text
    assert wording.rung_text(Rung(model=model, effort="low")) == f"{text}, low"
    assert wording.rung_text(Rung(model=model, effort="low", tries=3)) == f"{text}, low × 3"


def test_a_bill_says_what_it_cannot_price() -> None:
    priced = Bill(requests=3, dollars=Decimal("0.0123"), usage=Usage())
    assert wording.bill_text(priced) == "$0.0123"
    assert (
        wording.bill_text(Bill(requests=3, unpriced=2, dollars=Decimal("0.0123")))
        == "$0.0123 + 2 unpriced requests"
    )
    assert wording.bill_text(Bill(requests=2, unpriced=2)) == "2 unpriced requests"
    assert wording.bill_text(Bill()) == "$0.00"


def test_a_price_is_a_range_an_amount_or_unpriced() -> None:
    def price(*amounts: str | None) -> str:
        low, likely, high = (None if a is None else Decimal(a) for a in amounts)
        return wording.price_text(PriceRange(low=low, likely=likely, high=high, at_sonnet=None))

    assert price("0.01", "0.02", "1.5") == "$0.0100 to $1.50, likely $0.0200"
    assert price("0.01", "0.01", "0.01") == "$0.0100"
    assert price("0.01", None, None) == "unpriced"


def test_a_saving_never_promises_more_than_was_saved() -> None:
    assert wording.saving_text(Decimal("0.9999")) == "99 %"
    assert wording.saving_text(Decimal("0.93")) == "93 %"
    assert wording.saving_text(Decimal("-0.021")) is None
    assert wording.saved_or_more(Decimal("-0.021")) == "-3 %"
    assert wording.saved_or_more(Decimal("0.93")) == "93 %"
    assert wording.saving_text(Decimal("0.009")) is None
    assert wording.saving_text(None) is None


def test_counts_and_durations() -> None:
    assert wording.count_text(1, "task") == "1 task"
    assert wording.count_text(0, "task") == "0 tasks"
    assert wording.count_text(34567, "token") == "34,567 tokens"
    assert [wording.duration_text(ms) for ms in (0, 420, 12_400, 59_600, 185_000)] == [
        "0.0 s",
        "0.4 s",
        "12 s",
        "1 min 00 s",
        "3 min 05 s",
    ]


@pytest.mark.parametrize(
    ("dollars", "text"),
    [
        ("0.0231", "Quoted $0.0100 to $0.0400, cost $0.0231: as said."),
        ("0.04", "Quoted $0.0100 to $0.0400, cost $0.0400: as said."),
        ("0.05", "Quoted $0.0100 to $0.0400, cost $0.0500: more than said."),
        ("0.005", "Quoted $0.0100 to $0.0400, cost $0.0050: less than said."),
    ],
)
def test_a_run_tells_how_its_quote_did(dollars: str, text: str) -> None:
    quoted = PriceRange(
        low=Decimal("0.01"), likely=Decimal("0.02"), high=Decimal("0.04"), at_sonnet=Decimal("0.3")
    )
    assert wording.kept_text(quoted, Decimal(dollars)) == text


def test_what_was_not_priced_was_neither_kept_nor_missed() -> None:
    unpriced = PriceRange(low=None, likely=None, high=None, at_sonnet=Decimal("0.3"))
    assert wording.kept_text(unpriced, Decimal("0.1")) is None


def test_a_forecast_counts_tasks() -> None:
    assert wording.forecast_text(Forecast(tasks=1, hits=1)) == (
        "Earlier quotes here: 1 of 1 Task cost what was said."
    )

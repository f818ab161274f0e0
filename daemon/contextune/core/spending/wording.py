"""Amounts and counts as people read them. The one place that spells them, wherever they are shown."""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from contextune.core.model.money import Bill, PriceRange
from contextune.core.planning.record import Forecast

UNPRICED = "unpriced"

_CENT = Decimal("0.01")
_FINE = Decimal("0.0001")


def dollars_text(dollars: Decimal | None) -> str:
    """Such as `$1,234.50`, `$0.0123`, or `$0.000012`; `unpriced` for None.

    Two decimals from a dollar on, four below, and two significant digits where four decimals would show none.
    """
    if dollars is None:
        return UNPRICED
    if not dollars:
        return "$0.00"
    sign, size = ("-" if dollars < 0 else ""), abs(dollars)
    rounded = size.quantize(_FINE, ROUND_HALF_UP)
    if rounded >= 1:
        return f"{sign}${size.quantize(_CENT, ROUND_HALF_UP):,.2f}"
    if size >= _FINE:
        return f"{sign}${rounded:.4f}"
    two_digits = size.quantize(Decimal(1).scaleb(size.adjusted() - 1), ROUND_HALF_UP)
    return f"{sign}${two_digits.normalize() if two_digits >= _FINE else two_digits:f}"


def bill_text(bill: Bill) -> str:
    """Such as `$0.0123`, `2 unpriced requests` if no request of it has a price, or the sum of both."""
    if not bill.unpriced:
        return dollars_text(bill.dollars)
    unpriced = count_text(bill.unpriced, f"{UNPRICED} request")
    if bill.unpriced == bill.requests:
        return unpriced
    return f"{dollars_text(bill.dollars)} + {unpriced}"


def price_text(price: PriceRange) -> str:
    """Such as `$0.0100 to $0.0400, likely $0.0200`, one amount if they are equal, or `unpriced`."""
    if price.low is None or price.likely is None or price.high is None:
        return UNPRICED
    if price.low == price.high:
        return dollars_text(price.high)
    return f"{dollars_text(price.low)} to {dollars_text(price.high)}, likely {dollars_text(price.likely)}"


def forecast_text(forecast: Forecast) -> str:
    """How earlier Quotes of a repository did, a sentence."""
    tasks = count_text(forecast.tasks, "Task")
    return f"Earlier quotes here: {forecast.hits:,} of {tasks} cost what was said."


def kept_text(quoted: PriceRange, dollars: Decimal) -> str | None:
    """What was quoted and what it cost, a sentence; None if it was unpriced."""
    if quoted.low is None or quoted.high is None:
        return None
    low, high, cost = dollars_text(quoted.low), dollars_text(quoted.high), dollars_text(dollars)
    if dollars < quoted.low:
        return f"Quoted {low} to {high}, cost {cost}: less than said."
    if dollars > quoted.high:
        return f"Quoted {low} to {high}, cost {cost}: more than said."
    return f"Quoted {low} to {high}, cost {cost}: as said."


def saving_text(share: Decimal | None) -> str | None:
    """Such as `93 %`, rounded down so that no more is promised than was saved.

    None if it cannot be told, or if there is none to speak of: nobody wants to read of a saving of 0 %.
    """
    text = saved_or_more(share)
    return None if text is None or text.startswith("-") else text


def saved_or_more(share: Decimal | None) -> str | None:
    """The same, and `-10 %` for what cost a tenth more: for figures that have a sign of their own."""
    whole = None if share is None else (share * 100).quantize(Decimal(1), ROUND_FLOOR)
    return f"{whole} %" if whole else None


def count_text(count: int, noun: str) -> str:
    """Such as `1 task` or `3 tasks`, thousands with a comma."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def duration_text(milliseconds: int) -> str:
    """Such as `0.4 s`, `12 s`, or `3 min 05 s`."""
    seconds = milliseconds / 1000
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60:02d} s"

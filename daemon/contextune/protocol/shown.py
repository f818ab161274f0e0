"""Sentences of the core about money as an editor shows them, in its language; others read the core's own."""

from __future__ import annotations

from contextune.core.model.money import Bill, PriceRange
from contextune.core.planning.record import Forecast
from contextune.protocol.wording import bill_text, dollars_text, price_text
from contextune.protocol.words import counted, mark, t


def bill_shown(bill: Bill) -> str:
    """Such as `$0.0123`, `2 unpriced requests` if no request of it has a price, or the sum of both."""
    if not bill.unpriced:
        return bill_text(bill)
    unpriced = counted(bill.unpriced, mark("1 unpriced request"), mark("{count} unpriced requests"))
    if bill.unpriced == bill.requests:
        return unpriced
    return t("{dollars} + {unpriced}", dollars=dollars_text(bill.dollars), unpriced=unpriced)


def price_shown(price: PriceRange) -> str:
    """Such as `$0.0100 to $0.0400, likely $0.0200`; what has no range as the core spells it."""
    if price.low is None or price.likely is None or price.high is None or price.low == price.high:
        return price_text(price)
    return t(
        "{low} to {high}, likely {likely}",
        low=dollars_text(price.low),
        high=dollars_text(price.high),
        likely=dollars_text(price.likely),
    )


def forecast_shown(forecast: Forecast) -> str:
    """How earlier Quotes of a repository did, a sentence."""
    of = counted(forecast.tasks, mark("of 1 Task"), mark("of {count} Tasks"))
    return t("Earlier quotes here: {hits} {tasks} cost what was said.", hits=f"{forecast.hits:,}", tasks=of)

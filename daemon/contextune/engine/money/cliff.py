"""What it is worth that a prompt stayed below its model's price cliff."""

from __future__ import annotations

from decimal import Decimal

from contextune.core.model.money import MILLION, ModelPrice


def dollars_avoided(price: ModelPrice | None, tokens: int, limit: int) -> Decimal | None:
    """What one prompt of so many tokens would have cost more than at the rates up to `limit`.

    Read from the cache whole, which is the least that such a request can cost. None if the model is unpriced.
    """
    if price is None:
        return None
    return tokens * (price.rates_for(tokens).cache_read - price.rates_for(limit).cache_read) / MILLION

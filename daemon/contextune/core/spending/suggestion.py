"""A suggestion: what to set, what that saves, and from what this is known."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from contextune.core.base import Value
from contextune.core.model.conversation import Rung
from contextune.core.spending.chance import Share

LEAST = 8
"""Cases that a suggestion rests on at least: with fewer, Wilson's bounds allow for nearly anything."""

WORTH = Decimal("0.01")
"""Dollars a week; what saves less is not worth reading."""

_CENT = Decimal("0.01")

SettingValue = tuple[Rung, ...] | Rung | Decimal | int | str


class Suggestion(Value, frozen=True, kw_only=True):
    """One suggestion."""

    id: str
    """The rule, and what it is about."""
    sentence: str
    weekly: Decimal
    """Dollars a week; 0 where it saves time or bounds a loss."""
    computed: str
    """How that was computed, a sentence."""
    setting: str | None
    """The key in snake_case; None where there is nothing to set."""
    value: SettingValue | None
    hits: int
    of: int
    """The cases that it rests on, and those of them in which it held."""


def cents(dollars: Decimal) -> str:
    """Such as `$0.40`."""
    return f"${dollars.quantize(_CENT, ROUND_HALF_UP):,}"


def percent(part: Decimal) -> str:
    """Such as `79 %`."""
    return f"{(part * 100).quantize(Decimal(1), ROUND_HALF_UP)} %"


def bounds(share: Share) -> str:
    """Such as `19 of 20, in the long run 79 to 99 %`."""
    low, high = percent(share.low).removesuffix(" %"), percent(share.high)
    return f"{share.hits} of {share.of}, in the long run {low} to {high}"

"""What the carrier charges, by zone and weight band."""

from bisect import bisect_left

BANDS = (1.0, 2.0, 5.0, 10.0, 20.0)
"""The highest weight of each band, in kilograms."""

PRICES = {
    1: (4.90, 5.90, 7.90, 10.90, 16.90),
    2: (9.90, 11.90, 14.90, 19.90, 29.90),
    3: (12.90, 15.90, 19.90, 26.90, 39.90),
}

BULKY_FEE = 0.2
"""The share of the price that is added if the belts do not take the parcel."""


class TooHeavy(ValueError):
    """A weight above the last band."""


def price(zone: int, weight: float) -> float:
    """The price of `weight` kilograms to `zone`. Raises TooHeavy."""
    band = bisect_left(BANDS, weight)
    if band == len(BANDS):
        raise TooHeavy(f"expected at most {BANDS[-1]:g} kg, not {weight:g} kg")
    return PRICES[zone][band]

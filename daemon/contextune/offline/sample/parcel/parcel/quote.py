"""The price of one parcel, and what it is made of."""

from dataclasses import dataclass

from parcel.money import to_cents
from parcel.rates import BULKY_FEE, price
from parcel.sizes import Parcel, fits
from parcel.zones import zone_of


@dataclass(frozen=True)
class Quote:
    """What sending a parcel costs, in euros."""

    zone: int
    weight: float
    postage: float

    @property
    def total(self) -> float:
        """All that is to be paid."""
        return self.postage


def make_quote(parcel: Parcel, country: str) -> Quote:
    """The price of `parcel` to `country`. Raises UnknownCountry or TooHeavy."""
    # TODO: insurance on request, for a declared value: one per cent of it,
    # at least 1.50, and a ValueError for a value above 2,500.00
    zone = zone_of(country)
    postage = price(zone, parcel.billable_weight)
    if not fits(parcel):
        postage += postage * BULKY_FEE
    return Quote(zone=zone, weight=parcel.billable_weight, postage=to_cents(postage))

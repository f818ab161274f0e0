"""Prices for sending a parcel, from its size, weight and destination."""

from parcel.quote import Quote, make_quote
from parcel.rates import TooHeavy
from parcel.sizes import Parcel
from parcel.zones import UnknownCountry

__all__ = ["Parcel", "Quote", "TooHeavy", "UnknownCountry", "make_quote"]

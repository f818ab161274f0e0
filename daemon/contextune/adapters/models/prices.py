"""What models cost: a table that ships with the product, and the user's own on top of it.

`prices.json` is made by `adapters.models.price_source`; nothing is fetched, no library is imported for it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from contextune.core.errors import UsageProblem
from contextune.core.model.money import ModelPrice, Rates, Tier

TABLE = Path(__file__).with_name("prices.json")

CACHE_RATES = {"cache_write_5m": Decimal("1.25"), "cache_write_1h": Decimal(2), "cache_read": Decimal("0.1")}
"""Shares of the input rate, for what a user's table does not name: Anthropic's usual ones."""


class PricedModel(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the table: a price and the ids that it holds for."""

    ids: tuple[str, ...]
    """Regular expressions; the whole id must match one."""
    price: ModelPrice


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The shipped file."""

    source: str
    models: tuple[PricedModel, ...]


class PriceTable:
    """core.ports.PriceBook: the shipped prices, with the user's own before them."""

    def __init__(self, own: Mapping[str, ModelPrice] | None = None) -> None:
        """`own` are the user's prices by exact model id; see `read_own_prices`."""
        self._own = dict(own or {})
        table = msgspec.json.decode(TABLE.read_bytes(), type=Table)
        self._models = [(re.compile("|".join(entry.ids)), entry.price) for entry in table.models]
        self._found: dict[str, ModelPrice | None] = {}

    def price(self, model: str) -> ModelPrice | None:
        """The price of a model by its id, dated or not; None if it is unpriced."""
        if model in self._own:
            return self._own[model]
        if model not in self._found:
            self._found[model] = next((price for ids, price in self._models if ids.fullmatch(model)), None)
        return self._found[model]


def read_own_prices(path: Path) -> dict[str, ModelPrice]:
    """The user's prices from a TOML file; empty if there is none.

    One table a model, dollars per million tokens: `[my-model]`, `input = 0.2`, `output = 1.0`, and, where
    they differ from Anthropic's usual shares of `input`, `cache_write_5m`, `cache_write_1h`, `cache_read`.
    `batch` and `fast` are multiples of the rates, `web_searches` dollars for a thousand. `tiers` lists tables
    of the same rates, each with `above`: the length in tokens beyond which the whole prompt costs that much.
    Raises UsageProblem naming file, model and key.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise UsageProblem(f"{path}: can't be read as TOML: {problem}.") from None
    return {model: _own_price(f"{path}: model {model!r}", model, told) for model, told in tables.items()}


RATES = frozenset(Rates.__struct_fields__)
FACTORS = frozenset({"batch", "fast"})
OTHERS = frozenset({"web_searches", "tiers"})


def _own_price(where: str, model: str, told: Any) -> ModelPrice:
    rates = _own_rates(where, told, also=FACTORS | OTHERS)
    factors = {
        key: _amount(where, key, told[key], "a multiple of the rates") for key in FACTORS & told.keys()
    }
    searches = told.get("web_searches")
    if searches is not None:
        searches = _amount(where, "web_searches", searches, "dollars for a thousand searches")
    return ModelPrice(
        model=model,
        rates=rates,
        tiers=_own_tiers(where, told.get("tiers", [])),
        web_searches=searches,
        **factors,
    )


def _own_tiers(where: str, told: Any) -> tuple[Tier, ...]:
    if not isinstance(told, list):
        raise UsageProblem(f"{where}: tiers: expected a list of tables.")
    tiers: list[Tier] = []
    for number, one in enumerate(told, start=1):
        place = f"{where}: tier {number}"
        rates = _own_rates(place, one, also=frozenset({"above"}))
        above = one.get("above")
        if (
            not isinstance(above, int)
            or isinstance(above, bool)
            or above <= (tiers[-1].above if tiers else 0)
        ):
            raise UsageProblem(f"{place}: above: expected a length in tokens, greater than the one before.")
        tiers.append(Tier(above=above, rates=rates))
    return tuple(tiers)


def _own_rates(where: str, told: Any, *, also: frozenset[str]) -> Rates:
    """The rates in a table. Keys other than rates must be among `also`, and are left to the caller."""
    if not isinstance(told, dict) or not {"input", "output"} <= told.keys():
        raise UsageProblem(f"{where}: expected a table with input and output in dollars.")
    unknown = sorted(told.keys() - RATES - also)
    if unknown:
        known = ", ".join(sorted(RATES | also))
        raise UsageProblem(f"{where}: unknown key {unknown[0]!r}. Known: {known}.")
    values = {
        key: _amount(where, key, told[key], "dollars per million tokens") for key in RATES & told.keys()
    }
    for key, share in CACHE_RATES.items():
        values.setdefault(key, values["input"] * share)
    return Rates(**values)


def _amount(where: str, key: str, value: Any, expected: str) -> Decimal:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        amount = Decimal(value)
        if amount.is_finite() and amount >= 0:
            return amount
    raise UsageProblem(f"{where}: {key}: expected {expected}, 0 or more.")

"""What models cost: a table that ships with the product, and the user's own on top of it.

`prices.json` is generated from genai-prices (MIT), a development dependency, so that nothing is fetched or
imported at run time. `python -m contextune.adapters.prices --write` writes it anew.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from contextune.core.errors import UsageProblem
from contextune.core.money import ModelPrice, Rates, Tier

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
    Raises UsageProblem naming file, model and key.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise UsageProblem(f"{path}: can't be read as TOML: {problem}.") from None
    return {model: _own_price(path, model, rates) for model, rates in tables.items()}


def _own_price(path: Path, model: str, rates: Any) -> ModelPrice:
    if not isinstance(rates, dict) or not {"input", "output"} <= rates.keys():
        raise UsageProblem(f"{path}: model {model!r}: expected a table with input and output in dollars.")
    known = set(Rates.__struct_fields__)
    values: dict[str, Decimal] = {}
    for key, value in rates.items():
        if key not in known:
            raise UsageProblem(
                f"{path}: model {model!r}: unknown key {key!r}. Known: {', '.join(sorted(known))}."
            )
        if not _is_price(value):
            raise UsageProblem(
                f"{path}: model {model!r}: {key}: expected dollars per million tokens, 0 or more."
            )
        values[key] = Decimal(value)
    for key, share in CACHE_RATES.items():
        values.setdefault(key, values["input"] * share)
    return ModelPrice(model=model, rates=Rates(**values))


def _is_price(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    return Decimal(value).is_finite() and value >= 0


def generate() -> bytes:
    """The shipped file's content, from the genai-prices that is installed."""
    from importlib.metadata import version

    from genai_prices import data

    provider = next(provider for provider in data.providers if provider.id == "anthropic")
    models = []
    for model in provider.models:
        prices = model.prices[-1].prices if isinstance(model.prices, list) else model.prices
        price = _generated_price(model.id, prices)
        if price is not None:
            models.append(PricedModel(ids=tuple(_ids(model.match)), price=price))
    table = Table(source=f"genai-prices {version('genai-prices')}", models=tuple(models))
    return msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n"


_SOURCE_KEYS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_write_5m": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "cache_read": "cache_read_mtok",
}


def _generated_price(model: str, prices: Any) -> ModelPrice | None:
    """One model's price; None where a rate is unknown, as for models from before the cache."""
    found = {ours: getattr(prices, theirs) for ours, theirs in _SOURCE_KEYS.items()}
    if any(value is None for value in found.values()):
        return None
    tiered = {key: value for key, value in found.items() if not isinstance(value, Decimal)}
    starts = sorted({tier.start for value in tiered.values() for tier in value.tiers})

    def rates(above: int) -> Rates:
        chosen = {}
        for key, value in found.items():
            chosen[key] = value if isinstance(value, Decimal) else value.base
            for tier in tiered[key].tiers if key in tiered else ():
                if tier.start <= above:
                    chosen[key] = tier.price
        return Rates(**chosen)

    tiers = tuple(Tier(above=start, rates=rates(start)) for start in starts)
    return ModelPrice(model=model, rates=rates(-1), tiers=tiers)


def _ids(clause: Any) -> list[str]:
    """A matching rule of genai-prices as regular expressions for whole ids."""
    match type(clause).__name__:
        case "ClauseOr":
            return [pattern for part in clause.or_ for pattern in _ids(part)]
        case "ClauseEquals":
            return [re.escape(clause.equals)]
        case "ClauseStartsWith":
            return [re.escape(clause.starts_with) + ".*"]
        case "ClauseRegex":
            return [clause.regex.removeprefix("^").removesuffix("$")]
        case other:
            raise ValueError(f"genai-prices has a rule of a kind that is not known here: {other}.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the shipped file, or tell whether it is what would be written: 0 if so, else 1."""
    parser = argparse.ArgumentParser(prog="python -m contextune.adapters.prices")
    parser.add_argument("--write", action="store_true", help="write prices.json; otherwise compare only")
    content = generate()
    if parser.parse_args(arguments).write:
        TABLE.write_bytes(content)
        return 0
    if TABLE.read_bytes() == content:
        return 0
    sys.stderr.write("prices.json is out of date: run python -m contextune.adapters.prices --write\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())

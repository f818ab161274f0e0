"""Where the shipped prices come from: genai-prices (MIT), a development dependency, read when they are made.

`python -m contextune.adapters.models.price_source --write` writes `prices.json` anew. None of it is imported
when the product runs.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from contextune.adapters.models.prices import TABLE, PricedModel, Table
from contextune.core.model.money import ModelPrice, Rates, Tier

LATEST = datetime(9999, 1, 1, tzinfo=UTC)
"""Of prices that change on a day, the last ones are taken, so that the file does not depend on the day."""
BATCH = {"processing": "batch"}
FAST = {"speed": "fast"}

_KEYS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_write_5m": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "cache_read": "cache_read_mtok",
}
_STEM = re.compile(r"claude-[a-z]+-\d(-\d{1,2})?")
_VERTEX = r"@(?:\d{8}|default)"
"""What Vertex puts behind Anthropic's name of a model."""


def generate() -> bytes:
    """The shipped file's content, from the genai-prices that is installed."""
    from importlib.metadata import version

    table = Table(source=f"genai-prices {version('genai-prices')}", models=tuple(_models()))
    return msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n"


def _models() -> Iterator[PricedModel]:
    """Every model whose rates are all known: Anthropic's own, then Bedrock's, whose ids are others."""
    from genai_prices import data

    providers = {provider.id: provider for provider in data.providers}
    google = providers["google"]
    for model in providers["anthropic"].models:
        if (price := _price(model)) is not None:
            yield PricedModel(ids=(*_ids(model.match), *_on_vertex(model, google)), price=price)
    for model in providers["aws"].models:
        # Bedrock's rules take bare names too; those are Anthropic's, at Anthropic's price.
        own = tuple(pattern for pattern in _ids(model.match) if r"anthropic\." in pattern)
        if own and (price := _price(model)) is not None:
            yield PricedModel(ids=own, price=price)


def _on_vertex(model: Any, google: Any) -> list[str]:
    """Patterns for a model's ids on Vertex, where its global endpoint costs what Anthropic asks."""
    rules = getattr(model.match, "or_", [model.match])
    names = [str(getattr(rule, "equals", "") or getattr(rule, "starts_with", "")) for rule in rules]
    patterns = []
    for stem in names:
        if not _STEM.fullmatch(stem):
            continue
        there = google.find_model(f"{stem}@20260101")
        if there is None:
            continue
        ours, theirs = _rates(model, None), _rates(there, None)
        if any(theirs[key] not in (None, ours[key]) for key in _KEYS):
            raise ValueError(f"{model.id} costs something else on Vertex: it needs an entry of its own.")
        patterns.append(re.escape(stem) + _VERTEX)
    return patterns


def _rates(model: Any, context: dict[str, str] | None) -> dict[str, Any]:
    """The rates of a model, each a Decimal, tiered, or None where it is unknown."""
    prices = model.get_prices(LATEST, context)
    return {ours: getattr(prices, theirs) for ours, theirs in _KEYS.items()}


def _price(model: Any) -> ModelPrice | None:
    """One model's price; None where a rate is unknown, as for models from before the cache."""
    found = _rates(model, None)
    if any(value is None for value in found.values()):
        return None
    tiers = _tiers(found)
    searches = model.get_prices(LATEST).web_searches_kcount
    return ModelPrice(
        model=model.id,
        rates=tiers[0].rates,
        tiers=tiers[1:],
        batch=_factor(model, tiers, BATCH),
        fast=_factor(model, tiers, FAST),
        web_searches=searches,
    )


def _tiers(found: dict[str, Any]) -> tuple[Tier, ...]:
    """The rates from 0 tokens on, then those above each step."""
    tiered = [value for value in found.values() if not isinstance(value, Decimal)]
    starts = sorted({tier.start for value in tiered for tier in value.tiers})

    def rates(above: int) -> Rates:
        chosen = {}
        for key, value in found.items():
            chosen[key] = value if isinstance(value, Decimal) else value.base
            for tier in () if isinstance(value, Decimal) else value.tiers:
                if tier.start <= above:
                    chosen[key] = tier.price
        return Rates(**chosen)

    return (Tier(above=0, rates=rates(-1)), *(Tier(above=start, rates=rates(start)) for start in starts))


def _factor(model: Any, standard: tuple[Tier, ...], context: dict[str, str]) -> Decimal | None:
    """What a way of processing costs as a multiple of the standard one; None if the model has no such way.

    Raises ValueError if it is not the same for all rates: the table could not say that.
    """
    found = _rates(model, context)
    if found == _rates(model, None):
        return None
    other = _tiers(found)
    if [tier.above for tier in other] != [tier.above for tier in standard]:
        raise ValueError(f"{model.id}: other tiers with {context}.")
    factors: set[Decimal] = {
        getattr(there.rates, key) / getattr(here.rates, key)
        for here, there in zip(standard, other, strict=True)
        for key in _KEYS
    }
    if len(factors) != 1:
        raise ValueError(f"{model.id}: no single factor with {context}: {sorted(factors)}.")
    return factors.pop()


def _ids(clause: Any) -> list[str]:
    """A matching rule of genai-prices as regular expressions for whole ids."""
    match type(clause).__name__:
        case "ClauseOr":
            return [pattern for part in clause.or_ for pattern in _ids(part)]
        case "ClauseEquals":
            return [re.escape(clause.equals)]
        case "ClauseStartsWith":
            return [re.escape(clause.starts_with) + ".*"]
        case "ClauseEndsWith":
            return [".*" + re.escape(clause.ends_with)]
        case "ClauseContains":
            return [".*" + re.escape(clause.contains) + ".*"]
        case "ClauseRegex":
            return [clause.regex.removeprefix("^").removesuffix("$")]
        case other:
            raise ValueError(f"genai-prices has a rule of a kind that is not known here: {other}.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the shipped file, or tell whether it is what would be written: 0 if so, else 1."""
    parser = argparse.ArgumentParser(prog="python -m contextune.adapters.models.price_source")
    parser.add_argument("--write", action="store_true", help="write prices.json; otherwise compare only")
    content = generate()
    if parser.parse_args(arguments).write:
        TABLE.write_bytes(content)
        return 0
    if TABLE.read_bytes() == content:
        return 0
    sys.stderr.write(
        "prices.json is out of date: run python -m contextune.adapters.models.price_source --write\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())

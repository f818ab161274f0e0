from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path

import genai_prices
import msgspec
import pytest

from contextune.adapters import prices
from contextune.adapters.prices import PriceTable, read_own_prices
from contextune.core.errors import UsageProblem
from contextune.core.money import Rates, Usage
from contextune.core.ports import PriceBook
from contextune.core.settings import DEFAULT_LADDER, SONNET

IDS = [
    "claude-haiku-5-5",
    "claude-haiku-5-5-20261007",
    "claude-sonnet-5-5",
    "claude-sonnet-5-5-20260928",
    "claude-opus-5-5",
    "claude-opus-5",
    "claude-sonnet-5",
    "claude-haiku-4-5-20251001",
    "claude-sonnet-4-5-20250929",
    "claude-sonnet-4-6",
    "claude-opus-4-6",
    "claude-opus-4-1-20250805",
    "claude-sonnet-4-20250514",
    "claude-3-7-sonnet-latest",
    "claude-3-5-haiku-20241022",
    "claude-fable-5-2",
    "claude-mythos-5-2",
]


def by_the_library(model: str, usage: Usage) -> Decimal:
    counted = genai_prices.Usage(
        input_tokens=usage.prompt_tokens,
        cache_write_tokens=usage.cache_write_5m_tokens + usage.cache_write_1h_tokens,
        cache_write_1h_tokens=usage.cache_write_1h_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        output_tokens=usage.output_tokens,
    )
    return genai_prices.calc_price(counted, model, provider_id="anthropic").total_price


@pytest.mark.parametrize("model", IDS)
def test_prices_are_those_of_the_library(model: str) -> None:
    book: PriceBook = PriceTable()
    price = book.price(model)
    assert price is not None
    sizes = (0, 1, 999, 100_000)
    count = 0
    for values in itertools.product(sizes, repeat=5):
        usage = Usage(
            input_tokens=values[0],
            cache_write_5m_tokens=values[1],
            cache_write_1h_tokens=values[2],
            cache_read_tokens=values[3],
            output_tokens=values[4],
        )
        assert price.cost(usage) == by_the_library(model, usage), usage
        count += 1
    for prompt in (99_999, 100_000, 100_001, 199_999, 200_000, 200_001, 900_000):
        usage = Usage(input_tokens=prompt - 500, cache_read_tokens=500, output_tokens=7)
        assert price.cost(usage) == by_the_library(model, usage), usage
        count += 1
    assert count == 1031


def test_the_tier_of_haiku() -> None:
    price = PriceTable().price("claude-haiku-5-5")
    assert price is not None
    assert price.cost(Usage(input_tokens=100_000)) == Decimal("0.01")
    assert price.cost(Usage(input_tokens=100_001)) == Decimal("0.0500005")


def test_every_model_of_the_ladder_is_priced() -> None:
    table = PriceTable()
    assert [rung.model for rung in DEFAULT_LADDER if table.price(rung.model) is None] == []
    assert table.price(SONNET) is not None


@pytest.mark.parametrize(
    "model", ["", "gpt-5", "claude", "claude-haiku-5-5-preview", "qwen3", "claude-2", "x\n"]
)
def test_an_unknown_model_has_no_price(model: str) -> None:
    assert PriceTable().price(model) is None


def test_the_shipped_file_is_what_the_library_says() -> None:
    written = prices.TABLE.read_bytes()
    assert written == prices.generate(), "run python -m contextune.adapters.prices --write"
    assert len(msgspec.json.decode(written, type=prices.Table).models) > 20


def test_own_prices_come_first(tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text(
        '["qwen3:8b"]\ninput = 0\noutput = 0\n'
        "[claude-haiku-5-5]\ninput = 0.3\noutput = 2\ncache_read = 0.01\n"
    )
    table = PriceTable(read_own_prices(own))
    local, haiku = table.price("qwen3:8b"), table.price("claude-haiku-5-5")
    assert local is not None
    assert haiku is not None
    assert local.cost(Usage(input_tokens=10**6, output_tokens=10**6)) == 0
    assert haiku.rates == Rates(
        input=Decimal("0.3"),
        output=Decimal(2),
        cache_write_5m=Decimal("0.375"),
        cache_write_1h=Decimal("0.6"),
        cache_read=Decimal("0.01"),
    )
    assert read_own_prices(tmp_path / "gone.toml") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[m]\ninput = 1\n", "'m': expected a table with input and output"),
        ("m = 3\n", "'m': expected a table"),
        ("[m]\ninput = 1\noutput = -1\n", "output: expected dollars"),
        ("[m]\ninput = nan\noutput = 1\n", "input: expected dollars"),
        ("[m]\ninput = true\noutput = 1\n", "input: expected dollars"),
        ("[m]\ninput = 1\noutput = 1\nfoo = 1\n", "unknown key 'foo'"),
        ("[m\n", "line 1"),
    ],
)
def test_a_bad_table_is_said(tmp_path: Path, text: str, said: str) -> None:
    own = tmp_path / "prices.toml"
    own.write_text(text)
    with pytest.raises(UsageProblem, match=said) as raised:
        read_own_prices(own)
    assert str(own) in str(raised.value)

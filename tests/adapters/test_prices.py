from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path

import genai_prices
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextune.adapters.models import price_source, prices
from contextune.adapters.models.anthropic_server import provider_id
from contextune.adapters.models.prices import PriceTable, read_own_prices
from contextune.core.errors import UsageProblem
from contextune.core.model.money import Processing, Rates, Speed, Tier, Usage, UsagePart
from contextune.core.ports import PriceBook
from contextune.core.settings import DEFAULT_LADDER, SONNET, Provider

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


ELSEWHERE = {
    "aws": [
        "anthropic.claude-haiku-5-5",
        "anthropic.claude-haiku-5-5-v1:0",
        "us.anthropic.claude-haiku-5-5-v1:0",
        "eu.anthropic.claude-sonnet-5-5",
        "global.anthropic.claude-haiku-5-5",
        "global.anthropic.claude-sonnet-5-5-v1:0",
        "global.anthropic.claude-opus-5-5",
        "global.anthropic.claude-opus-4-6-v1",
        "global.anthropic.claude-haiku-4-5-20251001-v1:0",
        "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-5-5-v1:0",
    ],
    "google": [
        "claude-haiku-5-5@20261007",
        "claude-sonnet-5-5@20260928",
        "claude-opus-5-5@default",
        "claude-opus-5@20260701",
        "claude-fable-5-2@20261001",
        "claude-haiku-4-5@20251001",
        "claude-sonnet-4-5@20250929",
    ],
}
"""Ids of Anthropic's models on Bedrock and Vertex, by the library's name of the provider."""
PRICED = [("anthropic", model) for model in IDS] + [
    (provider, model) for provider, models in ELSEWHERE.items() for model in models
]


def by_the_library(
    model: str, usage: Usage, provider: str = "anthropic", context: dict[str, str] | None = None
) -> Decimal:
    counted = genai_prices.Usage(
        input_tokens=usage.prompt_tokens,
        cache_write_tokens=usage.cache_write_5m_tokens + usage.cache_write_1h_tokens,
        cache_write_1h_tokens=usage.cache_write_1h_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        output_tokens=usage.output_tokens,
        web_searches=usage.web_searches,
    )
    priced = genai_prices.calc_price(
        counted,
        model,
        provider_id=provider,
        price_context=context,
        genai_request_timestamp=price_source.LATEST,
    )
    return priced.total_price


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


COUNTS = st.integers(0, 3_000_000) | st.integers(0, 40)
USAGES = st.builds(
    Usage,
    input_tokens=COUNTS,
    cache_write_5m_tokens=COUNTS,
    cache_write_1h_tokens=COUNTS,
    cache_read_tokens=COUNTS,
    output_tokens=COUNTS,
)


@st.composite
def around_the_steps(draw: st.DrawFn) -> Usage:
    """Tokens whose prompt is as long as a step between two tiers, or a few tokens off."""
    prompt = draw(st.sampled_from([100_000, 200_000])) + draw(st.integers(-2, 2))
    cuts = sorted(draw(st.lists(st.integers(0, prompt), min_size=3, max_size=3)))
    parts = [after - before for before, after in itertools.pairwise([0, *cuts, prompt])]
    return Usage(
        input_tokens=parts[0],
        cache_write_5m_tokens=parts[1],
        cache_write_1h_tokens=parts[2],
        cache_read_tokens=parts[3],
        output_tokens=draw(COUNTS),
    )


WAYS: list[tuple[dict[str, str], Processing, Speed]] = [
    ({}, "standard", "standard"),
    ({"processing": "batch"}, "batch", "standard"),
    ({"speed": "fast"}, "standard", "fast"),
]


@settings(max_examples=1_500)
@given(
    priced=st.sampled_from(PRICED),
    usage=USAGES | around_the_steps(),
    searches=st.integers(0, 2_000),
    way=st.sampled_from(WAYS),
)
def test_any_usage_costs_what_the_library_says(
    priced: tuple[str, str], usage: Usage, searches: int, way: tuple[dict[str, str], Processing, Speed]
) -> None:
    provider, model = priced
    context, processing, speed = way
    price = PriceTable().price(model)
    assert price is not None
    if price.web_searches is not None and provider == "anthropic":
        usage = msgspec.structs.replace(usage, web_searches=searches)
    if (processing == "batch" and price.batch is None) or (speed == "fast" and price.fast is None):
        context, processing, speed = WAYS[0]
    if provider != "anthropic":
        context, processing, speed = WAYS[0]
    part = UsagePart(model=model, usage=usage, processing=processing, speed=speed)
    assert price.cost_of(part) == by_the_library(model, usage, provider, context)


def test_every_model_of_the_table_is_of_the_library_and_costs_the_same() -> None:
    table = msgspec.json.decode(prices.TABLE.read_bytes(), type=prices.Table)
    usage = Usage(
        input_tokens=90_011,
        cache_write_5m_tokens=70_001,
        cache_write_1h_tokens=50_003,
        cache_read_tokens=30_005,
        output_tokens=10_007,
    )
    for entry in table.models:
        provider = "aws" if "anthropic." in entry.price.model else "anthropic"
        name = entry.price.model.removeprefix("regional.")
        for tokens in (usage, msgspec.structs.replace(usage, input_tokens=0, cache_write_5m_tokens=0)):
            assert entry.price.cost(tokens) == by_the_library(name, tokens, provider), entry.price.model


@pytest.mark.parametrize(
    ("model", "batch", "fast"),
    [
        ("claude-haiku-5-5", "0.5", None),
        ("claude-opus-5-5", "0.5", "2"),
        ("claude-3-7-sonnet-latest", None, None),
        ("global.anthropic.claude-haiku-5-5", None, None),
    ],
)
def test_a_way_of_processing_that_a_model_lacks_has_no_price(
    model: str, batch: str | None, fast: str | None
) -> None:
    price = PriceTable().price(model)
    assert price is not None
    assert (price.batch, price.fast) == tuple(Decimal(v) if v else None for v in (batch, fast))
    quick = UsagePart(model=model, usage=Usage(output_tokens=10**6), speed="fast")
    assert (price.cost_of(quick) is None) == (fast is None)


def test_the_read_multiplier_is_each_models_own() -> None:
    table = PriceTable()
    shares = {}
    for model in ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-fable-5-2"):
        price = table.price(model)
        assert price is not None
        shares[model] = price.rates.cache_read / price.rates.input
    assert shares == {
        "claude-haiku-5-5": Decimal("0.1"),
        "claude-sonnet-5-5": Decimal("0.05"),
        "claude-fable-5-2": Decimal("0.025"),
    }


def test_regional_endpoints_cost_what_the_library_says_of_them() -> None:
    table = PriceTable()
    regional, everywhere = (table.price(f"{where}.anthropic.claude-haiku-5-5") for where in ("us", "global"))
    assert regional is not None
    assert everywhere is not None
    assert regional.rates.input == Decimal("0.11")
    assert everywhere.rates == table.price("claude-haiku-5-5").rates  # type: ignore[union-attr]  # in IDS


@pytest.mark.parametrize("provider", ["bedrock", "vertex", "foundry"])
@pytest.mark.parametrize(
    "model", ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-4-5"]
)
def test_the_id_at_a_provider_costs_what_the_plain_id_costs(provider: Provider, model: str) -> None:
    table = PriceTable()
    here, there = table.price(model), table.price(provider_id(provider, model))
    assert here is not None
    assert there is not None
    assert (here.rates, here.tiers) == (there.rates, there.tiers)


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
    "model",
    [
        *("", "gpt-5", "claude", "claude-haiku-5-5-preview", "qwen3", "claude-2", "x\n"),
        *(
            "my-claude-haiku-5-5",
            "claude-opus-5-5@next",
            "xanthropic.claude-haiku-5-5",
            "us.claude-haiku-5-5",
        ),
    ],
)
def test_an_unknown_model_has_no_price(model: str) -> None:
    assert PriceTable().price(model) is None


def test_the_shipped_file_is_what_the_library_says() -> None:
    written = prices.TABLE.read_bytes()
    assert written == price_source.generate(), "run python -m contextune.adapters.models.price_source --write"
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


def test_own_prices_may_name_ways_of_processing_searches_and_tiers(tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text(
        "[gateway]\ninput = 0.2\noutput = 1\nbatch = 0.5\nfast = 3\nweb_searches = 12\n"
        "tiers = [\n"
        "  { above = 100_000, input = 1, output = 5, cache_read = 0.05 },\n"
        "  { above = 200_000, input = 2, output = 10 },\n"
        "]\n"
    )
    price = PriceTable(read_own_prices(own)).price("gateway")
    assert price is not None
    assert (price.batch, price.fast, price.web_searches) == (Decimal("0.5"), Decimal(3), Decimal(12))
    assert price.cliff == 100_000
    assert price.tiers == (
        Tier(
            above=100_000,
            rates=Rates(
                input=Decimal(1),
                output=Decimal(5),
                cache_write_5m=Decimal("1.25"),
                cache_write_1h=Decimal(2),
                cache_read=Decimal("0.05"),
            ),
        ),
        Tier(
            above=200_000,
            rates=Rates(
                input=Decimal(2),
                output=Decimal(10),
                cache_write_5m=Decimal("2.5"),
                cache_write_1h=Decimal(4),
                cache_read=Decimal("0.2"),
            ),
        ),
    )


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
        ("[m]\ninput = 1\noutput = 1\nbatch = -1\n", "batch: expected a multiple of the rates"),
        ("[m]\ninput = 1\noutput = 1\nweb_searches = 'x'\n", "web_searches: expected dollars for a thousand"),
        ("[m]\ninput = 1\noutput = 1\ntiers = 3\n", "tiers: expected a list of tables"),
        ("[m]\ninput = 1\noutput = 1\ntiers = [3]\n", "tier 1: expected a table with input"),
        ("[m]\ninput = 1\noutput = 1\ntiers = [{input=1, output=1}]\n", "tier 1: above: expected a length"),
        (
            "[m]\ninput = 1\noutput = 1\ntiers = [{above=9,input=1,output=1},{above=9,input=1,output=1}]\n",
            "tier 2: above: expected a length in tokens, greater",
        ),
        ("[m]\ninput = 1\noutput = 1\ntiers = [{above=9,input=1,output=1,fast=2}]\n", "unknown key 'fast'"),
    ],
)
def test_a_bad_table_is_said(tmp_path: Path, text: str, said: str) -> None:
    own = tmp_path / "prices.toml"
    own.write_text(text)
    with pytest.raises(UsageProblem, match=said) as raised:
        read_own_prices(own)
    assert str(own) in str(raised.value)


def test_the_example_of_the_guide_is_a_table(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "models.md").read_text()
    lines = guide[guide.index('    ["qwen3') : guide.index("A key that is unknown")].splitlines()
    own = tmp_path / "prices.toml"
    own.write_text("\n".join(line.removeprefix("    ") for line in lines))
    found = read_own_prices(own)
    assert set(found) == {"qwen3-coder:30b", "claude-haiku-5-5"}
    assert found["qwen3-coder:30b"].cost(Usage(input_tokens=10**6, output_tokens=10**6)) == 0
    regional = PriceTable().price("us.anthropic.claude-haiku-5-5")
    assert regional is not None
    assert (found["claude-haiku-5-5"].rates, found["claude-haiku-5-5"].cliff) == (regional.rates, 100_000)

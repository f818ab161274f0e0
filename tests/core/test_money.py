"""Prices, their tiers, worst cases and bills."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from contextune.core.model.money import Bill, Charge, CostLine, ModelPrice, Rates, Tier, Usage, charged

CENTS = st.decimals(min_value=0, max_value=100, places=2, allow_nan=False, allow_infinity=False)
RATES = st.builds(
    Rates, input=CENTS, output=CENTS, cache_write_5m=CENTS, cache_write_1h=CENTS, cache_read=CENTS
)
TOKENS = st.integers(0, 500_000)
USAGES = st.builds(
    Usage,
    input_tokens=TOKENS,
    cache_write_5m_tokens=TOKENS,
    cache_write_1h_tokens=TOKENS,
    cache_read_tokens=TOKENS,
    output_tokens=TOKENS,
)
PRICES = st.builds(
    lambda rates, tiers: ModelPrice(
        model="m", rates=rates, tiers=tuple(Tier(above=above, rates=r) for above, r in sorted(tiers.items()))
    ),
    RATES,
    st.dictionaries(st.integers(1, 1_000_000), RATES, max_size=3),
)


def rates(dollars: int) -> Rates:
    return Rates(
        input=Decimal(dollars),
        output=Decimal(5 * dollars),
        cache_write_5m=Decimal(dollars) * Decimal("1.25"),
        cache_write_1h=Decimal(2 * dollars),
        cache_read=Decimal(dollars) / 10,
    )


def charge(dollars: str | None, at_sonnet: str | None, *, estimated: bool = False) -> Charge:
    return Charge(
        usage=Usage(input_tokens=1),
        dollars=None if dollars is None else Decimal(dollars),
        at_sonnet=None if at_sonnet is None else Decimal(at_sonnet),
        estimated=estimated,
    )


def test_a_tier_begins_strictly_above_its_bound() -> None:
    price = ModelPrice(
        model="m",
        rates=rates(1),
        tiers=(Tier(above=200_000, rates=rates(2)), Tier(above=500_000, rates=rates(3))),
    )
    for prompt, dollars in ((200_000, 1), (200_001, 2), (500_000, 2), (500_001, 3)):
        assert price.rates_for(prompt) == rates(dollars)


def test_cached_tokens_decide_the_tier_too_and_the_whole_request_is_billed_at_it() -> None:
    price = ModelPrice(model="m", rates=rates(1), tiers=(Tier(above=200_000, rates=rates(2)),))
    usage = Usage(input_tokens=1, cache_read_tokens=200_000, output_tokens=10)
    assert usage.prompt_tokens == 200_001
    assert price.cost(usage) == (Decimal(2) + 200_000 * Decimal("0.2") + 10 * 10) / 1_000_000


def test_each_kind_of_token_has_its_own_rate() -> None:
    price = ModelPrice(model="m", rates=rates(1))
    usage = Usage(
        input_tokens=1_000_000,
        cache_write_5m_tokens=1_000_000,
        cache_write_1h_tokens=1_000_000,
        cache_read_tokens=1_000_000,
        output_tokens=1_000_000,
    )
    assert price.cost(usage) == Decimal("1") + Decimal("1.25") + 2 + Decimal("0.1") + 5


@given(price=PRICES, usage=USAGES, more_prompt=TOKENS, more_output=TOKENS)
def test_no_request_costs_more_than_its_worst_case(
    price: ModelPrice, usage: Usage, more_prompt: int, more_output: int
) -> None:
    worst = price.worst_case(usage.prompt_tokens + more_prompt, usage.output_tokens + more_output)
    assert worst >= price.cost(usage) >= 0


def test_a_bound_above_a_cheaper_tier_counts_the_dearer_one_below() -> None:
    cheaper = ModelPrice(model="m", rates=rates(10), tiers=(Tier(above=1000, rates=rates(1)),))
    for usage in (Usage(input_tokens=1000), Usage(output_tokens=10_000), Usage(cache_write_1h_tokens=1000)):
        assert cheaper.worst_case(1001, usage.output_tokens) >= cheaper.cost(usage)
    odd = ModelPrice(
        model="m",
        rates=Rates(
            input=Decimal(1),
            output=Decimal(1),
            cache_write_5m=Decimal(1),
            cache_write_1h=Decimal(1),
            cache_read=Decimal(3),
        ),
    )
    assert odd.worst_case(10, 0) == odd.cost(Usage(cache_read_tokens=10))


@given(st.lists(st.tuples(USAGES, st.one_of(st.none(), CENTS), st.one_of(st.none(), CENTS), st.booleans())))
def test_a_bill_is_the_sum_of_its_charges_however_it_is_split(
    given_charges: list[tuple[Usage, Decimal | None, Decimal | None, bool]],
) -> None:
    charges = [
        Charge(usage=usage, dollars=dollars, at_sonnet=sonnet, estimated=estimated)
        for usage, dollars, sonnet, estimated in given_charges
    ]
    whole, half, other = Bill(), Bill(), Bill()
    for index, one in enumerate(charges):
        whole = whole.plus(one)
        half, other = (half.plus(one), other) if index % 2 else (half, other.plus(one))
    assert half.join(other) == whole
    assert whole.requests == len(charges)
    assert whole.dollars == sum((one.dollars or 0 for one in charges), Decimal(0))
    assert whole.unpriced == sum(one.dollars is None for one in charges)
    assert whole.estimated == sum(one.estimated for one in charges)


def test_a_saving_is_told_only_where_it_can_be_known() -> None:
    assert Bill().saving is None
    assert Bill().plus(charge("0", "0")).saving is None
    assert Bill().plus(charge("1", None)).saving is None
    assert Bill().plus(charge("1", "10")).plus(charge(None, "10")).saving is None
    assert Bill().plus(charge("1", "10")).saving == Decimal("0.9")
    # Opus costs more than Sonnet: then nothing was saved, and the figure says so.
    assert Bill().plus(charge("15", "10")).saving == Decimal("-0.5")


def test_costs_are_kept_by_role_and_model() -> None:
    lines: tuple[CostLine, ...] = ()
    for role, model in (("executor", "haiku"), ("resolver", "sonnet"), ("executor", "haiku")):
        lines = charged(lines, role, model, charge("0.5", "1"))
    assert [(line.role, line.model, line.bill.requests, line.bill.dollars) for line in lines] == [
        ("executor", "haiku", 2, Decimal("1.0")),
        ("resolver", "sonnet", 1, Decimal("0.5")),
    ]

"""Tokens and dollars. Dollars are Decimals; a model without known rates has no price, never one of zero."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from contextune.core.base import Value

MILLION = Decimal(1_000_000)
THOUSAND = Decimal(1_000)

Processing = Literal["standard", "batch", "priority"]
"""The service tier that a request was processed in."""
Speed = Literal["standard", "fast"]


class Usage(Value, frozen=True, kw_only=True):
    """Tokens of one request, as the server reported them. `input_tokens` is the uncached remainder alone.

    `output_tokens` includes thinking. `web_searches` counts requests of the server's own search tool.
    """

    input_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    cache_read_tokens: int = 0
    output_tokens: int = 0
    web_searches: int = 0

    @property
    def prompt_tokens(self) -> int:
        """All tokens of the prompt, cached or not: what decides the price tier."""
        return (
            self.input_tokens
            + self.cache_write_5m_tokens
            + self.cache_write_1h_tokens
            + self.cache_read_tokens
        )

    def plus(self, other: Usage) -> Usage:
        """The sum of two usages."""
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            cache_write_5m_tokens=self.cache_write_5m_tokens + other.cache_write_5m_tokens,
            cache_write_1h_tokens=self.cache_write_1h_tokens + other.cache_write_1h_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            web_searches=self.web_searches + other.web_searches,
        )


class UsagePart(Value, frozen=True, kw_only=True):
    """Tokens that are billed together: one pass of one model. A request may consist of several.

    A server may add passes of its own to a request, such as a compaction or an adviser's; each is priced by
    its own model and the length of its own prompt.
    """

    model: str
    usage: Usage
    processing: Processing = "standard"
    speed: Speed = "standard"


class Rates(Value, frozen=True, kw_only=True):
    """Dollars per million tokens."""

    input: Decimal
    output: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    cache_read: Decimal


class Tier(Value, frozen=True, kw_only=True):
    """The rates of every token of a request whose prompt is longer than `above` tokens."""

    above: int
    rates: Rates


class ModelPrice(Value, frozen=True, kw_only=True):
    """What one model costs."""

    model: str
    rates: Rates
    tiers: tuple[Tier, ...] = ()
    """Rising by `above`; a request is billed whole at the last tier that its prompt exceeds."""
    batch: Decimal | None = None
    """What a batch costs, as a share of `rates`; None if the model takes none."""
    fast: Decimal | None = None
    """What fast mode costs, as a multiple of `rates`; None if the model has none."""
    web_searches: Decimal | None = None
    """Dollars for a thousand searches of the server's own tool."""

    @property
    def cliff(self) -> int | None:
        """The longest prompt, in tokens, before every token costs more; None if there is no such step."""
        return self.tiers[0].above if self.tiers else None

    def rates_for(self, prompt_tokens: int) -> Rates:
        """The rates that apply to a request with a prompt of this length."""
        chosen = self.rates
        for tier in self.tiers:
            if prompt_tokens > tier.above:
                chosen = tier.rates
        return chosen

    def cost_of(self, part: UsagePart) -> Decimal | None:
        """The exact price of a part in dollars; None if the model has no price for such processing."""
        factor = self.fast if part.speed == "fast" else Decimal(1)
        if part.processing == "batch":
            factor = None if factor is None or self.batch is None else factor * self.batch
        if factor is None or (part.usage.web_searches and self.web_searches is None):
            return None
        searches = part.usage.web_searches * (self.web_searches or Decimal(0)) / THOUSAND
        return self.cost(part.usage) * factor + searches

    def cost(self, usage: Usage) -> Decimal:
        """The exact price of these tokens in dollars, processed in the standard way."""
        rates = self.rates_for(usage.prompt_tokens)
        return (
            usage.input_tokens * rates.input
            + usage.cache_write_5m_tokens * rates.cache_write_5m
            + usage.cache_write_1h_tokens * rates.cache_write_1h
            + usage.cache_read_tokens * rates.cache_read
            + usage.output_tokens * rates.output
        ) / MILLION

    def worst_case(self, prompt_tokens: int, max_output_tokens: int) -> Decimal:
        """The most that a request can cost: its whole prompt at the dearest rate, all output used.

        Both are bounds, so that a shorter prompt may fall into any tier below: the dearest of them counts.
        """
        reached = [self.rates, *(tier.rates for tier in self.tiers if prompt_tokens > tier.above)]
        dearest = max(max(r.input, r.cache_write_5m, r.cache_write_1h, r.cache_read) for r in reached)
        output = max(r.output for r in reached)
        return (prompt_tokens * dearest + max_output_tokens * output) / MILLION


class Charge(Value, frozen=True, kw_only=True):
    """What one settled request cost. `dollars` is None if the model is unpriced."""

    usage: Usage
    dollars: Decimal | None
    at_sonnet: Decimal | None
    """The same tokens, cached alike, at the price of the orchestrator's tier."""
    estimated: bool = False
    """True if the final usage never arrived and the worst case was billed."""


class Bill(Value, frozen=True, kw_only=True):
    """A sum of charges. `dollars` covers the priced requests alone; `unpriced` counts the others."""

    requests: int = 0
    unpriced: int = 0
    estimated: int = 0
    usage: Usage = Usage()
    dollars: Decimal = Decimal(0)
    at_sonnet: Decimal = Decimal(0)

    def plus(self, charge: Charge) -> Bill:
        """This bill with one more charge on it."""
        return Bill(
            requests=self.requests + 1,
            unpriced=self.unpriced + (charge.dollars is None),
            estimated=self.estimated + charge.estimated,
            usage=self.usage.plus(charge.usage),
            dollars=self.dollars + (charge.dollars or 0),
            at_sonnet=self.at_sonnet + (charge.at_sonnet or 0),
        )

    def join(self, other: Bill) -> Bill:
        """Both bills as one."""
        return Bill(
            requests=self.requests + other.requests,
            unpriced=self.unpriced + other.unpriced,
            estimated=self.estimated + other.estimated,
            usage=self.usage.plus(other.usage),
            dollars=self.dollars + other.dollars,
            at_sonnet=self.at_sonnet + other.at_sonnet,
        )

    @property
    def saving(self) -> Decimal | None:
        """The share saved against the same tokens at Sonnet's price, 0 to 1; None if there is no base."""
        if not self.at_sonnet or self.unpriced:
            return None
        return 1 - self.dollars / self.at_sonnet


class CacheMiss(Value, frozen=True, kw_only=True):
    """Why a request read less from the cache than the one before it had left there, as the server says."""

    reason: str
    """Such as `tools_changed`, `messages_changed`; `expired` where nothing differs but the time."""
    tokens: int
    """Prompt tokens that were paid for again."""


class CostLine(Value, frozen=True, kw_only=True):
    """The bill of one role on one model."""

    role: str
    model: str
    bill: Bill


def charged(lines: tuple[CostLine, ...], role: str, model: str, charge: Charge) -> tuple[CostLine, ...]:
    """The cost lines with one more charge on the line of its role and model."""
    by_key = {(line.role, line.model): line for line in lines}
    line = by_key.get((role, model), CostLine(role=role, model=model, bill=Bill()))
    by_key[role, model] = CostLine(role=role, model=model, bill=line.bill.plus(charge))
    return tuple(by_key.values())


class PriceRange(Value, frozen=True, kw_only=True):
    """A price before it is known, in dollars; None where a model is unpriced."""

    low: Decimal | None
    likely: Decimal | None
    high: Decimal | None
    at_sonnet: Decimal | None
    """The likely tokens at Sonnet's price."""

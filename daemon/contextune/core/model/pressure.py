"""What a server's rate limits allow and leave, of requests and of tokens. Pure: time is given.

A limit is a bucket that holds a minute's worth and fills steadily (platform.claude.com, "Rate limits"). Cache
reads do not count as input.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta
from msgspec.structs import replace

from contextune.core.base import Value

Resource = Literal["requests", "input-tokens", "output-tokens"]
"""What a server limits, by the names of its `anthropic-ratelimit-*` headers."""

MINUTE = 60_000
TRANSIT = 1_000
"""Milliseconds that a request may be on its way to the server."""
ROUNDING: dict[Resource, float] = {"requests": 1, "input-tokens": 500, "output-tokens": 500}
"""How far `remaining` may be off: requests are told in whole ones, tokens to the nearest thousand."""


class Allowance(Value, frozen=True, kw_only=True):
    """One limit of a server for one line of models, as a response's headers tell it."""

    resource: Resource
    limit: int
    """What one minute allows."""
    remaining: int
    reset_at: int
    """When all of `limit` is there again, in milliseconds since the epoch."""


class Amount(Value, frozen=True, kw_only=True):
    """How much of each resource. Input tokens are those that were not read from the cache."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def of(self, resource: Resource) -> int:
        """The part of one resource."""
        match resource:
            case "requests":
                return self.requests
            case "input-tokens":
                return self.input_tokens
            case "output-tokens":
                return self.output_tokens

    def plus(self, other: Amount, sign: int = 1) -> Amount:
        """The sum of two amounts; the difference with sign -1."""
        return Amount(
            requests=self.requests + sign * other.requests,
            input_tokens=self.input_tokens + sign * other.input_tokens,
            output_tokens=self.output_tokens + sign * other.output_tokens,
        )

    def less(self, other: Amount) -> Amount:
        """This amount without another one; nothing falls below zero."""
        return Amount(
            requests=max(0, self.requests - other.requests),
            input_tokens=max(0, self.input_tokens - other.input_tokens),
            output_tokens=max(0, self.output_tokens - other.output_tokens),
        )


class Bucket(Value, frozen=True, kw_only=True):
    """What is left of one limit. `level` is never more than what the server has, so far as it is known."""

    resource: Resource
    limit: Annotated[int, Meta(ge=1)]
    level: float

    def filled(self, milliseconds: int) -> Bucket:
        """This bucket after a time in which nothing was taken."""
        return self.corrected(self.limit * milliseconds / MINUTE)

    def taken(self, amount: float) -> Bucket:
        """This bucket after `amount` was sent for; below zero if it had less."""
        return replace(self, level=min(self.level, self.brim) - amount)

    def corrected(self, amount: float) -> Bucket:
        """This bucket with `amount` more in it, or less."""
        return replace(self, level=min(self.limit, self.level + amount))

    @property
    def brim(self) -> float:
        """What a full bucket counts for when it is drawn from: it gains nothing until the server notices."""
        return self.limit * (1 - TRANSIT / MINUTE)

    def wait(self, amount: float) -> float:
        """Milliseconds until `amount` can be taken; more than it holds can be when it is full."""
        return max(0.0, (min(amount, self.limit) - self.level) * MINUTE / self.limit)

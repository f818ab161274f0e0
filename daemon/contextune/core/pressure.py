"""What a server's rate limits leave, and how many requests may be under way. Pure: time is given."""

from __future__ import annotations

from typing import Literal

from contextune.core.base import Value

Resource = Literal["requests", "input-tokens", "output-tokens"]
"""What a server limits, by the names of its `anthropic-ratelimit-*` headers."""


class Allowance(Value, frozen=True, kw_only=True):
    """One limit of a server for one line of models, as a response's headers tell it."""

    resource: Resource
    limit: int
    """What one minute allows."""
    remaining: int
    reset_at: int
    """When all of `limit` is there again, in milliseconds since the epoch."""

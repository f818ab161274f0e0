"""Rate limits: a token bucket each for requests, input tokens and output tokens, with the API's headers.

A bucket belongs to one credential and one line of models (platform.claude.com, "Rate limits"). It holds a
minute's worth and fills steadily. Cache reads do not count as input. Output is counted as it is produced, so
the bucket can run below zero; then the next request waits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from contextune.offline.errors import ApiError

MINUTE = 60.0


class RateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """What one minute allows. None: no limit."""

    requests_per_minute: int | None = None
    input_tokens_per_minute: int | None = None
    output_tokens_per_minute: int | None = None


class _Bucket:
    def __init__(self, name: str, capacity: int, now: float) -> None:
        self.name = name
        self.capacity = capacity
        self.level = float(capacity)
        self.at = now

    def fill(self, now: float) -> None:
        self.level = min(self.capacity, self.level + (now - self.at) * self.capacity / MINUTE)
        self.at = now

    def wait(self, amount: float) -> float:
        """Seconds until `amount` is there."""
        return max(0.0, (amount - self.level) * MINUTE / self.capacity)

    def headers(self) -> dict[str, str]:
        full_in = (self.capacity - self.level) * MINUTE / self.capacity
        return limit_headers(self.name, self.capacity, max(0, int(self.level)), self.at + full_in)


def limit_headers(name: str, limit: int, remaining: int, reset_at: float) -> dict[str, str]:
    """The `anthropic-ratelimit-*` headers of one kind; `reset_at` in seconds since the epoch."""
    reset = datetime.fromtimestamp(math.ceil(reset_at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        f"anthropic-ratelimit-{name}-limit": str(limit),
        f"anthropic-ratelimit-{name}-remaining": str(remaining),
        f"anthropic-ratelimit-{name}-reset": reset,
    }


class Limiter:
    """The buckets of every credential and line of models. `clock` gives seconds since the epoch."""

    def __init__(self, limit: RateLimit | None, clock: Callable[[], float]) -> None:
        self._limit = limit or RateLimit()
        self._clock = clock
        self._buckets: dict[tuple[bytes, str], list[_Bucket]] = {}

    def admit(self, owner: bytes, line: str, input_tokens: int) -> None:
        """Take one request with so many uncached input tokens. Raises `ApiError` 429 and takes nothing."""
        asked = {"requests": 1, "input-tokens": input_tokens, "output-tokens": 1}
        buckets = self._of(owner, line)
        short = [(bucket.wait(asked[bucket.name]), bucket) for bucket in buckets]
        wait, bucket = max(short, key=lambda pair: pair[0], default=(0.0, None))
        if bucket is not None and wait > 0:
            raise ApiError(
                "rate_limit_error",
                f"This request would exceed your organization's rate limit of {bucket.capacity} "
                f"{bucket.name.replace('-', ' ')} per minute.",
                headers={"retry-after": str(math.ceil(wait)), **self.headers(owner, line)},
            )
        for bucket in buckets:
            if bucket.name != "output-tokens":
                bucket.level -= asked[bucket.name]

    def produced(self, owner: bytes, line: str, output_tokens: int) -> None:
        """Count output tokens that have been sent."""
        for bucket in self._of(owner, line):
            if bucket.name == "output-tokens":
                bucket.level -= output_tokens

    def headers(self, owner: bytes, line: str) -> dict[str, str]:
        """The state of the limits, as every response carries it; empty without limits."""
        headers: dict[str, str] = {}
        for bucket in self._of(owner, line):
            headers.update(bucket.headers())
        return headers

    def spent(self, retry_after: float) -> dict[str, str]:
        """The headers of a 429 that was ordered, whatever the limits are."""
        limit = self._limit.requests_per_minute or 50
        return limit_headers("requests", limit, 0, self._clock() + retry_after)

    def _of(self, owner: bytes, line: str) -> list[_Bucket]:
        now = self._clock()
        if (owner, line) not in self._buckets:
            capacities = {
                "requests": self._limit.requests_per_minute,
                "input-tokens": self._limit.input_tokens_per_minute,
                "output-tokens": self._limit.output_tokens_per_minute,
            }
            self._buckets[owner, line] = [
                _Bucket(name, capacity, now) for name, capacity in capacities.items() if capacity
            ]
        buckets = self._buckets[owner, line]
        for bucket in buckets:
            bucket.fill(now)
        return buckets

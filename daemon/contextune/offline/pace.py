"""How fast replies come: simulated latency, and pauses that end when the server closes."""

from __future__ import annotations

import asyncio
import time

import msgspec


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Simulated time of a model. Milliseconds."""

    first_byte_ms: float = 0.0
    per_token_ms: float = 0.0
    """Between two output tokens."""


class ServerClosing(Exception):
    """The server closes while a reply waits."""


class Pace:
    """The timing of one reply, from the moment it is made."""

    def __init__(self, latency: Latency, closing: asyncio.Event, delay_ms: float, between_ms: float) -> None:
        self._per_token = latency.per_token_ms / 1000
        self._between = between_ms / 1000
        self._closing = closing
        self._first = (latency.first_byte_ms + delay_ms) / 1000
        self._started = time.monotonic()

    @property
    def waits(self) -> bool:
        """Whether there is any pause between two events."""
        return self._per_token > 0 or self._between > 0

    async def before_first_byte(self) -> None:
        """Wait until the reply may start."""
        await self._wait(self._first)
        self._started = time.monotonic()

    async def before_event(self, output_tokens: int) -> None:
        """Wait until a model would have produced so many tokens."""
        await self._wait(self._between)
        await self._wait(self._started + output_tokens * self._per_token - time.monotonic())

    async def forever(self) -> None:
        """Wait until the server closes, or the client gives up and this task is cancelled."""
        await self._closing.wait()
        raise ServerClosing

    async def _wait(self, seconds: float) -> None:
        if seconds <= 0:
            return
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return
        raise ServerClosing

"""Fewer messages, the same last state: sends at most one message per key and interval."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Protocol

Send = Callable[[], None]


class Timers(Protocol):
    """The part of an event loop that this needs."""

    def time(self) -> float:
        """Seconds, rising."""
        ...

    def call_later(self, delay: float, callback: Send, /) -> object:
        """Call back after so many seconds."""
        ...


class Coalescer:
    """Lets the first message of a key through at once, and of those that follow the newest, in its turn."""

    def __init__(self, timers: Timers, interval: float) -> None:
        self._timers = timers
        self._interval = interval
        self._sent: dict[Hashable, float] = {}
        self._waiting: dict[Hashable, Send] = {}

    def offer(self, key: Hashable, send: Send) -> None:
        """Send now, or in place of what waits for this key."""
        if key in self._waiting:
            self._waiting[key] = send
            return
        now = self._timers.time()
        due = self._sent.get(key, now - self._interval) + self._interval
        if due <= now:
            self._sent[key] = now
            send()
        else:
            self._waiting[key] = send
            self._timers.call_later(due - now, lambda: self._flush(key))

    def _flush(self, key: Hashable) -> None:
        self._sent[key] = self._timers.time()
        self._waiting.pop(key)()

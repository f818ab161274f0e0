"""Fewer messages, the same last state: sends at most one message per key and interval."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Protocol

Send = Callable[[], None]


def _never() -> bool:
    return False


class Timers(Protocol):
    """The part of an event loop that this needs."""

    def time(self) -> float:
        """Seconds, rising."""
        ...

    def call_later(self, delay: float, callback: Send, /) -> object:
        """Call back after so many seconds."""
        ...


class Coalescer:
    """Lets the first message of a key through at once, and of those that follow the newest, in its turn.

    While the receiver is `behind`, nothing is sent: what it reads then is the newest all the same.
    """

    def __init__(self, timers: Timers, interval: float, behind: Callable[[], bool] = _never) -> None:
        self._timers = timers
        self._interval = interval
        self._behind = behind
        self._sent: dict[Hashable, float] = {}
        self._waiting: dict[Hashable, Send] = {}

    def offer(self, key: Hashable, send: Send, interval: float | None = None) -> None:
        """Send now, or in place of what waits for this key; `interval` (seconds) is this key's own."""
        if key in self._waiting:
            self._waiting[key] = send
            return
        now = self._timers.time()
        rest = self._interval if interval is None else interval
        due = self._sent.get(key, now - rest) + rest
        if due <= now and not self._behind():
            self._sent[key] = now
            send()
        else:
            self._waiting[key] = send
            self._flush_later(key, max(due - now, 0) or self._interval)

    def _flush_later(self, key: Hashable, delay: float) -> None:
        self._timers.call_later(delay, lambda: self._flush(key))

    def _flush(self, key: Hashable) -> None:
        if self._behind():
            self._flush_later(key, self._interval)
            return
        self._sent[key] = self._timers.time()
        self._waiting.pop(key)()

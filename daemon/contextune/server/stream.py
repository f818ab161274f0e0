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
        self._waiting: dict[Hashable, tuple[float, Send]] = {}
        """What waits for its turn, and when that is."""

    def offer(self, key: Hashable, send: Send, interval: float | None = None) -> None:
        """Send now, or in place of what waits for this key; `interval` (seconds) is this message's own.

        One of a shorter interval does not wait for the turn of one of a longer one.
        """
        now = self._timers.time()
        rest = self._interval if interval is None else interval
        due = self._sent.get(key, now - rest) + rest
        waits_until = self._waiting[key][0] if key in self._waiting else None
        if waits_until is not None and waits_until <= due:
            self._waiting[key] = waits_until, send
        elif due <= now and not self._behind():
            self._waiting.pop(key, None)
            self._sent[key] = now
            send()
        else:
            self._wait(key, max(due, now) if due > now else now + self._interval, send)

    def _wait(self, key: Hashable, due: float, send: Send) -> None:
        self._waiting[key] = due, send
        self._timers.call_later(due - self._timers.time(), lambda: self._flush(key, due))

    def _flush(self, key: Hashable, due: float) -> None:
        if key not in self._waiting or self._waiting[key][0] != due:
            return  # it was sent before, or what waits now has a turn of its own
        if self._behind():
            self._wait(key, self._timers.time() + self._interval, self._waiting[key][1])
            return
        self._sent[key] = self._timers.time()
        self._waiting.pop(key)[1]()

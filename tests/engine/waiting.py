"""Waiting that loses no time: a clock that goes on when it is to sleep, a throttle that lets all pass."""

from __future__ import annotations

import asyncio

from contextune.adapters.machine.clock import SystemClock
from contextune.core.model.admission import WIDEST_WINDOW, Line
from contextune.engine.money.throttle import OwnBoard, Throttle


class SkippingClock(SystemClock):
    """core.ports.Clock and the sleep that belongs to it; between two sleeps it runs as usual."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        """Seconds of each sleep."""
        self._ahead = 0

    def now(self) -> int:
        return super().now() + self._ahead

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._ahead += round(seconds * 1000)
        await asyncio.sleep(0)


def wide_open() -> Throttle:
    """A throttle whose window has opened as far as it can."""
    clock = SystemClock()
    board = OwnBoard()
    board.change("haiku", lambda _: (Line(at=clock.now(), window=WIDEST_WINDOW), None))
    return Throttle(board, clock)

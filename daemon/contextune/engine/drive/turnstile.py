"""Lets those who come at the same moment go on one after the other, each in a round of the event loop."""

from __future__ import annotations

import asyncio
from collections import deque


class Turnstile:
    """Many agents go on at once when the Journal has kept what they wait for.

    What each does then takes about a millisecond; all of it in one round of the event loop would hold up an
    editor's question for as many milliseconds as there are agents.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_free = True

    async def through(self) -> None:
        """Return at once to who comes alone; to others in their order, one in each round."""
        loop = asyncio.get_running_loop()
        if self._is_free:
            self._is_free = False
            loop.call_soon(self._turn)
            return
        mine: asyncio.Future[None] = loop.create_future()
        self._waiting.append(mine)
        await mine

    def _turn(self) -> None:
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():  # who is cancelled leaves its place to the next
                first.set_result(None)
                asyncio.get_running_loop().call_soon(self._turn)
                return
        self._is_free = True

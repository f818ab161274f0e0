"""The places of the agents that work at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")


class Seat:
    """One place, taken while the context lasts."""

    def __init__(self, slots: asyncio.Semaphore) -> None:
        self._slots = slots
        self._taken = False

    async def __aenter__(self) -> Seat:
        """Wait for a place."""
        await self._slots.acquire()
        self._taken = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave it."""
        self._leave()

    async def outside(self, waiting: Awaitable[T]) -> T:
        """Wait for something, such as a person's answer, with the place left to others meanwhile."""
        self._leave()
        result = await waiting
        await self._slots.acquire()
        self._taken = True
        return result

    def _leave(self) -> None:
        if self._taken:
            self._taken = False
            self._slots.release()

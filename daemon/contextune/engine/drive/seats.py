"""The places of the agents that work at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import TypeVar

from contextune.engine.surroundings.limits import House

T = TypeVar("T")


class Seats:
    """The places of one Run's agents, in a process that other Runs share."""

    def __init__(self, house: House, *, in_run: int, in_all: int) -> None:
        self._house = house
        self._in_all = in_all
        self._slots = asyncio.Semaphore(in_run)

    async def take(self) -> None:
        """Wait for a place in the Run, then for one in the process."""
        await self._slots.acquire()
        try:
            await self._house.enter(self._in_all)
        except BaseException:
            self._slots.release()
            raise

    def leave(self) -> None:
        """Give both back."""
        self._house.leave()
        self._slots.release()


class Seat:
    """One place, taken while the context lasts."""

    def __init__(self, seats: Seats) -> None:
        self._seats = seats
        self._taken = False

    async def __aenter__(self) -> Seat:
        """Wait for a place."""
        await self._seats.take()
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
        await self._seats.take()
        self._taken = True
        return result

    def _leave(self) -> None:
        if self._taken:
            self._taken = False
            self._seats.leave()

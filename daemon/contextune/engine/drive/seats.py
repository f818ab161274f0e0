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
        self._in_run = in_run
        self._taken = 0
        self._changed = asyncio.Event()

    async def take(self) -> None:
        """Wait for a place in the Run, then for one in the process."""
        while self._taken >= self._in_run:
            self._changed.clear()
            await self._changed.wait()
        self._taken += 1
        try:
            await self._house.enter(self._in_all)
        except BaseException:
            self._give_back()
            raise

    def leave(self) -> None:
        """Give both back."""
        self._house.leave()
        self._give_back()

    def allow(self, in_run: int) -> None:
        """Let so many agents of the Run work; those at work beyond that keep their places."""
        self._in_run = in_run
        self._changed.set()

    def _give_back(self) -> None:
        self._taken -= 1
        self._changed.set()


class Seat:
    """One place, taken while the context lasts."""

    def __init__(self, seats: Seats) -> None:
        self._seats = seats
        self._taken = False

    async def __aenter__(self) -> Seat:
        """Wait for a place, unless it has one."""
        if not self._taken:
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

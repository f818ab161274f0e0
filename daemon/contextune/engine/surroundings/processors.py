"""Who may run a command on this machine now: as many at a time as it has processors, of all Runs together."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

LONG = 2.0
"""Seconds from which on a command counts as a long one the next time."""
OVERSTAYED = 5.0
"""Seconds that a command which nobody knew for a long one may keep the lane of the short ones closed."""
SOON = 1.0
"""Seconds of waiting after which it is told."""
LOOK = 1.0
"""Seconds between two looks at how busy the machine is, while somebody waits."""
IDLE, BUSY = 0.1, 0.3
"""Shares of the time in which some process waited for a processor: below the first, one more command may run
than there are processors, as those that run seem to wait for something else; above the second, one less."""
MOST = 3
"""Times as many commands as processors run at most."""
REMEMBERED = 2_000
"""Commands of which it is known how long they took."""

Told = Callable[[bool], Awaitable[None]]
"""Told True when a command waits for a processor, and False when it has one."""


async def _nobody(waits: bool) -> None:
    """Nobody is told."""


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


def _unknown() -> float | None:
    return None


@dataclass(slots=True, eq=False)
class _Turn:
    """One command that waits or runs."""

    run: str
    is_long: bool
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    in_lane: bool = False
    """Whether it runs in the lane of the short ones."""
    overstays: bool = False
    timer: asyncio.TimerHandle | None = None


_ByRun = OrderedDict[str, deque[_Turn]]


class Processors:
    """One queue for all commands that run on this machine.

    Runs take turns, and so do long commands and short ones, so that neither keeps the other waiting for good.
    Besides, there is a lane of one more for short ones alone: an agent's command does not wait for the end
    of test suites. Whether a command is long is known from the last time that it ran.
    """

    def __init__(
        self,
        count: int | None = None,
        *,
        pressure: Callable[[], float | None] = _unknown,
        soon: float = SOON,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """There are `count` processors. `pressure` tells in which share of the time since it was last asked
        some process waited for one; None where nobody knows. `sleep` and `clock` have seconds, as `soon` has.
        """
        self.count = max(1, count or os.cpu_count() or 1)
        self._pressure = pressure
        self._soon = soon
        self._sleep = sleep
        self._clock = clock or _loop_time
        self._waiting: dict[bool, _ByRun] = {True: OrderedDict(), False: OrderedDict()}
        """Those that wait, by whether they are long, and by Run."""
        self._running: set[_Turn] = set()
        self._more = 0
        """How many may run beyond the processors, because these are idle."""
        self._long_last = False
        self._lengths: OrderedDict[str, float] = OrderedDict()
        self._looking: asyncio.Task[None] | None = None

    @property
    def running(self) -> int:
        """Commands that run now."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Commands that wait now."""
        return sum(len(turns) for runs in self._waiting.values() for turns in runs.values())

    @asynccontextmanager
    async def turn(self, run: str, command: str, told: Told = _nobody) -> AsyncIterator[None]:
        """Wait until a command of this Run may run, which it does while the context lasts.

        Who is cancelled meanwhile waits no longer, and takes no place.
        """
        turn = _Turn(run, self._lengths.get(command, 0.0) >= LONG)
        self._waiting[turn.is_long].setdefault(run, deque()).append(turn)
        self._admit()
        try:
            await self._begun(turn, told)
            began = self._clock()
            try:
                yield
            finally:
                self._learn(command, self._clock() - began)
        finally:
            self._leave(turn)

    async def _begun(self, turn: _Turn, told: Told) -> None:
        if turn.begun.is_set():
            return
        self._look_on()
        try:
            async with asyncio.timeout(self._soon):
                await turn.begun.wait()
        except TimeoutError:
            await told(True)
            await turn.begun.wait()
            await told(False)

    def _leave(self, turn: _Turn) -> None:
        if turn.timer is not None:
            turn.timer.cancel()
        self._running.discard(turn)
        turns = self._waiting[turn.is_long].get(turn.run)
        if turns is not None and turn in turns:
            turns.remove(turn)
            self._forget_empty(turn)
        self._admit()

    def _admit(self) -> None:
        """Let those begin for whom there is room."""
        while (turn := self._next()) is not None:
            self._waiting[turn.is_long][turn.run].popleft()
            self._waiting[turn.is_long].move_to_end(turn.run)
            self._forget_empty(turn)
            self._running.add(turn)
            if turn.in_lane:
                turn.timer = asyncio.get_running_loop().call_later(OVERSTAYED, self._overstayed, turn)
            turn.begun.set()

    def _forget_empty(self, turn: _Turn) -> None:
        runs = self._waiting[turn.is_long]
        if not runs[turn.run]:
            del runs[turn.run]

    def _next(self) -> _Turn | None:
        """The one who may begin now, at the head of its Run's queue."""
        long, short = self._first(is_long=True), self._first(is_long=False)
        self._clear_lane()
        if self._in_places() < self.count + self._more:
            chosen = short if long is None or (short is not None and self._long_last) else long
            if chosen is not None:
                self._long_last = chosen.is_long
            return chosen
        if short is not None and not any(turn.in_lane for turn in self._running):
            short.in_lane = True
            return short
        return None

    def _first(self, *, is_long: bool) -> _Turn | None:
        return next((turns[0] for turns in self._waiting[is_long].values()), None)

    def _in_places(self) -> int:
        return sum(not turn.in_lane for turn in self._running)

    def _overstayed(self, turn: _Turn) -> None:
        turn.overstays = True
        self._admit()

    def _clear_lane(self) -> None:
        """One that is no short command after all takes a place of the others, perhaps beyond their number."""
        for turn in self._running:
            if turn.overstays and turn.in_lane and self._in_places() < self.count + max(1, self.count // 2):
                turn.in_lane = False

    def _learn(self, command: str, seconds: float) -> None:
        self._lengths[command] = seconds
        self._lengths.move_to_end(command)
        if len(self._lengths) > REMEMBERED:
            self._lengths.popitem(last=False)

    def _look_on(self) -> None:
        """Look at the machine while somebody waits."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look(), name="processors")

    async def _look(self) -> None:
        self._pressure()
        try:
            while self.waiting:
                await self._sleep(LOOK)
                pressure = self._pressure()
                if pressure is None:
                    return
                if pressure < IDLE and self.count + self._more < MOST * self.count:
                    self._more += 1
                elif pressure > BUSY:
                    self._more = max(0, self._more - 1)
                self._admit()
        finally:
            self._more = 0

"""What most clients do instead of a throttle: send at once, and wait only after a failure."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Self

from contextune.core.errors import ModelProblem
from contextune.core.model.admission import FIRST_PAUSE, LONGEST_PAUSE, spread
from contextune.engine.money.throttle import TRIES, Passage, Throttle


class Unthrottled(Throttle):
    """What most clients do: send at once; after a failure wait as told or twice as long as before."""

    tries = TRIES
    """How often one request is sent."""

    def passage(
        self,
        *_: Any,
        **__: Any,
    ) -> Passage:
        """A way that is always open."""
        return PlainPassage(self, self.tries)


class Endless(Unthrottled):
    """The same, and never give up."""

    tries = sys.maxsize


class PlainPassage(Passage):
    """One request with a bounded number of tries."""

    def __init__(self, throttle: Throttle, tries: int) -> None:
        self._throttle = throttle
        self._left = tries
        self._pause = FIRST_PAUSE

    async def __aenter__(self) -> Self:
        """Go at once."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Learn nothing."""

    async def again(self, problem: ModelProblem) -> None:
        """Wait as told, or twice as long as the last time. Raises the problem after the last try."""
        self._left -= 1
        if not self._left:
            raise problem
        hint, chance = problem.retry_after, self._throttle.chance()
        await self._throttle.sleep(spread(self._pause, chance) if hint is None else hint + chance / 4)
        self._pause = min(LONGEST_PAUSE, 2 * self._pause)

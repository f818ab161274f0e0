"""What follows a wait, in the order in which the waits began: many wait at once, and none overtakes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class InOrder:
    """One queue of those who wait."""

    def __init__(self) -> None:
        self._newest: asyncio.Future[None] | None = None

    async def after(self, waiting: Awaitable[None], then: Callable[[], None]) -> None:
        """Wait, then do `then`, which all who came before have done by that time, or failed to.

        Raises what waiting raises, and does nothing then. Must not be cancelled.
        """
        before, done = self._newest, asyncio.get_running_loop().create_future()
        self._newest = done
        try:
            try:
                await waiting
            finally:
                if before is not None:
                    await before
            then()
        finally:
            done.set_result(None)

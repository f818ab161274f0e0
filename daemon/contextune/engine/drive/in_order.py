"""Waits for the disk: many at once, none overtakes, and some that nobody stands still for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from contextune.core.runs.events import AnyEvent


class InOrder:
    """What follows a wait, in the order in which the waits began: one queue of those who wait."""

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


class UnderWay:
    """Events that are on their way to the Journal while whoever told of them goes on, Task by Task.

    Whatever is told of the same Task next is known to be kept only when they are, too: so no request of the
    Task leaves, and no tool of it changes anything, before all that came before is in the Journal.
    """

    def __init__(self) -> None:
        self._by_task: dict[str, list[asyncio.Future[None]]] = {}

    def add(self, event: AnyEvent, recording: asyncio.Future[None]) -> None:
        """An event of a Task that is being recorded."""
        # Nobody may be left to hear of its problem.
        recording.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._by_task.setdefault(_task_of(event), []).append(recording)

    async def kept(self, events: Sequence[AnyEvent]) -> None:
        """Wait for those of the same Tasks. Raises what one of them met."""
        for task_id in {_task_of(event) for event in events}:
            for recording in self._by_task.pop(task_id, ()):
                await asyncio.shield(recording)

    async def settled(self) -> None:
        """Wait for all that is under way; what one of them met is nobody's any more."""
        left = [recording for recordings in self._by_task.values() for recording in recordings]
        if left:
            await asyncio.wait(left)


def _task_of(event: AnyEvent) -> str:
    return getattr(event, "task_id", None) or ""

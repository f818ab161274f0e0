"""Limits that no single Task can keep: what is left of the disk, and how many agents a process has."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from contextune.core.sizes import size_text

FLOOR = 200_000_000
"""Bytes of the state folder's disk that Runs leave free: the Journal, git and the user need them."""


async def short_of_disk(home: Path) -> str:
    """Why no more work should begin, a sentence; empty if there is room."""
    free = (await asyncio.to_thread(shutil.disk_usage, home)).free
    if free >= FLOOR:
        return ""
    return (
        f"The disk of {home} has {size_text(free)} left, and {size_text(FLOOR)} are left free. Free some "
        "space, then resume the run."
    )


class House:
    """The agents that work in this process, of all Runs together."""

    def __init__(self, rested: Callable[[], None] = lambda: None) -> None:
        """`rested` is called when the last of them has left."""
        self._at_work = 0
        self._rested = rested
        self._left = asyncio.Event()

    async def enter(self, most: int) -> None:
        """Wait until fewer than `most` agents work, then count as one."""
        while self._at_work >= most:
            self._left.clear()
            await self._left.wait()
        self._at_work += 1

    def leave(self) -> None:
        """Count no longer."""
        self._at_work -= 1
        self._left.set()
        if not self._at_work:
            self._rested()

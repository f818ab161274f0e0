"""How large worktrees are: a look through a folder is remembered for a while."""

from __future__ import annotations

import asyncio
from pathlib import Path

from contextune.core.ports import Clock
from contextune.core.worktrees.upkeep import Upkeep
from contextune.core.worktrees.worktree import Measure

FRESH = 10_000
"""Milliseconds for which a look is good enough to be shown."""
ROUGH = 300_000
"""Milliseconds for which it is good enough to tell whether there is room."""


class Measures:
    """What was seen in which folder, and when. Shared by all threads of a process."""

    def __init__(self) -> None:
        self._seen: dict[Path, tuple[int, Measure]] = {}
        self.one_at_a_time = asyncio.Lock()
        """Held while room is made, so that two Leases do not give back for the same lack."""

    def of(self, path: Path, upkeep: Upkeep, clock: Clock, *, at_most: int = FRESH) -> Measure:
        """The measure of a folder, `at_most` so many milliseconds old. Blocking."""
        now = clock.now()
        known = self._seen.get(path)
        if known is not None and now - known[0] <= at_most:
            return known[1]
        found = upkeep.measure(path)
        self._seen[path] = (now, found)
        return found

    def forget(self, path: Path) -> None:
        """A folder is gone, or what is below it has changed."""
        self._seen = {seen: one for seen, one in self._seen.items() if not seen.is_relative_to(path)}

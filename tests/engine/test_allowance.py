"""How much disk an attempt takes: asked of the disk, and looked up in its files only where that says much."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from contextune.core.errors import LimitReached
from contextune.core.settings import Settings
from contextune.engine.attempts.allowance import LOOK_EVERY, LOOK_THROUGH_EVERY, Allowance

MOST = 5_000_000_000
SETTINGS = Settings(task_disk=MOST)


class Watch:
    """core.ports.Clock, the part of a Repository that is asked, and a Lease, all in one."""

    def __init__(self) -> None:
        self.at = 0
        self.left = 100 * MOST
        self.files = 0
        self.looks = 0
        self.path = Path("/worktree")
        self.ready_at = 0.0
        self.waited_ms = 0

    @property
    def upkeep(self) -> Watch:
        return self

    def now(self) -> int:
        return self.at

    def free(self, path: Path) -> int:
        assert path == self.path
        return self.left

    def grown(self, path: Path, since: float) -> int:
        assert (path, since) == (self.path, self.ready_at)
        self.looks += 1
        return self.files


def allowance(watch: Watch) -> Allowance:
    whatever = cast(Any, watch)
    return Allowance(whatever, whatever, whatever, SETTINGS)


async def turn_after(here: Allowance, watch: Watch, milliseconds: int) -> None:
    """A turn at whose end so much time has passed, in which nothing worked."""
    await here.left_out(lambda: passed(watch, milliseconds))
    await here.end()


async def passed(watch: Watch, milliseconds: int) -> None:
    watch.at += milliseconds


async def test_files_are_looked_through_once_the_disk_lost_as_much() -> None:
    watch = Watch()
    here = allowance(watch)
    for _ in range(20):
        await turn_after(here, watch, LOOK_EVERY)
    assert watch.looks == 0
    watch.left -= MOST  # somebody else's files, or this worktree's
    await turn_after(here, watch, LOOK_EVERY - 1)
    assert watch.looks == 0
    await turn_after(here, watch, 1)
    assert watch.looks == 1
    watch.files = MOST + 1
    with pytest.raises(LimitReached, match=r"The files that it made take 5\.0 GB; the setting task_disk"):
        await turn_after(here, watch, LOOK_EVERY)


async def test_files_are_looked_through_after_long_whatever_the_disk_says() -> None:
    watch = Watch()
    watch.files = MOST + 1
    here = allowance(watch)
    await turn_after(here, watch, LOOK_THROUGH_EVERY - 1)
    with pytest.raises(LimitReached):
        await turn_after(here, watch, LOOK_EVERY)

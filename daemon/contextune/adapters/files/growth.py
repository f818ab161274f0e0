"""How much of the disk a folder's files came to take, after the fact and while a command runs."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path

FLOOR = 200_000_000
"""Bytes that commands leave free on the disk."""

REST = 20
"""Looks through a folder leave this many times as long as they took between them."""


def on_disk(facts: os.stat_result) -> int:
    """Bytes that a file takes; a sparse one takes less than it is long."""
    return facts.st_blocks * 512 if hasattr(facts, "st_blocks") else facts.st_size


def grown(path: Path, since: float) -> int:
    """Bytes on disk of the files that came or changed after `since`. Looks at all of the folder."""
    total, folders = 0, [str(path)]
    while folders:
        with contextlib.suppress(OSError), os.scandir(folders.pop()) as found:
            for one in found:
                with contextlib.suppress(OSError):  # what goes meanwhile takes no room
                    facts = one.stat(follow_symlinks=False)
                    if one.is_dir(follow_symlinks=False):
                        folders.append(one.path)
                    elif max(facts.st_mtime, facts.st_ctime) > since:
                        total += on_disk(facts)
    return total


class GrowthWatch:
    """What one command adds to a folder. Blocking.

    The folder is looked through only once its disk has lost as much as the command may add: that is asked in
    some microseconds, while the look takes a quarter of a second for 64,000 files.
    """

    def __init__(self, folder: Path, most: int) -> None:
        """Counts from now on, up to `most` bytes."""
        self._folder = folder
        self._most = most
        self._free = free(folder)
        # Of a file system that keeps coarse times, a file may be as old as its last tick.
        self._since = time.time() - 0.02
        self._rests_until = 0.0

    def passed(self) -> str:
        """Which limit is passed, a sentence; empty if none is."""
        left = free(self._folder)
        if left < FLOOR <= self._free:
            return f"It left less than {FLOOR // 1_000_000} MB free on the disk."
        began = time.monotonic()
        if self._free - left < self._most or began < self._rests_until:
            return ""
        added = grown(self._folder, self._since)
        now = time.monotonic()
        self._rests_until = now + REST * (now - began)
        if added > self._most:
            return (
                f"Its files took more than the {self._most / 1e9:.3g} GB that the setting task_disk allows."
            )
        return ""


def free(folder: Path) -> int:
    """Bytes that are free on the disk of a folder; 0 if that is not told."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0

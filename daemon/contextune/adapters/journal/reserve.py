"""Disk that is held back for the Journal, so that the last events still find room on a full disk."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

SIZE = 8_000_000
"""Bytes held back: some hundred appends, each of which takes several pages of the log."""

PLENTY = 25
"""How many times as much must be free before anything is held back."""

AGAIN = 30.0
"""Seconds between two looks whether it is held back."""


class Reserve:
    """A file that does nothing but take room, until its room is needed."""

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self._path = path
        self._size = size
        self._due = 0.0

    def hold(self) -> None:
        """Hold the room back if that is not so already and there is plenty. Never fails. Blocking."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + AGAIN
        if self._path.exists():
            return
        with suppress(OSError):
            if shutil.disk_usage(self._path.parent).free >= PLENTY * self._size:
                self._take()

    def release(self) -> bool:
        """Give the room to whatever is written next. Returns whether there was any. Blocking."""
        try:
            self._path.unlink()
        except OSError:
            return False
        self._due = time.monotonic() + AGAIN
        return True

    def _take(self) -> None:
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(handle, 0, self._size)
            else:
                os.write(handle, bytes(self._size))
        except OSError:
            self._path.unlink(missing_ok=True)
            raise
        finally:
            os.close(handle)

"""The folder of a worker; what a worker left that was killed goes when the next one begins there."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

LOCK = "lock"


class WorkerHome:
    """A folder that one process holds."""

    def __init__(self, above: Path) -> None:
        """A new one below `above`, of this user alone."""
        self.top = above / f"contextune-worker-{os.getuid()}"
        self.top.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = self.top.lstat()
        if facts.st_uid != os.getuid() or self.top.is_symlink():
            raise PermissionError(f"{self.top} belongs to somebody else.")
        self._sweep()
        self.folder = self.top / f"{os.getpid()}-{secrets.token_hex(4)}"
        self.folder.mkdir(mode=0o700)
        self._lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Remove it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)

    def _sweep(self) -> None:
        for folder in self.top.iterdir():
            with suppress(OSError):
                lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
                finally:
                    os.close(lock)

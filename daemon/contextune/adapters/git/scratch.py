"""The folder `contextune/` inside a repository's git directory: one lock, and room for private indexes.

It lies on the same file system as the index, so that a file made here can be renamed into place, and no git
command looks at it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from contextune.core.errors import GitProblem

_STALE = 24 * 3600
"""Seconds after which a scratch folder that a crash left behind is removed."""


class Scratch:
    """Lock and temporary folders of one repository, shared by all its worktrees and by other processes."""

    def __init__(self, common_dir: Path) -> None:
        self._folder = common_dir / "contextune"
        self._threads = threading.Lock()

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the repository's lock: against other threads, and other processes.

        Parallel `git worktree add` fails at random ("failed to read …/commondir") unless it is serialised.
        """
        with self._threads:
            # Not left to flock alone: over NFS it does not hold between the threads of one process.
            try:
                self._folder.mkdir(exist_ok=True)
                descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            except OSError as problem:
                raise _unwritable(self._folder, problem) from problem
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)

    @contextlib.contextmanager
    def folder(self) -> Iterator[Path]:
        """A new empty folder, removed at the end."""
        self._folder.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix="scratch-", dir=self._folder, ignore_cleanup_errors=True
        ) as name:
            yield Path(name)

    def sweep(self) -> None:
        """Remove scratch folders that a crash left behind."""
        for folder in self._folder.glob("scratch-*"):
            with contextlib.suppress(OSError):
                if folder.stat().st_mtime < time.time() - _STALE:
                    shutil.rmtree(folder, ignore_errors=True)


def _unwritable(folder: Path, problem: OSError) -> GitProblem:
    return GitProblem(
        f"{folder} could not be written: {problem.strerror}. Check its permissions and free space."
    )

"""Tells which files of a folder changed on disk, by watchfiles; what git ignores is left out."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath

from contextune.adapters.ripgrep import plain_environment

DEBOUNCE_MS = 100
STEP_MS = 20
HEAVY = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__", ".hg", ".svn"})
"""Folders whose changes are never looked at, whatever `.gitignore` says."""


class FileWatcher:
    """core.ports.Watcher."""

    async def watch(self, root: Path) -> AsyncIterator[frozenset[str]]:
        """Sets of changed repository paths, debounced; ends when the iterator is closed."""
        import watchfiles

        stop = asyncio.Event()

        def wanted(change: watchfiles.Change, path: str) -> bool:
            del change
            return not HEAVY.intersection(PurePosixPath(path).parts[len(root.parts) :])

        changes = watchfiles.awatch(
            root,
            watch_filter=wanted,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            stop_event=stop,
            ignore_permission_denied=True,
        )
        try:
            async for batch in changes:
                paths = {Path(path).relative_to(root).as_posix() for _, path in batch}
                kept = await asyncio.to_thread(_not_ignored, root, paths)
                if kept:
                    yield kept
        finally:
            stop.set()


def _not_ignored(root: Path, paths: set[str]) -> frozenset[str]:
    """The paths that git does not ignore; all of them where there is no git."""
    asked = "\0".join(sorted(paths)).encode("utf-8", "surrogateescape") + b"\0"
    try:
        answer = subprocess.run(
            ["git", "check-ignore", "-z", "--stdin"],
            cwd=root,
            input=asked,
            capture_output=True,
            env=plain_environment(),
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return frozenset(paths)
    ignored = answer.stdout.decode("utf-8", "surrogateescape").split("\0") if answer.returncode == 0 else []
    return frozenset(paths.difference(ignored))

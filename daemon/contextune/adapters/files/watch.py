"""Tells which files of a repository changed on disk."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import anyio._backends._asyncio  # noqa: F401  # watchfiles itself would import it on the event loop
from watchfiles import Change, awatch

from contextune.adapters.files.ignored import NEVER, Hidden
from contextune.core.errors import PlaceProblem

QUIET_MS = 50
"""A set is told when nothing more changed for this long."""
LONGEST_MS = 500
"""A set is told at the latest after this long, however much goes on changing."""


class FileWatcher:
    """core.ports.Watcher on watchfiles."""

    async def watch(self, root: Path) -> AsyncIterator[frozenset[str]]:
        """Sets of changed repository paths, files and folders, gone ones among them.

        The first set is empty, and says that the watch is set: what changes from then on is told. What git
        ignores, git's own files and other repositories in the tree are left out. Ends, and releases its
        thread, when the iterator is closed or the task that waits on it is cancelled. Raises PlaceProblem if
        the folder can't be watched.
        """
        top = await asyncio.to_thread(root.resolve)
        # The library would wait for ever on a folder that is not there.
        if not await asyncio.to_thread(top.is_dir):
            raise PlaceProblem(f"There is no folder {str(root)!r} to watch.")
        hidden = Hidden(top)
        above = len(str(top).rstrip(os.sep)) + 1
        left_out = frozenset(NEVER)

        def seen(change: Change, path: str) -> bool:  # noqa: ARG001 — the shape that watchfiles calls
            # Called on the event loop, and for each file that git writes: no Path is made of it.
            relative = path[above:]
            return bool(relative) and left_out.isdisjoint(relative.replace(os.sep, "/").split("/"))

        try:
            async with aclosing(
                awatch(
                    top, watch_filter=seen, debounce=LONGEST_MS, step=QUIET_MS, ignore_permission_denied=True
                )
            ) as changes:
                coming = asyncio.ensure_future(anext(changes))
                try:
                    await asyncio.sleep(0)  # the library sets its watch before it waits for the first time
                    if not coming.done():
                        yield frozenset()
                    while True:
                        batch = await coming
                        coming = asyncio.ensure_future(anext(changes))
                        paths = sorted(Path(path).relative_to(top).as_posix() for _, path in batch)
                        hidden.forget()
                        kept = frozenset(await asyncio.to_thread(hidden.without, paths))
                        if kept:
                            yield kept
                finally:
                    coming.cancel()
                    await asyncio.gather(coming, return_exceptions=True)
        except OSError as problem:
            raise PlaceProblem(
                f"The folder {str(root)!r} can't be watched: {problem.strerror or problem}. If that names a "
                "limit, raise fs.inotify.max_user_watches."
            ) from None

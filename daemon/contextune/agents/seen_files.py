"""A worktree's files, and what the agent saw of each, so that it overwrites nothing unawares."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

from contextune.core.errors import ToolProblem
from contextune.core.ports import Workspace


class SeenFiles:
    """core.ports.Workspace around another one. A file is seen when it is read or written through this."""

    def __init__(self, files: Workspace) -> None:
        self._files = files
        self._seen: dict[str, bytes] = {}
        """Digests of the content as it was last seen, by path."""

    @property
    def root(self) -> Path:
        """The worktree's folder."""
        return self._files.root

    def read(self, path: str) -> bytes:
        """A file's bytes, which count as seen."""
        content = self._files.read(path)
        self._seen[_key(path)] = _digest(content)
        return content

    def write(self, path: str, content: bytes) -> None:
        """Create or replace a file; its content counts as seen."""
        self._files.write(path, content)
        self._seen[_key(path)] = _digest(content)

    def peek(self, path: str) -> bytes | None:
        """A file's bytes, which do not count as seen; None if there is none that can be read."""
        try:
            return self._files.read(path)
        except ToolProblem:
            return None

    def recall(self, known: Mapping[str, int]) -> None:
        """Take files for seen that the agent saw at these times, milliseconds, in an earlier process.

        One that changed later is not what the agent saw: a write over it is refused once.
        """
        for path, at in known.items():
            content = self.peek(path)
            if content is not None:
                unchanged = self._files.changed_at(path) <= at
                self._seen[_key(path)] = _digest(content) if unchanged else b""

    def changed_at(self, path: str) -> int:
        """When a file's content last changed, in milliseconds since the epoch."""
        return self._files.changed_at(path)

    @property
    def seen(self) -> frozenset[str]:
        """Paths of the files that count as seen."""
        return frozenset(self._seen)

    def refuse_stale(self, path: str) -> None:
        """Raise ToolProblem, once, if a file that was seen holds something else by now.

        A file that nobody saw, or that is gone, may be written.
        """
        seen = self._seen.get(_key(path))
        if seen is None:
            return
        try:
            now = _digest(self._files.read(path))
        except ToolProblem:
            return
        if now != seen:
            self._seen[_key(path)] = now
            raise ToolProblem(
                f"{path} changed since you saw it, by a command or by the user; nothing was written. "
                "Read it, or send the same write again to replace it."
            )

    def grep(self, pattern: str, *, path: str, glob: str | None, context: int, limit: int) -> str:
        """Lines that match a regular expression."""
        return self._files.grep(pattern, path=path, glob=glob, context=context, limit=limit)

    def glob(self, pattern: str, *, limit: int) -> list[str]:
        """Files that match a pattern."""
        return self._files.glob(pattern, limit=limit)


def _key(path: str) -> str:
    return posixpath.normpath(path)


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()

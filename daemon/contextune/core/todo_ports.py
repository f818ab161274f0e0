"""What the engine needs to find Todos: Protocols, as `ports` has them for the rest of the world."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from contextune.core.ports import Overlays
from contextune.core.source.outline import Symbol
from contextune.core.source.source_file import Source
from contextune.core.todos.todo import Todo


class Scanner(Protocol):
    """Finds Todos."""

    def scan(
        self, root: Path, *, markers: Sequence[str], exclude: Sequence[str], overlays: Overlays
    ) -> list[Todo]:
        """All Todos below a folder, by path and line. Unsaved buffers win over the disk. Blocking."""
        ...

    def scan_text(self, path: str, content: bytes, *, markers: Sequence[str]) -> list[Todo]:
        """The Todos of one file's content. Blocking, quick."""
        ...


class Outliner(Protocol):
    """Reads what source files define."""

    def outline(self, path: str, text: str) -> tuple[Symbol, ...]:
        """The symbols of a file's text, as their lines come; none if its language is not known.

        Blocking, quick.
        """
        ...

    def read(self, path: str, text: str) -> Source | None:
        """The symbols of a file's text and its code alone; None if its language is not known.

        Blocking. What was read before and did not change is not read again.
        """
        ...


class TodoIndex(Protocol):
    """The Todos of one repository, kept up to date. Every method blocks, from any thread."""

    def load(self) -> frozenset[str]:
        """Read the whole repository anew. Returns the paths whose Todos changed."""
        ...

    def refresh(self, paths: Iterable[str]) -> frozenset[str]:
        """Read what changed on disk. Returns the paths whose Todos changed."""
        ...

    def set_overlay(self, path: str, content: bytes | None) -> frozenset[str]:
        """An unsaved buffer, or None when it is saved or closed. Returns the paths whose Todos changed."""
        ...

    def todos(self) -> list[Todo]:
        """All Todos, by path and line."""
        ...


class Watcher(Protocol):
    """Tells which files changed on disk."""

    def watch(self, root: Path) -> AsyncIterator[frozenset[str]]:
        """Sets of changed repository paths, debounced, ignored files left out; ends when it is closed.

        The first set is empty: what changes from then on is told, what changed before is not.
        """
        ...

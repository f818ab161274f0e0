"""The Todos of one repository, kept up to date as files and unsaved buffers change."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from contextune.adapters.files.ignored import Hidden
from contextune.adapters.source.scan import Found, RipgrepScanner
from contextune.core.todos.todo import Todo

IGNORE_FILES = (".gitignore", ".ignore", ".rgignore")
"""When one of these changes, what is looked at changes with it."""


class TodoIndex:
    """Holds a repository's Todos by file. Every method may be called from any thread."""

    def __init__(
        self,
        scanner: RipgrepScanner,
        root: Path,
        *,
        markers: Sequence[str],
        exclude: Sequence[str] = (),
    ) -> None:
        self._scanner = scanner
        self._root = root
        self._markers = tuple(markers)
        self._exclude = tuple(exclude)
        self._hidden = Hidden(root, exclude)
        self._overlays: dict[str, bytes] = {}
        self._shown: dict[str, bool] = {}
        """Whether a file with unsaved text is looked at, so that git is not asked with each keystroke."""
        self._todos: dict[str, tuple[Todo, ...]] = {}
        self._notes: dict[str, str] = {}
        self._lock = threading.Lock()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on files that were left out although they have a marker."""
        with self._lock:
            return tuple(self._notes[path] for path in sorted(self._notes))

    def todos(self) -> list[Todo]:
        """All Todos, by path and line."""
        with self._lock:
            return [todo for path in sorted(self._todos) for todo in self._todos[path]]

    def of(self, path: str) -> tuple[Todo, ...]:
        """The Todos of one file, by line."""
        with self._lock:
            return self._todos.get(path, ())

    def load(self) -> frozenset[str]:
        """Read the whole repository anew. Returns the paths whose Todos changed. Blocking."""
        with self._lock:
            self._hidden.forget()
            self._shown.clear()
            found = self._scanner.find(
                self._root, markers=self._markers, exclude=self._exclude, overlays=self._overlays
            )
            before, self._todos = self._todos, dict(found.todos)
            self._notes = dict(found.notes)
            return _changed(before, self._todos)

    def refresh(self, paths: Iterable[str]) -> frozenset[str]:
        """Read what changed on disk: files, or folders that came or went.

        Returns the paths whose Todos changed. Blocking.
        """
        changed = list(dict.fromkeys(paths))
        if any(path.rpartition("/")[2] in IGNORE_FILES for path in changed):
            return self.load()
        with self._lock:
            self._hidden.forget()
            before = dict(self._todos)
            looked_at = set(self._hidden.without(changed))
            for path in changed:
                self._forget_below(path)
                if path in looked_at:
                    self._read(path)
            return _changed(before, self._todos)

    def set_overlay(self, path: str, content: bytes | None) -> frozenset[str]:
        """An unsaved buffer's content, which wins over the disk, or None when it is saved or closed.

        Returns the paths whose Todos changed. Blocking, quick.
        """
        with self._lock:
            before = dict(self._todos)
            if content is None:
                self._overlays.pop(path, None)
            else:
                self._overlays[path] = content
            self._todos.pop(path, None)
            shown = self._shown.get(path)
            if shown is None:
                shown = self._shown[path] = bool(self._hidden.without([path]))
            if shown:
                self._read(path)
            if content is None:
                del self._shown[path]
            return _changed(before, self._todos)

    def _forget_below(self, path: str) -> None:
        inside = path + "/"
        for known in [known for known in self._todos if known == path or known.startswith(inside)]:
            del self._todos[known]
        for known in [known for known in self._notes if known == path or known.startswith(inside)]:
            del self._notes[known]

    def _read(self, path: str) -> None:
        if path in self._overlays:
            todos = self._scanner.scan_text(path, self._overlays[path], markers=self._markers)
            found = Found({path: tuple(todos)} if todos else {}, {})
        elif (self._root / path).is_dir() and not (self._root / path).is_symlink():
            found = self._scanner.find(
                self._root, markers=self._markers, exclude=self._exclude, overlays=self._overlays, below=path
            )
        else:
            found = self._scanner.find_in(self._root, path, markers=self._markers)
        self._todos.update(found.todos)
        self._notes.update(found.notes)


def _changed(before: dict[str, tuple[Todo, ...]], after: dict[str, tuple[Todo, ...]]) -> frozenset[str]:
    return frozenset(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))

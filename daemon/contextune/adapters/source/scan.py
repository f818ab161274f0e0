"""Finds Todos: ripgrep tells which files have a marker, the comments of these are read here."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from contextune.adapters.files.ignored import NEVER, Hidden
from contextune.adapters.files.ripgrep import NOTHING_FOUND, search
from contextune.adapters.source.languages import language_of
from contextune.adapters.source.todo_files import SIZE_LIMIT, todos_of
from contextune.core.errors import PlaceProblem
from contextune.core.ports import Overlays
from contextune.core.todos.todo import Todo

SECONDS = 120
"""The time limit of one ripgrep run."""


class Found(NamedTuple):
    """What one scan came to."""

    todos: dict[str, tuple[Todo, ...]]
    """By path; a file without any is not in it."""
    notes: dict[str, str]
    """By path, a sentence on a file that was left out although it has a marker."""


class RipgrepScanner:
    """core.ports.Scanner on ripgrep."""

    def scan(
        self, root: Path, *, markers: Sequence[str], exclude: Sequence[str], overlays: Overlays
    ) -> list[Todo]:
        """All Todos below a folder, by path and line. Raises PlaceProblem if there is no such folder."""
        found = self.find(root, markers=markers, exclude=exclude, overlays=overlays)
        return [todo for path in sorted(found.todos) for todo in found.todos[path]]

    def scan_text(self, path: str, content: bytes, *, markers: Sequence[str]) -> list[Todo]:
        """The Todos of one file's content; none if that is binary or larger than 1 MB."""
        return todos_of(path, content, markers) if len(content) <= SIZE_LIMIT else []

    def find(
        self,
        root: Path,
        *,
        markers: Sequence[str],
        exclude: Sequence[str] = (),
        overlays: Overlays | None = None,
        below: str = "",
    ) -> Found:
        """All Todos below a folder of the repository, with notes on what was left out."""
        hidden = Hidden(root, exclude)
        unsaved = dict(overlays or {})
        todos: dict[str, tuple[Todo, ...]] = {}
        notes: dict[str, str] = {}
        for path in self._candidates(root, markers, below):
            if path in unsaved or hidden.excluded(path) or language_of(path, "").syntax == "none":
                continue
            content = self._read(root, path, notes)
            if content is not None and (found := todos_of(path, content, markers)):
                todos[path] = tuple(found)
        wanted = [path for path in unsaved if not below or path == below or path.startswith(below + "/")]
        for path in hidden.without(wanted):
            if found := self.scan_text(path, unsaved[path], markers=markers):
                todos[path] = tuple(found)
        return Found(todos, notes)

    def find_in(self, root: Path, path: str, *, markers: Sequence[str]) -> Found:
        """The Todos of one file on disk; empty if there is no such file."""
        notes: dict[str, str] = {}
        content = self._read(root, path, notes)
        found = todos_of(path, content, markers) if content is not None else []
        return Found({path: tuple(found)} if found else {}, notes)

    def _candidates(self, root: Path, markers: Sequence[str], below: str) -> Iterator[str]:
        """Paths of files that have a marker somewhere, as ripgrep finds them."""
        if not markers:
            return
        if not root.is_dir():
            raise PlaceProblem(f"There is no folder {str(root)!r} to look for Todos in.")
        with search(arguments_for(root, markers, below), cwd=root, timeout=SECONDS) as rg:
            for record in rg.records(b"\0"):
                yield os.fsdecode(record).removeprefix("./")
        if rg.timed_out:
            raise PlaceProblem(f"The search for Todos in {str(root)!r} took more than {SECONDS} seconds.")
        if rg.status > NOTHING_FOUND and rg.error:
            raise PlaceProblem(f"The search for Todos in {str(root)!r} failed: {rg.error.splitlines()[0]}")

    def _read(self, root: Path, path: str, notes: dict[str, str]) -> bytes | None:
        """A file's bytes; None, with a note where a marker may be missed, if it is not to be read."""
        if path.encode("utf-8", "replace").decode() != path:
            notes[path] = f"{path!r} is left out, because its name is not UTF-8."
            return None
        try:
            handle = os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return None
            if status.st_size > SIZE_LIMIT:
                notes[path] = (
                    f"{path} is left out, because it has {status.st_size:,} bytes; Todos are sought in "
                    f"files of up to {SIZE_LIMIT:,}."
                )
                return None
            return file.read(SIZE_LIMIT)


def arguments_for(root: Path, markers: Sequence[str], below: str = "") -> list[str]:
    """What ripgrep is told to find the files that have one of the markers somewhere."""
    arguments = ["--files-with-matches", "--null", "--no-messages", "--hidden", "--no-require-git"]
    arguments += [f"--glob=!{name}" for name in NEVER]
    if (root / ".git").exists():
        # A repository within a folder that another one ignores is ignored by nobody.
        arguments.append("--no-ignore-parent")
    return [*arguments, "--regexp", rf"\b(?:{'|'.join(markers)})\b", "--", f"./{below}"]

"""Finds the Todos of a folder: ripgrep names the candidate files, the lexer keeps real comments only."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from contextune.adapters.globs import matches_any
from contextune.adapters.ripgrep import NOTHING_FOUND, search
from contextune.adapters.todo_files import SIZE_LIMIT, todos_of
from contextune.core.errors import PlaceProblem
from contextune.core.ports import Overlays
from contextune.core.todo import Todo

log = logging.getLogger(__name__)

TIME_LIMIT = 120.0
"""Seconds for ripgrep to go through a repository."""


class RipgrepScanner:
    """core.ports.Scanner."""

    def scan(
        self, root: Path, *, markers: Sequence[str], exclude: Sequence[str], overlays: Overlays
    ) -> list[Todo]:
        """All Todos below a folder, by path and line. Unsaved buffers win over the disk. Blocking."""
        found: dict[str, list[Todo]] = {}
        for path in self._candidates(root, markers):
            if path not in overlays and not matches_any(path, exclude):
                found[path] = self._of_file(root, path, markers)
        for path, content in overlays.items():
            if not matches_any(path, exclude):
                found[path] = self.scan_text(path, content, markers=markers)
        return [todo for path in sorted(found) for todo in found[path]]

    def scan_text(self, path: str, content: bytes, *, markers: Sequence[str]) -> list[Todo]:
        """The Todos of one file's content. Blocking, quick."""
        return [] if len(content) > SIZE_LIMIT else todos_of(path, content, markers)

    def _candidates(self, root: Path, markers: Sequence[str]) -> Iterator[str]:
        arguments = ["--files-with-matches", "--null", "--hidden", "--glob=!.git", "--no-require-git"]
        arguments += [f"--max-filesize={SIZE_LIMIT}", "--fixed-strings"]
        arguments += [f"--regexp={marker}" for marker in markers]
        if (root / ".git").exists():
            # A repository within a folder that another one ignores is ignored by nobody.
            arguments.append("--no-ignore-parent")
        with search([*arguments, "--", "."], cwd=root, timeout=TIME_LIMIT) as running:
            for record in running.records(b"\0"):
                yield record.decode("utf-8", "surrogateescape").removeprefix("./")
        if running.timed_out:
            raise PlaceProblem(f"{root} could not be searched for Todos within {TIME_LIMIT:.0f} s.")
        if running.status > NOTHING_FOUND and running.error:
            log.warning("ripgrep in %s: %s", root, running.error)

    def _of_file(self, root: Path, path: str, markers: Sequence[str]) -> list[Todo]:
        file = root / path
        try:
            if file.is_symlink():
                return []
            return self.scan_text(path, file.read_bytes(), markers=markers)
        except OSError as problem:
            log.warning("%s cannot be read: %s", file, problem.strerror)
            return []

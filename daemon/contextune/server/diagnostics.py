"""Hints on TODO lines whose Tasks touch the same code, while a Quote or a live Run has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from lsprotocol import types

from contextune.core.todo import Todo
from contextune.server.marks import Marks

Publish = Callable[[Path, Sequence[types.Diagnostic]], None]


class Overlaps:
    """Keeps the editor's hints equal to what the marks tell; sends only what changed."""

    def __init__(self, marks: Marks, todos_of: Callable[[Path], Sequence[Todo]], publish: Publish) -> None:
        self._marks = marks
        self._todos_of = todos_of
        self._publish = publish
        self._shown: dict[Path, list[types.Diagnostic]] = {}

    def refresh(self) -> None:
        """Publish hints where they differ from what is shown; clear them where none are left."""
        found: dict[Path, list[types.Diagnostic]] = {}
        for conflict in self._marks.conflicts():
            todos = (todo for todo in self._todos_of(conflict.file) if todo.id == conflict.todo_id)
            found.setdefault(conflict.file, []).extend(_hint(todo, conflict.sentence) for todo in todos)
        for file in {*found, *self._shown}:
            hints = found.get(file, [])
            if hints != self._shown.get(file, []):
                self._publish(file, hints)
        self._shown = {file: hints for file, hints in found.items() if hints}


def _hint(todo: Todo, sentence: str) -> types.Diagnostic:
    start = types.Position(line=todo.line - 1, character=todo.column - 1)
    end = types.Position(line=todo.line - 1, character=todo.column - 1 + len(todo.marker))
    return types.Diagnostic(
        range=types.Range(start=start, end=end),
        message=sentence,
        severity=types.DiagnosticSeverity.Hint,
        source="contextune",
        code="overlap",
    )

"""What Tasks share, on the lines of their TODOs, while a Quote or a live Run has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from lsprotocol import types

from contextune.core.todos.todo import Todo
from contextune.server.marks import Conflict, Marks, Side

Publish = Callable[[Path, Sequence[types.Diagnostic]], None]
TodosOf = Callable[[Path], Sequence[Todo]]


class Overlaps:
    """Keeps the editor's diagnostics equal to what the marks tell; sends only what changed."""

    def __init__(
        self, marks: Marks, todos_of: TodosOf, publish: Publish, uri_of: Callable[[Path], str] = Path.as_uri
    ) -> None:
        self._marks = marks
        self._todos_of = todos_of
        self._publish = publish
        self._uri_of = uri_of
        self._shown: dict[Path, list[types.Diagnostic]] = {}

    def refresh(self) -> None:
        """Publish diagnostics where they differ from what is shown; clear them where none are left."""
        found: dict[Path, list[types.Diagnostic]] = {}
        for conflict in self._marks.conflicts():
            todo = self._todo(conflict.own)
            if todo is not None:
                found.setdefault(conflict.own.file, []).append(self._told(conflict, todo))
        for file in {*found, *self._shown}:
            told = found.get(file, [])
            if told != self._shown.get(file, []):
                self._publish(file, told)
        self._shown = {file: told for file, told in found.items() if told}

    def _todo(self, side: Side) -> Todo | None:
        return next((todo for todo in self._todos_of(side.file) if todo.id == side.todo_id), None)

    def _told(self, conflict: Conflict, todo: Todo) -> types.Diagnostic:
        others = ((side, other) for side in conflict.others if (other := self._todo(side)))
        related = [
            types.DiagnosticRelatedInformation(
                location=types.Location(uri=self._uri_of(side.file), range=_marker(other)), message=side.title
            )
            for side, other in others
        ]
        is_open = conflict.quote_id is not None
        severity = types.DiagnosticSeverity.Information if is_open else types.DiagnosticSeverity.Hint
        return types.Diagnostic(
            range=_marker(todo),
            message=conflict.sentence,
            severity=severity,
            source="contextune",
            code=conflict.kind,
            related_information=related,
        )


def _marker(todo: Todo) -> types.Range:
    start = types.Position(line=todo.line - 1, character=todo.column - 1)
    end = types.Position(line=todo.line - 1, character=todo.column - 1 + len(todo.marker))
    return types.Range(start=start, end=end)

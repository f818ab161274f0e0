"""Code lenses: above a TODO, what can be done or how it stands; on top of a file, how to undo a Run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lsprotocol import types

from contextune.core.todos.todo import Todo
from contextune.protocol.convert import can_undo
from contextune.protocol.words import t
from contextune.server.marks import Marks
from contextune.server.names import RunTarget, WorkTarget, command


def lenses(
    file: Path,
    folder: Path,
    todos: Sequence[Todo],
    marks: Marks,
    *,
    extension: bool,
    prices: Mapping[str, str] = {},
) -> list[types.CodeLens]:
    """All lenses of a file. `prices` are the texts of expected prices by Todo, as far as they are known."""
    found = []
    undoable = marks.undoable(file)
    if undoable is not None and can_undo(undoable):
        target = RunTarget(run_id=undoable.id)
        undo = command("undoRun", t("Undo “{title}”", title=undoable.title), target, extension=extension)
        found.append(types.CodeLens(range=_line(1), command=undo))
    for todo in todos:
        mark = marks.of(file, todo)
        if mark is not None and (mark.current or mark.run.state == "failed"):
            show = command("showRun", mark.text, RunTarget(run_id=mark.run.id), extension=extension)
            found.append(types.CodeLens(range=_line(todo.line), command=show))
        if mark is None or not mark.current:
            work = WorkTarget(folder=str(folder), todo_ids=(todo.id,))
            price = prices.get(todo.id, "")
            title = t("Delegate · {price}", price=price) if price else t("Delegate")
            delegate = command("delegateTodo", title, work, extension=extension)
            found.append(types.CodeLens(range=_line(todo.line), command=delegate))
    return found


def _line(number: int) -> types.Range:
    start = types.Position(line=number - 1, character=0)
    return types.Range(start=start, end=start)

"""Code lenses: above a TODO, what can be done or how it stands; on top of a file, how to undo a Run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
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


class ShownLenses:
    """The lenses of open files as the editor has them: only where there are others has it to look again."""

    def __init__(self, open_files: Collection[Path], make: Callable[[Path], list[types.CodeLens]]) -> None:
        """`make` gives the lenses of a file as it stands now; from memory."""
        self._open_files = open_files
        self._make = make
        self._shown: dict[Path, list[types.CodeLens]] = {}

    def of(self, file: Path) -> list[types.CodeLens]:
        """What the editor is answered."""
        self._shown[file] = found = self._make(file)
        return found

    def are_outdated(self) -> bool:
        """Whether the editor has others than it should: those of now count as shown from here on.

        It asks again for every file that it shows, and for others once it does.
        """
        now = {file: self._make(file) for file in self._open_files}
        others = any(found != self._shown.get(file, []) for file, found in now.items())
        self._shown.update(now)
        return others

    def closed(self, file: Path) -> None:
        """The editor has this file open no longer."""
        self._shown.pop(file, None)


def _line(number: int) -> types.Range:
    start = types.Position(line=number - 1, character=0)
    return types.Range(start=start, end=start)

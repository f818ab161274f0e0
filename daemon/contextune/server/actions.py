"""Code actions: delegate the TODO here, or many at once; accept or undo what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from lsprotocol import types

from contextune.core.planning.rearranged import Choice
from contextune.core.todos.todo import Todo
from contextune.protocol.convert import can_accept
from contextune.protocol.words import t
from contextune.server.marks import Conflict, Marks
from contextune.server.names import FIX, KIND, ArrangeTarget, Name, RunTarget, Target, WorkTarget, command


def wanted(context: types.CodeActionContext, own: str = KIND) -> bool:
    """Whether the client asks for actions of a kind of ours, or for all."""
    return context.only is None or any(_covers(kind, own) for kind in context.only)


def _covers(kind: str, own: str) -> bool:
    return kind in {"", own} or own.startswith(f"{kind}.")


def touched(todos: Sequence[Todo], where: types.Range) -> list[Todo]:
    """The Todos on the lines of a range; a selection that ends before a line's first column leaves it out."""
    last = where.end.line
    if last > where.start.line and where.end.character == 0:
        last -= 1
    return [todo for todo in todos if todo.line - 1 <= last and todo.end_line - 1 >= where.start.line]


def choices_of(conflict: Conflict) -> list[tuple[Choice, str]]:
    """What can be done about two Tasks that overlap, in words: not what is done already."""
    other = conflict.others[0].title if conflict.others else ""
    run: tuple[Choice, str] = (
        ("together", t("Run at the same time as “{title}” anyway", title=other))
        if conflict.overlap.in_order
        else ("serialise", t("Do it and “{title}” one after the other", title=other))
    )
    return [run, ("merge", t("Do it and “{title}” in one Task", title=other))]


class Actions:
    """The actions for one range of one file, in the order in which they are offered."""

    def __init__(
        self,
        file: Path,
        folder: Path,
        todos: Sequence[Todo],
        marks: Marks,
        *,
        in_folder: int,
        extension: bool,
    ) -> None:
        self._file = file
        self._folder = str(folder)
        self._todos = todos
        self._marks = marks
        self._in_folder = in_folder
        self._extension = extension

    def at(self, where: types.Range, context: types.CodeActionContext) -> list[types.CodeAction]:
        """What can be done here. Unasked, only on a TODO line, so that other lines keep quiet."""
        here = touched(self._todos, where)
        invoked = context.trigger_kind == types.CodeActionTriggerKind.Invoked
        if not (here or invoked):
            return []
        settled = self._settled(here, context) if wanted(context, FIX) else ()
        others = [*self._here(here), *self._beyond(), *self._results(here)] if wanted(context) else ()
        return [*settled, *others]

    def _settled(self, here: Sequence[Todo], context: types.CodeActionContext) -> Iterator[types.CodeAction]:
        """The choices about Tasks of an open Quote that overlap."""
        for conflict in self._marks.choices(self._file, {todo.id for todo in here}):
            told = [one for one in context.diagnostics if one.message == conflict.sentence]
            for choice, title in choices_of(conflict):
                target = ArrangeTarget(
                    quote_id=conflict.quote_id or "",
                    choice=choice,
                    first=conflict.overlap.first,
                    second=conflict.overlap.second,
                )
                yield types.CodeAction(
                    title=title,
                    kind=FIX,
                    diagnostics=told or None,
                    command=command("arrangeTasks", title, target, extension=self._extension),
                )

    def _idle(self, todos: Sequence[Todo]) -> list[Todo]:
        marks = ((todo, self._marks.of(self._file, todo)) for todo in todos)
        return [todo for todo, mark in marks if mark is None or not mark.current]

    def _here(self, here: Sequence[Todo]) -> Iterator[types.CodeAction]:
        idle = self._idle(here)
        if len(idle) == 1:
            yield self._action("delegateTodo", t("Delegate this TODO"), self._work(idle))
        elif idle:
            yield self._action(
                "parallelizeSelection", t("Parallelize the TODOs in the selection"), self._work(idle)
            )

    def _beyond(self) -> Iterator[types.CodeAction]:
        idle = self._idle(self._todos)
        if len(idle) > 1:
            yield self._action("parallelizeFile", t("Parallelize the TODOs in this file"), self._work(idle))
        if self._in_folder > 1:
            target = WorkTarget(folder=self._folder, all=True)
            yield self._action("parallelizeWorkspace", t("Parallelize the TODOs in the workspace"), target)

    def _results(self, here: Sequence[Todo]) -> Iterator[types.CodeAction]:
        marks = (self._marks.of(self._file, todo) for todo in here)
        for run in {mark.run.id: mark.run for mark in marks if mark is not None}.values():
            if can_accept(run):
                yield self._action(
                    "acceptRun", t("Accept “{title}”", title=run.title), RunTarget(run_id=run.id)
                )
                yield self._action(
                    "discardRun", t("Discard “{title}”", title=run.title), RunTarget(run_id=run.id)
                )
        done = self._marks.undoable(self._file)
        if done is not None:
            yield self._action("undoRun", t("Undo “{title}”", title=done.title), RunTarget(run_id=done.id))

    def _work(self, todos: Sequence[Todo]) -> WorkTarget:
        return WorkTarget(folder=self._folder, todo_ids=tuple(todo.id for todo in todos))

    def _action(self, name: Name, title: str, target: Target) -> types.CodeAction:
        return types.CodeAction(
            title=title, kind=KIND, command=command(name, title, target, extension=self._extension)
        )

"""What is known of a Todo from memory: the Run and the Task that work on it, and what they overlap with."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from contextune.core.planning.plan import Overlap, OverlapKind, Task
from contextune.core.planning.quote import Quote
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun
from contextune.core.states import LIVE_RUN
from contextune.core.todos.todo import Todo
from contextune.protocol.shown import bill_shown
from contextune.protocol.task_words import task_state_text
from contextune.protocol.wording import rung_text
from contextune.protocol.words import shown, state_text, t

_CURRENT = LIVE_RUN | {"review"}


class Mark(NamedTuple):
    """The newest Run that concerns a Todo, and its Task."""

    run: Run
    task: TaskRun

    @property
    def current(self) -> bool:
        """Whether the Run is at work or waits for review, so that the Todo cannot be delegated again."""
        return self.run.state in _CURRENT

    @property
    def state(self) -> str:
        """The Task's state in a word or two, such as `working` or `ready for review`."""
        if self.task.state == "accepted":
            return t("ready for review") if self.current else state_text(self.run.state)
        if self.task.state == "asking":
            return t("asks you")
        return task_state_text(self.run, self.task)

    @property
    def text(self) -> str:
        """Such as `working · Haiku 5.5, low · turn 3 · $0.0012`."""
        attempt = self.task.attempt
        parts = [self.state]
        if attempt is not None and self.task.state in {"working", "testing", "asking", "paused"}:
            parts += [rung_text(attempt.rung), t("turn {number}", number=attempt.turns)]
        elif self.task.state in {"failed", "skipped"} and self.task.reason:
            parts.append(shown(self.task.reason))
        if self.task.bill.requests:
            parts.append(bill_shown(self.task.bill))
        return " · ".join(parts)


def overlap_sentence(overlap: Overlap) -> str:
    """What two Tasks share, as it was found, and how they run."""
    reason = shown(overlap.reason) or t("Two Tasks touch {what}.", what=overlap.symbol or overlap.path)
    how = t("They go one after the other.") if overlap.in_order else t("They run at the same time.")
    return f"{reason} {how}"


class Side(NamedTuple):
    """A Todo of one of two Tasks that overlap."""

    file: Path
    todo_id: str
    title: str
    """The Task's."""


class Conflict(NamedTuple):
    """An overlap that concerns one Todo."""

    own: Side
    others: tuple[Side, ...]
    """The Todos of the other Task."""
    kind: OverlapKind
    sentence: str
    overlap: Overlap
    quote_id: str | None
    """The open Quote in which there still is a choice; None for a Run's."""


class Marks:
    """Runs and Quotes as they were last heard of. Lookups touch no disk."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self._quotes: dict[str, Quote] = {}
        self._tasks: dict[str, dict[str, str]] = {}
        """Todo id to the ids of the Runs that concern it, oldest first, with the Task's id."""

    def put(self, run: Run) -> bool:
        """Take in a Run's newest state; whether it had not been heard of before."""
        known = self.runs.get(run.id)
        if known is not None and known.seq > run.seq:
            return False
        self.runs[run.id] = run
        if known is None:
            for task in run.plan.tasks:
                for todo_id in task.todo_ids:
                    self._tasks.setdefault(todo_id, {})[run.id] = task.id
        return known is None

    def quoted(self, repository: str, quote: Quote | None) -> None:
        """The Quote that the user looks at in a repository; None when there is none any more."""
        self._quotes.pop(repository, None)
        if quote is not None:
            self._quotes[repository] = quote

    def leave(self, quote_id: str) -> None:
        """The user does not look at this Quote any more; another one of its repository stays."""
        self._quotes = {place: quote for place, quote in self._quotes.items() if quote.id != quote_id}

    def of(self, file: Path, todo: Todo) -> Mark | None:
        """The newest Run, current ones before ended ones, that concerns this Todo of this file."""
        marks = [
            Mark(run, run.task(task_id))
            for run_id, task_id in self._tasks.get(todo.id, {}).items()
            if file.is_relative_to((run := self.runs[run_id]).repository)
        ]
        return max(marks, key=lambda mark: (mark.current, mark.run.created_at), default=None)

    def quote_of(self, file: Path, todo: Todo) -> tuple[Quote, Task] | None:
        """The Quote under the user's eyes that a Todo of this file is in, and its Task there."""
        for quote in self._quotes.values():
            if file.is_relative_to(quote.repository):
                for task in quote.plan.tasks:
                    if todo.id in task.todo_ids:
                        return quote, task
        return None

    def undoable(self, file: Path) -> Run | None:
        """The newest accepted Run that changed this file."""
        found = [
            run
            for run in self.runs.values()
            if run.state == "accepted"
            and any(Path(run.repository, change.path) == file for change in run.changes)
        ]
        return max(found, key=lambda run: run.created_at, default=None)

    def conflicts(self) -> Iterator[Conflict]:
        """The overlaps of Quotes under the user's eyes and of live Runs, by Todo."""
        for quote in self._quotes.values():
            yield from _conflicts(quote.repository, quote.shared, quote, quote.id)
        for run in self.runs.values():
            if run.state in LIVE_RUN:
                yield from _conflicts(run.repository, run.overlaps, run.quote, None)

    def choices(self, file: Path, todo_ids: Collection[str]) -> list[Conflict]:
        """The overlaps of these Todos about which the user can still choose, one for each pair of Tasks."""
        found: dict[tuple[str | None, frozenset[str]], Conflict] = {}
        for conflict in self.conflicts():
            if conflict.quote_id and conflict.own.file == file and conflict.own.todo_id in todo_ids:
                pair = frozenset((conflict.overlap.first, conflict.overlap.second))
                found.setdefault((conflict.quote_id, pair), conflict)
        return list(found.values())


def _conflicts(
    repository: str, overlaps: Sequence[Overlap], quote: Quote, quote_id: str | None
) -> Iterator[Conflict]:
    for overlap in overlaps:
        sides = [_sides(repository, overlap, quote, task_id) for task_id in (overlap.first, overlap.second)]
        for own, others in (sides, reversed(sides)):
            for side in own:
                yield Conflict(
                    side, tuple(others), overlap.kind, overlap_sentence(overlap), overlap, quote_id
                )


def _sides(repository: str, overlap: Overlap, quote: Quote, task_id: str) -> list[Side]:
    """The Todos of a Task in the file that an overlap is about, or all of them if none is there."""
    task = quote.plan.task(task_id)
    todos = [todo for todo in quote.todos if todo.id in task.todo_ids]
    there = [todo for todo in todos if todo.path == overlap.path]
    return [Side(Path(repository, todo.path), todo.id, task.title) for todo in there or todos]

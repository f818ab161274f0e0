"""Overlap between live worktrees, and with the Ghost and the user's own work, before any merge."""

from __future__ import annotations

from typing import Literal

from contextune.core.base import Value
from contextune.core.event import Event

OverlapKind = Literal["textual", "semantic"]
"""What git cannot merge; and what it merges into code that does not fit together."""
OtherSide = Literal["task", "ghost", "user"]
"""With whom a Task overlaps: another Task, what was accepted already, or the user's own unfinished work."""


Course = Literal["go_on", "wait", "rebase"]
"""What a Task does about others that it overlaps with: nothing; its next turn waits until they have ended; or
it waits, and then goes on on top of them."""


class LineRange(Value, frozen=True, kw_only=True):
    """Lines of a file, counted from 1, both ends included."""

    first: int
    last: int


class LiveOverlap(Value, frozen=True, kw_only=True):
    """One file, or one symbol, over which a Task's unfinished work does not fit somebody else's."""

    kind: OverlapKind
    task_id: str
    """The Task; of two, the one that stands first in the Plan."""
    other: OtherSide
    other_id: str = ""
    """The other Task; empty if the other side is none."""
    path: str
    lines: tuple[LineRange, ...] = ()
    """Of the file as the Base of the Run has it; none if it has no such file."""
    symbol: str = ""
    """Of a semantic overlap: what one side changed and the other relies on."""
    reason: str
    """What does not fit: a sentence."""

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What makes it the same overlap as before although its lines have moved."""
        return (self.kind, self.task_id, self.other_id or self.other, self.path, self.symbol)

    def concerns(self, task_id: str) -> bool:
        """Whether a Task is one of its sides."""
        return task_id in (self.task_id, self.other_id)


class OverlapFound(Event, frozen=True, kw_only=True):
    """The Radar found an overlap, or one that it told before has other lines now."""

    task_id: str
    """The Task that came later: whose write brought it about, or which overlaps with what is no Task."""
    overlap: LiveOverlap
    told: str = ""
    """What the agent of that Task is told with its next turn; empty if it was told before."""


class CourseChosen(Event, frozen=True, kw_only=True):
    """The user chose what a Task does about others, or it is done."""

    task_id: str
    course: Course
    waits_for: tuple[str, ...] = ()
    """The Tasks that it waits for."""
    told: str = ""
    """What its agent is told with its next turn."""


class OverlapGone(Event, frozen=True, kw_only=True):
    """An overlap is no more."""

    overlap: LiveOverlap

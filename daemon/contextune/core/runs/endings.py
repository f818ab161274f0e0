"""Events at the end of a Run: it is ready, and what the user does with the result."""

from __future__ import annotations

from decimal import Decimal

from contextune.core.base import Value
from contextune.core.event import Event
from contextune.core.runs.file_change import FileChange
from contextune.core.runs.held import Held
from contextune.core.settings import AcceptMode
from contextune.core.states import RunState, TaskState


class RunReady(Event, frozen=True, kw_only=True):
    """Every Task has ended; what was accepted waits for review on the Ghost."""

    ghost: str | None
    files: tuple[FileChange, ...]
    held: tuple[Held, ...] = ()
    """What the Ghost holds of each accepted Task."""


class RunAccepted(Event, frozen=True, kw_only=True):
    """The user's branch moved once, or a new one holds the result."""

    mode: AcceptMode
    branch: str | None
    before: str
    after: str
    restore: Restore | None
    """None if the branch was made for the result, so that the checkout is as it was."""


class Restore(Value, frozen=True, kw_only=True):
    """What Undo needs to put the checkout back byte for byte."""

    head: str
    """The commit of the branch before Accept."""
    index_tree: str
    """The tree of the user's index before Accept."""
    worktree: str
    """A commit whose tree is the checkout before Accept, untracked files included."""
    after_worktree: str
    """A commit whose tree is the checkout right after Accept; Undo compares with it."""


class RunUndone(Event, frozen=True, kw_only=True):
    """The user's branch moved back, or on to commits that revert the Run's."""

    branch: str | None
    after: str
    reverted: bool = False
    """Whether the branch had moved on, so that the work was taken back by commits."""


class RunDiscarded(Event, frozen=True, kw_only=True):
    """The user does not want the result; `salvage` names the refs that keep it."""

    salvage: tuple[str, ...]


class RunCancelled(Event, frozen=True, kw_only=True):
    """The user stopped the Run."""


class TaskOutcome(Value, frozen=True, kw_only=True):
    """One line of the end of a Run."""

    id: str
    title: str
    state: TaskState
    dollars: Decimal


class RunFinished(Event, frozen=True, kw_only=True):
    """The last event of a drive: where the Run stands and what it cost."""

    state: RunState
    tasks: tuple[TaskOutcome, ...]
    dollars: Decimal
    at_sonnet: Decimal
    unpriced: int
    branch: str | None = None
    commit: str | None = None

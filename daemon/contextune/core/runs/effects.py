"""Events around side effects: the intent before one, its outcome after.

An effect whose intent is journalled and whose outcome is not is uncertain: it is looked up or told, never
simply done again.
"""

from __future__ import annotations

from typing import Literal

from contextune.core.base import Value
from contextune.core.event import Event
from contextune.core.model.conversation import ToolResult
from contextune.core.proof.evidence import Baseline, Evidence
from contextune.core.settings import AcceptMode
from contextune.core.worktrees.checkout_look import CheckoutLook
from contextune.core.worktrees.snapshot import Base


class FileEffect(Value, frozen=True, kw_only=True):
    """What a file tool leaves at a path: SHA-256 of the bytes before and after; None if there is no file."""

    path: str
    before: str | None
    after: str | None


class ToolCalled(Event, frozen=True, kw_only=True):
    """A tool call that may change something is about to run."""

    task_id: str
    attempt: int
    turn: int
    call_id: str
    name: str
    effects: tuple[FileEffect, ...] = ()
    """Of a file tool; empty for a command, whose effects nobody can tell beforehand."""


class ToolReturned(Event, frozen=True, kw_only=True):
    """A tool call came back; its result is what the agent is told, also after a crash."""

    task_id: str
    attempt: int
    call_id: str
    result: ToolResult


class AttemptResumed(Event, frozen=True, kw_only=True):
    """An attempt that a process left open goes on, in the midst of its conversation."""

    task_id: str
    attempt: int
    turn: int
    uncertain: tuple[str, ...] = ()
    """Ids of calls of which nobody knows whether they did their work; the agent is told so."""


class AcceptStarted(Event, frozen=True, kw_only=True):
    """The user's branch is about to move."""

    mode: AcceptMode
    seen: tuple[str, ...] = ()
    """Flagged files that the user looked at; this and what follows as in `core.runs.wish.AcceptWish`."""
    without: tuple[str, ...] = ()
    onto_protected: bool = False
    here: bool = False


class AcceptRefused(Event, frozen=True, kw_only=True):
    """The user's branch did not move. `reason` is a sentence."""

    reason: str


class Placed(Value, frozen=True, kw_only=True):
    """Where a Task's commit is within the Ghost."""

    task_id: str
    commit: str


class GhostRebuilt(Event, frozen=True, kw_only=True):
    """The accepted Tasks were put together anew, on top of what the user sees by now, and tested."""

    base: Base
    baseline: Baseline | None
    ghost: str
    """Empty if no Task was accepted yet."""
    placed: tuple[Placed, ...]
    """The Tasks that are in, in order."""
    evidence: Evidence | None = None


class TurnKept(Event, frozen=True, kw_only=True):
    """What a worktree held after a turn that changed something, so that the Task can go back there."""

    task_id: str
    attempt: int
    turn: int
    tree: str
    start: str
    """The commit that the work stood on."""


class TaskRewound(Event, frozen=True, kw_only=True):
    """The user took a Task back to a turn of an attempt; another attempt goes on from there."""

    task_id: str
    attempt: int
    turn: int
    start: str
    """The commit that the work stands on."""
    kept: str
    """The ref that keeps what the worktree held before."""


class CheckoutSeen(Event, frozen=True, kw_only=True):
    """The state of the user's own checkout, around the work on a Task."""

    task_id: str
    moment: Literal["before", "after"]
    look: CheckoutLook
    changed: tuple[str, ...] = ()
    """What is different after: paths, or names such as `HEAD`, `index`, `config`, `hooks`."""

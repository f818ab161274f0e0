"""Events around side effects: the intent before one, its outcome after.

An effect whose intent is journalled and whose outcome is not is uncertain: it is looked up or told, never
simply done again.
"""

from __future__ import annotations

from typing import Literal

from contextune.core.base import Value
from contextune.core.checkout_look import CheckoutLook
from contextune.core.conversation import ToolResult
from contextune.core.event import Event
from contextune.core.settings import AcceptMode


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
    """Flagged files that the user looked at."""


class AcceptRefused(Event, frozen=True, kw_only=True):
    """The user's branch did not move. `reason` is a sentence."""

    reason: str


class CheckoutSeen(Event, frozen=True, kw_only=True):
    """The state of the user's own checkout, around the work on a Task."""

    task_id: str
    moment: Literal["before", "after"]
    look: CheckoutLook
    changed: tuple[str, ...] = ()
    """What is different after: paths, or names such as `HEAD`, `index`, `config`, `hooks`."""

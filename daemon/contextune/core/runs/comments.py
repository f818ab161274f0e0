"""The user's comments on lines of what Tasks do, kept until they are sent to the agents together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from contextune.core.base import Value
from contextune.core.event import Event

MOST_CHARACTERS = 10_000
"""The longest comment."""


class Comment(Value, frozen=True, kw_only=True):
    """What the user says about one line of a Task's work."""

    id: str
    task_id: str
    path: str
    line: int
    """Of the file as the Task has it, counted from 1."""
    quote: str
    """That line as it was when the user wrote."""
    text: str
    sent: bool = False


class CommentAdded(Event, frozen=True, kw_only=True):
    """The user wrote a comment, or changed an open one of the same id."""

    comment: Comment


class CommentRemoved(Event, frozen=True, kw_only=True):
    """The user took a comment back that was not sent."""

    comment_id: str


class CommentsSent(Event, frozen=True, kw_only=True):
    """Agents are told these comments."""

    comment_ids: tuple[str, ...]


class TaskReopened(Event, frozen=True, kw_only=True):
    """A Task that had joined is taken out of the Ghost, and up again by an agent, on top of what is left."""

    task_id: str
    reason: str
    handed: str
    """What the agent is told."""
    commit: str
    """What it did so far, on its own parent."""
    ghost: str | None
    """The Ghost without it; None if nothing is left."""
    placed: tuple[tuple[str, str], ...]
    """The Tasks that are left and their commits in it, in order."""


def with_comment(comments: Iterable[Comment], new: Comment) -> tuple[Comment, ...]:
    """All comments, one of them new or changed; one that was sent stays as it was."""
    known = tuple(comments)
    if any(one.id == new.id and one.sent for one in known):
        return known
    if any(one.id == new.id for one in known):
        return tuple(new if one.id == new.id else one for one in known)
    return (*known, new)


def open_comments(comments: Iterable[Comment], task_id: str) -> tuple[Comment, ...]:
    """Those on a Task that no agent was told yet, by file and line."""
    found = (one for one in comments if one.task_id == task_id and not one.sent)
    return tuple(sorted(found, key=lambda one: (one.path, one.line)))


def ids_of(comments: Sequence[Comment]) -> tuple[str, ...]:
    """Their ids."""
    return tuple(one.id for one in comments)

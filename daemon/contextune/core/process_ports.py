"""What the processes of one user share, as Protocols: who drives a Run, and what a server allows them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from typing import Literal, Protocol, TypeVar

from contextune.core.base import Value
from contextune.core.model.admission import Line
from contextune.core.runs.comments import Comment

T = TypeVar("T")


class Mailbox(Protocol):
    """How one process asks another, which drives a Run, for something."""

    def own(self, run_id: str) -> AbstractContextManager[bool]:
        """Hold the Run while the context lasts; yields False if another process holds it."""
        ...

    async def freed(self, run_id: str) -> None:
        """Wait a moment where a process that held the Run is dead, but what it had just begun is not."""
        ...

    def beat(self, run_id: str) -> None:
        """Give a sign of life for a Run that this process holds."""
        ...

    def last_beat(self, run_id: str) -> int | None:
        """When the process that holds a Run last gave a sign of life, in milliseconds since the epoch.

        None if nobody holds it, or its owner gives no such signs.
        """
        ...

    async def oust(self, run_id: str) -> None:
        """End the process that holds a Run and gives no sign of life; returns when it is gone, or cannot be.

        Does nothing to a process whose lock is not marked as one that gives signs.
        """
        ...

    def is_owned(self, run_id: str) -> bool:
        """Whether some process, this one included, drives the Run."""
        ...

    def send(self, run_id: str, letter: Letter) -> None:
        """Ask the process that drives the Run."""
        ...

    def letters(self, run_id: str) -> AsyncIterator[Letter]:
        """What was asked of this process, as it arrives; ends when the iterator is closed."""
        ...


TaskVerb = Literal["cancel_task", "pause_task", "resume_task", "tell", "answer", "course", "rewind"]
"""What is asked of a Task at work."""


CommentVerb = Literal["comment", "remove_comment", "send_comments"]
"""What is asked about the user's comments."""


class Letter(Value, frozen=True, kw_only=True):
    """A request to the process that drives a Run."""

    verb: Literal["pause", "resume", "adjust", "cancel", "retry_task", "rebase"] | TaskVerb | CommentVerb
    task_id: str | None = None
    text: str = ""
    """The words of tell and answer; what course names; the new budget of resume, in dollars, or empty;
    a Change of adjust, in words; the comment to remove, by its id; the rung of retry_task."""
    comment: Comment | None = None


def place_of(letter: Letter) -> int | None:
    """The place on the ladder that a letter asks a Task to begin at again; None for where it began before."""
    return int(letter.text) if letter.text else None


class PressureBoard(Protocol):
    """What all processes of a user know together about the limits of a model's server."""

    @property
    def process(self) -> str:
        """The name of this process among the holders of a line."""
        ...

    @property
    def blocks(self) -> bool:
        """Whether `change` waits for a disk or for other processes, so that it belongs in a thread."""
        ...

    def change(self, line: str, change: Callable[[Line], tuple[Line, T]]) -> T:
        """Replace the state of a line, alone; returns what `change` gives beside it. Quick.

        `change` gets a new Line if nothing is known, and never sees what a process held that has gone.
        """
        ...

"""What the Radar has for the agents of a Task, as one conversation hears it: each once, in its next turn."""

from __future__ import annotations

from collections.abc import Callable

from contextune.core.model.conversation import Message
from contextune.core.runs.task_run import TaskRun, carried


class Notices:
    """What one conversation was not told yet. Several side by side are all told everything."""

    def __init__(self, task: Callable[[], TaskRun] | None = None) -> None:
        self._task = task
        self._next = task().noticed if task else 0

    def unheard(self) -> tuple[str, ...]:
        """What the next turn has to carry."""
        return self._task().notices[self._next :] if self._task else ()

    def carried(self, message: Message) -> None:
        """A turn of the conversation that may carry some of them."""
        if message.role == "user":
            self._next += carried(self.unheard(), message)

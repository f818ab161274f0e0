"""The user's words for the agents of a Task, as one conversation hears them: each once, in its next turn."""

from __future__ import annotations

from collections.abc import Callable

from contextune.core.model.conversation import Message
from contextune.core.runs.task_run import TaskRun, left_unsaid


class Words:
    """What one conversation was not told yet. Several side by side all hear everything."""

    def __init__(self, task: Callable[[], TaskRun] | None = None) -> None:
        """Words that no turn had carried when the conversation began, and those that come later."""
        self._task = task
        self._waiting: tuple[str, ...] = task().told if task else ()
        self._seen = len(task().words) if task else 0

    def unheard(self) -> tuple[str, ...]:
        """What the next turn has to carry."""
        if self._task is not None:
            words = self._task().words
            self._waiting += words[self._seen :]
            self._seen = len(words)
        return self._waiting

    def carried(self, message: Message) -> None:
        """A turn of the conversation that may say some of them."""
        if message.role == "user":
            self._waiting = left_unsaid(self.unheard(), message)

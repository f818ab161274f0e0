"""What a client was told of Runs, so that of many Tasks only those are sent again that changed."""

from __future__ import annotations

from msgspec.structs import replace

from contextune.protocol.params import RunChanged
from contextune.protocol.views import RunView, TaskView


class Told:
    """The Tasks of each Run as the client knows them, from what it was sent by itself."""

    def __init__(self) -> None:
        self._tasks: dict[str, dict[str, TaskView]] = {}

    def news(self, view: RunView) -> RunChanged:
        """What to send of a Run: all of it the first time, later on without Tasks that are as they were."""
        known, tasks = self._tasks.get(view.id), {task.id: task for task in view.tasks}
        self._tasks[view.id] = tasks
        if known is None:
            return RunChanged(run=view)
        changed = tuple(task for task in view.tasks if known.get(task.id) != task)
        return RunChanged(run=replace(view, tasks=changed), task_ids=tuple(tasks))

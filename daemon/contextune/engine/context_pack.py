"""The context pack of a Task: what its agent is told first, read off the Base."""

from __future__ import annotations

from contextune.agents.briefing import Lines, shared_context, task_text
from contextune.core.conversation import Text
from contextune.core.ports import Repository
from contextune.core.run import Run
from contextune.core.task_run import TaskRun
from contextune.engine.detect import instructions


def first_message(repository: Repository, run: Run, task: TaskRun) -> tuple[Text, ...]:
    """The shared context, the same bytes for all Tasks of a Run, then the Task itself. Blocking."""
    read = _lines(repository, run.base.commit)
    todos = [todo for todo in run.todos if todo.id in task.task.todo_ids]

    def text(path: str) -> str | None:
        lines = read(path)
        return None if lines is None else "\n".join(lines)

    files = repository.list_files(run.base.commit)
    return (shared_context(files, run.gate, instructions(text)), task_text(task.task, todos, read))


def _lines(repository: Repository, commit: str) -> Lines:
    def read(path: str) -> list[str] | None:
        content = repository.read_file(commit, path)
        return None if content is None else content.decode(errors="replace").splitlines()

    return read

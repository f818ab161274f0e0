"""Whether the comment of a finished Todo is gone from the result, and of an unfinished one still there."""

from __future__ import annotations

from contextune.core.ports import Repository
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun
from contextune.core.todos.todo import Todo


def todos_left(repository: Repository, run: Run) -> list[str]:
    """What does not fit, a sentence each. Blocking."""
    found: list[str] = []
    for task in (run.task(task_id) for task_id in run.joined):
        for todo in run.todos:
            if todo.id in task.task.todo_ids:
                found += _said(task, todo, stands=_stands(repository, run.ghost or "", todo))
    return found


def _said(task: TaskRun, todo: Todo, *, stands: bool) -> list[str]:
    where = f"{todo.marker} at {todo.path}:{todo.line}"
    if stands and not task.remaining.strip():
        return [f"Task {task.id} says that it is done, and its {where} is still there."]
    if not stands and task.remaining.strip():
        return [f"Task {task.id} left something undone, and its {where} is gone: {task.remaining.strip()}"]
    return []


def _stands(repository: Repository, commit: str, todo: Todo) -> bool:
    text = (repository.read_file(commit, todo.path) or b"").decode("utf-8", "replace")
    words = todo.text.partition("\n")[0].strip()
    return any(todo.marker in line and words in line for line in text.splitlines())

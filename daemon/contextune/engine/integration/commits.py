"""The commits that Contextune makes: their messages, and the refs of those that no branch leads to."""

from __future__ import annotations

from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun

SHOWN = 100
"""Characters of a Todo in a trailer."""

ATTEMPTS = "refs/contextune/attempts/"
"""Where the trees are that the Journal names: without a ref, git would remove them one day."""


def attempt_ref(run_id: str, task_id: str, number: int) -> str:
    """The ref of what an attempt last brought to the Gate, or left."""
    return f"{ATTEMPTS}{run_id}/{task_id}/{number}"


def turns_ref(run_id: str, task_id: str, number: int) -> str:
    """The ref of the newest of what an attempt's turns left; the others are behind it."""
    return f"{ATTEMPTS}{run_id}/{task_id}/{number}-turns"


def commit_message(run: Run, task: TaskRun, summary: str, remaining: str) -> str:
    """The message of a Task's commit: title, the agent's words, trailers for programs."""
    todos = [todo for todo in run.todos if todo.id in task.task.todo_ids]
    trailers = [
        f"Contextune-Todo: {todo.path}:{todo.line} {' '.join(todo.text.split())[:SHOWN]}" for todo in todos
    ]
    trailers.append(f"Contextune-Run: {run.id}")
    if task.attempt is not None:
        trailers.append(f"Contextune-Model: {task.attempt.rung}")
    trailers.append(f"Contextune-Cost: ${task.bill.dollars:.6f}")
    left = f"Left undone: {remaining.strip()}" if remaining.strip() else ""
    parts = [task.task.title, summary.strip(), left, "\n".join(trailers)]
    return "\n\n".join(part for part in parts if part) + "\n"


def squash_message(run: Run) -> str:
    """The message of the one commit of a squashed Run."""
    lines = [run.title, ""]
    lines += [f"- {task.task.title}" for task in run.tasks if task.state == "accepted"]
    lines += ["", f"Contextune-Run: {run.id}", f"Contextune-Cost: ${run.bill.dollars:.6f}"]
    return "\n".join(lines) + "\n"

"""A Plan: the Tasks of a Run, the order between them, and what makes a plan invalid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Literal

from contextune.core.base import Value
from contextune.core.todos.todo import Todo

Complexity = Literal["simple", "standard", "hard", "extreme"]
"""simple: a template would do; hard: judgement across several files; extreme: what defeats most people."""


class Task(Value, frozen=True, kw_only=True):
    """What one agent is given."""

    id: str
    """A short slug, unique within its Plan."""
    title: str
    brief: str
    """What to do, where, and what makes it acceptable, in a few sentences."""
    todo_ids: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Files that the Task may touch, relative to the repository; new ones among them."""
    depends_on: tuple[str, ...] = ()
    gate: str | None = None
    """The command that accepts this Task; None for the Run's own."""
    complexity: Complexity = "standard"
    role: str = ""
    """Who works on it, by the name of a role that does Tasks; empty for the parallel-task-executor."""


OverlapKind = Literal["same_symbol", "same_file", "calls", "same_test", "related"]
"""related: only their words tell, in the judgement of a model."""


class Overlap(Value, frozen=True, kw_only=True):
    """Two Tasks that touch the same thing, whether or not one waits for the other."""

    first: str
    """The one that goes first, if they go one after the other."""
    second: str
    path: str
    symbol: str | None = None
    """The function or class that it is about; None if that is not known."""
    kind: OverlapKind = "same_file"
    strong: bool = False
    """Whether doing both at the same time is likely to break one of them."""
    reason: str = ""
    """What they share, a sentence; empty in Quotes of older versions."""
    in_order: bool = False
    """Whether one of them waits for the other."""
    allowed: bool = False
    """Whether the user lets them run at the same time all the same."""


class Plan(Value, frozen=True, kw_only=True):
    """The DAG of Tasks of a Run."""

    tasks: tuple[Task, ...]

    def task(self, task_id: str) -> Task:
        """The Task with this id. Raises KeyError if there is none."""
        for task in self.tasks:
            if task.id == task_id:
                return task
        raise KeyError(task_id)

    def ancestors(self, task_id: str) -> frozenset[str]:
        """Every Task that must be accepted before this one, direct or not."""
        found: set[str] = set()
        stack = list(self.task(task_id).depends_on)
        while stack:
            current = stack.pop()
            if current not in found:
                found.add(current)
                stack.extend(self.task(current).depends_on)
        return frozenset(found)

    def descendants(self, task_id: str) -> frozenset[str]:
        """Every Task that waits for this one, directly or not."""
        return frozenset(task.id for task in self.tasks if task_id in self.ancestors(task.id))

    def waves(self) -> tuple[tuple[str, ...], ...]:
        """Task ids by wave: a wave depends only on earlier ones. Raises ValueError on a cycle."""
        waves: list[tuple[str, ...]] = []
        done: set[str] = set()
        left = list(self.tasks)
        while left:
            ready = [task for task in left if done.issuperset(task.depends_on)]
            if not ready:
                raise ValueError(" -> ".join(task.id for task in left))
            waves.append(tuple(task.id for task in ready))
            done.update(waves[-1])
            left = [task for task in left if task.id not in done]
        return tuple(waves)

    def orders(self) -> dict[str, frozenset[str]]:
        """Every Task with all that must be accepted before it, direct or not."""
        found: dict[str, frozenset[str]] = {}
        by_id = {task.id: task for task in self.tasks}
        for wave in self.waves():
            for task_id in wave:
                direct = by_id[task_id].depends_on
                found[task_id] = frozenset(direct).union(*(found[before] for before in direct))
        return found

    def overlaps(self, todos: Sequence[Todo]) -> tuple[Overlap, ...]:
        """Pairs of Tasks that may run at the same time and touch the same file or symbol, by Todos alone."""
        by_id = {todo.id: todo for todo in todos}
        order = {task.id: self.ancestors(task.id) for task in self.tasks}
        found = []
        for one, other in combinations(self.tasks, 2):
            if one.id in order[other.id] or other.id in order[one.id]:
                continue
            symbols = _symbols(one, by_id) & _symbols(other, by_id)
            for path in sorted(set(one.files) & set(other.files)):
                symbol = next((name for where, name in sorted(symbols) if where == path), None)
                found.append(Overlap(first=one.id, second=other.id, path=path, symbol=symbol))
        return tuple(found)


def _symbols(task: Task, todos: dict[str, Todo]) -> set[tuple[str, str]]:
    of_task = (todos[todo_id] for todo_id in task.todo_ids if todo_id in todos)
    return {(todo.path, todo.symbol) for todo in of_task if todo.symbol}


def faults(plan: Plan, todos: Sequence[Todo], is_known_file: Callable[[str], bool]) -> tuple[str, ...]:
    """Everything that makes a plan unusable, a sentence each; empty if it is valid.

    `is_known_file` tells whether a path exists, or could be a new file in a folder that does.
    """
    ids = [task.id for task in plan.tasks]
    said = [] if plan.tasks else ["The plan has no tasks."]
    said += [
        f"Two tasks have the key {task_id!r}." for task_id in sorted({i for i in ids if ids.count(i) > 1})
    ]
    if said:
        return tuple(said)
    known_todos = {todo.id for todo in todos}
    claimed: dict[str, str] = {}
    for task in plan.tasks:
        said += _task_faults(task, ids, known_todos, is_known_file)
        for todo_id in task.todo_ids:
            if todo_id in claimed:
                said.append(f"Todo {todo_id} is in both {claimed[todo_id]!r} and {task.id!r}.")
            claimed[todo_id] = task.id
    said += [f"No task covers todo {todo_id}." for todo_id in sorted(known_todos - claimed.keys())]
    if said:
        return tuple(said)
    try:
        plan.waves()
    except ValueError as cycle:
        return (f"These tasks wait for each other: {cycle}.",)
    return tuple(
        f"Tasks {overlap.first!r} and {overlap.second!r} both change {overlap.symbol} in {overlap.path}: "
        "merge them or make one depend on the other."
        for overlap in plan.overlaps(todos)
        if overlap.symbol
    )


def _task_faults(
    task: Task, ids: Sequence[str], known_todos: set[str], is_known_file: Callable[[str], bool]
) -> list[str]:
    said = []
    if not task.title.strip() or not task.brief.strip():
        said.append(f"Task {task.id!r} has an empty title or brief.")
    said += [f"Task {task.id!r} names the unknown todo {i!r}." for i in task.todo_ids if i not in known_todos]
    said += [f"Task {task.id!r} depends on {i!r}, which is no task." for i in task.depends_on if i not in ids]
    said += [
        f"Task {task.id!r} names {path!r}, which is neither a file of the repository nor a new file in one "
        "of its folders."
        for path in task.files
        if not is_known_file(path)
    ]
    return said

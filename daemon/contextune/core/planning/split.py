"""A Task that covers several Todos, as a Task for each of them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from contextune.core.planning.default_plan import complexity_of, named_apart, title_of, where_of
from contextune.core.planning.plan import Plan, Task
from contextune.core.todos.todo import Todo


def split(plan: Plan, task_id: str, todos: Sequence[Todo]) -> Plan:
    """The Plan with a Task for each Todo of one of its Tasks, one after the other.

    The first part keeps the id. What waited for the whole waits for every part.
    Raises KeyError if there is no such Task, and ValueError, with a sentence, if it has fewer than two Todos.
    """
    whole = plan.task(task_id)
    own = [todo for todo in todos if todo.id in whole.todo_ids]
    if len(own) < 2:
        raise ValueError(f"“{whole.title}” cannot be split: it does not cover several Todos.")
    parts = _parts(whole, own, [task.id for task in plan.tasks])
    ids = [part.id for part in parts]
    made: list[Task] = []
    for task in plan.tasks:
        if task.id == task_id:
            made += parts
            continue
        waits = (now for before in task.depends_on for now in (ids if before == task_id else [before]))
        made.append(msgspec.structs.replace(task, depends_on=tuple(waits)))
    return Plan(tasks=tuple(made))


def _parts(whole: Task, own: Sequence[Todo], taken: Sequence[str]) -> list[Task]:
    titles = [title_of([todo]) for todo in own]
    ids = [whole.id, *named_apart(titles[1:], taken)]
    paths = {todo.path for todo in own}
    parts: list[Task] = []
    for todo, title, part_id in zip(own, titles, ids, strict=True):
        # They came from one Task, and so most likely touch the same lines: never side by side unless asked.
        waits = (*whole.depends_on, parts[-1].id) if parts else whole.depends_on
        parts.append(
            msgspec.structs.replace(
                whole,
                id=part_id,
                title=title,
                brief=f"{where_of([todo])} Do only this part of what follows; the rest is another Task's.\n\n"
                f"{whole.brief}",
                todo_ids=(todo.id,),
                files=tuple(path for path in whole.files if path == todo.path or path not in paths),
                depends_on=waits,
                complexity=complexity_of([todo]),
            )
        )
    return parts

"""What the user changes of a Quote before the Run starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from contextune.core.errors import UsageProblem
from contextune.core.naming import rung_text
from contextune.core.plan import Plan
from contextune.core.quote import Quote, TaskQuote
from contextune.engine.pricing import Pricer, in_all


def edited(quote: Quote, edits: Mapping[str, Mapping[str, Any]], pricer: Pricer) -> Quote:
    """The Quote with the user's edits: Tasks left out, titles and briefs changed, starts pinned.

    `edits` maps a Task id to any of `include`, `title`, `brief` and `start`, a place on the Ladder from 0. A
    Task that depends on one left out loses that dependency. Raises UsageProblem if a Task or a place is
    unknown or no Task is left.
    """
    known = {task.id for task in quote.plan.tasks}
    unknown = sorted(set(edits) - known)
    if unknown:
        raise UsageProblem(f"The quote has no task {', '.join(unknown)}. Tasks: {', '.join(sorted(known))}.")
    left_out = {task_id for task_id, edit in edits.items() if edit.get("include") is False}
    tasks = []
    for task in quote.plan.tasks:
        if task.id in left_out:
            continue
        edit = edits.get(task.id, {})
        tasks.append(
            msgspec.structs.replace(
                task,
                title=(edit.get("title") or task.title),
                brief=(edit.get("brief") or task.brief),
                depends_on=tuple(d for d in task.depends_on if d not in left_out),
            )
        )
    if not tasks:
        raise UsageProblem("No task is left in the quote. Tick at least one.")
    plan = Plan(tasks=tuple(tasks))
    kept = {todo_id for task in tasks for todo_id in task.todo_ids}
    todos = tuple(todo for todo in quote.todos if todo.id in kept)
    priced = tuple(
        _pinned(task, plan, edits.get(task.task_id, {}).get("start"), pricer)
        for task in quote.tasks
        if task.task_id not in left_out
    )
    return msgspec.structs.replace(
        quote,
        plan=plan,
        todos=todos,
        waves=plan.waves(),
        overlaps=plan.overlaps(todos),
        tasks=priced,
        price=in_all([task.price for task in priced], quote.forecast),
    )


def _pinned(quoted: TaskQuote, plan: Plan, start: Any, pricer: Pricer) -> TaskQuote:
    if start is None:
        return quoted
    ladder = pricer.outlook.ladder
    if isinstance(start, bool) or not isinstance(start, int) or not 0 <= start < len(ladder):
        rungs = ", ".join(f"{place} {rung_text(rung)}" for place, rung in enumerate(ladder))
        raise UsageProblem(f"Task {quoted.task_id} cannot begin on rung {start!r}. Rungs: {rungs}.")
    return pricer.pinned(quoted, plan.task(quoted.task_id).complexity, start)

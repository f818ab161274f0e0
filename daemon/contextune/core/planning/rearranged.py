"""What a person does about two Tasks that overlap: one after the other, both in one, or side by side."""

from __future__ import annotations

from typing import Literal

import msgspec

from contextune.core.planning.default_plan import joined_title
from contextune.core.planning.plan import Complexity, Plan, Task

Choice = Literal["serialise", "reverse", "merge", "together"]
HARDNESS: tuple[Complexity, ...] = ("simple", "standard", "hard", "extreme")


def rearranged(plan: Plan, choice: Choice, first: str, second: str) -> Plan:
    """The Plan after a choice about two of its Tasks.

    Raises KeyError if it has no such Task, and ValueError, with a sentence, if the choice is impossible.
    """
    plan.task(first), plan.task(second)
    if first == second:
        raise ValueError("Name two different Tasks.")
    match choice:
        case "serialise":
            return one_after_the_other(plan, first, second)
        case "reverse":
            return one_after_the_other(side_by_side(plan, first, second), first, second)
        case "merge":
            return in_one(plan, first, second)
        case "together":
            return side_by_side(plan, first, second)


def one_after_the_other(plan: Plan, first: str, second: str) -> Plan:
    """`second` waits for `first`, unless there is an order between them already."""
    orders = plan.orders()
    if first in orders[second] or second in orders[first]:
        return plan
    return _with(plan, second, (*plan.task(second).depends_on, first))


def side_by_side(plan: Plan, first: str, second: str) -> Plan:
    """Neither waits for the other. Raises ValueError if a third Task stands between them."""
    for one, other in ((first, second), (second, first)):
        plan = _with(plan, other, tuple(before for before in plan.task(other).depends_on if before != one))
    orders = plan.orders()
    for one, other in ((first, second), (second, first)):
        if one in orders[other]:
            between = next(task for task in plan.tasks if one in orders[task.id] and task.id in orders[other])
            raise ValueError(
                f"“{plan.task(other).title}” waits for “{between.title}”, which waits for "
                f"“{plan.task(one).title}”: part one of those first."
            )
    return plan


def in_one(plan: Plan, first: str, second: str) -> Plan:
    """Both as a single Task, in the place and with the id of the one that stands earlier in the Plan.

    Raises ValueError if a third Task stands between them.
    """
    order = [task.id for task in plan.tasks]
    kept, gone = sorted((first, second), key=order.index)
    both = _joined(plan.task(kept), plan.task(gone))
    made = []
    for task in plan.tasks:
        if task.id == gone:
            continue
        given = both if task.id == kept else task
        depends_on = dict.fromkeys(kept if before == gone else before for before in given.depends_on)
        depends_on.pop(task.id, None)
        made.append(msgspec.structs.replace(given, depends_on=tuple(depends_on)))
    merged = Plan(tasks=tuple(made))
    try:
        merged.waves()
    except ValueError:
        raise ValueError(
            f"“{plan.task(kept).title}” and “{plan.task(gone).title}” cannot be one Task: another one waits "
            "for the first, and the second for that."
        ) from None
    return merged


def _with(plan: Plan, task_id: str, depends_on: tuple[str, ...]) -> Plan:
    return Plan(
        tasks=tuple(
            msgspec.structs.replace(task, depends_on=depends_on) if task.id == task_id else task
            for task in plan.tasks
        )
    )


def _joined(one: Task, other: Task) -> Task:
    return Task(
        id=one.id,
        title=joined_title([one.title, other.title]),
        brief=f"{one.brief}\n\nAnd: {other.brief}",
        todo_ids=tuple(dict.fromkeys((*one.todo_ids, *other.todo_ids))),
        files=tuple(dict.fromkeys((*one.files, *other.files))),
        depends_on=tuple(dict.fromkeys((*one.depends_on, *other.depends_on))),
        # One command accepts both, or the Run's own does, which runs all tests.
        gate=one.gate if one.gate == other.gate else None,
        complexity=max(one.complexity, other.complexity, key=HARDNESS.index),
    )

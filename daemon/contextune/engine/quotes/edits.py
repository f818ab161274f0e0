"""What the user changes of a Quote before the Run starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from contextune.core.errors import UsageProblem
from contextune.core.model.naming import rung_text
from contextune.core.overlap.moved import Spot, Step, moved, one_step
from contextune.core.overlap.overlaps import find_overlaps, serialised, with_order
from contextune.core.overlap.touches import TaskFacts, both
from contextune.core.planning.plan import Overlap, Plan
from contextune.core.planning.quote import Quote, TaskQuote
from contextune.core.planning.rearranged import Choice, rearranged
from contextune.core.planning.split import split
from contextune.engine.money.pricing import Pricer, in_all

NO_TASK_LEFT = "No task is left in the quote. Tick at least one."


class Arranged(NamedTuple):
    """A Quote after a choice, and what its Tasks now touch."""

    quote: Quote
    facts: tuple[TaskFacts, ...]


def arranged(
    quote: Quote, facts: tuple[TaskFacts, ...], pricer: Pricer, choice: Choice, first: str, second: str
) -> Arranged:
    """The Quote after the user's choice about two Tasks that overlap, priced anew.

    Raises UsageProblem if there are no such Tasks, or the choice is impossible.
    """
    try:
        plan = rearranged(quote.plan, choice, first, second)
    except KeyError as unknown:
        raise UsageProblem(f"The quote has no task {unknown.args[0]}.") from None
    except ValueError as problem:
        raise UsageProblem(str(problem)) from None
    now = {old: old for old in (task.id for task in quote.plan.tasks)}
    if choice == "merge":
        kept = next(task.id for task in plan.tasks if task.id in (first, second))
        gone = second if kept == first else first
        now[gone] = kept
        facts = _merged(facts, kept, gone)
    overlaps = _renamed(quote.overlaps, now)
    pair = {first, second}
    overlaps = [
        msgspec.structs.replace(one, allowed=choice == "together") if {one.first, one.second} == pair else one
        for one in overlaps
    ]
    if choice == "merge" and not pair <= set(quote.left_out):
        quote = msgspec.structs.replace(quote, left_out=_without(quote.left_out, pair))
    return Arranged(_anew(quote, plan, facts, overlaps, pricer), facts)


def merged(quote: Quote, facts: tuple[TaskFacts, ...], pricer: Pricer, task_ids: Sequence[str]) -> Arranged:
    """The Quote with one Task in place of several, in the place of the earliest. Raises UsageProblem."""
    if len(set(task_ids)) < 2:
        raise UsageProblem("There is nothing to merge: name two tasks or more.")
    order = [task.id for task in quote.plan.tasks]
    unknown = [one for one in task_ids if one not in order]
    if unknown:
        raise UsageProblem(f"The quote has no task {unknown[0]}.")
    first, *others = sorted(set(task_ids), key=order.index)
    to = Arranged(quote, facts)
    for other in others:
        to = arranged(to.quote, to.facts, pricer, "merge", first, other)
    return to


def reordered(
    quote: Quote, facts: tuple[TaskFacts, ...], pricer: Pricer, task_id: str, to: Step | Spot
) -> Arranged:
    """The Quote with a Task a step earlier or later, or in a certain place. Tasks that collide stay in order.

    Raises UsageProblem if there is no such Task or place.
    """
    collisions = [one for one in quote.overlaps if one.strong and not one.allowed]
    try:
        spot = to if isinstance(to, Spot) else one_step(quote.plan, task_id, to)
        plan = moved(quote.plan, task_id, spot, collisions)
    except KeyError:
        raise UsageProblem(f"The quote has no task {task_id}.") from None
    except ValueError as problem:
        raise UsageProblem(str(problem)) from None
    return Arranged(_anew(quote, plan, facts, quote.overlaps, pricer), facts)


def ticked(quote: Quote, task_id: str, include: bool) -> Quote:
    """The Quote with a Task ticked or unticked, priced anew.

    Raises UsageProblem if there is no such Task, or none would be left.
    """
    if quote.priced(task_id) is None:
        raise UsageProblem(f"The quote has no task {task_id}.")
    others = _without(quote.left_out, {task_id})
    return with_price(msgspec.structs.replace(quote, left_out=others if include else (*others, task_id)))


def _without(ids: Sequence[str], gone: set[str]) -> tuple[str, ...]:
    return tuple(one for one in ids if one not in gone)


def with_price(quote: Quote) -> Quote:
    """The Quote with the price of the Tasks that are ticked. Raises UsageProblem if none is."""
    if not quote.chosen:
        raise UsageProblem(NO_TASK_LEFT)
    return msgspec.structs.replace(quote, price=in_all([task.price for task in quote.chosen], quote.forecast))


def parted(quote: Quote, facts: tuple[TaskFacts, ...], pricer: Pricer, task_id: str) -> Arranged:
    """The Quote with a Task for each Todo of one Task, priced anew.

    Raises UsageProblem if there is no such Task, or it does not cover several Todos.
    """
    try:
        plan = split(quote.plan, task_id, quote.todos)
    except KeyError:
        raise UsageProblem(f"The quote has no task {task_id}.") from None
    except ValueError as problem:
        raise UsageProblem(str(problem)) from None
    before = {task.id for task in quote.plan.tasks}
    parts = [task.id for task in plan.tasks if task.id == task_id or task.id not in before]
    whole = [one for one in facts if one.task_id == task_id]
    # The sources are not read again: each part is taken to touch what the whole touches.
    shared = tuple(one._replace(task_id=part) for one in whole for part in parts)
    facts = (*(one for one in facts if one.task_id != task_id), *shared)
    if task_id in quote.left_out:
        quote = msgspec.structs.replace(quote, left_out=(*_without(quote.left_out, {task_id}), *parts))
    return Arranged(_anew(quote, plan, facts, quote.overlaps, pricer), facts)


def _anew(
    quote: Quote, plan: Plan, facts: Sequence[TaskFacts], overlaps: Sequence[Overlap], pricer: Pricer
) -> Quote:
    """The Quote of a changed Plan."""
    return with_price(
        msgspec.structs.replace(
            quote,
            plan=plan,
            waves=plan.waves(),
            overlaps=_told(plan, facts, overlaps),
            tasks=_priced(quote, plan, pricer),
        )
    )


def edited(
    quote: Quote,
    edits: Mapping[str, Mapping[str, Any]],
    pricer: Pricer,
    facts: Sequence[TaskFacts] = (),
) -> Quote:
    """The Quote with the user's edits: Tasks left out, titles and briefs changed, starts pinned.

    `edits` maps a Task id to any of `include`, `title`, `brief` and `start`, a place on the Ladder from 0. A
    Task that depends on one left out loses that dependency, but not its order to those that it collides with.
    Raises UsageProblem if a Task or a place is unknown or no Task is left.
    """
    known = {task.id for task in quote.plan.tasks}
    unknown = sorted(set(edits) - known)
    if unknown:
        raise UsageProblem(f"The quote has no task {', '.join(unknown)}. Tasks: {', '.join(sorted(known))}.")
    left_out = {task_id for task_id, edit in edits.items() if edit.get("include") is False}
    left_out |= set(quote.left_out)
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
        raise UsageProblem(NO_TASK_LEFT)
    plan = Plan(tasks=tuple(tasks))
    overlaps = _renamed(quote.overlaps, {task.id: task.id for task in tasks})
    plan = serialised(plan, (one for one in overlaps if not one.allowed))
    kept = {todo_id for task in tasks for todo_id in task.todo_ids}
    todos = tuple(todo for todo in quote.todos if todo.id in kept)
    priced = tuple(
        _pinned(task, plan, edits.get(task.task_id, {}).get("start"), pricer)
        for task in quote.tasks
        if task.task_id not in left_out
    )
    return with_price(
        msgspec.structs.replace(
            quote,
            plan=plan,
            todos=todos,
            waves=plan.waves(),
            overlaps=_told(plan, facts, overlaps),
            tasks=priced,
            left_out=(),
        )
    )


def _renamed(overlaps: Sequence[Overlap], now: Mapping[str, str]) -> list[Overlap]:
    """The overlaps of Tasks that are still two, under the ids that those have now."""
    renamed = [
        msgspec.structs.replace(one, first=now[one.first], second=now[one.second])
        for one in overlaps
        if one.first in now and one.second in now
    ]
    return [one for one in renamed if one.first != one.second]


def _told(plan: Plan, facts: Sequence[TaskFacts], before: Sequence[Overlap]) -> tuple[Overlap, ...]:
    """The overlaps of a changed Plan: found anew where there are facts, with what was judged and allowed."""
    found = (*find_overlaps(plan, facts), *(one for one in before if one.kind == "related" or not facts))
    allowed = {frozenset((one.first, one.second)) for one in before if one.allowed}
    return with_order(
        plan,
        (
            msgspec.structs.replace(one, allowed=frozenset((one.first, one.second)) in allowed)
            for one in found
        ),
    )


def _merged(facts: Sequence[TaskFacts], kept: str, gone: str) -> tuple[TaskFacts, ...]:
    known = {one.task_id: one for one in facts}
    if kept in known and gone in known:
        known[kept] = both(known[kept], known.pop(gone))
    return tuple(known.values())


def _priced(quote: Quote, plan: Plan, pricer: Pricer) -> tuple[TaskQuote, ...]:
    """The prices of a changed Plan's Tasks: as they were, and anew where Tasks became one."""
    same = {task.id: task for task in quote.plan.tasks}
    found: list[TaskQuote] = []
    for task in plan.tasks:
        known, before = quote.priced(task.id), same.get(task.id)
        is_same = before is not None and (task.todo_ids, task.brief) == (before.todo_ids, before.brief)
        found += [known] if known is not None and is_same else pricer.quotes([task], quote.todos)
    return tuple(found)


def _pinned(quoted: TaskQuote, plan: Plan, start: Any, pricer: Pricer) -> TaskQuote:
    if start is None:
        return quoted
    ladder = pricer.outlook.ladder
    if isinstance(start, bool) or not isinstance(start, int) or not 0 <= start < len(ladder):
        rungs = ", ".join(f"{place} {rung_text(rung)}" for place, rung in enumerate(ladder))
        raise UsageProblem(f"Task {quoted.task_id} cannot begin on rung {start!r}. Rungs: {rungs}.")
    pinned = pricer.pinned(quoted, plan.task(quoted.task_id).complexity, start)
    return msgspec.structs.replace(pinned, pinned=True)

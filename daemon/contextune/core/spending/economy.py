"""Dollars for each accepted Todo: for what was done, and for the same Tasks on another rung to compare."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from contextune.core.base import Value
from contextune.core.model.conversation import Rung
from contextune.core.model.ledger import run_of
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.core.spending.chance import Ratio, ratio
from contextune.core.spending.costs import is_planning, is_shadow
from contextune.core.spending.history import TAKEN_BACK, History
from contextune.core.states import LIVE_RUN


class PerTodo(Value, frozen=True, kw_only=True):
    """What an accepted Todo cost, failures and planning included.

    done: all ended Runs and all Quotes that never started; sampled: the Tasks that were sampled, as they were
    done; shadow: the same Tasks on `rung`.
    """

    arm: Literal["done", "sampled", "shadow"]
    rung: Rung | None
    """Of a shadow arm."""
    dollars: Decimal
    todos: int
    """Accepted ones; a Goal's Task, which has no Todo of its own, counts as one."""
    each: Ratio | None
    """Dollars a Todo over units: Runs and Quotes for what was done, else Tasks; None if none was accepted."""
    units: int
    """Runs and Quotes, or Tasks, that were counted."""
    left_out: int
    """Units in which a request had no price."""


class _Unit:
    __slots__ = ("dollars", "priced", "todos")

    def __init__(self, todos: int = 0) -> None:
        self.dollars = Decimal(0)
        self.todos = todos
        self.priced = True

    def add(self, dollars: Decimal | None) -> None:
        self.priced &= dollars is not None
        self.dollars += dollars or 0


def per_todo(past: History) -> tuple[PerTodo, ...]:
    """For what was done, and where there are samples, for those as they were done and for each other rung."""
    return (_done(past), *_arms(past))


def _done(past: History) -> PerTodo:
    runs = {run.id: run for run in past.runs}
    units: dict[str, _Unit] = {}
    for entry in past.entries:
        run = runs.get(run_of(entry.stream))
        if is_shadow(entry) or not entry.settled or (run is not None and run.state in LIVE_RUN):
            continue
        unit = units.get(run_of(entry.stream))
        if unit is None:
            unit = units[run_of(entry.stream)] = _Unit(accepted_todos(run) if run else 0)
        unit.add(entry.dollars)
    return _told("done", None, list(units.values()))


def accepted_todos(run: Run) -> int:
    """Todos of the Tasks that were accepted, unless the user took the whole Run back."""
    if run.state in TAKEN_BACK:
        return 0
    return sum(max(1, len(task.task.todo_ids)) for task in run.tasks if task.state == "accepted")


def _arms(past: History) -> tuple[PerTodo, ...]:
    runs = {run.id: run for run in past.runs}
    samples = [event for event in past.events if isinstance(event, ev.ShadowFinished)]
    planning: dict[str, _Unit] = {}
    work: dict[tuple[str, str], _Unit] = {}
    for entry in past.entries:
        if is_planning(entry):
            planning.setdefault(run_of(entry.stream), _Unit()).add(entry.dollars)
        elif not is_shadow(entry) and entry.task_id is not None:
            work.setdefault((entry.stream, entry.task_id), _Unit()).add(entry.dollars)
    as_done: dict[tuple[str, str], _Unit] = {}
    arms: dict[Rung, list[_Unit]] = {}
    for event in samples:
        run = runs.get(event.run_id)
        task = next((task for task in run.tasks if task.id == event.task_id), None) if run else None
        if run is None or task is None:
            continue
        todos = max(1, len(task.task.todo_ids))
        plan = planning.get(run.id, _Unit())
        shared = plan.dollars / len(run.tasks) if plan.priced else None
        arm = _Unit(todos if event.green else 0)
        arm.add(event.dollars)
        arm.add(shared)
        arms.setdefault(event.rung, []).append(arm)
        key = (run.id, task.id)
        if key not in as_done:
            own = as_done[key] = _Unit(todos)
            done = work.get(key, _Unit())
            own.add(done.dollars if done.priced else None)
            own.add(shared)
    if not arms:
        return ()
    told = (_told("shadow", rung, units) for rung, units in arms.items())
    return (_told("sampled", None, list(as_done.values())), *told)


def _told(arm: Literal["done", "sampled", "shadow"], rung: Rung | None, units: list[_Unit]) -> PerTodo:
    priced = [unit for unit in units if unit.priced]
    return PerTodo(
        arm=arm,
        rung=rung,
        dollars=sum((unit.dollars for unit in priced), Decimal(0)),
        todos=sum(unit.todos for unit in priced),
        each=ratio([(unit.dollars, Decimal(unit.todos)) for unit in priced]),
        units=len(priced),
        left_out=len(units) - len(priced),
    )

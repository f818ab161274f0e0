"""Suggestions about planning: Todos that need no plan, and a cheaper orchestrator that plans as well."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from contextune.core.base import Value
from contextune.core.model.conversation import Rung
from contextune.core.model.ledger import run_of
from contextune.core.model.money import Usage
from contextune.core.model.naming import rung_text
from contextune.core.runs.run import Run
from contextune.core.spending.chance import Share, share
from contextune.core.spending.costs import is_planning, is_shadow, share_of, summed, total
from contextune.core.spending.history import History
from contextune.core.spending.suggestion import LEAST, WORTH, Suggestion, bounds, cents, percent
from contextune.core.spending.wording import dollars_text
from contextune.core.states import LIVE_RUN

PLANNING_SHARE = Decimal("0.25")
"""The most that planning should be of a bill."""
FEW_TASKS = 3
"""Tasks of a Run that could be delegated one at a time."""
PREFIX_TOKENS = 6_000
"""What the agents of a Run share in the cache, and Runs of one Task each would write again."""

LEAST_PLANNED = 20
"""Tasks planned on each rung of the orchestrator, for the two to be compared."""
MARGIN = Decimal("0.1")
"""How much lower the share of accepted Tasks of a cheaper orchestrator may be in the long run."""


def lone_todos(past: History) -> Iterator[Suggestion]:
    """Todos that were planned together and could be delegated one at a time, which needs no planner."""
    planning = summed(filter(is_planning, past.entries), lambda entry: run_of(entry.stream))
    bill = total(entry for entry in past.entries if not is_shadow(entry))
    planned = sum((one.dollars for one in planning.values()), Decimal(0))
    part = share_of(planned, bill.dollars)
    small = [run for run in past.runs if run.id in planning and _is_splittable(run)]
    if part is None or part <= PLANNING_SHARE or len(planning) < LEAST or not small:
        return
    again = sum((_written_again(past, run) for run in small), Decimal(0))
    weekly = (sum((planning[run.id].dollars for run in small), Decimal(0)) - again) / past.weeks
    if weekly < WORTH:
        return
    yield Suggestion(
        id="lone-todos",
        sentence=(
            f"Planning is {percent(part)} of the bill: delegate Todos that do not depend on each other one "
            f"at a time, which needs no plan, about {cents(weekly)} a week."
        ),
        weekly=weekly,
        computed=(
            f"{len(small)} of {len(planning)} planned Runs had two or three Todos that were independent. "
            "Counted is what their planning cost, less what their agents shared in the cache."
        ),
        setting=None,
        value=None,
        hits=len(small),
        of=len(planning),
    )


def _is_splittable(run: Run) -> bool:
    return 1 < len(run.tasks) <= FEW_TASKS and all(
        len(task.task.todo_ids) == 1 and not task.task.depends_on for task in run.tasks
    )


def _written_again(past: History, run: Run) -> Decimal:
    price = past.prices.get(run.ladder[0].model)
    if price is None:
        return Decimal(0)
    written = price.cost(Usage(cache_write_5m_tokens=PREFIX_TOKENS))
    read = price.cost(Usage(cache_read_tokens=PREFIX_TOKENS))
    return (len(run.tasks) - 1) * (written - read)


class _Planner(Value, frozen=True, kw_only=True):
    """What came of the Runs that were planned on one rung."""

    plans: int
    tasks: int
    accepted: Share
    planning: Decimal
    """Dollars a Task, for the plan alone."""
    in_all: Decimal | None
    """Dollars an accepted Task, planning included."""


def orchestrator_effort(past: History) -> Iterator[Suggestion]:
    """A cheaper orchestrator whose plans have turned out as well."""
    rungs: dict[str, Rung] = {run_of(e.stream): e.rung for e in past.entries if is_planning(e)}
    now = past.settings.orchestrator
    by_rung = {
        rung: _planner(past, {r for r, of in rungs.items() if of == rung}) for rung in set(rungs.values())
    }
    present = by_rung.pop(now, None)
    if present is None or present.tasks < LEAST_PLANNED:
        return
    good = [(rung, planner) for rung, planner in by_rung.items() if _is_as_good(planner, present)]
    if not good:
        return
    rung, cheapest = min(good, key=lambda pair: pair[1].planning)
    weekly = (present.planning - cheapest.planning) * present.tasks / past.weeks
    if weekly < WORTH:
        return
    yield Suggestion(
        id="orchestrator",
        sentence=(
            f"Plans made on {rung_text(rung)} turned out as well as those on {rung_text(now)}, "
            f"{cheapest.accepted.hits} of {cheapest.accepted.of} Tasks accepted: plan there, about "
            f"{cents(weekly)} a week."
        ),
        weekly=weekly,
        computed=(
            f"Accepted {bounds(cheapest.accepted)}, against {present.accepted.hits} of "
            f"{present.accepted.of}; "
            f"the plan costs {dollars_text(cheapest.planning)} a Task, against "
            f"{dollars_text(present.planning)}."
        ),
        setting="orchestrator",
        value=rung,
        hits=cheapest.accepted.hits,
        of=cheapest.accepted.of,
    )


def _planner(past: History, run_ids: set[str]) -> _Planner:
    ended = [run for run in past.runs if run.id in run_ids and run.state not in LIVE_RUN]
    ids = {run.id for run in ended}
    tasks = sum(len(run.tasks) for run in ended)
    accepted = sum(task.state == "accepted" for run in ended for task in run.tasks)
    spent = [e for e in past.entries if run_of(e.stream) in ids and not is_shadow(e)]
    plan = total(filter(is_planning, spent)).dollars
    return _Planner(
        plans=len(ended),
        tasks=tasks,
        accepted=share(accepted, tasks),
        planning=share_of(plan, Decimal(tasks)) or Decimal(0),
        in_all=share_of(total(spent).dollars, Decimal(accepted)),
    )


def _is_as_good(other: _Planner, present: _Planner) -> bool:
    """Cheaper to plan, no dearer in all, and its Tasks are accepted as often, as far as that can be told."""
    return (
        other.plans >= LEAST
        and other.tasks >= LEAST_PLANNED
        and other.planning < present.planning
        and other.in_all is not None
        and (present.in_all is None or other.in_all <= present.in_all)
        and other.accepted.value >= present.accepted.value
        and other.accepted.low >= present.accepted.value - MARGIN
    )

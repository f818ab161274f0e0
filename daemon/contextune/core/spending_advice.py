"""Suggestions about planning, prompts that expire from the cache, and the budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, Decimal

from contextune.core import events as ev
from contextune.core.base import Value
from contextune.core.chance import Share, share
from contextune.core.conversation import Rung
from contextune.core.costs import is_planning, is_shadow, miss_cost, share_of, summed, total
from contextune.core.history import History, run_of
from contextune.core.ledger import LedgerEntry
from contextune.core.money import Usage
from contextune.core.run import Run
from contextune.core.states import LIVE_RUN
from contextune.core.suggestion import LEAST, WORTH, Suggestion, bounds, cents, percent
from contextune.core.wording import count_text, dollars_text, rung_text

PLANNING_SHARE = Decimal("0.25")
"""The most that planning should be of a bill."""
FEW_TASKS = 3
"""Tasks of a Run that could be delegated one at a time."""
PREFIX_TOKENS = 6_000
"""What the agents of a Run share in the cache, and Runs of one Task each would write again."""

EXPIRED = "expired"
LEAST_EXPIRED = 5
LEAST_REQUESTS = 100
"""Requests of Runs with fewer agents, for those to be compared with."""

LEAST_RUNS = 12
OFTEN_PARKED = Decimal("0.1")
WIDE = 10
"""A budget of so many times what the dearest Run cost bounds nothing."""
_STEP = Decimal("0.05")

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
            f"Planning is {percent(part)} of the bill: delegate Todos that do not depend on each other one at "
            f"a time, which needs no plan, about {cents(weekly)} a week."
        ),
        weekly=weekly,
        computed=(
            f"{len(small)} of {len(planning)} planned Runs had two or three Todos that were independent. Counted "
            "is what their planning cost, less what their agents shared in the cache."
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


class _Crowd(Value, frozen=True, kw_only=True):
    """Requests of Runs with so many agents."""

    agents: int
    expired: Share


def expired_prompts(past: History) -> Iterator[Suggestion]:
    """Fewer agents at a time where prompts expire from the cache before the agent's next turn."""
    agents_of = {run.id: run.agents for run in past.runs}
    working = [entry for entry in past.entries if entry.settled and entry.stream in agents_of]
    expired = [entry for entry in working if _is_expired(entry)]
    now = past.settings.agents
    if len(expired) < LEAST_EXPIRED or now < 2:
        return
    at_present = _crowd(now, [e for e in working if agents_of[e.stream] >= now])
    others = sorted({count for count in agents_of.values() if count < now}, reverse=True)
    crowds = [_crowd(count, [e for e in working if agents_of[e.stream] == count]) for count in others]
    known = [crowd for crowd in crowds if crowd.expired.of >= LEAST_REQUESTS]
    fewer: int | None = now // 2
    part = Decimal(1)
    if known:
        best = min(known, key=lambda crowd: crowd.expired.high)
        fewer = best.agents if best.expired.high < at_present.expired.low else None
        part = 1 - best.expired.high / at_present.expired.low if fewer else part
    cost = sum(
        (
            miss_cost(entry, entry.miss, past.prices.get(entry.rung.model))
            for entry in expired
            if entry.miss is not None and agents_of[entry.stream] >= now
        ),
        Decimal(0),
    )
    weekly = cost * part / past.weeks
    if fewer is None or weekly < WORTH:
        return
    compared = (
        f"With {count_text(fewer, 'agent')}, at most {percent(best.expired.high)} did."
        if known
        else "There are no Runs with fewer agents to compare with, so that this is the most it can save."
    )
    yield Suggestion(
        id="expired-prompts",
        sentence=(
            f"{at_present.expired.hits} of {at_present.expired.of} prompts had expired from the cache before the "
            f"agent's next turn: let fewer agents work at a time, {'about' if known else 'up to'} "
            f"{cents(weekly)} a week."
        ),
        weekly=weekly,
        computed=(
            f"With {count_text(now, 'agent')} {bounds(at_present.expired)} expired. {compared} Counted is what "
            "their tokens cost more than if they had been read from the cache."
        ),
        setting="agents",
        value=fewer,
        hits=at_present.expired.hits,
        of=at_present.expired.of,
    )


def _is_expired(entry: LedgerEntry) -> bool:
    return entry.miss is not None and EXPIRED in entry.miss.reason


def _crowd(agents: int, entries: Sequence[LedgerEntry]) -> _Crowd:
    return _Crowd(agents=agents, expired=share(sum(map(_is_expired, entries)), len(entries)))


def tight_budget(past: History) -> Iterator[Suggestion]:
    """A budget at which too many Runs have stopped."""
    budget = past.settings.budget
    spent, parked = _spending(past)
    stopped = share(len(parked), len(spent))
    if stopped.of < LEAST or stopped.low < OFTEN_PARKED:
        return
    amounts = sorted(spent.values())
    fits_most = amounts[(len(amounts) * 9 + 9) // 10 - 1]
    wanted = _rounded(fits_most * Decimal("1.25"))
    if wanted <= budget:
        return
    waited = [entry for entry in past.entries if entry.stream in parked and _is_expired(entry)]
    lost = sum(
        (
            miss_cost(e, e.miss, past.prices.get(e.rung.model))
            for e in waited
            if e.miss and e.at >= parked[e.stream]
        ),
        Decimal(0),
    )
    weekly = lost / past.weeks
    yield Suggestion(
        id="tight-budget",
        sentence=(
            f"{stopped.hits} of {stopped.of} Runs stopped at their budget of {dollars_text(budget)}; nine of "
            f"ten have ended at {dollars_text(fits_most)} or less: set it to {dollars_text(wanted)}, which saves "
            f"waiting{f' and about {cents(weekly)} a week' if weekly >= WORTH else ''}."
        ),
        weekly=weekly if weekly >= WORTH else Decimal(0),
        computed=(
            f"Stopped {bounds(stopped)}. The new budget is a quarter above what nine of ten Runs cost; the saving "
            "is that of prompts which expired from the cache after a Run had stopped."
        ),
        setting="budget",
        value=wanted,
        hits=stopped.hits,
        of=stopped.of,
    )


def wide_budget(past: History) -> Iterator[Suggestion]:
    """A budget so far above every Run that it bounds nothing."""
    budget = past.settings.budget
    spent, parked = _spending(past)
    dearest = max(spent.values(), default=Decimal(0))
    if len(spent) < LEAST_RUNS or parked or not dearest or budget < WIDE * dearest:
        return
    wanted = _rounded(dearest * 3)
    yield Suggestion(
        id="wide-budget",
        sentence=(
            f"None of {len(spent)} Runs cost more than {dollars_text(dearest)}, and the budget is "
            f"{dollars_text(budget)}: {dollars_text(wanted)} stops a Run that goes wrong "
            f"{dollars_text(budget - wanted)} earlier."
        ),
        weekly=Decimal(0),
        computed="The new budget is three times what the dearest Run cost. It saves nothing while all goes well.",
        setting="budget",
        value=wanted,
        hits=len(spent),
        of=len(spent),
    )


def _spending(past: History) -> tuple[dict[str, Decimal], dict[str, int]]:
    """What each Run under the present budget cost, planning included, and when it first stopped at it."""
    of_interest = {
        run.id
        for run in past.runs
        if run.quote.budget == past.settings.budget and (run.state not in LIVE_RUN or run.state == "parked")
    }
    bills = summed((e for e in past.entries if not is_shadow(e)), lambda entry: run_of(entry.stream))
    parked: dict[str, int] = {}
    for event in past.events:
        if isinstance(event, ev.RunPaused) and event.state == "parked" and event.scope in (None, "run"):
            parked.setdefault(event.run_id, event.at)
    spent = {run_id: bills[run_id].dollars for run_id in of_interest if run_id in bills}
    return spent, {run_id: at for run_id, at in parked.items() if run_id in spent}


def _rounded(dollars: Decimal) -> Decimal:
    """Up to the next five cents."""
    return (dollars / _STEP).to_integral_value(ROUND_CEILING) * _STEP


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
            f"Accepted {bounds(cheapest.accepted)}, against {present.accepted.hits} of {present.accepted.of}. The "
            f"plan costs {dollars_text(cheapest.planning)} a Task, against {dollars_text(present.planning)}."
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

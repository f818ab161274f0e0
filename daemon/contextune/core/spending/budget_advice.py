"""Suggestions about a Run's budget: too tight, so that Runs stop, or so wide that it bounds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from contextune.core.model.ledger import run_of
from contextune.core.runs import events as ev
from contextune.core.spending.chance import share
from contextune.core.spending.costs import cost_of_misses, is_expired, is_shadow, summed
from contextune.core.spending.history import History
from contextune.core.spending.suggestion import LEAST, WORTH, Suggestion, bounds, cents
from contextune.core.spending.wording import dollars_text
from contextune.core.states import LIVE_RUN

LEAST_RUNS = 12
"""Runs that tell how wide a budget need be."""
OFTEN_PARKED = Decimal("0.1")
"""The share of Runs that may stop at their budget."""
WIDE = 10
"""A budget of so many times what the dearest Run cost bounds nothing."""
_STEP = Decimal("0.05")


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
    waited = (e for e in past.entries if is_expired(e) and e.at >= parked.get(e.stream, e.at + 1))
    weekly = cost_of_misses(past, waited) / past.weeks
    was, most, new = dollars_text(budget), dollars_text(fits_most), dollars_text(wanted)
    yield Suggestion(
        id="tight-budget",
        sentence=(
            f"{stopped.hits} of {stopped.of} Runs stopped at their budget of {was}; nine of ten have ended "
            f"at {most} or less: set it to {new}, which saves waiting and about {cents(weekly)} a week."
            if weekly >= WORTH
            else f"{stopped.hits} of {stopped.of} Runs stopped at their budget of {was}; nine of ten have "
            f"ended at {most} or less: set it to {new}, which saves waiting."
        ),
        weekly=weekly if weekly >= WORTH else Decimal(0),
        computed=(
            f"Stopped {bounds(stopped)}. The new budget is a quarter above what nine of ten Runs cost; the "
            "saving is that of prompts which expired from the cache after a Run had stopped."
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
        computed=(
            "The new budget is three times what the dearest Run cost. It saves nothing while all goes well."
        ),
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

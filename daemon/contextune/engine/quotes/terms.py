"""The terms of an open Quote: what a Task is told, where it begins, what the Run may cost."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from contextune.core.base import Value
from contextune.core.errors import UsageProblem
from contextune.core.model.budget import Limits
from contextune.core.overlap.touches import TaskFacts
from contextune.core.planning.quote import Quote, unpriced_warning
from contextune.core.settings import MOST_AGENTS
from contextune.engine.money.pricing import Pricer
from contextune.engine.quotes.edits import edited, ticked, with_price

MOST_REQUESTS = 100_000
"""Requests that a Quote may name as its most."""


class Terms(Value, frozen=True, kw_only=True):
    """A change of an open Quote; what is None stays. The first four are about the Task `task_id`.

    Without a `task_id`, `start` is about every Task.
    """

    task_id: str | None = None
    include: bool | None = None
    title: str | None = None
    brief: str | None = None
    start: int | None = None
    """The place on the Quote's ladder, from 0, where the Task begins."""
    budget: Decimal | None = None
    """Dollars that the Run may cost, planning included."""
    agents: int | None = None
    task_budget: Decimal | None = None
    """Dollars that each Task may cost before it asks."""
    request_budget: Decimal | None = None
    """Dollars that one request may cost before its Task asks."""
    max_requests: int | None = None
    """Requests without a price that the Run may send."""


def on_terms(quote: Quote, terms: Terms, pricer: Pricer, facts: tuple[TaskFacts, ...]) -> Quote:
    """The Quote on other terms, priced anew. Raises UsageProblem, with a sentence, if that is impossible."""
    if terms.budget is not None:
        if not terms.budget.is_finite() or terms.budget <= 0:
            raise UsageProblem(f"A budget of {terms.budget}: expected dollars above 0, such as 2.00.")
        quote = msgspec.structs.replace(quote, budget=terms.budget)
    if terms.agents is not None:
        if not 1 <= terms.agents <= MOST_AGENTS:
            raise UsageProblem(f"{terms.agents} agents: expected 1 to {MOST_AGENTS}.")
        quote = msgspec.structs.replace(quote, agents=terms.agents)
    quote = _within(quote, terms)
    if terms.task_id is None:
        every = {task.id: {"start": terms.start} for task in quote.plan.tasks}
        return quote if terms.start is None else _with_edits(quote, every, pricer, facts)
    if terms.brief is not None and not terms.brief.strip():
        raise UsageProblem("The brief is empty. Say what the agent is to do, or untick the task.")
    words = {"title": terms.title, "brief": terms.brief, "start": terms.start}
    if any(value is not None for value in words.values()):
        quote = _with_edits(quote, {terms.task_id: words}, pricer, facts)
    stays = terms.task_id not in quote.left_out
    return ticked(quote, terms.task_id, stays if terms.include is None else terms.include)


def _within(quote: Quote, terms: Terms) -> Quote:
    """The Quote with other bounds of its Tasks and requests. Raises UsageProblem."""
    wanted = Limits(task=terms.task_budget, request=terms.request_budget, requests=terms.max_requests)
    require_limits(wanted)
    now, limits = quote.limits, quote.limits.after(wanted)
    said = unpriced_warning(now.over(quote.budgets).requests)
    instead = unpriced_warning(limits.over(quote.budgets).requests)
    warnings = tuple(instead if one == said else one for one in quote.warnings)
    return msgspec.structs.replace(quote, limits=limits, warnings=warnings)


def require_limits(limits: Limits) -> None:
    """Raise UsageProblem, with what was expected, for a limit that no Run can keep to."""
    for name, dollars in (("task", limits.task), ("request", limits.request)):
        if dollars is not None and (not dollars.is_finite() or dollars <= 0):
            raise UsageProblem(f"A budget of {dollars} a {name}: expected dollars above 0, such as 0.10.")
    if limits.requests is not None and not 1 <= limits.requests <= MOST_REQUESTS:
        raise UsageProblem(f"{limits.requests} requests: expected 1 to {MOST_REQUESTS}.")


def _with_edits(
    quote: Quote, edits: Mapping[str, Mapping[str, Any]], pricer: Pricer, facts: tuple[TaskFacts, ...]
) -> Quote:
    """The Quote with edits of any of its Tasks. What is unticked is kept: it can be ticked again."""
    changed = edited(msgspec.structs.replace(quote, left_out=()), edits, pricer, facts)
    return with_price(msgspec.structs.replace(changed, left_out=quote.left_out))

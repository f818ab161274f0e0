"""A suggestion about prompts that expire from the cache between an agent's turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contextune.core.base import Value
from contextune.core.model.ledger import LedgerEntry
from contextune.core.spending.chance import Share, share
from contextune.core.spending.costs import cost_of_misses, is_expired
from contextune.core.spending.history import History
from contextune.core.spending.suggestion import WORTH, Suggestion, bounds, cents, percent
from contextune.core.spending.wording import count_text

LEAST_EXPIRED = 5
LEAST_REQUESTS = 100
"""Requests of Runs with fewer agents, for those to be compared with."""


class _Crowd(Value, frozen=True, kw_only=True):
    """Requests of Runs with so many agents."""

    agents: int
    expired: Share


def expired_prompts(past: History) -> Iterator[Suggestion]:
    """Fewer agents at a time where prompts expire from the cache before the agent's next turn."""
    now, agents_of = past.settings.agents, {run.id: run.agents for run in past.runs}
    by_count: dict[int, list[LedgerEntry]] = {}
    for entry in past.entries:
        if entry.settled and entry.stream in agents_of:
            by_count.setdefault(min(now, agents_of[entry.stream]), []).append(entry)
    present = by_count.pop(now, [])
    at_present = _crowd(now, present)
    known = [_crowd(count, of) for count, of in by_count.items() if len(of) >= LEAST_REQUESTS]
    best = min(known, key=lambda crowd: crowd.expired.high, default=None)
    if now < 2 or at_present.expired.hits < LEAST_EXPIRED:
        return
    if best is not None and best.expired.high >= at_present.expired.low:
        return
    part = 1 if best is None else 1 - best.expired.high / at_present.expired.low
    weekly = cost_of_misses(past, filter(is_expired, present)) * part / past.weeks
    if weekly < WORTH:
        return
    compared = (
        "There are no Runs with fewer agents to compare with, so that this is the most it can save."
        if best is None
        else f"With {count_text(best.agents, 'agent')}, at most {percent(best.expired.high)} did."
    )
    hits, of = at_present.expired.hits, at_present.expired.of
    yield Suggestion(
        id="expired-prompts",
        sentence=(
            f"{hits} of {of} prompts had expired from the cache before the agent's next turn: let fewer "
            f"agents work at a time, up to {cents(weekly)} a week."
            if best is None
            else f"{hits} of {of} prompts had expired from the cache before the agent's next turn: let "
            f"fewer agents work at a time, about {cents(weekly)} a week."
        ),
        weekly=weekly,
        computed=(
            f"With {count_text(now, 'agent')}, {bounds(at_present.expired)}, expired. {compared} Counted is "
            "what their tokens cost more than if they had been read from the cache."
        ),
        setting="agents",
        value=now // 2 if best is None else best.agents,
        hits=hits,
        of=of,
    )


def _crowd(agents: int, entries: Sequence[LedgerEntry]) -> _Crowd:
    return _Crowd(agents=agents, expired=share(sum(map(is_expired, entries)), len(entries)))

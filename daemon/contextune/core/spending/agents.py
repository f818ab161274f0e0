"""What each agent did, cost and came to, by the name of its role."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from contextune.core.base import Value
from contextune.core.model.ledger import LedgerEntry
from contextune.core.spending.costs import summed
from contextune.core.spending.history import History
from contextune.core.states import AttemptOutcome

UNJUDGED: frozenset[AttemptOutcome] = frozenset({"working", "cancelled", "handed_over", "failed"})
"""Attempts that say nothing of the agent: they go on, were stopped, somebody goes on with them, or a problem
outside of them ended them."""


class AgentRow(Value, frozen=True, kw_only=True):
    """One agent over a period."""

    role: str
    calls: int = 0
    """Requests that were settled."""
    errors: int = 0
    """Those of them that the server answered with an error."""
    dollars: Decimal = Decimal(0)
    unpriced: int = 0
    judged: int = 0
    """What it was judged by: attempts that ended, of one that does Tasks; else its calls."""
    good: int = 0
    """Attempts whose Gate was green; else calls that were answered."""
    outcomes: dict[str, int] = msgspec.field(default_factory=dict)
    """How its attempts ended, and how often."""

    @property
    def success(self) -> Decimal | None:
        """A share from 0 to 1; None where there is nothing to judge by."""
        return Decimal(self.good) / self.judged if self.judged else None

    @property
    def failure(self) -> str:
        """How its attempts fail most often; empty if none did."""
        failed = {how: count for how, count in self.outcomes.items() if how != "green"}
        return max(failed, key=lambda how: failed[how]) if failed else ""


def agent_rows(past: History) -> dict[str, AgentRow]:
    """A row for each role that asked a model or was given a Task, by its name."""
    bills = summed(past.entries, lambda entry: entry.role)
    outcomes = _outcomes(past)
    errors = _errors(past.entries)
    rows = {}
    for name in dict.fromkeys((*bills, *outcomes)):
        bill, ended = bills.get(name), outcomes.get(name, {})
        calls = bill.requests if bill else 0
        judged = sum(ended.values()) or calls
        rows[name] = AgentRow(
            role=name,
            calls=calls,
            errors=errors.get(name, 0),
            dollars=bill.dollars if bill else Decimal(0),
            unpriced=bill.unpriced if bill else 0,
            judged=judged,
            good=ended.get("green", 0) if ended else calls - errors.get(name, 0),
            outcomes=ended,
        )
    return rows


def _errors(entries: tuple[LedgerEntry, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in entries:
        if entry.settled and entry.error is not None:
            found[entry.role] = found.get(entry.role, 0) + 1
    return found


def _outcomes(past: History) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for run in past.runs:
        for task in run.tasks:
            for attempt in task.attempts:
                if attempt.outcome not in UNJUDGED:
                    of_role = found.setdefault(attempt.role, {})
                    of_role[attempt.outcome] = of_role.get(attempt.outcome, 0) + 1
    return found

"""Budgets: the most that a request, a Task, a Run, a day and a month may cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from contextune.core.base import Value


class Budgets(Value, frozen=True, kw_only=True):
    """Dollars; None where nothing bounds that scope but the ones around it."""

    request: Decimal | None = None
    task: Decimal | None = None
    day: Decimal | None = None
    month: Decimal | None = None
    requests: int | None = None
    """How many requests without a price one Run may send; None for no such bound."""


class Limits(Value, frozen=True, kw_only=True):
    """What a user bounds in one Run's Quote, in place of what the settings say; None for what they say."""

    request: Decimal | None = None
    task: Decimal | None = None
    requests: int | None = None

    def over(self, budgets: Budgets, sent: int = 0) -> Budgets:
        """The budgets of a Run, given the settings' own and how many requests without a price it has sent.

        Once `requests` are used up the Run waits; where its user has it go on, what the settings say holds.
        """
        is_reached = self.requests is not None and sent >= self.requests
        requests = budgets.requests if self.requests is None or is_reached else self.requests
        return Budgets(
            request=budgets.request if self.request is None else self.request,
            task=budgets.task if self.task is None else self.task,
            day=budgets.day,
            month=budgets.month,
            requests=requests,
        )


class Cap(Value, frozen=True, kw_only=True):
    """A budget that holds across all Runs and processes of a user."""

    scope: Literal["day", "month"]
    since: int
    """The first millisecond of the period."""
    limit: Decimal
    """Dollars, for what is settled and what is held back of all requests reserved in the period."""

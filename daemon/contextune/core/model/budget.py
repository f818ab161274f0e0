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
    """What a user bounds in one Run, in place of what the settings say; None for what they say."""

    request: Decimal | None = None
    task: Decimal | None = None
    requests: int | None = None

    def over(self, budgets: Budgets) -> Budgets:
        """The budgets of a Run, given the settings' own."""
        return Budgets(
            request=budgets.request if self.request is None else self.request,
            task=budgets.task if self.task is None else self.task,
            day=budgets.day,
            month=budgets.month,
            requests=budgets.requests if self.requests is None else self.requests,
        )

    def after(self, change: Limits) -> Limits:
        """The same once a user has changed some of them; what is None in `change` stays."""
        return Limits(
            request=self.request if change.request is None else change.request,
            task=self.task if change.task is None else change.task,
            requests=self.requests if change.requests is None else change.requests,
        )


class Cap(Value, frozen=True, kw_only=True):
    """A budget that holds across all Runs and processes of a user."""

    scope: Literal["day", "month"]
    since: int
    """The first millisecond of the period."""
    limit: Decimal
    """Dollars, for what is settled and what is held back of all requests reserved in the period."""

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


class Cap(Value, frozen=True, kw_only=True):
    """A budget that holds across all Runs and processes of a user."""

    scope: Literal["day", "month"]
    since: int
    """The first millisecond of the period."""
    limit: Decimal
    """Dollars, for what is settled and what is held back of all requests reserved in the period."""

"""Events of money: what is about to be spent, what was, and what a Task may cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from contextune.core.event import Event
from contextune.core.model.conversation import Rung
from contextune.core.model.money import CacheMiss, Charge


class RequestReserved(Event, frozen=True, kw_only=True):
    """A request is about to leave; its worst case is held back from the budget."""

    request_id: str
    task_id: str | None
    role: str
    rung: Rung
    prompt_tokens: int
    """The most that the prompt can have: counted by the server, or bounded by its bytes."""
    worst_case: Decimal | None
    attempt: int | None = None
    repository: str = ""


class RequestSettled(Event, frozen=True, kw_only=True):
    """A request came back and is billed."""

    request_id: str
    task_id: str | None
    role: str
    rung: Rung
    charge: Charge
    error: str | None = None
    attempt: int | None = None
    miss: CacheMiss | None = None


class CliffAvoided(Event, frozen=True, kw_only=True):
    """A prompt that would have passed its model's price cliff was shortened or handed over, never sent."""

    task_id: str
    attempt: int
    how: Literal["pruned", "handed_over"]
    tokens: int
    """What the prompt would have had."""
    limit: int
    dollars: Decimal | None
    """What that one request would have cost more than at the low price."""


class TaskBudgetRaised(Event, frozen=True, kw_only=True):
    """The user lets a Task cost more than the setting says."""

    task_id: str
    budget: Decimal

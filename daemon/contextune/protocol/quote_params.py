"""What requests about an open Quote take."""

from __future__ import annotations

from decimal import Decimal

from contextune.core.overlap.moved import Step
from contextune.protocol.wire import Params


class QuoteTaskParams(Params, frozen=True, kw_only=True):
    """Which Task of which Quote."""

    quote_id: str
    task_id: str


class QuoteMergeParams(Params, frozen=True, kw_only=True):
    """Which Tasks of which Quote become one."""

    quote_id: str
    task_ids: tuple[str, ...]


class QuoteChangeParams(Params, frozen=True, kw_only=True):
    """Other terms for an open Quote; absent fields stay. The first five are about the Task `taskId`.

    Without a `taskId`, `start` is about every Task.
    """

    quote_id: str
    task_id: str | None = None
    include: bool | None = None
    """Whether the Run does it; a Task that is left out stays in the Quote, and can be taken in again."""
    title: str | None = None
    brief: str | None = None
    start: int | None = None
    """The place on the Quote's ladder, from 0, where the Task begins."""
    budget: Decimal | None = None
    """Dollars."""
    agents: int | None = None
    """Agents that work at the same time."""
    task_budget: Decimal | None = None
    """Dollars that each Task may cost before it asks."""
    request_budget: Decimal | None = None
    """Dollars that one request may cost before its Task asks."""
    max_requests: int | None = None
    """Requests without a price that the Run may send."""


class QuoteMoveParams(Params, frozen=True, kw_only=True):
    """Where a Task of a Quote goes: one step, or into a wave."""

    quote_id: str
    task_id: str
    step: Step | None = None
    """Up or down by one Task, from wave to wave at their ends; None if `wave` is given."""
    wave: int | None = None
    """From 1; one more than there are for a new wave behind the last."""
    before: str | None = None
    """The Task of that wave that comes next; None for the wave's end."""

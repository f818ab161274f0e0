"""What requests about an open Quote take."""

from __future__ import annotations

from decimal import Decimal

from contextune.protocol.wire import Params


class QuoteTaskParams(Params, frozen=True, kw_only=True):
    """Which Task of which Quote."""

    quote_id: str
    task_id: str


class QuoteChangeParams(Params, frozen=True, kw_only=True):
    """Other terms for an open Quote; absent fields stay. The first five are about the Task `taskId`."""

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

"""What requests about Runs take and give."""

from __future__ import annotations

from decimal import Decimal

from contextune.protocol.views import PriceView, RungView
from contextune.protocol.wire import Params, View


class RunAdjustParams(Params, frozen=True, kw_only=True):
    """Which Run, and what changes of it while it goes on; None leaves a thing as it is."""

    run_id: str
    budget: Decimal | None = None
    """Dollars in all, what is spent included."""
    agents: int | None = None
    """At the same time."""
    start: int | None = None
    """The place on its ladder, from 0, where `task_ids` begin, or all that wait for their first agent."""
    task_ids: tuple[str, ...] = ()
    task_budget: Decimal | None = None
    """Dollars that each Task may cost before it asks."""
    request_budget: Decimal | None = None
    """Dollars that one request may cost before its Task asks."""
    max_requests: int | None = None
    """Requests without a price that the Run may send in all."""


class RunRungsParams(Params, frozen=True, kw_only=True):
    """Which Tasks that wait for their first agent are to begin elsewhere: all of the Run if none is named."""

    run_id: str
    task_ids: tuple[str, ...] = ()


class WaitingRungView(View, frozen=True, kw_only=True):
    """A rung on which these Tasks can begin."""

    start: int
    """Its place on the Run's ladder, from 0."""
    rung: RungView
    price: PriceView
    """Of these Tasks together."""
    chosen: bool
    """Whether all of them begin there now."""
    lack: str
    """Why they cannot, a sentence; empty if they can."""


class RunRungsResult(View, frozen=True, kw_only=True):
    """The rungs of the Run's ladder, in order."""

    rungs: tuple[WaitingRungView, ...]
    task_ids: tuple[str, ...]
    """The Tasks that are meant."""
    room_text: str
    """What is left of the Run's budget."""

"""What requests about Runs take."""

from __future__ import annotations

from decimal import Decimal

from contextune.protocol.wire import Params


class RunAdjustParams(Params, frozen=True, kw_only=True):
    """Which Run, and what changes of it while it goes on; None leaves a thing as it is."""

    run_id: str
    budget: Decimal | None = None
    """Dollars in all, what is spent included."""
    agents: int | None = None
    """At the same time."""

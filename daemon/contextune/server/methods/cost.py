"""`contextune/cost/*`."""

from __future__ import annotations

import asyncio

from contextune.core.spending.history import History
from contextune.protocol.cost_views import CostView
from contextune.protocol.costs import cost_view
from contextune.protocol.days import check_day, day_of, next_day_start, start_of, today
from contextune.protocol.params import CostParams
from contextune.server.session import Session


async def summary(session: Session, params: CostParams) -> CostView:
    """Money over time."""
    since = start_of(check_day(params.since)) if params.since is not None else 0
    until = next_day_start(check_day(params.until)) if params.until is not None else None
    application = await session.application()
    folder = session.folder(params.folder) if params.folder is not None else None
    past = await application.costs(folder, since=since, until=until)
    return await asyncio.to_thread(_view, past)


def _view(past: History) -> CostView:
    return cost_view(past, day_of=day_of, today=today())

"""`contextune/cost/*`."""

from __future__ import annotations

from contextune.protocol.convert import cost_view
from contextune.protocol.params import CostParams
from contextune.protocol.views import CostView
from contextune.server.days import check_day, day_of, today
from contextune.server.session import Session


async def summary(session: Session, params: CostParams) -> CostView:
    """Money over time."""
    since = check_day(params.since) if params.since is not None else None
    application = await session.application()
    folder = session.folder(params.folder) if params.folder is not None else None
    return cost_view(await application.runs(folder), day_of=day_of, today=today(), since=since)

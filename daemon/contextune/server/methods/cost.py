"""`contextune/cost/*`."""

from __future__ import annotations

from datetime import date, datetime

from contextune.core.errors import UsageProblem
from contextune.protocol.convert import cost_view
from contextune.protocol.params import CostParams
from contextune.protocol.views import CostView
from contextune.server.session import Session, local_day


async def summary(session: Session, params: CostParams) -> CostView:
    """Money over time."""
    if params.since is not None:
        _check(params.since)
    application = await session.application()
    folder = session.folder(params.folder) if params.folder is not None else None
    today = datetime.now().astimezone().date().isoformat()
    return cost_view(await application.runs(folder), day_of=local_day, today=today, since=params.since)


def _check(since: str) -> None:
    try:
        date.fromisoformat(since)
    except ValueError:
        raise UsageProblem(f"Date {since!r}: expected a form such as 2026-11-01.") from None

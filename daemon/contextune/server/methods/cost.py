"""`contextune/cost/*`."""

from __future__ import annotations

import asyncio

from contextune.core.spending.history import History
from contextune.protocol.compared import compared
from contextune.protocol.cost_csv import csv_text, entry_rows
from contextune.protocol.cost_views import ComparisonView, CostView
from contextune.protocol.costs import comparison_view, cost_view
from contextune.protocol.dashboard import begins, dashboard_view
from contextune.protocol.dashboard_views import CompareParams, DashboardParams, DashboardView, ExportResult
from contextune.protocol.days import check_day, day_of, next_day_start, start_of, today
from contextune.protocol.params import CostParams
from contextune.server.session import Session


async def summary(session: Session, params: CostParams) -> CostView:
    """Money over time."""
    since = start_of(check_day(params.since)) if params.since is not None else 0
    until = next_day_start(check_day(params.until)) if params.until is not None else None
    application = await session.application()
    await session.configured()  # what is suggested depends on what is set
    folder = session.folder(params.folder) if params.folder is not None else None
    past = await application.costs(folder, since=since, until=until)
    return await asyncio.to_thread(_view, past)


async def dashboard(session: Session, params: DashboardParams) -> DashboardView:
    """What the dashboard shows of a period."""
    past, now = await _of_period(session, params)
    return await asyncio.to_thread(dashboard_view, past, params.period, now)


async def compare(session: Session, params: CompareParams) -> ComparisonView:
    """Two sides, side by side; of all time, as each names its own."""
    application = await session.application()
    folder = session.folder(params.folder) if params.folder is not None else None
    past = await application.costs(folder, since=0, until=None)
    return comparison_view(await asyncio.to_thread(compared, past, (params.one, params.other), "compare"))


async def export(session: Session, params: DashboardParams) -> ExportResult:
    """The requests of a period, a row each."""
    past, now = await _of_period(session, params)
    text = await asyncio.to_thread(lambda: csv_text(entry_rows(past.entries)))
    return ExportResult(name=f"contextune-costs-{now}.csv", csv=text, requests=len(past.entries))


async def _of_period(session: Session, params: DashboardParams) -> tuple[History, str]:
    now = today()
    first = begins(params.period, now)
    application = await session.application()
    await session.configured()  # what is suggested depends on what is set
    folder = session.folder(params.folder) if params.folder is not None else None
    past = await application.costs(folder, since=start_of(first) if first is not None else 0, until=None)
    return past, now


def _view(past: History) -> CostView:
    return cost_view(past, day_of=day_of, today=today())

"""`contextune/run/*`."""

from __future__ import annotations

from typing import Any

from contextune.core.model.budget import Limits
from contextune.protocol.convert import price_view, rung_view
from contextune.protocol.params import (
    Nothing,
    RunAcceptParams,
    RunChanged,
    RunListParams,
    RunListResult,
    RunParams,
    RunResumeParams,
    RunStartParams,
    RunStartResult,
    TaskEdit,
)
from contextune.protocol.run_params import (
    RunAdjustParams,
    RunRungsParams,
    RunRungsResult,
    WaitingRungView,
)
from contextune.protocol.wording import dollars_text
from contextune.protocol.words import shown
from contextune.server.quoting import put_away
from contextune.server.session import Session


async def start(session: Session, params: RunStartParams) -> RunStartResult:
    """Approve a Quote; the Run streams by `contextune/run/changed`."""
    application = await session.application()
    run = await application.start(
        session.quotes.get(params.quote_id, params.quote_id),
        edits=[_edit(edit) for edit in params.edits],
        budget=params.budget,
        agents=params.agents,
        issues=params.issues,
    )
    put_away(session, run.repository)
    return RunStartResult(run_id=run.id)


def _edit(edit: TaskEdit) -> dict[str, Any]:
    return {
        "id": edit.id,
        "include": edit.include,
        "title": edit.title,
        "brief": edit.brief,
        "start": edit.start,
    }


async def every(session: Session, params: RunListParams) -> RunListResult:
    """Runs, newest first."""
    application = await session.application()
    folder = session.folder(params.folder) if params.folder is not None else None
    return RunListResult(runs=tuple(session.view(run) for run in await application.runs(folder)))


async def get(session: Session, params: RunParams) -> RunChanged:
    """One Run."""
    application = await session.application()
    return RunChanged(run=session.view(await application.run(params.run_id)))


async def adjust(session: Session, params: RunAdjustParams) -> RunChanged:
    """Other budgets, another number of agents or rung, from now on."""
    application = await session.application()
    run = await application.steering.adjust(
        params.run_id,
        budget=params.budget,
        agents=params.agents,
        limits=Limits(task=params.task_budget, request=params.request_budget, requests=params.max_requests),
        start=params.start,
        task_ids=params.task_ids,
    )
    return RunChanged(run=session.view(run))


async def rungs(session: Session, params: RunRungsParams) -> RunRungsResult:
    """Where Tasks that wait can begin, and what they are expected to cost from there."""
    found = await (await session.application()).steering.rungs(params.run_id, params.task_ids)
    views = (
        WaitingRungView(
            start=one.start,
            rung=rung_view(one.rung),
            price=price_view(one.price),
            chosen=one.chosen,
            lack=shown(one.lack),
        )
        for one in found.rungs
    )
    return RunRungsResult(rungs=tuple(views), task_ids=found.task_ids, room_text=dollars_text(found.room))


async def pause(session: Session, params: RunParams) -> Nothing:
    """Take no further turn until it resumes."""
    await (await session.application()).pause(params.run_id)
    return Nothing()


async def resume(session: Session, params: RunResumeParams) -> Nothing:
    """Go on, with a new budget if one is given."""
    await (await session.application()).resume(params.run_id, params.budget)
    return Nothing()


async def cancel(session: Session, params: RunParams) -> Nothing:
    """Stop."""
    await (await session.application()).cancel(params.run_id)
    return Nothing()


async def accept(session: Session, params: RunAcceptParams) -> RunChanged:
    """Move the user's branch once."""
    application = await session.application()
    run = await application.accept(
        params.run_id,
        params.mode,
        seen=params.seen,
        without=params.without,
        onto_protected=params.onto_protected,
        here=params.here,
    )
    return RunChanged(run=session.view(run))


async def rebase(session: Session, params: RunParams) -> RunChanged:
    """Follow the branch, which has moved."""
    application = await session.application()
    return RunChanged(run=session.view(await application.rebase(params.run_id)))


async def undo(session: Session, params: RunParams) -> RunChanged:
    """Move the user's branch back."""
    application = await session.application()
    return RunChanged(run=session.view(await application.undo(params.run_id)))


async def discard(session: Session, params: RunParams) -> RunChanged:
    """Drop the result."""
    application = await session.application()
    return RunChanged(run=session.view(await application.discard(params.run_id)))

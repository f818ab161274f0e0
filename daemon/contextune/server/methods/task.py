"""`contextune/task/*`."""

from __future__ import annotations

import asyncio

from contextune.core.runs.line_origin import Origin
from contextune.protocol.convert import price_view, rung_view
from contextune.protocol.params import (
    Nothing,
    RunChanged,
    TaskParams,
    TaskRewindParams,
    TaskTextParams,
)
from contextune.protocol.task_params import (
    RetryRungView,
    TaskOriginParams,
    TaskOriginResult,
    TaskRetryParams,
    TaskRungsResult,
)
from contextune.protocol.transcript_text import (
    TranscriptParams,
    TranscriptResult,
    TurnChangesParams,
    TurnChangesResult,
    part_of,
)
from contextune.protocol.wording import dollars_text
from contextune.protocol.words import t
from contextune.server.session import Session


async def origin(session: Session, params: TaskOriginParams) -> TaskOriginResult:
    """The turn that wrote a line."""
    application = await session.application()
    found = await application.origins.of(params.run_id, params.task_id, params.path, params.line)
    return TaskOriginResult(
        source=found.source, attempt=found.attempt, turn=found.turn, text=_origin_text(found)
    )


def _origin_text(found: Origin) -> str:
    match found.source:
        case "agent":
            return t("Written in turn {turn} of attempt {attempt}.", turn=found.turn, attempt=found.attempt)
        case "before":
            return t("It was there before the Task.")
        case "after":
            return t("No agent of this Task wrote it: it came with a merge or a review.")
        case "unknown":
            return t("Nothing is known of who wrote this line.")


async def pause(session: Session, params: TaskParams) -> RunChanged:
    """Take no further turn on one Task until it resumes."""
    steering = (await session.application()).steering
    return RunChanged(run=session.view(await steering.pause_task(params.run_id, params.task_id)))


async def resume(session: Session, params: TaskParams) -> RunChanged:
    """Go on with a paused Task."""
    steering = (await session.application()).steering
    return RunChanged(run=session.view(await steering.resume_task(params.run_id, params.task_id)))


async def cancel(session: Session, params: TaskParams) -> Nothing:
    """Stop one Task."""
    await (await session.application()).cancel_task(params.run_id, params.task_id)
    return Nothing()


async def retry(session: Session, params: TaskRetryParams) -> Nothing:
    """Do an ended Task again."""
    await (await session.application()).retrying.retry(params.run_id, params.task_id, params.start)
    return Nothing()


async def rungs(session: Session, params: TaskParams) -> TaskRungsResult:
    """Where an ended Task can begin again, and what that is expected to cost."""
    found, room = await (await session.application()).retrying.rungs(params.run_id, params.task_id)
    views = (
        RetryRungView(start=one.start, rung=rung_view(one.rung), price=price_view(one.price), tried=one.tried)
        for one in found
    )
    return TaskRungsResult(rungs=tuple(views), room_text=dollars_text(room))


async def tell(session: Session, params: TaskTextParams) -> Nothing:
    """Words that reach the agent with its next turn."""
    await (await session.application()).tell(params.run_id, params.task_id, params.text)
    return Nothing()


async def rewind(session: Session, params: TaskRewindParams) -> Nothing:
    """Go back to a turn, and on by other words."""
    application = await session.application()
    await application.rewind(params.run_id, params.task_id, params.turn, params.text, attempt=params.attempt)
    return Nothing()


async def answer(session: Session, params: TaskTextParams) -> Nothing:
    """The answer to an agent's question."""
    await (await session.application()).answer(params.run_id, params.task_id, params.text)
    return Nothing()


async def transcript(session: Session, params: TranscriptParams) -> TranscriptResult:
    """A part of what an agent was told and did."""
    application = await session.application()
    attempt, entries = await application.transcripts.of(params.run_id, params.task_id, params.attempt)
    return await asyncio.to_thread(part_of, entries, attempt, since=params.since, until=params.until)


async def turn_changes(session: Session, params: TurnChangesParams) -> TurnChangesResult:
    """What a turn changed."""
    application = await session.application()
    diff = await application.transcripts.changes(params.run_id, params.task_id, params.attempt, params.turn)
    return TurnChangesResult(diff=diff or t("Nothing is kept of what this turn changed."))

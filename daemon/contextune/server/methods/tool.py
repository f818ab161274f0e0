"""`contextune/tool/*`: the tools for agents of the editor, such as Copilot."""

from __future__ import annotations

from contextune.core.errors import ContextuneError
from contextune.delegation import tools
from contextune.delegation.desk import Desk
from contextune.delegation.words import refusal
from contextune.protocol.params import ToolAnswer, ToolCallParams, ToolParams, ToolPrepared
from contextune.server.session import Session


async def prepare(session: Session, params: ToolParams) -> ToolPrepared:
    """Whether the user is asked before a call. Raises ContextuneError if it will be refused."""
    call = await tools.look_at(await _desk(session, params), params.name, params.input)
    return ToolPrepared(question=call.question)


async def call(session: Session, params: ToolCallParams) -> ToolAnswer:
    """Call a tool. A refusal is an answer too: the model reads why."""
    try:
        desk = await _desk(session, params)
        looked_at = await tools.look_at(desk, params.name, params.input)
        if looked_at.question and not params.confirmed:
            return ToolAnswer(text=tools.refused_unasked(params.name), failed=True)
        answer = await tools.carry_out(desk, looked_at)
    except ContextuneError as problem:
        return ToolAnswer(text=refusal(problem), failed=True)
    finally:
        session.count_today()
    return ToolAnswer(text=answer.text, failed=False)


async def _desk(session: Session, params: ToolParams) -> Desk:
    """The desk of a folder, which keeps the Quotes that were made there by tools."""
    application = await session.application()
    folder = session.folder(params.folder)
    return session.desks.setdefault(folder, Desk(application, folder))

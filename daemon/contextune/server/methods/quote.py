"""`contextune/quote/*`."""

from __future__ import annotations

from contextune.core.errors import ContextuneError, UsageProblem
from contextune.core.overlap.moved import Spot, Step
from contextune.engine.quotes.quote import QuoteRequest
from contextune.engine.quotes.terms import Terms
from contextune.protocol.params import (
    Nothing,
    QuoteArrangeParams,
    QuoteChanged,
    QuoteCreateParams,
    QuoteCreateResult,
    QuoteParams,
)
from contextune.protocol.quote_params import QuoteChangeParams, QuoteMoveParams, QuoteTaskParams
from contextune.server.quoting import (
    arrange_tasks,
    as_known,
    begin_first,
    change_terms,
    leave_quote,
    make_quote,
    move_task,
    new_id,
    restore_quote,
    split_task,
)
from contextune.server.session import Session


async def create(session: Session, params: QuoteCreateParams) -> QuoteCreateResult:
    """An id at once; the Quote follows by `contextune/quote/changed`."""
    if not (params.todo_ids or params.all or params.goal):
        raise UsageProblem("There is nothing to quote. Name Todos, ask for all, or give a goal.")
    request = QuoteRequest(
        folder=session.folder(params.folder),
        todo_ids=params.todo_ids,
        all=params.all,
        goal=params.goal,
        base=params.base,
    )
    quote_id = new_id()
    session.spawn(_make(session, quote_id, request))
    return QuoteCreateResult(quote_id=quote_id)


async def arrange(session: Session, params: QuoteArrangeParams) -> QuoteChanged:
    """Settle what two Tasks share; the Quote, priced anew, is also sent by `contextune/quote/changed`."""
    quote = await arrange_tasks(session, params.quote_id, params.choice, params.first, params.second)
    return await as_known(session, quote)


async def change(session: Session, params: QuoteChangeParams) -> QuoteChanged:
    """Other terms; the Quote, priced anew, is also sent by `contextune/quote/changed`."""
    terms = Terms(
        task_id=params.task_id,
        include=params.include,
        title=params.title,
        brief=params.brief,
        start=params.start,
        budget=params.budget,
        agents=params.agents,
    )
    return await as_known(session, await change_terms(session, params.quote_id, terms))


async def first(session: Session, params: QuoteTaskParams) -> QuoteChanged:
    """Let a Task wait for no other; the Quote is also sent by `contextune/quote/changed`."""
    return await as_known(session, await begin_first(session, params.quote_id, params.task_id))


async def move(session: Session, params: QuoteMoveParams) -> QuoteChanged:
    """Put a Task earlier or later; the Quote is also sent by `contextune/quote/changed`."""
    if params.wave is not None:
        to: Step | Spot = Spot(params.wave, params.before)
    elif params.step is not None:
        to = params.step
    else:
        raise UsageProblem("There is nowhere to move the task to: give a step, or a wave.")
    return await as_known(session, await move_task(session, params.quote_id, params.task_id, to))


async def split(session: Session, params: QuoteTaskParams) -> QuoteChanged:
    """Make a Task for each Todo of a Task; the Quote is also sent by `contextune/quote/changed`."""
    return await as_known(session, await split_task(session, params.quote_id, params.task_id))


async def restore(session: Session, params: QuoteParams) -> QuoteChanged:
    """Take the last change back; the Quote is also sent by `contextune/quote/changed`."""
    return await as_known(session, await restore_quote(session, params.quote_id))


async def leave(session: Session, params: QuoteParams) -> Nothing:
    """The user does not look at a Quote any more: what it told on TODO lines goes."""
    await leave_quote(session, params.quote_id)
    return Nothing()


async def _make(session: Session, quote_id: str, request: QuoteRequest) -> None:
    try:
        await make_quote(session, quote_id, request)
    except ContextuneError:
        # The client has its sentence by `contextune/quote/changed`; a message beside it would say it twice.
        return

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
from contextune.protocol.quote_params import (
    QuoteChangeParams,
    QuoteMergeParams,
    QuoteMoveParams,
    QuoteTaskParams,
)
from contextune.server.quoting import change_quote, leave_quote, make_quote, new_id
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


# Each of these answers with the Quote, which is also sent by `contextune/quote/changed`.


async def arrange(session: Session, params: QuoteArrangeParams) -> QuoteChanged:
    """Settle what two Tasks share."""
    choice, first, second = params.choice, params.first, params.second
    changed = await change_quote(
        session, params.quote_id, lambda to, own: to.arrange(own, choice, first, second)
    )
    return changed.told


async def change(session: Session, params: QuoteChangeParams) -> QuoteChanged:
    """Other terms, or Tasks ticked."""
    terms = Terms(
        task_id=params.task_id,
        include=params.include,
        title=params.title,
        brief=params.brief,
        start=params.start,
        budget=params.budget,
        agents=params.agents,
        task_budget=params.task_budget,
        request_budget=params.request_budget,
        max_requests=params.max_requests,
    )
    changed = await change_quote(session, params.quote_id, lambda to, own: to.change(own, terms))
    return changed.told


async def merge(session: Session, params: QuoteMergeParams) -> QuoteChanged:
    """Make one Task of several."""
    changed = await change_quote(session, params.quote_id, lambda to, own: to.merge(own, params.task_ids))
    return changed.told


async def move(session: Session, params: QuoteMoveParams) -> QuoteChanged:
    """Put a Task earlier or later."""
    if params.wave is not None:
        spot: Step | Spot = Spot(params.wave, params.before)
    elif params.step is not None:
        spot = params.step
    else:
        raise UsageProblem("There is nowhere to move the task to: give a step, or a wave.")
    changed = await change_quote(session, params.quote_id, lambda to, own: to.move(own, params.task_id, spot))
    return changed.told


async def split(session: Session, params: QuoteTaskParams) -> QuoteChanged:
    """Make a Task for each Todo of a Task."""
    changed = await change_quote(session, params.quote_id, lambda to, own: to.split(own, params.task_id))
    return changed.told


async def restore(session: Session, params: QuoteParams) -> QuoteChanged:
    """Take the last change back."""
    changed = await change_quote(session, params.quote_id, lambda to, own: to.restore(own))
    return changed.told


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

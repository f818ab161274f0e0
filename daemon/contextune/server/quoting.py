"""Making a Quote while the client watches."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from contextune.core.errors import ContextuneError
from contextune.core.planning.quote import Quote
from contextune.protocol.params import QuoteChanged
from contextune.protocol.quote_views import open_quote_view
from contextune.protocol.words import shown, t

if TYPE_CHECKING:
    from contextune.engine.quotes.open_quotes import OpenQuotes
    from contextune.engine.quotes.quote import QuoteRequest
    from contextune.server.session import Session


def new_id() -> str:
    """An id by which the client knows a Quote before there is one."""
    return "q_" + secrets.token_hex(6)


async def make_quote(
    session: Session, quote_id: str, request: QuoteRequest, on_stage: Callable[[str], None] = lambda _: None
) -> Quote:
    """Quote and tell the client of every stage, of the end, and of failure. Raises ContextuneError."""
    folder = str(request.folder)

    def stage(text: str) -> None:
        text = shown(text)
        on_stage(text)
        session.client.changed(
            QuoteChanged(quote_id=quote_id, folder=folder, state="planning", stage=text, quote=None)
        )

    application = await session.application()
    try:
        quote = await application.quote(request, on_stage=stage, shown=True)
    except ContextuneError as problem:
        session.client.changed(
            QuoteChanged(
                quote_id=quote_id, folder=folder, state="failed", stage=shown(str(problem)), quote=None
            )
        )
        raise
    finally:
        session.count_today()
    session.quotes[quote_id] = quote.id
    look_at(session, quote)
    session.client.changed(_ready(quote_id, folder, quote, application.open_quotes))
    return quote


class Changed(NamedTuple):
    """An open Quote after a change, and what the client was told of it."""

    quote: Quote
    told: QuoteChanged


async def change_quote(
    session: Session, quote_id: str, change: Callable[[OpenQuotes, str], Quote]
) -> Changed:
    """Change an open Quote, and tell the client of it as it now is. Raises ContextuneError.

    `change` is given the open Quotes and the Quote's own id.
    """
    quotes = (await session.application()).open_quotes
    quote = change(quotes, session.quotes.get(quote_id, quote_id))
    look_at(session, quote)
    known_as = next((shown for shown, own in session.quotes.items() if own == quote.id), quote.id)
    told = _ready(known_as, quote.repository, quote, quotes)
    session.client.changed(told)
    return Changed(quote, told)


def _ready(quote_id: str, folder: str, quote: Quote, quotes: OpenQuotes) -> QuoteChanged:
    """A Quote under the id by which the client knows it."""
    view = open_quote_view(quote, quotes.sizes(quote.id), can_restore=quotes.can_restore(quote.id))
    view = msgspec.structs.replace(view, id=quote_id)
    return QuoteChanged(quote_id=quote_id, folder=folder, state="ready", stage=t("Ready"), quote=view)


def look_at(session: Session, quote: Quote) -> None:
    """Show the overlaps of a Quote until it is started, replaced or put away."""
    session.marks.quoted(quote.repository, quote)
    session.show_marks()


def put_away(session: Session, repository: str) -> None:
    """The user does not look at a repository's Quote any more."""
    session.marks.quoted(repository, None)
    session.show_marks()


async def leave_quote(session: Session, quote_id: str) -> None:
    """The user leaves a Quote without starting it; one that was made since stays."""
    own_id = session.quotes.get(quote_id, quote_id)
    session.marks.leave(own_id)
    session.show_marks()
    await (await session.application()).leave(own_id)

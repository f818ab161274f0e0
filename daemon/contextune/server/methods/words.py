"""`contextune/words/*`."""

from __future__ import annotations

from contextune.protocol.ask import action_view, choice_view, command_text, title_of
from contextune.protocol.ask_views import AskParams, AskResult
from contextune.protocol.markdown import row
from contextune.protocol.wording import dollars_text
from contextune.server.answering import answer
from contextune.server.session import Session


async def ask(session: Session, params: AskParams) -> AskResult:
    """What plain words stand for: an answer, choices, or a command for a button. Starts nothing."""
    application = await session.application()
    folder = session.folder(params.folder)
    if params.arguments:
        read = await application.asking.chosen(folder, params.text, params.arguments)
    else:
        read = await application.asking.understand(folder, params.text)
    paid = "" if not read.asked else dollars_text(read.paid)
    if read.intent is None:
        return AskResult(
            title=params.text,
            markdown=row(read.text),
            by=read.by,
            command=None,
            actions=(),
            choices=tuple(choice_view(one) for one in read.options),
            paid_text=paid,
        )
    told = await answer(application, folder, read.intent)
    steps = [(step.title, step.arguments) for step in told.steps]
    own = [(title_of(read.intent), read.intent.arguments)]
    found = (action_view(title, arguments, str(folder)) for title, arguments in (*own, *steps))
    return AskResult(
        title=params.text,
        markdown=told.markdown,
        by=read.by,
        command=command_text(read.intent.arguments),
        actions=tuple(one for one in found if one is not None),
        choices=(),
        paid_text=paid,
    )

"""Asks the user at the other program whether a call may be carried out, in either way the protocol has."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec
from mcp.server.context import ServerRequestContext
from mcp_types import (
    CallToolRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)
from mcp_types.version import is_version_at_least

ROUNDS_SINCE = "2026-07-28"
"""The revision since which a call that needs an answer comes back with a question and is sent again."""

KEY = "consent"
NO_FIELDS: dict[str, Any] = {"type": "object", "properties": {}}
"""The question is answered by accepting or declining; there is nothing to fill in."""

Context = ServerRequestContext[Any, Any]
Consent = Literal["given", "declined", "unanswered", "unasked"]
"""unanswered: put away without a word, as programs do by themselves where nobody is there."""


async def consent(
    context: Context, params: CallToolRequestParams, question: str
) -> Consent | InputRequiredResult:
    """Whether the user agrees; or what the client is to answer, if it must send the call again for that."""
    form = ElicitRequestFormParams(message=question, requested_schema=NO_FIELDS)
    if not _can_ask(context):
        return "unasked"
    if not is_version_at_least(context.protocol_version, ROUNDS_SINCE):
        if not context.session.can_send_request:
            return "unasked"
        return _said(await context.session.elicit_form(question, NO_FIELDS, context.request_id))
    # An answer counts for the very call and question that it was given for.
    state = _digest(params, question)
    answers = params.input_responses or {}
    if KEY in answers and params.request_state == state:
        return _said(answers[KEY])
    return InputRequiredResult(input_requests={KEY: ElicitRequest(params=form)}, request_state=state)


def _can_ask(context: Context) -> bool:
    capabilities = context.session.client_capabilities
    asks = capabilities.elicitation if capabilities is not None else None
    return asks is not None and (asks.form is not None or asks.url is None)


def _said(answer: object) -> Consent:
    if not isinstance(answer, ElicitResult):
        return "declined"
    said: dict[str, Consent] = {"accept": "given", "cancel": "unanswered"}
    return said.get(answer.action, "declined")


def _digest(params: CallToolRequestParams, question: str) -> str:
    call = msgspec.json.encode([params.name, params.arguments, question], order="sorted")
    return hashlib.sha256(call).hexdigest()

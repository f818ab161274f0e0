"""An errand: an agent that answers in one piece is told once what it is about."""

from __future__ import annotations

from typing import Any

import msgspec

from contextune.agents.framing import framed
from contextune.agents.loop import Send
from contextune.agents.roles import Role
from contextune.core.errors import ContextuneError, UsageProblem
from contextune.core.model.conversation import Message, ModelRequest, Text
from contextune.core.plain_text import plain

WORDS_LIMIT = 60_000
"""Characters of what an agent is told; about 15,000 tokens."""


def request(who: Role, words: str) -> ModelRequest:
    """The one request, so that it can be priced before it is sent. Raises UsageProblem for too many words."""
    if not words.strip():
        raise UsageProblem(f"TEXT: say what {who.name} is to answer.")
    if len(words) > WORDS_LIMIT:
        raise UsageProblem(f"TEXT: has {len(words):,} characters; expected at most {WORDS_LIMIT:,}.")
    return ModelRequest(
        rung=who.rung,
        system=(Text(text=who.prompt),),
        messages=(Message(role="user", blocks=(Text(text=framed("said", words)),)),),
        max_tokens=who.max_tokens,
        output_schema=who.output,
        rolling_cache=False,
    )


async def ask(who: Role, words: str, *, send: Send) -> dict[str, Any]:
    """The answer: by the role's own schema, or `{"text": …}` where it has none.

    Raises ContextuneError if it cannot be used.
    """
    reply = await send(request(who, words))
    if reply.stop_reason == "max_tokens":
        raise ContextuneError(f"The answer of {who.name} was cut at {who.max_tokens:,} tokens.")
    if who.output is None:
        return {"text": plain(reply.text).strip()}
    try:
        answer = msgspec.json.decode(reply.text)
    except msgspec.MsgspecError as problem:
        raise ContextuneError(f"The answer of {who.name} cannot be used: {problem}.") from None
    if not isinstance(answer, dict):
        raise ContextuneError(f"The answer of {who.name} cannot be used: it is no object.")
    missing = [key for key in who.output.get("required", ()) if key not in answer]
    if missing:
        raise ContextuneError(f"The answer of {who.name} cannot be used: it lacks {', '.join(missing)}.")
    return answer

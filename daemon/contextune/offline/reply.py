"""A reply: the content blocks of one message, its stop reason, and what it costs.

Here the speech of a script meets the request: thinking that the request turned off is left out, a stop
sequence ends the text, and a reply longer than `max_tokens` is cut there, within a block if need be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from contextune.offline import signature
from contextune.offline.errors import ScriptError
from contextune.offline.faults import Fault
from contextune.offline.models import ModelSpec
from contextune.offline.player import Speech
from contextune.offline.schema import violation
from contextune.offline.script import Turn
from contextune.offline.tokens import BYTES_PER_TOKEN, count_bytes, count_text, render_tool_call
from contextune.offline.wire import (
    Adaptive,
    BetweenTools,
    ChooseAny,
    ChooseNone,
    ChooseTool,
    Disabled,
    Enabled,
    Message,
    MessagesRequest,
    ToolUse,
)


class TextPart(msgspec.Struct, frozen=True):
    """A text block."""

    text: str

    @property
    def tokens(self) -> int:
        """Output tokens of the block."""
        return count_text(self.text)


class ThinkingPart(msgspec.Struct, frozen=True):
    """A thinking block: the text that the client sees, and the cost of all of it."""

    shown: str
    signature: str
    tokens: int


class CallPart(msgspec.Struct, frozen=True):
    """A tool call; `arguments` is JSON, unfinished if the reply was cut in it."""

    id: str
    name: str
    arguments: str
    whole: bool = True

    @property
    def tokens(self) -> int:
        """Output tokens of the block."""
        return count_bytes(len(render_tool_call(self.name, self.arguments)))


Part = TextPart | ThinkingPart | CallPart


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One assistant message."""

    parts: tuple[Part, ...] = ()
    stop_reason: str
    stop_sequence: str | None = None
    refusal: str | None = None
    """The category of a refusal, empty if it has none; None for a reply that is no refusal."""

    @property
    def tokens(self) -> int:
        """Output tokens of the message."""
        return sum(part.tokens for part in self.parts)

    @property
    def thinking_tokens(self) -> int:
        """Output tokens spent on thinking."""
        return sum(part.tokens for part in self.parts if isinstance(part, ThinkingPart))

    @property
    def stop_details(self) -> dict[str, object] | None:
        """What the API tells about a refusal."""
        if self.refusal is None:
            return None
        return {"type": "refusal", "category": self.refusal or None, "explanation": None}


PRE_WARMED = Reply(stop_reason="max_tokens")
"""The answer to `max_tokens` 0: nothing but the cache written."""


def refuse(fault: Fault) -> Reply:
    """The reply of a model that declines."""
    return Reply(stop_reason="refusal", refusal=fault.category or "")


def make_reply(
    speech: Speech,
    turn: Turn,
    request: MessagesRequest,
    spec: ModelSpec,
    *,
    before: bytes,
    new_id: Callable[[], str],
) -> Reply:
    """The whole reply, not yet cut. Raises `ScriptError` if no model could give it to this request.

    `before` is the digest of the conversation so far, which thinking blocks are bound to.
    """
    _check_calls(speech, turn, request)
    _check_format(speech, request)
    shows = _display(request, spec) == "summarized"
    parts: list[Part] = []

    def think(text: str, visible: bool) -> None:
        shown = text if visible else ""
        size = count_text(text)
        parts.append(ThinkingPart(shown, signature.sign(shown, size, before), size))

    if speech.thinking is not None and _thinks(request, spec):
        think(speech.thinking, shows)
    if speech.text is not None:
        if spec.progress_in_thinking and speech.calls and _has_called(request.messages):
            think(speech.text, shows or isinstance(request.thinking, BetweenTools))
        else:
            parts.append(TextPart(speech.text))
    for name, arguments in speech.calls:
        parts.append(CallPart(new_id(), name, msgspec.json.encode(arguments).decode()))
    whole = Reply(parts=tuple(parts), stop_reason="tool_use" if speech.calls else "end_turn")
    return _stop_at(whole, request.stop_sequences)


def cut(reply: Reply, limit: int) -> Reply:
    """The reply as far as `limit` output tokens go; stop reason `max_tokens` if that is not all of it."""
    if reply.tokens <= limit:
        return reply
    kept: list[Part] = []
    left = limit
    for part in reply.parts:
        if left <= 0:
            break
        kept.append(part if part.tokens <= left else _cut_part(part, left))
        left -= part.tokens
    return Reply(parts=tuple(kept), stop_reason="max_tokens")


def _cut_part(part: Part, limit: int) -> Part:
    match part:
        case TextPart():
            return TextPart(_cut_text(part.text, limit * BYTES_PER_TOKEN) or part.text[:1])
        case ThinkingPart():
            shown = _cut_text(part.shown, limit * BYTES_PER_TOKEN)
            return ThinkingPart(shown, signature.resign(part.signature, shown, limit), limit)
        case CallPart():
            room = max(0, limit * BYTES_PER_TOKEN - len(part.name.encode()) - 1)
            return CallPart(part.id, part.name, _cut_text(part.arguments, room), whole=False)


def _cut_text(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def _stop_at(reply: Reply, sequences: Sequence[str]) -> Reply:
    for number, part in enumerate(reply.parts):
        if not isinstance(part, TextPart):
            continue
        found = [(part.text.find(stop), stop) for stop in sequences if stop and stop in part.text]
        if found:
            position, stop = min(found)
            kept = (TextPart(part.text[:position]),) if position else ()
            return Reply(parts=reply.parts[:number] + kept, stop_reason="stop_sequence", stop_sequence=stop)
    return reply


def _thinks(request: MessagesRequest, spec: ModelSpec) -> bool:
    if request.thinking is None:
        return spec.thinks_by_default
    return not isinstance(request.thinking, Disabled | BetweenTools)


def _display(request: MessagesRequest, spec: ModelSpec) -> str:
    asked = request.thinking.display if isinstance(request.thinking, Adaptive | Enabled) else None
    return asked or spec.display


def _has_called(messages: Sequence[Message]) -> bool:
    return any(isinstance(block, ToolUse) for message in messages for block in message.blocks())


def _check_calls(speech: Speech, turn: Turn, request: MessagesRequest) -> None:
    declared = {tool["name"]: tool for tool in request.tools or []}
    for (name, arguments), call in zip(speech.calls, turn.tool, strict=True):
        if call.unchecked:
            continue
        if name not in declared:
            raise ScriptError(f"tool {name!r} is called, and the request declares {sorted(declared)}")
        schema: Any = declared[name].get("input_schema") if declared[name].get("strict") else None
        if problem := violation(arguments, schema):
            raise ScriptError(f"input of tool {name!r} breaks its strict schema at {problem}")
    choice, called = request.tool_choice, [name for name, _ in speech.calls]
    if called and isinstance(choice, ChooseNone):
        raise ScriptError("a tool is called, and the request's tool_choice is none")
    if not called and isinstance(choice, ChooseAny | ChooseTool):
        raise ScriptError("no tool is called, and the request's tool_choice demands one")
    if isinstance(choice, ChooseTool) and set(called) != {choice.name}:
        raise ScriptError(f"tools {called} are called, and the request's tool_choice is {choice.name!r}")


def _check_format(speech: Speech, request: MessagesRequest) -> None:
    wanted = request.output_format
    if wanted is None or speech.calls or speech.text is None:
        return
    try:
        value = msgspec.json.decode(speech.text)
    except msgspec.DecodeError as error:
        raise ScriptError(
            f"the reply is not JSON, and the request asks for output_config.format: {error}"
        ) from None
    if problem := violation(value, wanted.schema):
        raise ScriptError(f"the reply breaks the request's schema at {problem}")

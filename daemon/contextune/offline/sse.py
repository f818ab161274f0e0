"""A message as the API sends it: whole as JSON, or as server-sent events in the API's order.

The order is `message_start`; for each block `content_block_start`, its deltas, `content_block_stop`, with one
`ping` after the first start; `message_delta` with the stop reason and the final usage; `message_stop`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from contextune.offline.errors import ApiError
from contextune.offline.reply import CallPart, Part, Reply, TextPart, ThinkingPart
from contextune.offline.usage import Usage

TEXT_PIECE = 96
"""Characters of text in one delta."""
JSON_PIECE = 256
"""Most characters of tool input in one delta; short inputs come in about three."""


class Event(NamedTuple):
    """One server-sent event, and the output tokens that have been sent with it."""

    data: bytes
    output_tokens: int


def encode_event(name: str, payload: dict[str, object]) -> bytes:
    """One event in the wire format."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(payload))


def error_event(error: ApiError) -> bytes:
    """`event: error`, as it can come in the middle of a stream."""
    return encode_event("error", error.body())


def malformed_event() -> bytes:
    """An event whose data is not JSON."""
    return b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"ty\n\n'


def message(
    message_id: str, model: str, reply: Reply, usage: Usage, diagnostics: dict[str, object] | None
) -> dict[str, object]:
    """The message as the answer to a request that does not stream."""
    return {
        **_head(message_id, model, usage, diagnostics),
        "content": [_whole(part) for part in reply.parts],
        "stop_reason": reply.stop_reason,
        "stop_sequence": reply.stop_sequence,
        "stop_details": reply.stop_details,
    }


def events(
    message_id: str, model: str, reply: Reply, usage: Usage, diagnostics: dict[str, object] | None
) -> Iterator[Event]:
    """The message as a stream."""
    at_start = msgspec.structs.replace(usage, output_tokens=1 if reply.parts else 0, thinking_tokens=0)
    head = _head(message_id, model, at_start, diagnostics)
    yield Event(encode_event("message_start", {"type": "message_start", "message": head}), 0)
    sent = 0
    for index, part in enumerate(reply.parts):
        start: dict[str, object] = {
            "type": "content_block_start",
            "index": index,
            "content_block": _empty(part),
        }
        yield Event(encode_event("content_block_start", start), sent)
        if index == 0:
            yield Event(encode_event("ping", {"type": "ping"}), sent)
        deltas = list(_deltas(part))
        for number, delta in enumerate(deltas, start=1):
            payload: dict[str, object] = {"type": "content_block_delta", "index": index, "delta": delta}
            so_far = sent + part.tokens * number // len(deltas)
            yield Event(encode_event("content_block_delta", payload), so_far)
        sent += part.tokens
        yield Event(encode_event("content_block_stop", {"type": "content_block_stop", "index": index}), sent)
    delta = {
        "stop_reason": reply.stop_reason,
        "stop_sequence": reply.stop_sequence,
        "stop_details": reply.stop_details,
    }
    closing: dict[str, object] = {"type": "message_delta", "delta": delta, "usage": usage.cumulative()}
    yield Event(encode_event("message_delta", closing), sent)
    yield Event(encode_event("message_stop", {"type": "message_stop"}), sent)


def _head(
    message_id: str, model: str, usage: Usage, diagnostics: dict[str, object] | None
) -> dict[str, object]:
    return {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "container": None,
        "diagnostics": diagnostics,
        "usage": usage.whole(),
    }


def _whole(part: Part) -> dict[str, object]:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text, "citations": None}
        case ThinkingPart():
            return {"type": "thinking", "thinking": part.shown, "signature": part.signature}
        case CallPart():
            arguments = msgspec.json.decode(part.arguments) if part.whole else {}
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments}


def _empty(part: Part) -> dict[str, object]:
    match part:
        case TextPart():
            return {"type": "text", "text": ""}
        case ThinkingPart():
            return {"type": "thinking", "thinking": "", "signature": ""}
        case CallPart():
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": {}}


def _deltas(part: Part) -> Iterator[dict[str, object]]:
    match part:
        case TextPart():
            for piece in _pieces(part.text, TEXT_PIECE):
                yield {"type": "text_delta", "text": piece}
        case ThinkingPart():
            for piece in _pieces(part.shown, TEXT_PIECE):
                yield {"type": "thinking_delta", "thinking": piece}
            yield {"type": "signature_delta", "signature": part.signature}
        case CallPart():
            yield {"type": "input_json_delta", "partial_json": ""}
            size = min(JSON_PIECE, -(-len(part.arguments) // 3))
            for piece in _pieces(part.arguments, size):
                yield {"type": "input_json_delta", "partial_json": piece}


def _pieces(text: str, size: int) -> Iterator[str]:
    for start in range(0, len(text), max(1, size)):
        yield text[start : start + size]

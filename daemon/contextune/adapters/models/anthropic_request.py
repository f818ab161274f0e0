"""A ModelRequest as the arguments of the SDK: blocks, breakpoints, and what the server knows beside them."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from contextune.adapters.models.anthropic_server import Features, takes_effort
from contextune.core.model import conversation as c

EPHEMERAL = {"type": "ephemeral"}
MAX_BREAKPOINTS = 4
"""The API refuses a request with more."""
LOOK_BACK = 20
"""Blocks among which the API seeks an entry of the cache, back from a breakpoint, its own block included."""

AS_JSON = (
    "Answer with one JSON object and nothing else: no words before or after it, no code fence. "
    "It must satisfy this JSON Schema:\n"
)


class _Place(NamedTuple):
    """Where a block of the messages stands."""

    message: int
    block: int


def arguments(request: c.ModelRequest, features: Features, model: str) -> dict[str, Any]:
    """The arguments of `messages.create`, `stream` excepted. `model` is the server's name for the model."""
    messages = request.messages
    if request.output_schema is not None and not features.structured:
        messages = with_schema(messages, request.output_schema)
    made: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_tokens,
        "system": [_block(text) for text in request.system],
        "messages": [
            {"role": message.role, "content": [_block(block) for block in message.blocks]}
            for message in messages
        ],
    }
    if request.tools:
        made["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.schema}
            for tool in request.tools
        ]
    _mark(made, request, messages)
    made.update(_controls(request, features))
    return made


def count_arguments(made: dict[str, Any]) -> dict[str, Any]:
    """Those of the arguments that `messages.count_tokens` takes: all that the prompt is rendered from."""
    return {key: value for key, value in made.items() if key not in ("max_tokens", "diagnostics")}


def _controls(request: c.ModelRequest, features: Features) -> dict[str, Any]:
    """How the model is to think and answer."""
    made: dict[str, Any] = {}
    output: dict[str, Any] = {}
    if features.effort and takes_effort(request.rung.model):
        output["effort"] = request.rung.effort
    # Writing the cache ahead is refused together with a format.
    if features.structured and request.output_schema is not None and request.max_tokens:
        output["format"] = {"type": "json_schema", "schema": request.output_schema}
    if output:
        made["output_config"] = output
    if features.thinking and "haiku-5" in request.rung.model and request.rung.effort in ("low", "medium"):
        made["thinking"] = {"type": "disabled"}
    if features.diagnostics:
        # The server remembers only requests that ask, so the first one of a conversation asks too.
        made["diagnostics"] = {"previous_message_id": request.previous_id}
    return made


def _mark(made: dict[str, Any], request: c.ModelRequest, messages: tuple[c.Message, ...]) -> None:
    """Set the breakpoints that the request did not name itself, and drop those above the API's limit.

    The last block gets one, for the next request to read; and where more blocks were added since the
    previous request than the API looks back over, so does the block at which that request ended. Both stand
    on the blocks themselves: not every server knows the field that lets it choose.
    """
    # A request that only writes the cache ahead keeps the marks that it came with: what follows the last
    # of them is no other request's.
    rolling = _last_cacheable(messages) if request.rolling_cache and request.max_tokens else None
    anchor = _anchor(request, messages, rolling)
    places = [place for place in dict.fromkeys((anchor, rolling)) if place is not None]
    for place in places:
        made["messages"][place.message]["content"][place.block]["cache_control"] = EPHEMERAL
    marked = [block for block in _blocks(made) if "cache_control" in block]
    kept = [made["messages"][place.message]["content"][place.block] for place in places]
    named = [block for block in marked if not any(block is other for other in kept)]
    # The first of the named ones goes: what it would read, every later one reads with it.
    for block in named[: max(0, len(marked) - MAX_BREAKPOINTS)]:
        del block["cache_control"]


def _anchor(
    request: c.ModelRequest, messages: tuple[c.Message, ...], rolling: _Place | None
) -> _Place | None:
    """The block at which the previous request's entry ends, if the API would not find it by itself."""
    if rolling is None or not 0 < request.anchor <= len(messages):
        return None
    end = _last_cacheable(messages[: request.anchor])
    if end is None:
        return None
    places = [_Place(m, b) for m, message in enumerate(messages) for b in range(len(message.blocks))]
    return end if places.index(rolling) - places.index(end) >= LOOK_BACK else None


def _last_cacheable(messages: tuple[c.Message, ...]) -> _Place | None:
    for number in reversed(range(len(messages))):
        for index in reversed(range(len(messages[number].blocks))):
            if _is_cacheable(messages[number].blocks[index]):
                return _Place(number, index)
    return None


def _is_cacheable(block: c.Block) -> bool:
    match block:
        case c.Text():
            return bool(block.text)
        case c.ToolUse() | c.ToolResult():
            return True
        case c.Thinking() | c.OpaqueBlock():
            return False


def _blocks(made: dict[str, Any]) -> list[dict[str, Any]]:
    """All blocks that can carry a breakpoint, in the order of the prompt."""
    return [*made["system"], *(block for message in made["messages"] for block in message["content"])]


def _block(block: c.Block) -> dict[str, Any]:
    match block:
        case c.Text():
            plain: dict[str, Any] = {"type": "text", "text": block.text}
            return {**plain, "cache_control": EPHEMERAL} if block.cache else plain
        case c.Thinking():
            return {"type": "thinking", "thinking": block.thinking, "signature": block.signature}
        case c.OpaqueBlock():
            return dict(block.data)
        case c.ToolUse():
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": block.input}
        case c.ToolResult():
            return {
                "type": "tool_result",
                "tool_use_id": block.tool_use_id,
                "content": block.content or "(no output)",
                "is_error": block.is_error,
            }


def with_schema(messages: tuple[c.Message, ...], schema: dict[str, Any]) -> tuple[c.Message, ...]:
    """The messages with the schema as the last thing that is said."""
    words = c.Text(text=AS_JSON + json.dumps(schema, separators=(",", ":"), ensure_ascii=False))
    return (*messages[:-1], c.Message(role=messages[-1].role, blocks=(*messages[-1].blocks, words)))

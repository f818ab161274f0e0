"""How blocks are rendered for hashing, and how tokens are counted.

The rule: the rendered text of a block in UTF-8, four bytes to a token, rounded up for each block, at least
one. A tool definition is rendered as JSON, a tool call as its name and the JSON of its input, a tool result
as its text. An image, or a document that is not plain text, is a flat 1,600. `count_tokens`, the usage of a
message and the output of a reply all follow it, so they agree with each other; they do not agree with the
real tokenizer.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from contextune.offline.wire import (
    Block,
    Document,
    Image,
    JsonObject,
    RedactedThinking,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)

BYTES_PER_TOKEN = 4
FLAT_TOKENS = 1_600
"""Tokens of an image or of a document that is not plain text."""


class Rendered(NamedTuple):
    """A block as the cache sees it: `identity` is hashed only, `content` is hashed and counted."""

    identity: bytes
    content: bytes
    flat_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Input tokens of the block."""
        counted = count_bytes(len(self.content)) if self.content or not self.flat_tokens else 0
        return counted + self.flat_tokens


def count_bytes(size: int) -> int:
    """Tokens of `size` bytes of one block."""
    return max(1, -(-size // BYTES_PER_TOKEN))


def count_text(text: str) -> int:
    """Tokens of one block of text."""
    return count_bytes(len(text.encode()))


def render_tool_call(name: str, arguments: str) -> bytes:
    """A tool call as it is counted, whether the model writes it or the client sends it back."""
    return f"{name} {arguments}".encode()


def render_tool(tool: JsonObject) -> Rendered:
    """A tool definition. The order of its outermost keys does not matter, that inside its schema does."""
    known = {key: tool[key] for key in sorted(tool) if key != "cache_control" and tool[key] is not None}
    return Rendered(b"tool", msgspec.json.encode(known))


def render(block: Block) -> Rendered:
    """A block of a message or of the system prompt, without its breakpoint."""
    match block:
        case Text(text=text):
            return Rendered(b"text", text.encode())
        case ToolUse():
            arguments = msgspec.json.encode(block.input).decode()
            return Rendered(f"tool_use {block.id}".encode(), render_tool_call(block.name, arguments))
        case ToolResult():
            return _render_result(block)
        case Thinking():
            return Rendered(f"thinking {block.signature}".encode(), block.thinking.encode())
        case RedactedThinking():
            return Rendered(b"redacted_thinking", block.data.encode())
        case Image() | Document():
            return _render_media(block)


def _render_result(block: ToolResult) -> Rendered:
    identity = f"tool_result {block.tool_use_id} {bool(block.is_error)}".encode()
    if block.content is None or isinstance(block.content, str):
        return Rendered(identity, (block.content or "").encode())
    parts = [render(part) for part in block.content]
    return Rendered(
        b" ".join([identity, *(part.identity for part in parts)]),
        b"".join(part.content for part in parts),
        sum(part.flat_tokens for part in parts),
    )


def _render_media(block: Image | Document) -> Rendered:
    if isinstance(block, Document) and block.source.get("type") == "text":
        return Rendered(b"document", str(block.source.get("data", "")).encode())
    return Rendered(msgspec.json.encode(block.source), b"", FLAT_TOKENS)

"""What is said to a model and what it says back, free of any SDK."""

from __future__ import annotations

from typing import Any, Literal

from contextune.core.base import Value
from contextune.core.model.money import CacheMiss, Usage, UsagePart
from contextune.core.model.pressure import Allowance

Effort = Literal["low", "medium", "high", "max"]
StopReason = Literal["end_turn", "tool_use", "max_tokens", "refusal", "stop_sequence", "pause_turn"]


class Text(Value, frozen=True, kw_only=True, tag_field="kind", tag="text"):
    """Words. `cache` asks for a cache breakpoint after this block."""

    text: str
    cache: bool = False


class Thinking(Value, frozen=True, kw_only=True, tag_field="kind", tag="thinking"):
    """A thinking block; must go back to the server unchanged."""

    thinking: str
    signature: str


class OpaqueBlock(Value, frozen=True, kw_only=True, tag_field="kind", tag="opaque"):
    """A block of a kind that this version does not know, kept so that it can go back unchanged."""

    data: dict[str, Any]


class ToolUse(Value, frozen=True, kw_only=True, tag_field="kind", tag="tool_use"):
    """The model calls a tool. `input` is what it wrote, not yet checked."""

    id: str
    name: str
    input: dict[str, Any]


class ToolResult(Value, frozen=True, kw_only=True, tag_field="kind", tag="tool_result"):
    """What a tool call came to."""

    tool_use_id: str
    content: str
    is_error: bool = False


Block = Text | Thinking | OpaqueBlock | ToolUse | ToolResult


class Message(Value, frozen=True, kw_only=True):
    """One side's turn."""

    role: Literal["user", "assistant"]
    blocks: tuple[Block, ...]


class Tool(Value, frozen=True, kw_only=True):
    """A tool as the model sees it; `schema` is the JSON Schema of its input."""

    name: str
    description: str
    schema: dict[str, Any]


class Rung(Value, frozen=True, kw_only=True):
    """A model and an effort: one step of the Ladder."""

    model: str
    effort: Effort
    tries: int = 1
    """How many agents try at the same time; the Gate, then the smallest diff, chooses among them."""

    def __str__(self) -> str:
        """Such as `claude-haiku-5-5 (low)` or `claude-haiku-5-5 (low) x 3`."""
        return f"{self.model} ({self.effort})" + (f" x {self.tries}" if self.tries > 1 else "")


class ModelRequest(Value, frozen=True, kw_only=True):
    """One request to a model, complete."""

    rung: Rung
    system: tuple[Text, ...]
    tools: tuple[Tool, ...] = ()
    messages: tuple[Message, ...]
    max_tokens: int = 8192
    """The longest reply; 0 only writes the prompt to the cache."""
    output_schema: dict[str, Any] | None = None
    """The JSON Schema that the reply's text must satisfy."""
    rolling_cache: bool = True
    """Ask for a breakpoint on the last block, so that the next turn reads this one from the cache."""
    anchor: int = 0
    """How many of `messages` the request before this one had, whose end is in the cache; 0 if none."""
    previous_id: str | None = None
    """The id of the reply to the request before this one, for the server's diagnosis of cache misses."""


class ModelReply(Value, frozen=True, kw_only=True):
    """One complete reply."""

    id: str
    model: str
    blocks: tuple[Block, ...]
    stop_reason: StopReason
    usage: Usage
    """All tokens of the request."""
    parts: tuple[UsagePart, ...] = ()
    """What is billed, part by part; empty if all of it is one part, of the request's own model."""
    miss: CacheMiss | None = None
    allowances: tuple[Allowance, ...] = ()
    """What the server's rate limits leave, as the reply's headers tell."""

    @property
    def text(self) -> str:
        """The words of the reply, without thinking and tool calls."""
        return "".join(block.text for block in self.blocks if isinstance(block, Text))

    @property
    def calls(self) -> tuple[ToolUse, ...]:
        """The tool calls of the reply, in order."""
        return tuple(block for block in self.blocks if isinstance(block, ToolUse))

    @property
    def message(self) -> Message:
        """The reply as the assistant's turn of the conversation."""
        return Message(role="assistant", blocks=self.blocks)


def said_by_user(words: str) -> Text:
    """Words that the user sent an agent meanwhile, as its next turn carries them."""
    return Text(text=f"The user says: {words}")

"""Shortens a conversation without a model: stale tool results give way to a line that says what was there.

Everything goes at once, since whatever changes in a conversation voids the cache from there on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from contextune.core.model.conversation import Block, Message, OpaqueBlock, Thinking, ToolResult, ToolUse

KEPT_TURNS = 3
"""The newest turns, whose results the agent is still working with."""
NEWEST = 3
"""Added to the rank of their results, so that they go last."""
COMMAND_SHOWN = 80
"""Characters of a command that stay in the line about its output."""

_encode = msgspec.json.Encoder().encode


def is_bound(messages: Sequence[Message]) -> bool:
    """Whether the model's thinking holds the conversation together.

    A thinking block belongs to the very messages before it: the server refuses it after others.
    """
    return any(isinstance(block, Thinking | OpaqueBlock) for message in messages for block in message.blocks)


def size(messages: Sequence[Message]) -> int:
    """Bytes of a conversation."""
    return len(_encode(messages))


def pruned(messages: Sequence[Message], target: int) -> tuple[Message, ...]:
    """The conversation with its stalest tool results replaced, until it has `target` bytes or none is left.

    First go reads of files that were read again or changed since and earlier words of the Gate, then the
    output of commands and searches, then other reads, and last the same of the newest turns; the oldest of
    each first. The first message, the last one, every call and what a person said stay.
    """
    left = size(messages)
    changed: dict[str, ToolResult] = {}
    for stale in sorted(_stale(messages), key=lambda stale: stale.rank):
        if left <= target:
            break
        saved = len(_encode(stale.result)) - len(_encode(stale.instead))
        if saved > 0:
            changed[stale.result.tool_use_id] = stale.instead
            left -= saved
    return tuple(_with(message, changed) for message in messages)


class _Stale(NamedTuple):
    rank: int
    result: ToolResult
    instead: ToolResult


def _stale(messages: Sequence[Message]) -> list[_Stale]:
    """What may go, in the order of the conversation."""
    uses = {block.id: block for message in messages for block in message.blocks if isinstance(block, ToolUse)}
    replies = [place for place, message in enumerate(messages) if message.role == "assistant"]
    newest = replies[-KEPT_TURNS] if len(replies) >= KEPT_TURNS else 0
    found = []
    for place, message in enumerate(messages[1:-1], start=1):
        for block in message.blocks:
            use = uses.get(block.tool_use_id) if isinstance(block, ToolResult) else None
            if use is None or not isinstance(block, ToolResult):
                continue
            rank = _rank(use, messages[place + 1 :])
            if rank is not None:
                instead = msgspec.structs.replace(block, content=_instead(use, block))
                found.append(_Stale(rank if place < newest else rank + NEWEST, block, instead))
    return found


def _rank(use: ToolUse, later: Sequence[Message]) -> int | None:
    """How stale a result is, 0 the most; None if it is to stay."""
    calls = [block for message in later for block in message.blocks if isinstance(block, ToolUse)]
    match use.name:
        case "read":
            known_better = {path for call in calls for path in _paths(call)}
            return 0 if known_better.issuperset(_paths(use)) else 2
        case "finish":
            return 0 if any(call.name == "finish" for call in calls) else None
        case "bash" | "grep" | "glob":
            return 1
        case _:
            return None


def _paths(use: ToolUse) -> set[str]:
    """The files that a call reads, writes or edits. Its input is what the model wrote, of any shape."""
    field = {"read": "files", "write": "files", "edit": "edits"}.get(use.name)
    items = use.input.get(field) if field else None
    if not isinstance(items, list):
        return set()
    return {str(item.get("path")) for item in items if isinstance(item, Mapping)}


def _instead(use: ToolUse, result: ToolResult) -> str:
    match use.name:
        case "read":
            what = ", ".join(sorted(_paths(use)))
        case "bash":
            last = result.content.rstrip().rpartition("\n")[2]
            what = f"output of `{str(use.input.get('command'))[:COMMAND_SHOWN]}` {last[:COMMAND_SHOWN]}"
        case "finish":
            what = "an earlier word of the Gate"
        case _:
            what = f"matches of {str(use.input.get('pattern') or use.input.get('patterns'))[:COMMAND_SHOWN]}"
    return f"[left out to keep this short: {what}; call {use.name} again if you need it]"


def _with(message: Message, changed: Mapping[str, ToolResult]) -> Message:
    def after(block: Block) -> Block:
        return changed.get(block.tool_use_id, block) if isinstance(block, ToolResult) else block

    return msgspec.structs.replace(message, blocks=tuple(after(block) for block in message.blocks))

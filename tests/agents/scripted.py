"""A model that plays replies in order, and fails on a request too many and on a reply never asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contextune.core.model.conversation import Block, ModelReply, ModelRequest, StopReason, Text, ToolUse
from contextune.core.model.money import Usage
from contextune.core.ports import Leave, at_once


class ScriptedModel:
    """core.ports.Model. `requests` holds what was asked."""

    is_full = True

    def __init__(self, *replies: ModelReply | Exception) -> None:
        self._left = list(replies)
        self.requests: list[ModelRequest] = []

    async def send(self, request: ModelRequest, *, leave: Leave = at_once) -> ModelReply:
        await leave()
        self.requests.append(request)
        if not self._left:
            raise AssertionError(f"request {len(self.requests)} was not expected: {request.messages[-1]}")
        reply = self._left.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def count(self, request: ModelRequest) -> int:
        raise AssertionError("nobody counts tokens here")

    async def close(self) -> None: ...

    def assert_complete(self) -> None:
        """Every reply was asked for."""
        assert self._left == []


def reply(*blocks: Block | str, stop: StopReason | None = None) -> ModelReply:
    """A reply; words may be given as they are."""
    whole = tuple(Text(text=block) if isinstance(block, str) else block for block in blocks)
    calls = any(isinstance(block, ToolUse) for block in whole)
    return ModelReply(
        id="msg",
        model="claude-haiku-5-5",
        blocks=whole,
        stop_reason=stop or ("tool_use" if calls else "end_turn"),
        usage=Usage(input_tokens=1, output_tokens=1),
    )


def use(name: str, call_id: str = "u1", **given: Any) -> ToolUse:
    """A tool call."""
    return ToolUse(id=call_id, name=name, input=given)


def texts(request: ModelRequest) -> Sequence[str]:
    """All words of the newest message of a request."""
    return [
        getattr(block, "text", "") or getattr(block, "content", "") for block in request.messages[-1].blocks
    ]

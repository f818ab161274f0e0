"""A reply put together: from its stream of events, or whole as a request that does not stream gets it."""

from __future__ import annotations

import json
from typing import Any

from contextune.adapters.models.anthropic_usage import UsageCount
from contextune.core.errors import ModelProblem
from contextune.core.model import conversation as c
from contextune.core.model.money import CacheMiss, Usage
from contextune.core.model.pressure import Allowance


class ReplyCollector:
    """Puts a reply together from what the server sends."""

    def __init__(self, request: c.ModelRequest) -> None:
        self.answered = False
        """Whether the server took the request: its answer is a success, whatever comes of it."""
        self.begun = False
        self._id = ""
        self._model = request.rung.model
        self._stop: str | None = None
        self._blocks: dict[int, dict[str, Any]] = {}
        self._json: dict[int, list[str]] = {}
        self._count = UsageCount(request.rung.model)
        self._miss: CacheMiss | None = None

    def take(self, event: Any) -> None:
        """One event of a stream, as plain JSON. Raises LookupError or TypeError if it lacks something."""
        match event.get("type"):
            case "message_start":
                self._begin(event["message"])
            case "content_block_start":
                self._blocks[event["index"]] = _told(event["content_block"])
                self._json[event["index"]] = []
            case "content_block_delta":
                self._delta(event["index"], event["delta"])
            case "message_delta":
                self._stop = event["delta"].get("stop_reason")
                self._count.take(event.get("usage"))

    def take_whole(self, message: dict[str, Any]) -> None:
        """A message that came in one piece, as plain JSON."""
        self._begin(message)
        self._stop = message.get("stop_reason")
        for index, block in enumerate(message.get("content") or ()):
            self._blocks[index] = _told(block)
            self._json[index] = [json.dumps(block["input"])] if block["type"] == "tool_use" else []

    @property
    def usage(self) -> Usage | None:
        """What the server has told of the request's usage so far; None if it has not begun to reply."""
        return self._count.total if self.begun else None

    def reply(self, allowances: tuple[Allowance, ...]) -> c.ModelReply:
        """The whole reply. Raises ModelProblem if its end is missing, ValueError if a call is not JSON."""
        if not self.begun or self._stop is None:
            raise ModelProblem(
                "The reply broke off before its end.",
                begun=self.begun,
                uncertain=self.answered,
                usage=self.usage,
            )
        return c.ModelReply(
            id=self._id,
            model=self._model,
            blocks=tuple(self._finished(index) for index in sorted(self._blocks)),
            stop_reason=self._stop,  # type: ignore[arg-type]  # the server's own word; unknown ones end a turn
            usage=self._count.total,
            parts=self._count.parts,
            miss=self._miss,
            allowances=allowances,
        )

    def _begin(self, message: dict[str, Any]) -> None:
        self.begun = True
        self._id = message.get("id") or ""
        self._model = message.get("model") or self._model
        self._count.take(message.get("usage"))
        self._miss = _miss(message.get("diagnostics"))

    def _delta(self, index: int, delta: dict[str, Any]) -> None:
        block = self._blocks[index]
        match delta["type"]:
            case "text_delta":
                block["text"] = block.get("text", "") + delta["text"]
            case "input_json_delta":
                self._json[index].append(delta["partial_json"])
            case "thinking_delta":
                block["thinking"] = block.get("thinking", "") + delta["thinking"]
            case "signature_delta":
                block["signature"] = delta["signature"]

    def _finished(self, index: int) -> c.Block:
        block = self._blocks[index]
        match block["type"]:
            case "text":
                return c.Text(text=block.get("text", ""))
            case "thinking":
                return c.Thinking(thinking=block.get("thinking", ""), signature=block.get("signature", ""))
            case "tool_use":
                return c.ToolUse(id=block["id"], name=block["name"], input=self._input(index))
            case _:
                written = "".join(self._json[index])
                return c.OpaqueBlock(data={**block, "input": json.loads(written)} if written else block)

    def _input(self, index: int) -> dict[str, Any]:
        written = "".join(self._json[index])
        if not written:
            # Some servers send the whole input with the start of the block.
            given = self._blocks[index].get("input")
            return given if isinstance(given, dict) else {}
        try:
            given = json.loads(written)
        except json.JSONDecodeError:
            if self._stop == "max_tokens":
                return {}
            raise
        return given if isinstance(given, dict) else {"value": given}


def only_json(reply: c.ModelReply) -> c.ModelReply:
    """The reply with its words reduced to the outermost JSON object in them, as they are if there is none.

    For servers that take the wish for JSON as words: models put fences and sentences around it.
    """
    found = outermost_object(reply.text)
    if found is None:
        return reply
    first = next(index for index, block in enumerate(reply.blocks) if isinstance(block, c.Text))
    blocks = [c.Text(text=found) if index == first else block for index, block in enumerate(reply.blocks)]
    kept = tuple(b for index, b in enumerate(blocks) if index == first or not isinstance(b, c.Text))
    return c.ModelReply(
        id=reply.id,
        model=reply.model,
        blocks=kept,
        stop_reason=reply.stop_reason,
        usage=reply.usage,
        parts=reply.parts,
        miss=reply.miss,
        allowances=reply.allowances,
    )


def outermost_object(text: str) -> str | None:
    """The longest stretch of a text that is one whole JSON object; None if there is none."""
    decoder = json.JSONDecoder()
    longest, start = "", text.find("{")
    while start >= 0:
        try:
            _, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError:
            end = start + 1
        except RecursionError:
            break
        else:
            longest = max(longest, text[start:end], key=len)
        start = text.find("{", end)
    return longest or None


def _miss(diagnostics: Any) -> CacheMiss | None:
    told = diagnostics if isinstance(diagnostics, dict) else {}
    reason = told.get("cache_miss_reason")
    reason = reason if isinstance(reason, dict) else {}
    kind = reason.get("type")
    # A server that no longer knows the previous request says nothing about this one.
    if not isinstance(kind, str) or kind == "previous_message_not_found":
        return None
    tokens = reason.get("cache_missed_input_tokens")
    return CacheMiss(reason=kind, tokens=tokens if isinstance(tokens, int) else 0)


def _told(block: dict[str, Any]) -> dict[str, Any]:
    """A block without the fields that say nothing."""
    return {key: value for key, value in block.items() if value is not None}

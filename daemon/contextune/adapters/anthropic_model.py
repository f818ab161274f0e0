"""The Anthropic Messages API behind core.ports.Model, by the SDK's async streaming client.

The SDK's import costs about two seconds, so this module is imported only when a model is needed.
"""

from __future__ import annotations

import json
from typing import Any

import anthropic
from anthropic import AsyncAnthropic

from contextune.core import conversation as c
from contextune.core.errors import KeyRefused, ModelProblem, ModelRefusal, PlaceProblem
from contextune.core.money import Usage

FIRST_PARTY_HOST = "api.anthropic.com"
EPHEMERAL = {"type": "ephemeral"}
TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
TRANSIENT_KINDS = frozenset({"overloaded_error", "api_error", "rate_limit_error", "timeout_error"})
"""Errors that may come in the middle of a stream, with status 200."""


class AnthropicModel:
    """One client for all agents. The SDK's retries are off: the gateway accounts for every request."""

    def __init__(
        self, *, api_key: str, base_url: str | None, offline: bool = False, timeout: float = 600.0
    ) -> None:
        self._client = AsyncAnthropic(api_key=api_key, base_url=base_url, max_retries=0, timeout=timeout)
        self._full = offline or self._client.base_url.host == FIRST_PARTY_HOST
        """Whether the server knows effort, thinking control and structured output; local models may not."""

    @property
    def is_full(self) -> bool:
        """Whether the server knows all of the API: counting, writing the cache ahead, diagnostics, effort."""
        return self._full

    async def send(self, request: c.ModelRequest) -> c.ModelReply:
        """Stream one request and return the whole reply."""
        collected = _Collector()
        try:
            stream = await self._client.messages.create(**self._arguments(request), stream=True)
            async with stream:
                async for event in stream:
                    collected.take(event)
        except anthropic.APIStatusError as problem:
            raise _status_problem(problem, begun=collected.begun) from None
        except anthropic.APIConnectionError as problem:
            raise _connection_problem(problem, str(self._client.base_url), begun=collected.begun) from None
        except (anthropic.APIError, json.JSONDecodeError, UnicodeDecodeError) as problem:
            raise ModelProblem(f"The reply cannot be read: {problem}.", begun=collected.begun) from None
        except Exception as problem:  # noqa: BLE001 the transport's own errors, cut streams among them, have no common base
            raise ModelProblem(f"The reply broke off: {problem}.", begun=collected.begun) from None
        return collected.reply()

    async def count(self, request: c.ModelRequest) -> int:
        """Tokens of the prompt, by the server's own count."""
        arguments = self._arguments(request)
        wanted = {k: arguments[k] for k in ("model", "system", "messages", "tools") if k in arguments}
        try:
            counted = await self._client.messages.count_tokens(**wanted)
        except anthropic.APIStatusError as problem:
            raise _status_problem(problem, begun=False) from None
        except anthropic.APIConnectionError as problem:
            raise _connection_problem(problem, str(self._client.base_url), begun=False) from None
        return counted.input_tokens

    async def close(self) -> None:
        """Release connections."""
        await self._client.close()

    def _arguments(self, request: c.ModelRequest) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "model": request.rung.model,
            "max_tokens": request.max_tokens,
            "system": [_block(text) for text in request.system],
            "messages": [
                {"role": message.role, "content": [_block(block) for block in message.blocks]}
                for message in request.messages
            ],
        }
        if request.tools:
            arguments["tools"] = [
                {"name": tool.name, "description": tool.description, "input_schema": tool.schema}
                for tool in request.tools
            ]
        if request.rolling_cache:
            arguments["cache_control"] = EPHEMERAL
        if self._full:
            output: dict[str, Any] = {"effort": request.rung.effort}
            if request.output_schema is not None:
                output["format"] = {"type": "json_schema", "schema": request.output_schema}
            arguments["output_config"] = output
            if "haiku-5" in request.rung.model and request.rung.effort in ("low", "medium"):
                arguments["thinking"] = {"type": "disabled"}
        return arguments


def _block(block: c.Block) -> dict[str, Any]:
    match block:
        case c.Text():
            plain: dict[str, Any] = {"type": "text", "text": block.text}
            return {**plain, "cache_control": EPHEMERAL} if block.cache else plain
        case c.Thinking():
            return {"type": "thinking", "thinking": block.thinking, "signature": block.signature}
        case c.OpaqueBlock():
            return block.data
        case c.ToolUse():
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": block.input}
        case c.ToolResult():
            return {
                "type": "tool_result",
                "tool_use_id": block.tool_use_id,
                "content": block.content or "(no output)",
                "is_error": block.is_error,
            }


class _Collector:
    """Puts a reply together from its stream of events."""

    def __init__(self) -> None:
        self.begun = False
        self._id = ""
        self._model = ""
        self._stop: str | None = None
        self._blocks: dict[int, dict[str, Any]] = {}
        self._json: dict[int, list[str]] = {}
        self._usage: dict[str, int] = {}

    def take(self, event: Any) -> None:
        match event.type:
            case "message_start":
                self.begun = True
                self._id, self._model = event.message.id, event.message.model
                self._count(event.message.usage)
            case "content_block_start":
                self._blocks[event.index] = event.content_block.model_dump(exclude_none=True)
                self._json[event.index] = []
            case "content_block_delta":
                self._delta(event.index, event.delta)
            case "message_delta":
                self._stop = event.delta.stop_reason
                self._count(event.usage)

    def _delta(self, index: int, delta: Any) -> None:
        block = self._blocks[index]
        match delta.type:
            case "text_delta":
                block["text"] = block.get("text", "") + delta.text
            case "input_json_delta":
                self._json[index].append(delta.partial_json)
            case "thinking_delta":
                block["thinking"] = block.get("thinking", "") + delta.thinking
            case "signature_delta":
                block["signature"] = delta.signature

    def _count(self, usage: Any) -> None:
        # message_delta repeats the totals without the split by lifetime, so a value once seen is kept.
        for name in (
            "input_tokens",
            "output_tokens",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
        ):
            value = getattr(usage, name, None)
            if value is not None:
                self._usage[name] = value
        split = getattr(usage, "cache_creation", None)
        if split is not None:
            self._usage["hour"] = split.ephemeral_1h_input_tokens or 0

    def reply(self) -> c.ModelReply:
        if not self.begun or self._stop is None:
            raise ModelProblem("The reply broke off before its end.", begun=self.begun)
        hour = self._usage.get("hour", 0)
        return c.ModelReply(
            id=self._id,
            model=self._model,
            blocks=tuple(self._finished(index) for index in sorted(self._blocks)),
            stop_reason=self._stop,  # type: ignore[arg-type]  # the server's own word; unknown ones end a turn
            usage=Usage(
                input_tokens=self._usage.get("input_tokens", 0),
                cache_write_5m_tokens=self._usage.get("cache_creation_input_tokens", 0) - hour,
                cache_write_1h_tokens=hour,
                cache_read_tokens=self._usage.get("cache_read_input_tokens", 0),
                output_tokens=self._usage.get("output_tokens", 0),
            ),
        )

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
                return c.OpaqueBlock(data=block)

    def _input(self, index: int) -> dict[str, Any]:
        written = "".join(self._json[index])
        if not written:
            return {}
        try:
            given = json.loads(written)
        except json.JSONDecodeError:
            if self._stop == "max_tokens":
                return {}
            raise
        return given if isinstance(given, dict) else {"value": given}


def _status_problem(problem: anthropic.APIStatusError, *, begun: bool) -> Exception:
    status = problem.response.status_code
    kind = getattr(problem, "type", None) or ""
    words = _words(problem)
    if status in (401, 403) and not begun:
        return KeyRefused(f"The model's server does not accept the API key: {words}")
    told_not_to = problem.response.headers.get("x-should-retry") == "false"
    if told_not_to and not begun:
        return ModelRefusal(f"The model's server refuses the request ({status}): {words}")
    if status in TRANSIENT or kind in TRANSIENT_KINDS or (begun and status == 200):
        hint = problem.response.headers.get("retry-after")
        seconds = float(hint) if hint and hint.replace(".", "", 1).isdigit() else None
        return ModelProblem(f"The model's server answers {status}: {words}", retry_after=seconds, begun=begun)
    return ModelRefusal(f"The model's server refuses the request ({status}): {words}")


def _words(problem: anthropic.APIStatusError) -> str:
    body = problem.body
    if isinstance(body, dict):
        error = body.get("error")
        if isinstance(error, dict) and isinstance(error.get("message"), str):
            return str(error["message"])
    return problem.message


def _connection_problem(problem: anthropic.APIConnectionError, url: str, *, begun: bool) -> Exception:
    if begun or isinstance(problem, anthropic.APITimeoutError):
        return ModelProblem(f"The connection to {url} broke off.", begun=begun)
    return PlaceProblem(f"No server answers at {url}. Check the address, the network and ANTHROPIC_BASE_URL.")

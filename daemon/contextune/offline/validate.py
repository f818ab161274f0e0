"""The rules by which the API refuses a request, and those of each model that a client can break.

Each check raises `ApiError` in the API's own manner. Sources: platform.claude.com, "Claude API errors"
(common validation errors), "Migrating to API version 2026-10-21", the "What's new" pages of the 5.5 models,
"Prompt caching" (pre-warming), "Structured outputs", "Handle tool calls".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from contextune.offline import signature
from contextune.offline.errors import ApiError, invalid
from contextune.offline.models import ModelSpec, find_model
from contextune.offline.prompt import Prompt
from contextune.offline.schema import check_schema
from contextune.offline.wire import (
    Adaptive,
    BetweenTools,
    Block,
    ChooseAny,
    ChooseTool,
    CountRequest,
    Disabled,
    Document,
    Enabled,
    Message,
    MessagesRequest,
    Text,
    ToolResult,
    ToolUse,
)

VERSIONS = ("2023-06-01", "2026-10-21")
BINDING_BETA = "thinking-binding-controls-2026-08-01"
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_MIN_BUDGET = 1_024


def check_version(version: str | None) -> str:
    """The API version of a request. Raises `ApiError` 400 if it is missing or unknown."""
    if not version:
        raise invalid("anthropic-version: header is required")
    if version not in VERSIONS:
        raise invalid(
            f'anthropic-version: "{version}" is not a valid version (expected {" or ".join(VERSIONS)})'
        )
    return version


def check_request(request: CountRequest, version: str) -> ModelSpec:
    """All rules that need no token count. Returns the model that is asked for."""
    spec = find_model(request.model)
    _check_sampling(request, spec, version)
    _check_messages(request.messages, spec, version)
    _check_tools(request)
    _check_thinking(request, spec)
    _check_tool_choice(request, spec)
    if request.output_format is not None:
        check_schema(request.output_format.schema, "output_config.format.schema")
    if isinstance(request, MessagesRequest):
        _check_max_tokens(request, spec)
    return spec


def check_prompt(prompt: Prompt, request: CountRequest, spec: ModelSpec, betas: str) -> None:
    """The rules on what the blocks hash and add up to: the context window and the thinking blocks."""
    if prompt.tokens > spec.window:
        raise invalid(f"prompt is too long: {prompt.tokens} tokens > {spec.window} maximum")
    drops = (
        BINDING_BETA in betas
        and isinstance(request.thinking, Adaptive)
        and (request.thinking.block_binding or {}).get("prefix_mismatch_behavior") == "drop_block"
    )
    for path, block, before in prompt.thinking:
        signed = signature.read(block.signature)
        if signed is None:
            raise invalid(f"{path}: Invalid `signature` in `thinking` block")
        if not signature.holds_text(signed, block):
            raise invalid(
                f"{path}: `thinking` blocks cannot be modified. They must remain as they were in the "
                "original response."
            )
        if signed.before != before and not drops:
            raise invalid(
                f"{path}: this `thinking` block belongs to other messages than those before it. Send the "
                "conversation back as it was, with new messages only at its end."
            )


def answered_turns(messages: Sequence[Message]) -> int:
    """How many assistant turns the request holds; consecutive ones are one, a prefill is none."""
    roles = [message.role for message in messages if message.role != "system"]
    turns = sum(1 for role, _ in groupby(roles) if role == "assistant")
    return turns - 1 if roles and roles[-1] == "assistant" else turns


def _check_sampling(request: CountRequest, spec: ModelSpec, version: str) -> None:
    sent = {"temperature": request.temperature, "top_p": request.top_p, "top_k": request.top_k}
    for name, value in sent.items():
        if value is None:
            continue
        if version != VERSIONS[0]:
            raise invalid(f"{name}: Extra inputs are not permitted")
        if not spec.sampling and not (name != "top_k" and value == 1):
            raise invalid(f"{name}: this model does not support sampling parameters. Omit {name}.")


def _check_messages(messages: Sequence[Message], spec: ModelSpec, version: str) -> None:
    if not messages:
        raise invalid("messages: at least one message is required")
    speakers = [message.role for message in messages if message.role != "system"]
    if not speakers or speakers[0] != "user":
        raise invalid("messages: first message must use the user role")
    if speakers[-1] == "assistant" and not spec.prefill:
        raise invalid(
            "This model does not support assistant message prefill. The conversation must end with a user "
            "message."
        )
    for index, message in enumerate(messages):
        _check_content(index, message, version)
    _check_pairs(messages)


def _check_content(index: int, message: Message, version: str) -> None:
    blocks = message.blocks()
    if not blocks or message.content == "":
        raise invalid(f"messages.{index}: all messages must have non-empty content")
    for number, block in enumerate(blocks):
        path = f"messages.{index}.content.{number}"
        if isinstance(block, Text) and not block.text:
            raise invalid(f"{path}: text content blocks must be non-empty")
        if version != VERSIONS[0] and isinstance(block, Text) and block.citations and message.role == "user":
            raise invalid(f"{path}.citations: citations are not permitted on text in user messages")
        if version != VERSIONS[0] and isinstance(block, Document) and message.role == "assistant":
            raise invalid(f"{path}: document blocks are not permitted in assistant messages")
        allowed = {
            "assistant": not isinstance(block, ToolResult),
            "user": isinstance(block, Text | ToolResult) or not _is_model_made(block),
            "system": isinstance(block, Text),
        }
        if not allowed[message.role]:
            kind = type(block).__struct_config__.tag
            raise invalid(f"{path}: `{kind}` blocks are not permitted in {message.role} messages")


def _is_model_made(block: Block) -> bool:
    return type(block).__name__ in {"Thinking", "RedactedThinking", "ToolUse"}


def _turns(messages: Sequence[Message]) -> Iterator[tuple[int, str, list[Block]]]:
    """Consecutive messages of one role as one turn, as the API reads them: last index, role, blocks."""
    spoken = [(index, message) for index, message in enumerate(messages) if message.role != "system"]
    for role, group in groupby(spoken, key=lambda pair: pair[1].role):
        pairs = list(group)
        yield pairs[-1][0], role, [block for _, message in pairs for block in message.blocks()]


def _check_pairs(messages: Sequence[Message]) -> None:
    """Every tool call answered at the head of the next turn, every answer to a call of the turn before."""
    open_calls: dict[str, int] = {}
    seen: set[str] = set()
    for index, role, blocks in _turns(messages):
        if role == "assistant":
            calls = [block.id for block in blocks if isinstance(block, ToolUse)]
            if len(set(calls)) != len(calls) or seen.intersection(calls):
                raise invalid(f"messages.{index}: `tool_use` ids must be unique")
            seen.update(calls)
            open_calls = dict.fromkeys(calls, index)
            continue
        leading = []
        for block in blocks:
            if not isinstance(block, ToolResult):
                break
            leading.append(block.tool_use_id)
        for block in blocks:
            if isinstance(block, ToolResult) and block.tool_use_id not in open_calls:
                raise invalid(
                    f"messages.{index}: unexpected `tool_use_id` found in `tool_result` blocks: "
                    f"{block.tool_use_id}. Each `tool_result` block must have a corresponding `tool_use` "
                    "block in the previous message."
                )
        if len(set(leading)) != len(leading):
            raise invalid(f"messages.{index}: each tool_use must have a single result")
        _refuse_unanswered([call for call in open_calls if call not in leading], open_calls)
        open_calls = {}
    _refuse_unanswered(list(open_calls), open_calls)


def _refuse_unanswered(missing: list[str], open_calls: dict[str, int]) -> None:
    if missing:
        raise invalid(
            f"messages.{open_calls[missing[0]]}: `tool_use` ids were found without `tool_result` blocks "
            f"immediately after: {', '.join(missing)}. Each `tool_use` block must have a corresponding "
            "`tool_result` block in the next message."
        )


def _check_tools(request: CountRequest) -> None:
    names: set[str] = set()
    for index, tool in enumerate(request.tools or []):
        path = f"tools.{index}"
        name = tool.get("name")
        if not isinstance(name, str) or not _TOOL_NAME.fullmatch(name):
            raise invalid(f"{path}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
        if name in names:
            raise invalid("tools: Tool names must be unique.")
        names.add(name)
        control = tool.get("cache_control")
        if control is not None and (
            not isinstance(control, dict)
            or control.get("type") != "ephemeral"
            or control.get("ttl", "5m") not in ("5m", "1h")
        ):
            raise invalid(f"{path}.cache_control: expected type 'ephemeral' with ttl '5m' or '1h'")
        if tool.get("type") not in (None, "custom"):
            continue
        schema = tool.get("input_schema")
        if not isinstance(schema, dict):
            raise invalid(f"{path}.input_schema: Field required")
        if schema.get("type") != "object":
            raise invalid(f"{path}.input_schema.type: Input should be 'object'")
        if tool.get("strict"):
            check_schema(schema, f"{path}.input_schema")


def _check_thinking(request: CountRequest, spec: ModelSpec) -> None:
    thinking = request.thinking
    if request.effort is not None and request.effort not in spec.efforts:
        raise invalid(f"output_config.effort: this model does not support effort {request.effort!r}")
    if thinking is None:
        return
    mode = type(thinking).__struct_config__.tag
    if mode not in spec.thinking:
        accepted = " or ".join(f'"{name}"' for name in sorted(spec.thinking))
        raise invalid(f'thinking.type: "{mode}" is not supported for this model. Use {accepted}.')
    if isinstance(thinking, Disabled | BetweenTools) and request.effort in ("xhigh", "max"):
        raise invalid(f'thinking.type: "{mode}" is not supported at effort {request.effort!r}')
    if isinstance(thinking, Enabled):
        if thinking.budget_tokens < _MIN_BUDGET:
            raise invalid(f"thinking.enabled.budget_tokens: Input should be at least {_MIN_BUDGET}")
        if isinstance(request, MessagesRequest) and 0 < request.max_tokens <= thinking.budget_tokens:
            raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`")


def _check_tool_choice(request: CountRequest, spec: ModelSpec) -> None:
    choice = request.tool_choice
    if choice is None:
        return
    if not request.tools:
        raise invalid("tool_choice: tool_choice may only be specified while providing tools")
    if not isinstance(choice, ChooseAny | ChooseTool):
        return
    if not spec.forced_tools:
        raise invalid(
            "tool_choice: forced tool use is not supported for this model. Use tool_choice auto, or "
            "output_config.format for a fixed shape of answer."
        )
    if isinstance(request.thinking, Enabled | Adaptive):
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")
    if isinstance(choice, ChooseTool) and choice.name not in {tool["name"] for tool in request.tools}:
        raise invalid(f"Tool '{choice.name}' not found in provided tools")


def _check_max_tokens(request: MessagesRequest, spec: ModelSpec) -> None:
    if request.max_tokens < 0:
        raise invalid("max_tokens: Input should be greater than or equal to 0")
    if request.max_tokens > spec.max_output:
        raise invalid(
            f"max_tokens: {request.max_tokens} > {spec.max_output}, which is the maximum allowed number of "
            f"output tokens for {request.model}"
        )
    if request.max_tokens > 0:
        return
    refused = {
        "stream": request.stream,
        "thinking.type enabled": isinstance(request.thinking, Enabled),
        "a forced tool_choice": isinstance(request.tool_choice, ChooseAny | ChooseTool),
        "output_config.format": request.output_format is not None,
    }
    for name, present in refused.items():
        if present:
            raise invalid(f"max_tokens: 0 (cache pre-warming) is not supported with {name}")


def too_large(limit: int) -> ApiError:
    """HTTP 413 for a body of more than `limit` bytes."""
    return ApiError("request_too_large", f"Request exceeds the maximum size of {limit} bytes")

"""The request as it arrives: the Messages API's JSON in frozen Structs, and its decoding.

Unknown fields are refused, as the API refuses them. Server tools, batches and beta-only fields are not
part of the offline model.
"""

from __future__ import annotations

import re
from typing import Any, Literal, NoReturn, TypeVar

import msgspec

from contextune.offline.errors import invalid
from contextune.offline.models import Display

JsonObject = dict[str, Any]
"""A JSON object whose inside is the caller's own business: a schema, a tool's input."""


class CacheControl(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="ephemeral"
):
    """A cache breakpoint."""

    ttl: Literal["5m", "1h"] = "5m"


class _Block(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    pass


class Text(_Block, frozen=True, tag="text"):
    """A text block of any role, or of the system prompt."""

    text: str
    cache_control: CacheControl | None = None
    citations: list[JsonObject] | None = None


class Thinking(_Block, frozen=True, tag="thinking"):
    """A thinking block that the client sends back. It can't carry a breakpoint."""

    thinking: str
    signature: str


class RedactedThinking(_Block, frozen=True, tag="redacted_thinking"):
    """A redacted thinking block that the client sends back."""

    data: str


class ToolUse(_Block, frozen=True, tag="tool_use"):
    """A tool call that the client sends back."""

    id: str
    name: str
    input: JsonObject
    cache_control: CacheControl | None = None
    caller: JsonObject | None = None
    toolset_name: str | None = None


class Image(_Block, frozen=True, tag="image"):
    """An image, which no script looks at."""

    source: JsonObject
    cache_control: CacheControl | None = None


class Document(_Block, frozen=True, tag="document"):
    """A document, which no script looks at."""

    source: JsonObject
    title: str | None = None
    context: str | None = None
    citations: JsonObject | None = None
    cache_control: CacheControl | None = None


class ToolResult(_Block, frozen=True, tag="tool_result"):
    """What a tool gave back."""

    tool_use_id: str
    content: str | list[Text | Image | Document] | None = None
    is_error: bool | None = None
    cache_control: CacheControl | None = None
    toolset_name: str | None = None


Block = Text | Thinking | RedactedThinking | ToolUse | ToolResult | Image | Document


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of `messages`."""

    role: Literal["user", "assistant", "system"]
    content: str | list[Block]

    def blocks(self) -> list[Block]:
        """The content as blocks; a string is one text block."""
        return [Text(self.content)] if isinstance(self.content, str) else self.content


class _Thinking(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    pass


class Adaptive(_Thinking, frozen=True, tag="adaptive"):
    """Thinking as much as the model likes."""

    display: Display | None = None
    block_binding: JsonObject | None = None


class Disabled(_Thinking, frozen=True, tag="disabled"):
    """No thinking."""


class BetweenTools(_Thinking, frozen=True, tag="between_tools"):
    """No thinking before the first tool call."""


class Enabled(_Thinking, frozen=True, tag="enabled"):
    """Thinking with a budget, as models before 5 have it."""

    budget_tokens: int
    display: Display | None = None


ThinkingConfig = Adaptive | Disabled | BetweenTools | Enabled


class _Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    pass


class ChooseAuto(_Choice, frozen=True, tag="auto"):
    """The model decides."""

    disable_parallel_tool_use: bool = False


class ChooseAny(_Choice, frozen=True, tag="any"):
    """Some tool must be called."""

    disable_parallel_tool_use: bool = False


class ChooseTool(_Choice, frozen=True, tag="tool"):
    """This tool must be called."""

    name: str
    disable_parallel_tool_use: bool = False


class ChooseNone(_Choice, frozen=True, tag="none"):
    """No tool may be called."""


class JsonFormat(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="json_schema"
):
    """Structured output."""

    schema: JsonObject


class OutputConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How hard the model tries, and in which shape it answers."""

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: JsonFormat | None = None


class Diagnostics(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Asks why the cache did not hold what the previous request put there."""

    previous_message_id: str | None = None


class CountRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The body of `POST /v1/messages/count_tokens`."""

    model: str
    messages: list[Message]
    system: str | list[Text] | None = None
    tools: list[JsonObject] | None = None
    tool_choice: ChooseAuto | ChooseAny | ChooseTool | ChooseNone | None = None
    thinking: ThinkingConfig | None = None
    output_config: OutputConfig | None = None
    cache_control: CacheControl | None = None
    speed: Literal["standard", "fast"] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None

    def system_blocks(self) -> list[Text]:
        """The system prompt as blocks; a string is one text block."""
        if self.system is None or self.system == "":
            return []
        return [Text(self.system)] if isinstance(self.system, str) else self.system

    @property
    def output_format(self) -> JsonFormat | None:
        """The structured output that the request asks for."""
        return None if self.output_config is None else self.output_config.format

    @property
    def effort(self) -> str | None:
        """The effort that the request names; None leaves it to the model."""
        return None if self.output_config is None else self.output_config.effort


class MessagesRequest(CountRequest, frozen=True, kw_only=True):
    """The body of `POST /v1/messages`."""

    max_tokens: int
    stream: bool = False
    stop_sequences: list[str] = []
    diagnostics: Diagnostics | None = None
    metadata: JsonObject | None = None
    container: str | JsonObject | None = None
    inference_geo: str | None = None
    service_tier: Literal["auto", "standard_only"] | None = None


_R = TypeVar("_R", bound=CountRequest)

_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")


def decode_request(body: bytes, into: type[_R]) -> _R:
    """The request in `body`. Raises `ApiError` 400 in the API's wording: the field, then what is wrong."""
    try:
        return msgspec.json.decode(body, type=into)
    except msgspec.ValidationError as error:
        _refuse(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid(f"The request body is not valid JSON: {error}") from None


def _refuse(problem: str) -> NoReturn:
    """Turn "Object missing required field `x` - at `$.a[0]`" into "a.0.x: Field required"."""
    path = ""
    if found := _PATH.search(problem):
        path = re.sub(r"\[(\d+|\.\.\.)\]", r".\1", found["path"])
        problem = problem[: found.start()]
    if missing := re.fullmatch(r"Object missing required field `(.+)`", problem):
        path, problem = _join(path, missing[1]), "Field required"
    elif extra := re.fullmatch(r"Object contains unknown field `(.+)`", problem):
        path, problem = _join(path, extra[1]), "Extra inputs are not permitted"
    raise invalid(f"{path}: {problem}" if path else problem)


def _join(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field

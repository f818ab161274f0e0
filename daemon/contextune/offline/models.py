"""The models that the server answers for, with the rules of each that a client can break.

Facts are from Anthropic's model pages, error pages and prompt-caching pages, as of November 2026. Where a
page says nothing about a rule for a model, the model accepts the request.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from contextune.offline.errors import ApiError

ThinkingMode = Literal["adaptive", "between_tools", "disabled", "enabled"]
Display = Literal["omitted", "summarized"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]

DISPLAY_NAME = "Offline model (scripted, no AI)"
UNKNOWN_DATE = "1970-01-01T00:00:00Z"
"""The API's own way of saying that a release date is not known."""

EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")


class ModelSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One model: its limits in tokens and the request rules that differ between models."""

    id: str
    line: Literal["haiku", "sonnet", "opus", "fable"]
    created_at: str = UNKNOWN_DATE
    retires_at: str | None = None
    window: int = 1_000_000
    max_output: int = 128_000
    cache_minimum: int = 512
    thinking: frozenset[ThinkingMode] = frozenset({"adaptive"})
    thinks_by_default: bool = True
    display: Display = "omitted"
    efforts: tuple[Effort, ...] = EFFORTS
    default_effort: Effort | None = "high"
    forced_tools: bool = True
    prefill: bool = False
    sampling: bool = False
    progress_in_thinking: bool = False
    aliases: tuple[str, ...] = ()

    def describe(self) -> dict[str, object]:
        """The model as `GET /v1/models` lists it."""
        return {
            "type": "model",
            "id": self.id,
            "display_name": DISPLAY_NAME,
            "created_at": self.created_at,
            "lifecycle": "active" if self.retires_at is None else "deprecated",
            "deprecated_at": None,
            "retires_at": self.retires_at,
            "line": self.line,
            "max_input_tokens": self.window,
            "max_tokens": self.max_output,
            "capabilities": self._capabilities(),
        }

    def _capabilities(self) -> dict[str, object]:
        modes: tuple[ThinkingMode, ...] = ("adaptive", "between_tools", "disabled", "enabled")
        efforts: dict[str, object] = {level: _supported(level in self.efforts) for level in EFFORTS}
        efforts["supported"] = bool(self.efforts)
        return {
            "batch": _supported(False),
            "citations": _supported(False),
            "code_execution": _supported(False),
            "context_management": {"supported": False},
            "effort": efforts,
            "image_input": _supported(True),
            "pdf_input": _supported(True),
            "server_tools": {
                "supported": False,
                "code_execution": _supported(False),
                "web_search": _supported(False),
            },
            "structured_outputs": _supported(True),
            "thinking": {
                "supported": True,
                "types": {mode: _supported(mode in self.thinking) for mode in modes},
            },
        }


def _supported(value: bool) -> dict[str, object]:
    return {"supported": value}


_BEFORE_5 = {
    "window": 200_000,
    "max_output": 64_000,
    "thinking": frozenset({"disabled", "enabled"}),
    "thinks_by_default": False,
    "display": "summarized",
    "efforts": (),
    "default_effort": None,
    "prefill": True,
    "sampling": True,
}

MODELS: tuple[ModelSpec, ...] = (
    ModelSpec(
        id="claude-haiku-5-5",
        line="haiku",
        created_at="2026-10-07T00:00:00Z",
        thinking=frozenset({"adaptive", "disabled"}),
        default_effort="medium",
    ),
    ModelSpec(
        id="claude-sonnet-5-5",
        line="sonnet",
        created_at="2026-09-28T00:00:00Z",
        thinking=frozenset({"adaptive", "between_tools"}),
        forced_tools=False,
        progress_in_thinking=True,
    ),
    ModelSpec(id="claude-opus-5-5", line="opus", default_effort="medium"),
    ModelSpec(id="claude-fable-5-2", line="fable"),
    ModelSpec(
        id="claude-sonnet-5",
        line="sonnet",
        cache_minimum=1_024,
        thinking=frozenset({"adaptive", "disabled"}),
    ),
    ModelSpec(
        id="claude-opus-5",
        line="opus",
        thinking=frozenset({"adaptive", "disabled"}),
    ),
    msgspec.structs.replace(
        ModelSpec(
            id="claude-haiku-4-5",
            line="haiku",
            created_at="2025-10-01T00:00:00Z",
            cache_minimum=4_096,
            aliases=("claude-haiku-4-5-20251001",),
        ),
        **_BEFORE_5,
    ),
    msgspec.structs.replace(
        ModelSpec(
            id="claude-sonnet-4-5",
            line="sonnet",
            created_at="2025-09-29T00:00:00Z",
            retires_at="2026-11-30T00:00:00Z",
            cache_minimum=1_024,
            aliases=("claude-sonnet-4-5-20250929",),
        ),
        **_BEFORE_5,
    ),
)

_BY_ID = {name: spec for spec in MODELS for name in (spec.id, *spec.aliases)}


def find_model(name: str) -> ModelSpec:
    """The model of that id or alias. Raises `ApiError` 404 `not_found_error` for any other name."""
    try:
        return _BY_ID[name]
    except KeyError:
        raise ApiError("not_found_error", f"model: {name}") from None

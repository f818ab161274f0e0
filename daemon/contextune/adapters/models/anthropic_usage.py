"""What the server says a request used, as tokens that are billed, part by part.

The top-level fields of `usage` are the passes of the request's own model. `usage.iterations` names every
pass, each priced by its own model and length; those of a compaction or of an adviser are not in the top-level
fields. Servers that are not Anthropic's leave fields out: what is missing is zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from contextune.core.model.money import Processing, Speed, Usage, UsagePart

BESIDE = frozenset({"compaction", "advisor_message"})
"""Kinds of passes that the top-level fields do not count (anthropic.types.beta.BetaUsage)."""


class UsageCount:
    """Collects the usage of one request from the events that tell of it."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._told: dict[str, Any] = {}

    def take(self, usage: Any) -> None:
        """Note what a `usage` object says; a later one repeats totals and replaces them.

        The split of cache writes by lifetime comes once, at the start, and is kept.
        """
        if isinstance(usage, dict):
            self._told.update({key: value for key, value in usage.items() if value is not None})

    @property
    def parts(self) -> tuple[UsagePart, ...]:
        """What is billed; at least one part."""
        top = _usage(self._told)
        passes = self._told.get("iterations")
        named = [one for one in passes if isinstance(one, dict)] if isinstance(passes, list) else []
        own = [one for one in named if one.get("type") not in BESIDE]
        beside = [one for one in named if one.get("type") in BESIDE]
        parts = [self._part(_usage(one), one) for one in own]
        # The top-level fields are what is billed: whatever they have beyond the passes is part of the last.
        rest = _beyond(top, (part.usage for part in parts))
        if not parts:
            parts = [self._part(rest, {})]
        elif rest != Usage():
            parts[-1] = msgspec.structs.replace(parts[-1], usage=parts[-1].usage.plus(rest))
        return (*parts, *(self._part(_usage(one), one) for one in beside))

    @property
    def total(self) -> Usage:
        """All tokens of all parts."""
        total = Usage()
        for part in self.parts:
            total = total.plus(part.usage)
        return total

    def _part(self, usage: Usage, told: dict[str, Any]) -> UsagePart:
        model = told.get("model")
        return UsagePart(
            # A pass that names no model is the request's own, by the name that the request's rung has.
            model=model if isinstance(model, str) and model else self._model,
            usage=usage,
            processing=_processing(self._told.get("service_tier")),
            speed=_speed(self._told.get("speed")),
        )


def _usage(told: dict[str, Any]) -> Usage:
    split = told.get("cache_creation")
    split = split if isinstance(split, dict) else {}
    hour = _count(split.get("ephemeral_1h_input_tokens"))
    written = max(
        _count(told.get("cache_creation_input_tokens")),
        hour + _count(split.get("ephemeral_5m_input_tokens")),
    )
    tools = told.get("server_tool_use")
    return Usage(
        input_tokens=_count(told.get("input_tokens")),
        cache_write_5m_tokens=written - hour,
        cache_write_1h_tokens=hour,
        cache_read_tokens=_count(told.get("cache_read_input_tokens")),
        output_tokens=_count(told.get("output_tokens")),
        web_searches=_count(tools.get("web_search_requests")) if isinstance(tools, dict) else 0,
    )


def _beyond(top: Usage, parts: Iterable[Usage]) -> Usage:
    """What a total has that its parts have not; nothing where the parts have more."""
    summed = Usage()
    for part in parts:
        summed = summed.plus(part)
    # Passes may leave out by lifetime what the total splits, so that writes are compared as one.
    writes = top.cache_write_5m_tokens + top.cache_write_1h_tokens
    unnamed = max(0, writes - summed.cache_write_5m_tokens - summed.cache_write_1h_tokens)
    hour = min(unnamed, max(0, top.cache_write_1h_tokens - summed.cache_write_1h_tokens))
    return Usage(
        input_tokens=max(0, top.input_tokens - summed.input_tokens),
        cache_write_5m_tokens=unnamed - hour,
        cache_write_1h_tokens=hour,
        cache_read_tokens=max(0, top.cache_read_tokens - summed.cache_read_tokens),
        output_tokens=max(0, top.output_tokens - summed.output_tokens),
        web_searches=max(0, top.web_searches - summed.web_searches),
    )


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _processing(tier: Any) -> Processing:
    return "batch" if tier == "batch" else "priority" if tier == "priority" else "standard"


def _speed(speed: Any) -> Speed:
    return "fast" if speed == "fast" else "standard"

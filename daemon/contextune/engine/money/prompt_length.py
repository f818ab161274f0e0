"""How long a prompt can be at most, and how much of it should have come from the cache."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from contextune.core.model.conversation import ModelReply, ModelRequest
from contextune.core.model.money import CacheMiss

REMEMBERED = 4_096
"""Replies whose length is remembered: far more than conversations that can be under way."""

CACHED_FROM = 4_096
"""Tokens from which every model caches a prefix (platform.claude.com, "Prompt caching")."""

_encode = msgspec.json.Encoder().encode


class _Length(NamedTuple):
    prompt: int
    output: int


class PromptLengths:
    """Knows how long the conversations are whose replies it has seen, by the ids of those replies."""

    def __init__(self) -> None:
        self._known: dict[str, _Length] = {}

    def keep(self, reply: ModelReply) -> None:
        """Remember what a reply told."""
        if len(self._known) >= REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[reply.id] = _Length(reply.usage.prompt_tokens, reply.usage.output_tokens)

    def bound(self, request: ModelRequest) -> int:
        """Tokens that the prompt can't exceed.

        What the reply before told of its prompt and its own length, plus the bytes of the messages since; of
        a conversation's first request all bytes. No token is shorter than a byte of its JSON.
        """
        before = self._before(request)
        if before is None:
            return prompt_bound(request)
        # The message at the anchor is that reply itself, whose tokens are known.
        new = len(_encode(request.messages[request.anchor + 1 :]))
        return before.prompt + before.output + new

    def miss(self, request: ModelRequest, reply: ModelReply) -> CacheMiss | None:
        """What should have come from the cache and did not, for no reason that the server gave: it ran out.

        None where the server does not cache at all.
        """
        before = self._before(request)
        usage = reply.usage
        caches = usage.cache_read_tokens + usage.cache_write_5m_tokens + usage.cache_write_1h_tokens > 0
        if before is None or not caches or not request.rolling_cache or before.prompt < CACHED_FROM:
            return None
        missed = before.prompt - usage.cache_read_tokens
        return CacheMiss(reason="expired", tokens=missed) if missed > 0 else None

    def _before(self, request: ModelRequest) -> _Length | None:
        if not request.anchor or request.previous_id is None:
            return None
        return self._known.get(request.previous_id)


def prompt_bound(request: ModelRequest) -> int:
    """More tokens than the prompt can have, by its bytes alone."""
    return len(_encode((request.system, request.tools, request.messages, request.output_schema)))

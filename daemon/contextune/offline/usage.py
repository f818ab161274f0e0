"""The usage of a message in the shapes in which the API reports it."""

from __future__ import annotations

import msgspec

from contextune.offline.cache import CachePlan
from contextune.offline.reply import Reply


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one message. `input_tokens` is the uncached rest only, as in the API."""

    input_tokens: int
    cache_creation_input_tokens: int
    cache_read_input_tokens: int
    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int
    output_tokens: int = 0
    thinking_tokens: int = 0

    def whole(self) -> dict[str, object]:
        """As `message.usage` has it, in `message_start` too."""
        return {
            "input_tokens": self.input_tokens,
            "cache_creation_input_tokens": self.cache_creation_input_tokens,
            "cache_read_input_tokens": self.cache_read_input_tokens,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.ephemeral_5m_input_tokens,
                "ephemeral_1h_input_tokens": self.ephemeral_1h_input_tokens,
            },
            "output_tokens": self.output_tokens,
            "output_tokens_details": {"thinking_tokens": self.thinking_tokens},
            "service_tier": "standard",
        }

    def cumulative(self) -> dict[str, object]:
        """As `message_delta` has it: totals, without the split of the cache's lifetimes."""
        return {
            "input_tokens": self.input_tokens,
            "cache_creation_input_tokens": self.cache_creation_input_tokens,
            "cache_read_input_tokens": self.cache_read_input_tokens,
            "output_tokens": self.output_tokens,
            "output_tokens_details": {"thinking_tokens": self.thinking_tokens},
        }


def measure(plan: CachePlan, reply: Reply) -> Usage:
    """What a reply and the reading of its prompt cost."""
    return Usage(
        input_tokens=plan.uncached,
        cache_creation_input_tokens=plan.written,
        cache_read_input_tokens=plan.read,
        ephemeral_5m_input_tokens=plan.written_5m,
        ephemeral_1h_input_tokens=plan.written_1h,
        output_tokens=reply.tokens,
        thinking_tokens=reply.thinking_tokens,
    )

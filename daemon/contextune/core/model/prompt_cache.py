"""How models' servers cache prompts: facts from Anthropic's page "Prompt caching" (platform.claude.com).

As of November 2026.
"""

from __future__ import annotations

LIFE = 300_000
"""Milliseconds that an entry lives after its last use, unless an hour is asked for."""

LEAST_PREFIX: dict[str, int] = {
    "claude-haiku-5-5": 512,
    "claude-sonnet-5-5": 512,
    "claude-opus-5-5": 512,
    "claude-fable-5-2": 512,
    "claude-opus-5": 512,
    "claude-sonnet-5": 1_024,
    "claude-sonnet-4-5": 1_024,
    "claude-haiku-4-5": 4_096,
}
"""Tokens below which a model silently caches nothing."""


def least_prefix(model: str) -> int:
    """Tokens from which a model caches a prefix; of a model that is not known, the most that any needs.

    A date or a provider's own prefix in the model's id makes no difference.
    """
    known = [name for name in LEAST_PREFIX if name in model]
    return LEAST_PREFIX[max(known, key=len)] if known else max(LEAST_PREFIX.values())

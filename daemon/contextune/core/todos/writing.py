"""Who wrote a line, and when."""

from __future__ import annotations

from typing import Literal

from contextune.core.base import Value

Age = Literal["uncommitted", "week", "month", "year", "older"]
"""How long ago: not committed, at most 7, 30 or 365 days, or longer."""

DAY_MS = 86_400_000


class Writing(Value, frozen=True, kw_only=True):
    """The commit of a line."""

    author: str
    at: int
    """When it was written, in milliseconds since the epoch."""


def age_of(writing: Writing | None, now: int) -> Age:
    """How long ago a line was written; one without a commit is not committed."""
    if writing is None:
        return "uncommitted"
    days = (now - writing.at) / DAY_MS
    return "week" if days <= 7 else "month" if days <= 30 else "year" if days <= 365 else "older"

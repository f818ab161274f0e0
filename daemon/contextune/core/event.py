"""What every event has in common."""

from __future__ import annotations

from contextune.core.base import Value


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


class Event(Value, frozen=True, kw_only=True, tag_field="kind", tag=_snake):
    """Something that happened. `at` is in milliseconds since the epoch."""

    run_id: str
    at: int

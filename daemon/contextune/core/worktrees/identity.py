"""What tells a repository's checkout from all others, wherever it stands."""

from __future__ import annotations

from contextune.core.base import Value


class Identity(Value, frozen=True, kw_only=True):
    """Of one checkout; a copy of it has another one."""

    id: str
    """32 hexadecimal digits."""
    moved_from: str | None = None
    """The top folder that it had when it was last recognised, if it stands elsewhere now."""

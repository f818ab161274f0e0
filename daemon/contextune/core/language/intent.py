"""A command that plain words stand for."""

from __future__ import annotations

from contextune.core.base import Value

READING = frozenset({"todos", "runs", "show", "cost", "agents", "doctor"})
"""Commands that change nothing and cost nothing, whatever their arguments."""


class Days(Value, frozen=True, kw_only=True):
    """The days that words such as "yesterday" mean, each as 2026-11-01."""

    today: str
    yesterday: str
    monday: str
    """The first day of this week."""
    first: str
    """The first day of this month."""


class Intent(Value, frozen=True, kw_only=True):
    """One command of `contextune` with its arguments, as the command line takes them."""

    arguments: tuple[str, ...]

    @property
    def only_reads(self) -> bool:
        """Whether it may be done at once: it changes nothing and asks no model."""
        if self.arguments[0] == "worktrees":
            return self.arguments[1:2] in ((), ("list",), ("diagnose",))
        return self.arguments[0] in READING

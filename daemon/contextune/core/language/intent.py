"""A command that plain words stand for."""

from __future__ import annotations

from typing import Literal

from contextune.core.base import Value

Effect = Literal["reads", "changes", "spends"]
"""reads: it changes nothing and costs nothing; spends: agents or planners may be asked."""

READING = frozenset({"todos", "runs", "show", "cost", "agents", "doctor", "skills"})
"""Commands that change nothing and cost nothing, whatever their arguments."""
SPENDING = frozenset({"run", "quote", "resume", "retry", "tell", "answer"})


class Days(Value, frozen=True, kw_only=True):
    """The days that words such as "yesterday" mean, each as 2026-11-01."""

    today: str
    yesterday: str
    monday: str
    """The first day of this week."""
    first: str
    """The first day of this month."""


class Intent(Value, frozen=True, kw_only=True):
    """One command of `contextune` with its arguments, as the command line takes them.

    Until it is resolved, a Run may stand there as words mean it: `3`, `@last`, `@yesterday`.
    """

    arguments: tuple[str, ...]

    @property
    def effect(self) -> Effect:
        """What comes of it."""
        if self.arguments[0] in SPENDING:
            return "spends"
        return "reads" if self.only_reads else "changes"

    @property
    def only_reads(self) -> bool:
        """Whether it may be done at once: it changes nothing and asks no model."""
        if self.arguments[0] == "worktrees":
            return self.arguments[1:2] in ((), ("list",), ("diagnose",))
        if self.arguments[0] == "agents":
            return self.arguments[1:2] in ((), ("list",))
        return self.arguments[0] in READING

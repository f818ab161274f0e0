"""What other agents may ask of this product: those of Claude Code, Copilot, Cline and their like."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from contextune.core.base import Value

Permission = Literal["allow", "ask", "deny"]
"""ask: the user is asked each time, and where nobody can be asked it is refused."""


class OtherAgents(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The permission of each tool that other agents are offered. What spends or changes asks the user."""

    todos: Permission = "allow"
    quote: Permission = "ask"
    """A Quote runs the repository's tests, and planning may cost cents."""
    run: Permission = "ask"
    status: Permission = "allow"
    tell: Permission = "ask"
    answer: Permission = "ask"
    cancel: Permission = "ask"
    review: Permission = "allow"
    accept: Permission = "ask"
    cost: Permission = "allow"


def narrowed(before: OtherAgents, now: OtherAgents, named: Iterable[str]) -> OtherAgents:
    """A later table over an earlier one, for the tools that it names: what was denied stays denied."""
    changed = {tool: getattr(now, tool) for tool in named if getattr(before, tool) != "deny"}
    return msgspec.structs.replace(before, **changed)

"""What `doctor` found out about one thing that the product needs."""

from __future__ import annotations

from typing import Literal

from contextune.core.base import Value

CheckState = Literal["ok", "warning", "problem"]
"""warning: work is possible, but less well; problem: work is not possible until it is mended."""


class Check(Value, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    """Such as `git` or `API key`."""
    state: CheckState
    detail: str
    """What was found: a version, a path, what is wrong."""
    remedy: str = ""
    """What to do about it; empty if nothing is to be done."""

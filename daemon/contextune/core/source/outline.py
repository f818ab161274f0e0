"""The outline of a source file: what it defines, and where."""

from __future__ import annotations

from contextune.core.base import Value


class Symbol(Value, frozen=True, kw_only=True):
    """A function, method or class. Lines count from 1 and are inclusive."""

    name: str
    """With what encloses it, such as `Table.to_html`; the same name that a Todo's symbol has."""
    line: int
    end_line: int
    depth: int = 0
    """How many named symbols enclose it."""

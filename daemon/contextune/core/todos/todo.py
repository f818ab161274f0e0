"""A Todo: a marker comment in a file, with an id that survives edits above it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from contextune.core.base import Value

MARKERS = ("TODO", "FIXME", "HACK", "XXX", "BUG")
"""The markers that count unless the settings name others."""


class Todo(Value, frozen=True, kw_only=True):
    """One marker comment. Lines and columns count from 1; `path` is relative to the repository, with `/`."""

    id: str
    path: str
    line: int
    column: int
    end_line: int
    """The last line of the comment text; equal to `line` for a comment of one line."""
    marker: str
    text: str
    """The comment's words after the marker, without comment signs; lines joined by newlines."""
    owner: str | None = None
    """The name in `TODO(name)`, unless it is an issue number."""
    issue: int | None = None
    """The number in `TODO(#12)`."""
    tags: tuple[str, ...] = ()
    """Words after `#` or in `[...]` in the text."""
    symbol: str | None = None
    """The enclosing function, method or class, such as `Table.to_html`; None at module level."""
    language: str = ""
    """The VS Code language id of the file, or empty if unknown."""


def with_ids(found: Iterable[Todo]) -> tuple[Todo, ...]:
    """Give each Todo of one file its id.

    The id hashes the path, the marker, the words and the count of equal ones before it, never the line, so
    that edits elsewhere in the file leave it alone.
    """
    seen: dict[tuple[str, str], int] = {}
    numbered = []
    for todo in found:
        key = (todo.marker, " ".join(todo.text.split()))
        nth = seen.get(key, 0)
        seen[key] = nth + 1
        basis = "\0".join((todo.path, *key, str(nth))).encode()
        numbered.append(msgspec.structs.replace(todo, id="t_" + hashlib.sha256(basis).hexdigest()[:10]))
    return tuple(numbered)

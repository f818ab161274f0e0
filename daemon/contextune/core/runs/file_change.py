"""One changed file of a Task or of a Run."""

from __future__ import annotations

from contextune.core.base import Value


class FileChange(Value, frozen=True, kw_only=True):
    """One changed file of a Task or of a Run. `before` or `after` is None if the file is new or gone."""

    path: str
    before: str | None
    after: str | None
    """Blob ids."""
    insertions: int
    deletions: int
    flag: str = ""
    """Why it must be looked at before it is accepted, such as `runs in CI`; empty if it need not."""

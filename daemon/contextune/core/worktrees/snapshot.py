"""The Base: what the user sees when a Run starts, as one commit object."""

from __future__ import annotations

from contextune.core.base import Value


class Base(Value, frozen=True, kw_only=True):
    """HEAD plus the user's staged, unstaged, untracked and unsaved work."""

    commit: str
    tree: str
    head: str
    """The commit that HEAD named when the Base was taken."""
    branch: str | None
    """The branch that HEAD named; None if HEAD was detached."""
    dirty: tuple[str, ...] = ()
    """Paths that the Base holds differently from HEAD: the user's own unfinished work."""
    behind: int = 0
    """Commits of the upstream branch, as last fetched, that HEAD lacks."""
    upstream: str | None = None
    skipped: tuple[str, ...] = ()
    """Untracked paths left out of the Base: too large, unreadable, or repositories of their own."""

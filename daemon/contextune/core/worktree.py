"""A worktree of the product's own making, as the user sees it in a list."""

from __future__ import annotations

from contextune.core.base import Value


class Worktree(Value, frozen=True, kw_only=True):
    """One linked worktree that a Task was, or is, worked on in."""

    path: str
    branch: str | None
    run_id: str | None
    """None if no Run of the Journal knows it."""
    task_id: str | None
    dirty: bool
    """Whether it holds modified or untracked files."""
    in_use: bool
    """Whether a live Run still needs it."""
    size_bytes: int
    removable: bool
    """Whether cleaning would remove it, its work kept by a Salvage ref."""

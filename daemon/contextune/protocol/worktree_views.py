"""Worktrees and Salvages as an editor sees them, with the parameters of their methods."""

from __future__ import annotations

from contextune.core.worktrees.worktree import FindingKind, Repair
from contextune.protocol.wire import Params, View


class FindingView(View, frozen=True, kw_only=True):
    """One thing that is not as it should be."""

    kind: FindingKind
    place: str
    text: str
    remedy: str
    repair: Repair | None
    """What the daemon can do about it without losing a byte."""


class WorktreeView(View, frozen=True, kw_only=True):
    """A worktree of a Task."""

    path: str
    branch: str | None
    run_id: str | None
    task_id: str | None
    dirty: bool
    in_use: bool
    """Whether a live Run still needs it."""
    size_bytes: int
    size_text: str
    removable: bool
    stays: bool
    """Whether a clean-up leaves it even if it is named: its Run needs it, or a finding says who holds it."""
    state: str | None
    """Of its Run; None if no Run knows it."""
    title: str | None
    """Of its Task."""
    changed_at: int
    findings: tuple[FindingView, ...]


class SalvageView(View, frozen=True, kw_only=True):
    """A Salvage that can be restored."""

    ref: str
    run_id: str
    name: str
    at: int
    """When it was made."""
    files: int
    """How many files hold uncommitted work."""
    paths: tuple[str, ...]


class WorktreeListResult(View, frozen=True, kw_only=True):
    """Worktrees of the product's own making, what they take, and the Salvages."""

    worktrees: tuple[WorktreeView, ...]
    findings: tuple[FindingView, ...]
    """Of branches and locks."""
    salvages: tuple[SalvageView, ...]
    size_bytes: int
    disk_text: str
    """Such as `1.2 GB of 20.0 GB`."""


class WorktreeCleanParams(Params, frozen=True, kw_only=True):
    """Remove worktrees that no live Run needs, or those named by path; with `dry_run`, only tell which."""

    folder: str | None = None
    dry_run: bool = True
    paths: tuple[str, ...] = ()


class WorktreeCleanResult(View, frozen=True, kw_only=True):
    """The worktrees that were, or would be, removed, and the refs that keep their work."""

    worktrees: tuple[WorktreeView, ...]
    salvage: tuple[str, ...]


class WorktreeRestoreParams(Params, frozen=True, kw_only=True):
    """Put a Salvage, named by its ref or as `run/task`, into a new worktree."""

    name: str
    folder: str | None = None


class WorktreeRestoreResult(View, frozen=True, kw_only=True):
    """Where it stands now."""

    path: str
    branch: str
    ref: str


class WorktreeMendParams(Params, frozen=True, kw_only=True):
    """Do the repairs that lose nothing; with `dry_run`, only tell which."""

    folder: str | None = None
    dry_run: bool = True


class MendedView(View, frozen=True, kw_only=True):
    """What came of one repair."""

    finding: FindingView
    done: bool
    text: str


class WorktreeMendResult(View, frozen=True, kw_only=True):
    """What was, or would be, done."""

    mended: tuple[MendedView, ...]

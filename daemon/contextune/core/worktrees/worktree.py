"""Worktrees of the product's own making: as the user sees them in a list, and the plain facts about them."""

from __future__ import annotations

from typing import Literal

from contextune.core.base import Value

Operation = Literal["rebase", "merge", "cherry-pick", "revert", "bisect"]

Repair = Literal["relink", "unlock", "drop_lock", "remove", "drop_branch"]
"""relink: write the worktree's `.git` file anew; unlock: remove our own lock; drop_lock: remove the lock file
of a git that died; remove, drop_branch: take it away once a Salvage ref holds all of it."""

FindingKind = Literal[
    "locked",
    "unlocked_soon",
    "folder_missing",
    "forgotten",
    "pointer",
    "claimed",
    "moved",
    "half_made",
    "in_use",
    "left_behind",
    "orphan",
    "stale_lock",
    "foreign_lock",
    "branch",
    "detached",
    "operation",
    "nested",
    "read_only",
    "orphan_branch",
    "unknown",
]


class Finding(Value, frozen=True, kw_only=True):
    """One thing that is not as it should be, in words, and what mends it."""

    kind: FindingKind
    place: str
    """The path or the ref that it is about."""
    text: str
    remedy: str = ""
    repair: Repair | None = None
    """What code can do about it without losing a byte; None if that is for a person to decide."""


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
    state: str | None = None
    """Of its Run; None if no Run knows it."""
    title: str | None = None
    """Of its Task."""
    changed_at: int = 0
    """When it last changed, as far as git tells, in milliseconds since the epoch."""
    findings: tuple[Finding, ...] = ()
    stays: bool = False
    """Whether it is left even if the user names it: a Run needs it, or a person or a process holds it."""


class LockFacts(Value, frozen=True, kw_only=True):
    """A lock file of git: whoever made it is at work, or died."""

    path: str
    age_ms: int
    ours: bool
    """Whether only the daemon runs git there."""


class TreeFacts(Value, frozen=True, kw_only=True):
    """A worktree as git's books and the disk tell of it. One of the two may know nothing."""

    path: str
    has_folder: bool
    has_entry: bool
    pointer: Literal["right", "missing", "elsewhere", "claimed"]
    """Where its `.git` file leads: to git's entry, nowhere, to what is gone, or into another repository."""
    at_home: bool
    """Whether it stands in the folder of this repository's worktrees: not so after the repository moved."""
    locked: str | None = None
    """The reason, perhaps empty; None if it is not locked."""
    locked_by_us: bool = False
    filled: bool = True
    """Whether git finished making it."""
    branch: str | None = None
    head: str | None = None
    start_branch: str | None = None
    """The branch that we made it with."""
    operation: Operation | None = None
    locks: tuple[LockFacts, ...] = ()
    changed_at: int = 0
    problem: str = ""
    """git's words, if it cannot read it."""
    processes: tuple[str, ...] = ()
    """Those that work in it, by name and number."""


class BranchFacts(Value, frozen=True, kw_only=True):
    """A branch below `contextune/`."""

    ref: str
    commit: str
    at: int
    """When its commit was made, in milliseconds since the epoch."""


class Facts(Value, frozen=True, kw_only=True):
    """What is known of all worktrees of one repository."""

    trees: tuple[TreeFacts, ...]
    branches: tuple[BranchFacts, ...]
    locks: tuple[LockFacts, ...]


class Measure(Value, frozen=True, kw_only=True):
    """What a look through a worktree's folder found."""

    size_bytes: int
    nested: tuple[str, ...] = ()
    """Repositories of their own inside it."""
    read_only: tuple[str, ...] = ()
    """Folders that nobody may write."""


class SalvageRef(Value, frozen=True, kw_only=True):
    """A Salvage that can be restored."""

    ref: str
    commit: str
    run_id: str
    name: str
    """Of the Task, or of what else it was taken from."""
    at: int
    """When it was made, in milliseconds since the epoch; for commits alone, when the last was made."""
    files: int
    """How many files differ from the commit below them: uncommitted work."""
    paths: tuple[str, ...] = ()
    """The first of them."""

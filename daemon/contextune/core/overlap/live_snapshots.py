"""What live worktrees hold at a moment, as objects: the Radar compares these."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol


class Touched(NamedTuple):
    """A path that a snapshot holds otherwise than its start. A blob is None where there is no file."""

    path: str
    before: str | None
    after: str | None


class Snapshot(NamedTuple):
    """What a worktree holds at a moment, as objects."""

    tree: str
    start: str
    changes: tuple[Touched, ...]
    commit: str = ""
    """Where it is one by itself; empty where it is not."""

    @property
    def state(self) -> tuple[str, str]:
        """What tells it from others."""
        return self.commit or self.tree, self.start

    @property
    def paths(self) -> tuple[str, ...]:
        """What it changed."""
        return tuple(change.path for change in self.changes)


class Clash(NamedTuple):
    """A path that git could not merge, as each side has it; None where a side has no such file."""

    path: str
    base: bytes | None
    first: bytes | None
    second: bytes | None


class Snapshots(Protocol):
    """Takes and merges snapshots, with no checkout and no index touched. Blocking. Raises GitProblem."""

    def wrote(self, worktree: Path, paths: Collection[str] | None) -> None:
        """A worktree changed at these paths; None if it may have changed anywhere. Does not block."""
        ...

    def tree(self, worktree: Path) -> str:
        """What a worktree holds, as a tree. After a look at all of it, only what was told of is looked at."""
        ...

    def take(self, worktree: Path, start: str) -> Snapshot:
        """The same as changes since a commit."""
        ...

    def keep(self, ref: str, tree: str, parents: Sequence[str]) -> str:
        """Have a ref lead to a tree of a worktree, by a commit on others. Returns the commit."""
        ...

    def user(self, overlays: Mapping[str, bytes], start: str) -> Snapshot:
        """What the user has in the checkout and in unsaved buffers."""
        ...

    def of(self, commit: str, start: str) -> Snapshot:
        """A commit, as changes since another one."""
        ...

    def clashes(self, first: Snapshot, second: Snapshot) -> tuple[Clash, ...]:
        """What git cannot merge of two snapshots."""
        ...

    def contents(self, blobs: Collection[str]) -> dict[str, bytes]:
        """Blobs by their ids."""
        ...


def may_clash(first: Snapshot, second: Snapshot) -> bool:
    """Whether a merge of two snapshots can conflict at all, told from their paths.

    They must share a path, or one have a folder where the other has a file, or one have moved files out of a
    folder while the other adds some.
    """
    mine, theirs = set(first.paths), set(second.paths)
    if mine & theirs or _below(mine, theirs) or _below(theirs, mine):
        return True
    return (_removes(first) and _adds(second)) or (_removes(second) and _adds(first))


def _below(files: set[str], others: set[str]) -> bool:
    return any(_parents(path) & others for path in files)


def _parents(path: str) -> set[str]:
    parts = path.split("/")
    return {"/".join(parts[:end]) for end in range(1, len(parts))}


def _removes(snapshot: Snapshot) -> bool:
    return any(change.after is None for change in snapshot.changes)


def _adds(snapshot: Snapshot) -> bool:
    return any(change.before is None for change in snapshot.changes)

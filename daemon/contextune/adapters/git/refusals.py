"""What Accept and Undo refuse before anything is written, and the sentences that say why."""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence
from pathlib import Path
from typing import NamedTuple

from contextune.adapters.files.disk import Disk
from contextune.adapters.git.objects import Difference
from contextune.adapters.git.program import Git, fields, shown
from contextune.adapters.git.replay import name_files
from contextune.core.errors import MergeRefused
from contextune.core.worktrees.snapshot import Base

_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
"""In the git directory while such a command waits for the user."""

_SUBMODULE = b"160000"


class Head(NamedTuple):
    """What is checked out."""

    commit: str
    ref: str | None
    """The full name of the branch; None if HEAD is detached."""

    @property
    def name(self) -> str:
        """For a sentence."""
        return "a detached HEAD" if self.ref is None else self.ref.removeprefix("refs/heads/")


def named(paths: Collection[bytes]) -> str:
    """Paths for a sentence."""
    return name_files([shown(path) for path in paths])


def require_calm(git: Git, base: Base, head: Head) -> None:
    """Refuse while git waits for the user to finish something, or on another branch than the Base's."""
    if any((git.git_dir / name).exists() for name in _UNDER_WAY):
        raise MergeRefused(
            f"{git.work_tree} is in the middle of a merge, rebase, cherry-pick or revert. "
            "Finish or abort it first. Nothing was changed."
        )
    unmerged = {row.split(b"\t", 1)[1] for row in fields(git.run("ls-files", "--unmerged", "-z"))}
    if unmerged:
        raise MergeRefused(
            f"{named(unmerged)} still has merge conflicts. Resolve them first. Nothing was changed."
        )
    started_on = None if base.branch is None else f"refs/heads/{base.branch}"
    if head.ref != started_on:
        raise MergeRefused(
            f"The run started on {base.branch or 'a detached HEAD'}, and {head.name} is checked out now. "
            "Switch back first. Nothing was changed."
        )


def require_room(git: Git, disk: Disk, files: Sequence[Difference], staged: Sequence[Difference]) -> None:
    """Refuse what would overwrite a file that no merge has seen, or write where git itself does not."""
    differences = (*files, *staged)
    submodules = {
        difference.path
        for difference in differences
        for entry in (difference.before, difference.after)
        if entry is not None and entry.mode == _SUBMODULE
    }
    if submodules:
        raise MergeRefused(f"The run changes the submodule {named(submodules)}. Nothing was changed.")
    marked = _marked(git, {difference.path for difference in differences})
    if marked:
        raise MergeRefused(
            f"{named(marked)} is marked assume-unchanged or lies outside your sparse checkout, and the "
            "run changes it. Clear the mark first. Nothing was changed."
        )
    going = {difference.path for difference in files if difference.after is None}
    coming = [difference.path for difference in files if difference.before is None]
    in_the_way = {found for path in coming if (found := disk.occupied_by(path, going)) is not None}
    if in_the_way:
        raise MergeRefused(
            f"The run would overwrite {named(in_the_way)}, which is ignored or untracked. "
            "Move it aside, then accept again. Nothing was changed."
        )


def require_unchanged(git: Git, seen: Path, paths: Container[bytes]) -> None:
    """Refuse if a file changed since the private index `seen` was brought up to date."""
    answer = fields(git.run("diff-files", "--name-only", "-z", "--ignore-submodules", index=seen))
    changed = [path for path in answer if path in paths]
    if changed:
        raise MergeRefused(
            f"{named(changed)} changed while the run was being accepted. Nothing was changed; try again."
        )


def _marked(git: Git, paths: Container[bytes]) -> set[bytes]:
    """Paths whose state on disk git is told not to look at: assume-unchanged (lower case) or sparse (S)."""
    rows = fields(git.run("ls-files", "-v", "-z"))
    return {row[2:] for row in rows if row[2:] in paths and (row[:1] == b"S" or row[:1].islower())}

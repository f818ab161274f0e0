"""What the upkeep of worktrees needs from a repository, as a Protocol. An adapter implements it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from contextune.core.worktrees.worktree import Facts, Measure, SalvageRef


class Upkeep(Protocol):
    """Looks at worktrees, mends them, keeps what they hold, and gives it back. Blocking; raises GitProblem.

    Nothing here writes the user's checkout, index, HEAD or branches.
    """

    def facts(self, home: Path, own: Path) -> Facts:
        """All worktrees below `home`, by disk and by git's books; `own` is this repository's folder there."""
        ...

    def is_dirty(self, path: Path) -> bool:
        """Whether a worktree holds modified or untracked files."""
        ...

    def measure(self, path: Path) -> Measure:
        """Size and oddities of a folder. Reads all of it."""
        ...

    def grown(self, path: Path, since: float) -> int:
        """Bytes on disk of the files that came or changed after `since`, in seconds since the epoch."""
        ...

    def free(self, path: Path) -> int:
        """Bytes that are free on the disk of a folder; 0 if that is not told."""
        ...

    def relink(self, path: Path) -> None:
        """Write a worktree's `.git` file anew."""
        ...

    def unlock(self, path: Path) -> None:
        """Remove a lock that is the product's, or that a killed `git worktree add` left."""
        ...

    def drop_lock(self, path: Path) -> None:
        """Remove the lock file of a git that died, in a place where only the daemon runs git."""
        ...

    def remove(self, path: Path, salvage_ref: str, start: str | None, since: float = 0.0) -> str | None:
        """Remove a worktree, or a folder that was one, after all of it is in a Salvage; returns the ref.

        `start` is the commit that it began with, if that is known.
        """
        ...

    def keep(self, path: Path, ref: str) -> None:
        """Keep all that a worktree holds now in a ref, but for ignored files; the worktree stays as it is."""
        ...

    def drop_branch(self, ref: str, salvage_ref: str) -> None:
        """Remove a branch below `contextune/` after a Salvage ref holds its commits."""
        ...

    def salvages(self) -> list[SalvageRef]:
        """All Salvages, newest first."""
        ...

    def attempts(self) -> list[SalvageRef]:
        """The refs of what attempts came to, which their Runs can be read and resumed by."""
        ...

    def salvage_bytes(self) -> int:
        """What they take on the disk that nothing else of the repository needs."""
        ...

    def restore(self, name: str, path: Path, branch: str) -> None:
        """Put a Salvage into a new worktree: commits on a new branch, the rest uncommitted as it was.

        Writes nothing if something is there already, or if `path` lies in the user's checkout.
        """
        ...

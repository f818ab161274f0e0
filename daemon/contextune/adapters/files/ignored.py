"""Which paths of a repository are not looked at: what git ignores, git's own files, other repositories."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from contextune.adapters.files.globs import matches_any
from contextune.adapters.files.ripgrep import plain_environment

NEVER = (".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv")
"""Folders that hold no work of the user's own, even where nothing ignores them."""

SECONDS = 20


class Hidden:
    """Decides for the paths of one repository whether they are left out. Blocking."""

    def __init__(self, root: Path, exclude: Sequence[str] = ()) -> None:
        """`exclude` are further glob patterns."""
        self._root = root
        self._exclude = tuple(exclude)
        self._others: dict[str, bool] = {"": False}

    def without(self, paths: Iterable[str]) -> list[str]:
        """The paths that are to be looked at, in their order."""
        kept = [path for path in paths if not self.excluded(path)]
        ignored = ignored_by_git(self._root, kept)
        return [path for path in kept if path not in ignored]

    def excluded(self, path: str) -> bool:
        """Whether a path is out for another reason than git's ignore files."""
        parts = path.split("/")
        if any(part in NEVER for part in parts):
            return True
        return matches_any(path, self._exclude) or self._in_other_repository("/".join(parts[:-1]))

    def forget(self) -> None:
        """Look again for other repositories in the tree."""
        self._others = {"": False}

    def _in_other_repository(self, folder: str) -> bool:
        """Whether a folder is in a submodule, a nested clone or a linked worktree of its own."""
        known = self._others.get(folder)
        if known is None:
            known = self._in_other_repository(folder.rpartition("/")[0]) or os.path.lexists(
                self._root / folder / ".git"
            )
            self._others[folder] = known
        return known


def ignored_by_git(root: Path, paths: Sequence[str]) -> frozenset[str]:
    """Which of the paths git's ignore files name; none where there is no git or no repository."""
    if not paths:
        return frozenset()
    # With a prefix, a path that starts with `:` is no pathspec magic.
    encoded = b"".join(b"./" + path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
    try:
        done = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", "check-ignore", "--no-index", "-z", "--stdin"],
            cwd=root,
            env=plain_environment(),
            input=encoded,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    found = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    return frozenset(path.removeprefix("./") for path in found if path)

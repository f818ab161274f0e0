"""Finds roles beside the product's own: in the user's folders, and in a repository that the user trusts."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from contextune.adapters.machine.user_files import UserFiles
from contextune.core.role_source import REPOSITORYS, USERS, RoleSource

CLAUDE = Path(".claude/agents")
"""Where Claude Code keeps them, below the home folder and in a repository."""
OWN = Path(".contextune/agents")
SIZE_LIMIT = 100_000
"""Bytes of one file."""
MOST_FILES = 200
"""Files of one folder that are looked at."""


class RoleFolders:
    """core.role_source.RoleFiles in folders. Reads them anew each time: they are few and small."""

    def __init__(self, files: UserFiles, home: Path | None) -> None:
        """`home` is the user's home folder, where Claude Code keeps agents; None to leave those."""
        self._files = files
        self._home = home

    def read(self, root: str | None) -> tuple[RoleSource, ...]:
        """The user's, then those of the repository at `root` if the user trusts it."""
        folders = [(self._files.agents, USERS)]
        if self._home is not None:
            folders.insert(0, (self._home / CLAUDE, USERS))
        if root is not None and self._files.is_trusted(Path(root)):
            folders += [(Path(root) / CLAUDE, REPOSITORYS), (Path(root) / OWN, REPOSITORYS)]
        return tuple(one for folder, owner in folders for one in _of_folder(folder, owner))

    def at(self, place: str) -> tuple[RoleSource, ...]:
        """Those of one file or folder, whether or not anybody looks there."""
        path = Path(place)
        return tuple(_of_folder(path, USERS)) if path.is_dir() else (_read(path, USERS),)


def _of_folder(folder: Path, owner: str) -> list[RoleSource]:
    try:
        # A repository's folder may be a link to elsewhere: it is not followed.
        if owner == REPOSITORYS and (folder.is_symlink() or folder.parent.is_symlink()):
            return []
        names = sorted(entry.name for entry in folder.iterdir() if entry.suffix == ".md")
    except OSError:
        return []
    return [_read(folder / name, owner) for name in names[:MOST_FILES]]


def _read(path: Path, owner: str) -> RoleSource:
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (os.O_NOFOLLOW if owner == REPOSITORYS else 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return RoleSource(name=str(path), text="", owner=owner, problem="expected a regular file.")
            content = file.read(SIZE_LIMIT + 1)
        if len(content) > SIZE_LIMIT:
            said = f"has more than {SIZE_LIMIT:,} bytes; expected a page of Markdown."
            return RoleSource(name=str(path), text="", owner=owner, problem=said)
        return RoleSource(name=str(path), text=content.decode(), owner=owner)
    except UnicodeDecodeError:
        return RoleSource(name=str(path), text="", owner=owner, problem="expected text in UTF-8.")
    except OSError as problem:
        said = f"can't be read: {problem.strerror}."
        return RoleSource(name=str(path), text="", owner=owner, problem=said)

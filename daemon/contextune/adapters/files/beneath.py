"""Opening files strictly beneath a folder, however its links and folders are swapped meanwhile.

The kernel opens the folder of a path without links in one step, where it can. Otherwise every component of a
path is opened relative to the folder before it and without following links; a link is
read and walked by hand, so that one which stays inside works and one which leads out is refused. Nothing is
checked first and opened later, so there is no moment between the two.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from contextune.adapters.files.openat2 import open_folder
from contextune.core.errors import ToolProblem

MAX_LINKS = 40
"""As many links as Linux follows in one path."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Place(NamedTuple):
    """An open folder and a name in it; an empty name is the folder itself."""

    folder: int
    name: str
    path: str
    """The path from the top, links resolved."""


def components(path: str, root: Path) -> list[str]:
    """The names of a path beneath `root`. Raises ToolProblem if it leaves it or names `.git`."""
    if "\0" in path:
        raise ToolProblem("The path holds a NUL character.")
    text = path.strip() if not path.strip() else path
    if not text:
        raise ToolProblem("The path is empty: give one relative to the worktree, such as src/app.py.")
    if text.startswith("/"):
        try:
            text = str(Path(text).relative_to(root))
        except ValueError:
            raise ToolProblem(
                f"{path!r} is outside the worktree: give a path relative to it, such as src/app.py."
            ) from None
    names = [name for name in text.split("/") if name not in ("", ".")]
    if ".." in names:
        raise ToolProblem(f"{path!r} holds '..': give a path relative to the worktree, without it.")
    for name in names:
        refuse_git(name, path)
    return names


def refuse_git(name: str, path: str) -> None:
    """Refuse a name that git, on any file system, takes for its own folder."""
    plain = "".join(c for c in name if c not in _INVISIBLE).casefold().rstrip(". ").split(":")[0]
    if plain in (".git", "git~1"):
        raise ToolProblem(
            f"{path!r} is git's own: commits and branches are made by the daemon, not by tools."
        )


# What HFS+ leaves out of names, so that ".g\u200cit" would be ".git" (git's CVE-2014-9390).
_INVISIBLE = frozenset(
    "\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u206a\u206b\u206c\u206d\u206e\u206f\ufeff"
)


@contextmanager
def open_parent(root: Path, path: str, *, create: bool = False) -> Iterator[Place]:
    """The open folder that holds the last component of a path, with all links resolved.

    `create` makes missing folders. Raises ToolProblem if the path leaves the root, names `.git`, or a
    folder of it is missing or none.
    """
    pending = components(path, root)
    walked: list[str] = []
    links = 0
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        at_once = _without_links(folder, pending)
        if at_once is not None:
            os.close(folder)
            folder = at_once
            yield Place(folder, pending[-1], "/".join(pending))
            return
        while pending:
            name = pending.pop(0)
            target = _link(folder, name)
            if target is not None:
                links += 1
                if links > MAX_LINKS:
                    raise ToolProblem(f"{path!r} goes through too many links.")
                pending = _resolve(target, walked, path) + pending
                walked = []
                os.close(folder)
                folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                continue
            if not pending:
                yield Place(folder, name, "/".join([*walked, name]))
                return
            walked.append(name)
            folder = _descend(folder, name, "/".join(walked), create=create)
        yield Place(folder, "", "")
    finally:
        os.close(folder)


def _without_links(top: int, names: list[str]) -> int | None:
    """The open folder of what the names lead to, if none of them is a link: then they hide no `.git`."""
    if len(names) < 2:
        return None
    folder = open_folder(top, "/".join(names[:-1]))
    if folder is not None and _link(folder, names[-1]) is not None:
        os.close(folder)
        return None
    return folder


def _link(folder: int, name: str) -> str | None:
    try:
        return os.readlink(name, dir_fd=folder)
    except OSError:
        return None


def _resolve(target: str, walked: list[str], path: str) -> list[str]:
    """The components from the root of what a link at `walked` points to."""
    if target.startswith("/"):
        raise ToolProblem(f"{path!r} is a link that leads out of the worktree to {target!r}.")
    names = list(walked)
    for name in target.split("/"):
        if name in ("", "."):
            continue
        if name == "..":
            if not names:
                raise ToolProblem(f"{path!r} is a link that leads out of the worktree to {target!r}.")
            names.pop()
            continue
        refuse_git(name, path)
        names.append(name)
    return names


def _descend(folder: int, name: str, path: str, *, create: bool) -> int:
    """Open a folder within an open one, and close that."""
    try:
        if create:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=folder)
        inner = os.open(name, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        raise ToolProblem(f"There is no folder {path!r}.") from None
    except NotADirectoryError:
        raise ToolProblem(f"{path!r} is not a folder.") from None
    except OSError as problem:
        raise ToolProblem(f"The folder {path!r} can't be opened: {problem.strerror}.") from None
    os.close(folder)
    return inner


def open_regular(place: Place, path: str) -> int:
    """Open a regular file for reading. Raises ToolProblem for anything else, without waiting on a FIFO."""
    try:
        # Merely opening a device can do something, so the kind is looked at before as well as after.
        mode = os.stat(place.name or ".", dir_fd=place.folder, follow_symlinks=False).st_mode
        if not stat.S_ISREG(mode):
            raise ToolProblem(f"{path!r} is {kind_of(mode)}, not a file.")
        handle = os.open(
            place.name or ".",
            os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC,
            dir_fd=place.folder,
        )
    except FileNotFoundError:
        raise ToolProblem(f"There is no file {path!r}.") from None
    except OSError as problem:
        raise ToolProblem(f"{path!r} can't be read: {problem.strerror}.") from None
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return handle
    os.close(handle)
    raise ToolProblem(f"{path!r} is {kind_of(mode)}, not a file.")


def kind_of(mode: int) -> str:
    """What a mode's file type is called."""
    names = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((name for test, name in names if test(mode)), "a device")

"""Keeps `.git` and `.vscode` of a worktree as they are while a command runs that could write them.

For a Fence that gives rights to a folder and all within, and can't take some of them away again: what changes
is noticed, and put back once nothing of the command runs any more. Uses nothing but what is quick to import.
"""

import ctypes
import os
import stat

from contextune.adapters.fence.own_folder import remove

MOST, MOST_FILES = 20_000_000, 5_000
"""Bytes that are kept in memory to be put back, and files and folders."""

MODIFY, ATTRIB, CLOSE_WRITE, MOVED, CREATE, DELETE, SELF = 0x2, 0x4, 0x8, 0xC0, 0x100, 0x200, 0xC00
CLOEXEC, NONBLOCK = 0o2000000, 0o4000


class CannotGuard(Exception):
    """What is there can't be kept, with a sentence why."""


class WorktreeGuard:
    """What is to stay as it is in one worktree. What was not there to begin with is nothing to it."""

    def __init__(self, worktree: str, names: "tuple[str, ...]") -> None:
        """Note how things are, and begin to watch. Raises CannotGuard."""
        self._kept = {}
        for name in names:
            path = f"{worktree}/{name}"
            found = _look(path)
            if name == ".git" and found.get("", ("", 0, b""))[0] == "folder":
                raise CannotGuard(
                    "This Fence runs commands in linked worktrees alone: here .git is a folder."
                )
            if found:
                self._kept[path] = found
        self.handle = self._watch(worktree)
        """Can be read when something may have changed; -1 where nothing tells."""

    def changed(self) -> "list[str]":
        """The names of what is not as it was. Forgets what was waiting to be read."""
        if self.handle >= 0:
            try:
                while os.read(self.handle, 65_536):
                    pass
            except BlockingIOError:
                pass
        return [os.path.basename(path) for path, kept in self._kept.items() if _differs(path, kept)]

    def put_back(self, aside: str) -> "list[str]":
        """Make all as it was, and tell the names of what was not. To be called when nothing else writes.

        What is there instead goes to the folder `aside` where that is on the same disk: deleting takes long.
        """
        wrong = []
        for path, kept in self._kept.items():
            if _differs(path, kept):
                name = os.path.basename(path)
                try:
                    os.rename(path, f"{aside}/{name}")
                except OSError:
                    remove(path)
                _write(os.path.dirname(path), name, kept)
                wrong.append(name)
        return wrong

    def _watch(self, worktree: str) -> int:
        libc = ctypes.CDLL(None, use_errno=True)
        handle = int(libc.inotify_init1(CLOEXEC | NONBLOCK))
        if handle < 0 or not self._kept:
            return -1
        libc.inotify_add_watch(handle, os.fsencode(worktree), MOVED | DELETE | CREATE)
        for top, kept in self._kept.items():
            for below in kept:
                mask = MODIFY | ATTRIB | CLOSE_WRITE | MOVED | CREATE | DELETE | SELF
                libc.inotify_add_watch(handle, os.fsencode(top + below), mask | 0x0200_0000)  # IN_DONT_FOLLOW
        return handle


def _look(path: str, most: int = MOST_FILES) -> "dict[str, tuple[str, int, bytes]]":
    """What is at a path and below: by the path within it, kind, mode and content; empty if nothing is.

    Raises CannotGuard if that is more than so many things, or too many bytes.
    """
    found: dict[str, tuple[str, int, bytes]] = {}
    left, size = [""], 0
    while left:
        within = left.pop()
        if len(found) > most:
            raise CannotGuard(f"{os.path.basename(path)} holds more than this Fence can keep.")
        try:
            facts = os.lstat(path + within)
            mode = stat.S_IMODE(facts.st_mode)
            if stat.S_ISDIR(facts.st_mode):
                found[within] = ("folder", mode, b"")
                if os.path.basename(path) != ".git":
                    left += [f"{within}/{name}" for name in os.listdir(path + within)]
            elif stat.S_ISLNK(facts.st_mode):
                found[within] = ("link", 0, os.fsencode(os.readlink(path + within)))
            elif stat.S_ISREG(facts.st_mode):
                size += facts.st_size
                if size > MOST:
                    raise CannotGuard(f"{os.path.basename(path)} holds more than this Fence can keep.")
                # A second name of it would be a way to write it later.
                kind = "file" if facts.st_nlink == 1 else "file with names elsewhere"
                found[within] = (kind, mode, _read(path + within))
            else:
                found[within] = ("other", mode, b"")
        except OSError:
            continue
    return found


def _differs(path: str, kept: "dict[str, tuple[str, int, bytes]]") -> bool:
    try:
        return _look(path, len(kept)) != kept
    except CannotGuard:
        return True


def _read(path: str) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        return file.read(MOST)


def _write(worktree: str, name: str, kept: "dict[str, tuple[str, int, bytes]]") -> None:
    """Make what is not there as it was, each thing from the folder that it was just made in."""
    folders = {"": os.open(worktree, os.O_RDONLY | os.O_DIRECTORY)}
    try:
        for within in sorted(kept):
            kind, mode, content = kept[within]
            above, _, last = f"{name}{within}".rpartition("/")
            folder = folders[above]
            if kind == "folder":
                os.mkdir(last, 0o700, dir_fd=folder)
                how = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                folders[f"{name}{within}"] = os.open(last, how, dir_fd=folder)
            elif kind == "link":
                os.symlink(os.fsdecode(content), last, dir_fd=folder)
            elif kind != "other":
                how = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                with open(os.open(last, how, 0o600, dir_fd=folder), "wb") as file:
                    file.write(content)
                    os.fchmod(file.fileno(), mode)
        for path, folder in folders.items():
            if path:
                os.fchmod(folder, kept[path[len(name) :]][1])
    finally:
        for folder in folders.values():
            os.close(folder)

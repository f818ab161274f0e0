"""Reads, replaces and removes files of a checkout, byte for byte, and never through a link."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Container, Iterable
from pathlib import Path
from typing import NamedTuple

# Paths are bytes here, as git has them: os.path takes them, pathlib does not.
# ruff: noqa: PTH208, PTH103, PTH105, PTH106, PTH108, PTH112, PTH114, PTH115, PTH118, PTH120, PTH123, PTH211

REGULAR = b"100644"
EXECUTABLE = b"100755"
LINK = b"120000"

DRAFT = b".contextune-"
"""How the names of files begin that are being written."""
_IS_DRAFT = re.compile(rb"\.contextune-[0-9a-f]{16}")


class Content(NamedTuple):
    """What lies at a path: git's mode, and the bytes of the file or the target of the link."""

    mode: bytes
    data: bytes

    def blob(self, id_length: int) -> bytes:
        """The id of the git blob of exactly these bytes; `id_length` tells SHA-1 (40) from SHA-256 (64)."""
        make = hashlib.sha1 if id_length == 40 else hashlib.sha256
        return make(b"blob %d\0" % len(self.data) + self.data).hexdigest().encode()


class Disk:
    """The files below one folder, by repository path."""

    def __init__(self, root: Path) -> None:
        self._root = os.fsencode(root)

    def read(self, path: bytes) -> Content | None:
        """What is at a path; None if there is nothing, or nothing that git keeps (a folder, a socket)."""
        full = self._full(path)
        try:
            facts = os.lstat(full)
            if self.blocked_by(path) is not None:
                return None
            if stat.S_ISLNK(facts.st_mode):
                return Content(LINK, os.readlink(full))
            if not stat.S_ISREG(facts.st_mode):
                return None
            with open(full, "rb") as file:
                return Content(EXECUTABLE if facts.st_mode & stat.S_IXUSR else REGULAR, file.read())
        except (FileNotFoundError, NotADirectoryError):
            return None

    def blocked_by(self, path: bytes, going: Container[bytes] = ()) -> bytes | None:
        """The first parent of a path that is no folder, or a repository of its own; None if the way is clear.

        Paths in `going` are about to be removed and block nothing.
        """
        parts = path.split(b"/")
        for count in range(1, len(parts)):
            parent = b"/".join(parts[:count])
            try:
                facts = os.lstat(self._full(parent))
            except FileNotFoundError:
                return None
            if not stat.S_ISDIR(facts.st_mode):
                return None if parent in going else parent
            if os.path.lexists(self._full(parent + b"/.git")):
                return parent
        return None

    def occupied_by(self, path: bytes, going: Container[bytes] = ()) -> bytes | None:
        """What would be lost if a new file came to a path; None if nothing would.

        Paths in `going` are about to be removed; folders that hold nothing else give way.
        """
        blocked = self.blocked_by(path, going)
        if blocked is not None:
            return blocked
        full = self._full(path)
        if not os.path.lexists(full) or path in going:
            return None
        if os.path.islink(full) or not os.path.isdir(full):
            return path
        for folder, folders, files in os.walk(full):
            links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
            for name in [*files, *links]:
                inner = os.path.relpath(os.path.join(folder, name), self._root)
                if inner not in going:
                    return inner
        return None

    def write(self, path: bytes, content: Content) -> None:
        """Put content at a path in one step; permissions of a file that was there stay, but for execution."""
        full = self._full(path)
        parent = os.path.dirname(full)
        os.makedirs(parent, exist_ok=True)
        if os.path.isdir(full) and not os.path.islink(full):
            _remove_empty_folders(full)
        temporary = os.path.join(parent, DRAFT + secrets.token_hex(8).encode())
        try:
            if content.mode == LINK:
                os.symlink(content.data, temporary)
            else:
                self._write_file(temporary, content, _permissions_at(full))
            os.replace(temporary, full)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise

    def remove(self, path: bytes) -> None:
        """Remove a file or link, and the folders that are empty without it."""
        full = self._full(path)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(full)
        folder = os.path.dirname(full)
        while folder != self._root:
            try:
                os.rmdir(folder)
            except OSError:
                return
            folder = os.path.dirname(folder)

    def sweep(self, paths: Iterable[bytes]) -> None:
        """Remove what a process that was killed had begun to write beside these paths."""
        for folder in {os.path.dirname(self._full(path)) for path in paths}:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                for name in os.listdir(folder):
                    if _IS_DRAFT.fullmatch(name):
                        os.unlink(os.path.join(folder, name))

    def put(self, path: bytes, content: Content | None) -> None:
        """Make a path hold this content, or nothing."""
        if content is None:
            self.remove(path)
        else:
            self.write(path, content)

    def _full(self, path: bytes) -> bytes:
        return os.path.join(self._root, path)

    @staticmethod
    def _write_file(full: bytes, content: Content, permissions: int | None) -> None:
        executable = content.mode == EXECUTABLE
        # The umask of the process bounds what a new file gets, as with any other program.
        handle = os.open(full, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o777 if executable else 0o666)
        with open(handle, "wb") as file:
            file.write(content.data)
            file.flush()
            os.fsync(file.fileno())
            if permissions is None:
                return
            if executable and not permissions & stat.S_IXUSR:
                # Whoever may read it may run it, as git does.
                permissions |= (permissions & 0o444) >> 2
            elif not executable:
                permissions &= ~0o111
            os.fchmod(file.fileno(), permissions)


def _permissions_at(full: bytes) -> int | None:
    try:
        facts = os.lstat(full)
    except FileNotFoundError:
        return None
    return stat.S_IMODE(facts.st_mode) if stat.S_ISREG(facts.st_mode) else None


def _remove_empty_folders(folder: bytes) -> None:
    for inner, _, _ in os.walk(folder, topdown=False):
        os.rmdir(inner)

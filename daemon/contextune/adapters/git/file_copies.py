"""Copies of a checkout's files for a new worktree, with the index that tells git of them.

Each file is a handful of system calls and as many steps of Python. Where there are many, this is the program
of a process of its own, so that those who answer people need not share an interpreter with it:

    python -m contextune.adapters.git.file_copies SCRATCH CHECKOUT WORKTREE ID_LENGTH

SCRATCH holds the checkout's index as `index` and gets that of the worktree as `fresh`; standard output tells
how many files were copied. The process ends with the one that began it: that holds the other end of its
standard input.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import sys
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

from contextune.adapters.git.index_file import IndexEntry, UnfitError, facts_of, read_index, write_index

INDEX, FRESH, OTHER = "index", "fresh", "other"
"""In the scratch folder: the index of the checkout, that of the worktree, and paths that are not copied."""

ATTRIBUTES = b".gitattributes"
_FILES = {0o100644: 0o666, 0o100755: 0o777}
"""The modes that git knows of plain files, and those that they are made with before the umask."""
_CHUNK = 1 << 20
_SECOND = 1_000_000_000
"""Nanoseconds."""
_NICE = 10
"""How far those who answer people, and agents, go before the process."""


def copy_files(folder: Path, checkout: Path, worktree: Path, id_length: int, other: Collection[bytes]) -> int:
    """Copy what is as the index in `folder` has it, but `other`; returns how many files. Blocking.

    Writes the worktree's index if there are any. Raises UnfitError, OSError.
    """
    index = folder / INDEX
    written = index.stat()
    entries = list(read_index(index.read_bytes(), id_length))
    wanted = [entry for entry in entries if entry.is_plain and entry.path not in other]
    if not _same_rules(checkout, entries, wanted):
        return 0
    copied = _copied(os.fsencode(checkout), os.fsencode(worktree), wanted, int(written.st_mtime))
    (folder / FRESH).write_bytes(write_index(copied, id_length))
    return len(copied)


def _same_rules(root: Path, entries: Sequence[IndexEntry], wanted: Sequence[IndexEntry]) -> bool:
    """Whether all files of attributes are the commit's own: they decide what is written."""
    theirs = {entry.path for entry in entries if posixpath.basename(entry.path) == ATTRIBUTES}
    mine = [entry for entry in wanted if entry.path in theirs]
    if len(mine) < len(theirs) or not all(_is_unchanged(_lstat(root, one.path), one) for one in mine):
        return False
    top = os.fsencode(root)
    folders = {posixpath.dirname(entry.path) for entry in wanted} | {b""}
    for folder in list(folders):
        while folder:
            folder = posixpath.dirname(folder)  # noqa: PLW2901 - up to the root
            folders.add(folder)
    rules = {posixpath.join(folder, ATTRIBUTES) for folder in folders} - theirs
    return not any(os.path.lexists(os.path.join(top, path)) for path in rules)  # noqa: PTH118 - bytes


def _lstat(root: Path, path: bytes) -> os.stat_result | None:
    with contextlib.suppress(OSError):
        return os.lstat(os.path.join(os.fsencode(root), path))  # noqa: PTH118 - a name may not be UTF-8
    return None


def _is_unchanged(found: os.stat_result | None, entry: IndexEntry) -> bool:
    facts = entry.facts
    return (
        found is not None
        and found.st_mtime_ns == facts[2] * _SECOND + facts[3]
        and found.st_ctime_ns == facts[0] * _SECOND + facts[1]
        and facts_of(found, entry.mode) == facts
    )


def _copied(source: bytes, target: bytes, wanted: Sequence[IndexEntry], made: int) -> list[IndexEntry]:
    """Copy the files that are as the index, which was `made` then, has them; return them as copies."""
    found: list[IndexEntry] = []
    folders = {b""}
    for entry in wanted:
        mode = _FILES.get(entry.mode)
        # What was written in the second in which the index was may have changed since without a trace.
        if mode is None or entry.mtime >= made & 0xFFFF_FFFF:
            continue
        folder = posixpath.dirname(entry.path)
        if folder not in folders:
            os.makedirs(target + b"/" + folder, exist_ok=True)  # noqa: PTH103 - bytes
            folders.add(folder)
        facts = _copy(source + b"/" + entry.path, target + b"/" + entry.path, mode, entry)
        if facts is not None:
            found.append(entry._replace(facts=facts))
    return found


def _copy(source: bytes, target: bytes, mode: int, entry: IndexEntry) -> tuple[int, ...] | None:
    """Copy one file; None, and no copy, if it is not as the index has it, before or after."""
    try:
        reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        before = os.fstat(reading)
        if not _is_unchanged(before, entry):
            return None
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        try:
            _pour(reading, writing, before.st_size)
            os.utime(writing, ns=(before.st_atime_ns, before.st_mtime_ns))
            after, copy = os.fstat(reading), os.fstat(writing)
            times = after.st_mtime_ns, after.st_ctime_ns
            if times == (before.st_mtime_ns, before.st_ctime_ns) and copy.st_size == before.st_size:
                return facts_of(copy, entry.mode)
        finally:
            os.close(writing)
        os.unlink(target)  # noqa: PTH108 - bytes
        return None
    finally:
        os.close(reading)


def _pour(reading: int, writing: int, size: int) -> None:
    """All bytes of a file into another: shared on the disk, or copied in the kernel, where it can do that."""
    try:
        while size > 0 and (some := os.copy_file_range(reading, writing, size)):
            size -= some
    except (AttributeError, OSError):  # of a system, or between file systems, that cannot do it
        while chunk := os.read(reading, _CHUNK):
            while chunk:
                chunk = chunk[os.write(writing, chunk) :]


def _main(*given: str) -> int:
    folder, checkout, worktree = map(Path, given[:3])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    other = set((folder / OTHER).read_bytes().split(b"\0"))
    try:
        copied = copy_files(folder, checkout, worktree, int(given[3]), other)
    except (UnfitError, OSError):
        copied = 0
    sys.stdout.write(f"{copied}\n")
    return 0


def _end_with_parent() -> None:
    if not os.read(0, 1):
        os._exit(1)


if __name__ == "__main__":
    raise SystemExit(_main(*sys.argv[1:]))

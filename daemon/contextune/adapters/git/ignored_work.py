"""Which ignored files of a worktree are an agent's work: new, small, and in no cache."""

from __future__ import annotations

import fnmatch
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

# Paths are bytes here, as git has them: os.path takes them, pathlib does not.
# ruff: noqa: PTH118, PTH123

LARGEST = 1_000_000
"""Bytes above which an ignored file is taken for a build's product."""

IN_ALL = 20_000_000
"""Bytes of all ignored files that one Salvage keeps."""

CACHES = frozenset(
    {
        *(b"node_modules", b".venv", b"venv", b".tox", b".nox", b"site-packages", b".eggs"),
        *(b"__pycache__", b".pytest_cache", b".mypy_cache", b".ruff_cache", b".hypothesis", b"htmlcov"),
        *(b"target", b"build", b"dist", b"out", b"bin", b"obj", b".gradle", b".next", b".nuxt", b".turbo"),
        *(b".parcel-cache", b".cache", b"coverage", b".nyc_output", b"vendor", b".terraform", b".git"),
    }
)
"""Names of folders that tools fill and can fill again."""

PRODUCTS = (b"*.py[co]", b"*.o", b"*.a", b"*.so", b"*.class", b".coverage*", b"*.tsbuildinfo", b".DS_Store")
"""Names of files that tools make."""


class Found(NamedTuple):
    """The ignored files that count as work, and how many more were too large."""

    kept: tuple[bytes, ...]
    left_out: int


def ignored_work(root: Path, checkout: Path, ignored: Iterable[bytes], since: float) -> Found:
    """The ignored files, by path, that appeared or changed after `since`, the smallest first.

    `ignored` is what git lists; a folder ends with a slash. What the user's checkout holds just so, such as a
    file that was copied from there, is no work. `since` is in seconds since the epoch.
    """
    top, other = os.fsencode(root), os.fsencode(checkout)
    sizes: list[tuple[int, bytes]] = []
    for path in ignored:
        for file in _files(top, path):
            facts = os.lstat(os.path.join(top, file))
            is_new = max(facts.st_mtime, facts.st_ctime) > since
            if stat.S_ISREG(facts.st_mode) and is_new and not _same(top, other, file, facts.st_size):
                sizes.append((facts.st_size, file))
    kept: list[bytes] = []
    total = 0
    for size, file in sorted(sizes):
        total += size
        if size > LARGEST or total > IN_ALL:
            break
        kept.append(file)
    return Found(tuple(kept), len(sizes) - len(kept))


def _files(top: bytes, path: bytes) -> Iterator[bytes]:
    parts = path.rstrip(b"/").split(b"/")
    if CACHES & set(parts):
        return
    if not path.endswith(b"/"):
        if not _is_product(parts[-1]):
            yield path
        return
    for folder, folders, files in os.walk(os.path.join(top, path)):
        folders[:] = [name for name in folders if name not in CACHES]
        below = os.path.relpath(folder, top)
        yield from (os.path.join(below, name) for name in files if not _is_product(name))


def _is_product(name: bytes) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in PRODUCTS)


def _same(top: bytes, other: bytes, file: bytes, size: int) -> bool:
    """Whether the other folder has a file of the same bytes at this path; large ones are not read."""
    if size > LARGEST:
        return False
    try:
        with open(os.path.join(top, file), "rb") as here, open(os.path.join(other, file), "rb") as there:
            return here.read() == there.read(LARGEST + 1)
    except OSError:
        return False

"""Fills a new worktree with copies of the user's files, as far as those are what git would write there.

To make a file from its object is several times the work of copying it. What is copied is written into the new
index as git itself would write it. Then git brings the worktree to its commit: it finds these files as they
should be, and makes only the others, which are changed, converted otherwise, or of a kind that is not copied.

Copies keep the time of their last change: a file that is as young as its index, by the second, is read again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from contextune.adapters.git.base import copy_index
from contextune.adapters.git.file_copies import FRESH, INDEX, OTHER, copy_files
from contextune.adapters.git.index_file import UnfitError
from contextune.adapters.git.program import Git, fields
from contextune.adapters.git.scratch import Scratch
from contextune.core.errors import GitProblem

_PASSED_ON = ("PATH", "HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
"""What the process needs of the daemon's environment to begin."""

MANY = 256 * 1024
"""Bytes of an index, about 3,000 files: to copy them takes longer than to begin a process for it."""


def seed(checkout: Git, worktree: Git, commit: str, scratch: Scratch, *, many: int = MANY) -> int:
    """Copy what a checkout has of a commit into a worktree without files. Returns how many files were copied.

    Where that cannot be told, or does not go well, nothing is in the worktree's index: git makes all files.
    An index of `many` bytes gets a process of its own.
    """
    try:
        with scratch.folder() as folder:
            # A private copy: the user's git may write the index meanwhile.
            index = copy_index(checkout, folder, INDEX)
            if not index.exists():
                return 0
            other = _different(checkout, index, commit)
            copying = copy_files if index.stat().st_size < many else _copy_elsewhere
            copied = copying(folder, checkout.work_tree, worktree.work_tree, len(commit) // 2, other)
            if copied:
                (folder / FRESH).replace(worktree.git_dir / "index")
            return copied
    except (UnfitError, GitProblem, OSError):
        return 0


def _different(checkout: Git, index: Path, commit: str) -> set[bytes]:
    """Paths that an index holds otherwise than a commit."""
    parts = fields(
        checkout.run("diff-index", "--cached", "--raw", "-z", "--no-renames", commit, "--", index=index)
    )
    return set(parts[1::2])


def _copy_elsewhere(
    folder: Path, checkout: Path, worktree: Path, id_length: int, other: Collection[bytes]
) -> int:
    (folder / OTHER).write_bytes(b"\0".join(other))
    command = [sys.executable, "-I", "-m", copy_files.__module__]
    # It gets none of the secrets in the daemon's environment, and ends once nobody holds its standard input.
    with subprocess.Popen(
        [*command, folder, checkout, worktree, str(id_length)],
        cwd=folder,
        env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            said = process.stdout.read() if process.stdout else b""
        finally:
            process.kill()
    return int(said or b"0")

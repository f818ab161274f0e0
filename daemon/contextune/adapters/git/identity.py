"""The identity of a checkout, in a file in its git folder: it goes where the repository is moved to.

The file names the checkout's top folder too. Where that is not the one in which it is found, the repository
was moved; or it was copied, if the one there still has the same identity.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import NamedTuple

from contextune.core.errors import GitProblem
from contextune.core.worktrees.identity import Identity

FILE = "contextune/identity"
_KNOWN = re.compile(r"[0-9a-f]{32}")


class _Noted(NamedTuple):
    id: str
    root: Path


def recognise(git_dir: Path, root: Path) -> Identity | None:
    """The identity of the checkout at `root`; None if it was given none yet. A copy is given its own."""
    noted = _read(git_dir)
    if noted is None:
        return None
    if noted.root == root or _is_same(noted.root, root):
        return Identity(id=noted.id)
    there = _read(_git_dir_of(noted.root))
    if there is None or there.id != noted.id:
        return Identity(id=noted.id, moved_from=str(noted.root))
    copied = _Noted(_new_id(), root)
    with contextlib.suppress(OSError):  # it is recognised as a copy again, as long as the first one stands
        _write(git_dir, copied)
    return Identity(id=copied.id)


def settle(git_dir: Path, root: Path) -> str:
    """Note that a checkout stands at `root`, with a new identity if it has none; returns it.

    Raises GitProblem if its git folder can't be written.
    """
    noted = _read(git_dir)
    now = _Noted(noted.id if noted else _new_id(), root)
    if now != noted:
        try:
            _write(git_dir, now)
        except OSError as problem:
            raise GitProblem(f"{git_dir / FILE} could not be written: {problem.strerror}.") from problem
    return now.id


def _new_id() -> str:
    return secrets.token_hex(16)


def _read(git_dir: Path) -> _Noted | None:
    try:
        known, _, root = (git_dir / FILE).read_text("utf-8", "surrogateescape").partition("\n")
    except OSError:
        return None
    return _Noted(known, Path(root.rstrip("\n"))) if _KNOWN.fullmatch(known) and root else None


def _write(git_dir: Path, noted: _Noted) -> None:
    file = git_dir / FILE
    file.parent.mkdir(exist_ok=True)
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.write_text(f"{noted.id}\n{noted.root}\n", "utf-8", "surrogateescape")
    new.replace(file)


def _git_dir_of(root: Path) -> Path:
    """The git folder of a checkout, as its `.git` tells."""
    found = root / ".git"
    with contextlib.suppress(OSError):
        if found.is_file():
            return root / found.read_text("utf-8", "surrogateescape").removeprefix("gitdir: ").rstrip("\n")
    return found


def _is_same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one folder, as those of a bind mount do."""
    try:
        return one.samefile(other)
    except OSError:
        return False

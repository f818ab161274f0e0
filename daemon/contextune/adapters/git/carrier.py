"""Carries commits and the state of worktrees from one repository to another, as packs of git."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from contextune.adapters.git.base import add_all, ignored_files, untracked_files
from contextune.adapters.git.program import Git, fields, given, shown
from contextune.core.errors import GitProblem

INDEX = "contextune-carried"
"""An index of our own beside a worktree's; agents and git's own commands see the other."""

CHECKED = {"transfer.fsckObjects": "true", "fetch.fsckObjects": "true", "receive.fsckObjects": "true"}
"""What comes from elsewhere is checked: no tree of it names `.git` or leads out of the worktree."""

MOST_INCLUDED = 50_000_000
"""Bytes of ignored files that a worktree elsewhere is given."""


SMALL = 1_000_000
"""Bytes of a pack up to which its objects are kept one by one."""


class CarriedFile(NamedTuple):
    """A file that git does not track, with its permissions."""

    content: bytes
    mode: int


class Carrier:
    """The state of one worktree, to be sent and to be received. Blocking; one caller at a time."""

    def __init__(self, git: Git) -> None:
        """`git` is that of the worktree."""
        self._git = git
        self._index = git.git_dir / INDEX

    def head(self) -> str:
        """The commit that the worktree stands on."""
        return self._said("rev-parse", "--verify", "HEAD^{commit}")

    def state(self) -> str:
        """All of the worktree but ignored files and nested repositories, as a tree."""
        if not self._index.exists() and (self._git.git_dir / "index").exists():
            shutil.copy2(self._git.git_dir / "index", self._index)
        untracked = untracked_files(self._git, self._index)
        add_all(self._git, self._index, leave_out=[path for path in untracked if path.endswith(b"/")])
        return self._said("write-tree", index=self._index)

    def put(self, tree: str) -> None:
        """Make the worktree hold a tree, ignored files apart; its own index and HEAD stay.

        What it holds must have been read by `state` just before.
        """
        self._git.run("read-tree", "--reset", "-u", "--no-recurse-submodules", tree, index=self._index)

    def stand_on(self, commit: str) -> None:
        """Have HEAD and git's own index at a commit; files stay as they are."""
        self._git.run("reset", "--soft", "--quiet", commit)
        self._git.run("read-tree", commit)
        self._git.call("update-index", "-q", "--refresh", allowed=(0, 1))

    def pack(self, wanted: Sequence[str], known: Collection[str]) -> bytes:
        """The objects of commits and trees that one lacks who has `known`; empty if there are none."""
        if set(wanted) <= set(known):
            return b""
        asked = "".join(f"{name}\n" for name in wanted) + "".join(f"^{name}\n" for name in known)
        return self._git.run(
            *("pack-objects", "--revs", "--thin", "--stdout", "--delta-base-offset", "-q"),
            stdin=asked.encode(),
        )

    def unpack(self, pack: bytes) -> None:
        """Take in the objects of a pack. Raises GitProblem if one of them is malformed."""
        if pack:
            self._git.run(*_taking_in(pack), stdin=pack, config=CHECKED)

    def included(self, include: Path) -> dict[str, CarriedFile]:
        """The ignored files of the worktree that a file of names in the syntax of .gitignore names."""
        if not include.is_file():
            return {}
        named = self._git.run("ls-files", "--others", "--ignored", f"--exclude-from={include}", "-z")
        return dict(self._read(fields(named)))

    def ignored(self, paths: Collection[str]) -> dict[str, CarriedFile]:
        """Those of some files of the worktree that git ignores."""
        return dict(self._read(ignored_files(self._git, [given(path) for path in paths]))) if paths else {}

    def _read(self, names: Sequence[bytes]) -> Iterator[tuple[str, CarriedFile]]:
        left = MOST_INCLUDED
        for name in names:
            path = self._git.work_tree / os.fsdecode(name)
            try:
                facts = path.lstat()
                if not stat.S_ISREG(facts.st_mode):
                    continue
                left -= facts.st_size
                if left < 0:
                    raise GitProblem(
                        f"The ignored files of {self._git.work_tree} that its commands need are larger than "
                        f"{MOST_INCLUDED:,} bytes in all: name fewer of them in .worktreeinclude."
                    )
                yield shown(name), CarriedFile(path.read_bytes(), stat.S_IMODE(facts.st_mode) & 0o777)
            except FileNotFoundError:
                continue

    def _said(self, *arguments: str, index: Path | None = None) -> str:
        return self._git.run(*arguments, index=index).decode().strip()


def _taking_in(pack: bytes) -> Sequence[str]:
    if len(pack) < SMALL:
        return "unpack-objects", "-q", "--strict"
    return "index-pack", "--stdin", "--fix-thin", "--strict"


def new_clone(folder: Path) -> Git:
    """An empty repository that receives what is carried to it."""
    folder.mkdir(parents=True, exist_ok=True)
    git = Git(folder / ".git", folder)
    git.run("init", "--quiet", "--template=")
    return git


def begin_at(clone: Git, commit: str) -> None:
    """Have a clone without a checkout stand on a commit that it has received."""
    clone.run("update-ref", "--no-deref", "HEAD", commit)

"""Salvage commits: what a worktree held when it went, under a ref, and that put back into a new worktree.

The tree of such a commit is all that git can check out. Its first parent is the commit that was checked
out; its message names the others: the parts (see `salvage_state`), and the Salvage that the ref named before.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from contextune.adapters.git.objects import Objects
from contextune.adapters.git.program import Git, fields, lines
from contextune.adapters.git.salvage_state import (
    BESIDE,
    MODES,
    NOTHING_STAGED,
    STAGES,
    LenientGit,
    State,
    files_of,
    unescaped,
)
from contextune.core.errors import GitProblem

# Paths are bytes here, as git has them: os.path takes them, pathlib does not.
# ruff: noqa: PTH101, PTH103, PTH108, PTH118, PTH120, PTH123, PTH211

_HEAD, _PARTS, _EARLIER = "Contextune-Head", "Contextune-Parts", "Contextune-Earlier"
_TITLE = "Salvaged from "
_TOLD = re.compile(r"^(Contextune-\w+): ([0-9a-f]{40,64})$", re.MULTILINE)


class Kept(NamedTuple):
    """A Salvage as it is read back."""

    head: str | None
    tree: str
    parts: str | None
    """A commit; its parents are commits that only the worktree led to."""
    earlier: str | None


class Salvage:
    """Writes and reads Salvage commits of one repository."""

    def __init__(self, git: Git, objects: Objects) -> None:
        self._git = LenientGit(git.git_dir, git.work_tree)
        self._objects = objects

    def keep(self, ref: str, name: str, state: State) -> None:
        """Point a ref at all of a state, and make sure that it is there. An earlier one stays below it."""
        earlier = self._objects.resolve(ref)
        commit = self._commit(name, state, earlier)
        self._objects.set_ref(ref, commit)
        found = self.read(ref)
        parts = self._objects.tree_of(found.parts) if found.parts else None
        if (self._objects.resolve(ref), found.head, found.tree, parts) != (
            commit,
            state.head,
            state.tree,
            state.parts,
        ):
            raise GitProblem(f"{ref} does not hold what {name} holds. Nothing was removed.")

    def holds(self, ref: str, state: State) -> bool:
        """Whether the newest Salvage of a ref is of this very state."""
        commit = self._objects.resolve(ref)
        if commit is None:
            return False
        found = self.read(commit)
        parts = self._objects.tree_of(found.parts) if found.parts else None
        return (found.head, found.tree, parts) == (state.head, state.tree, state.parts)

    def read(self, name: str) -> Kept:
        """What a ref or commit keeps; a commit of another kind keeps itself. Raises GitProblem."""
        commit = self._objects.resolve(name)
        if commit is None:
            raise GitProblem(f"{name!r} names no commit of this repository.")
        body = self._objects.read_all([commit.encode()])[0].decode("utf-8", "replace")
        header, _, message = body.partition("\n\n")
        tree = self._objects.tree_of(commit)
        if not message.startswith(_TITLE):
            return Kept(commit, tree, None, None)
        told = dict(_TOLD.findall(message))
        if not told:  # as versions before 0.2 wrote it: the commit, then the Salvage before
            parents = [line.removeprefix("parent ") for line in header.splitlines() if line[:7] == "parent "]
            return Kept(parents[0] if parents else None, tree, None, parents[1] if parents[1:] else None)
        return Kept(told.get(_HEAD), tree, told.get(_PARTS), told.get(_EARLIER))

    def put_back(self, kept: Kept, git: Git) -> None:
        """Bring files and index of a new, empty worktree to what was kept. HEAD is at its commit already."""
        worktree = LenientGit(git.git_dir, git.work_tree)
        worktree.run("read-tree", "--empty")
        worktree.run("read-tree", kept.tree)
        worktree.run("checkout-index", "--all", "--force", "--quiet")
        rows = fields(self._git.run("ls-tree", "-r", "-z", "--full-tree", kept.parts)) if kept.parts else []
        parts = {path: (mode, blob) for mode, blob, path in files_of(rows)}
        stages = [
            b"%s %s %s\t%s" % (mode, blob, path[len(STAGES) : len(STAGES) + 1], path[len(STAGES) + 2 :])
            for path, (mode, blob) in parts.items()
            if path.startswith(STAGES)
        ]
        if stages or NOTHING_STAGED in parts:
            worktree.run("read-tree", "--empty")
            worktree.run("update-index", "-z", "--index-info", stdin=lines(stages))
        else:
            worktree.run("read-tree", *([kept.head] if kept.head else ["--empty"]))
        beside = {path: entry for path, entry in parts.items() if path.startswith(BESIDE)}
        contents = self._objects.read_all([blob for _, blob in beside.values()])
        for (path, (mode, _)), data in zip(beside.items(), contents, strict=True):
            _write(git.work_tree, unescaped(path[len(BESIDE) :]), mode, data)
        if MODES in parts:
            for line in fields(self._objects.read_all([parts[MODES][1]])[0]):
                bits, _, path = line.partition(b" ")
                _set_mode(git.work_tree, path, int(bits, 8))
        # Spares the next `git status` reading every file; exit 1 says that some differ.
        worktree.call("update-index", "-q", "--refresh", allowed=(0, 1))

    def _commit(self, name: str, state: State, earlier: str | None) -> str:
        plain = state.tree == state.head_tree and state.parts is None and not state.tips
        if state.head is not None and plain and earlier is None:
            return state.head
        told = {_HEAD: state.head, _EARLIER: earlier}
        if state.parts is not None or state.tips:
            tree = state.parts or self._git.run("mktree", stdin=b"").decode().strip()
            told[_PARTS] = self._objects.commit_ours(tree, state.tips, f"Parts of what {name} held\n")
        ordered = (told[_HEAD], earlier, told.get(_PARTS))
        message = "".join(f"{key}: {commit}\n" for key, commit in told.items() if commit)
        return self._objects.commit_ours(
            state.tree, [commit for commit in ordered if commit], f"{_TITLE}{name}\n\n{message}"
        )


def _write(root: Path, path: bytes, mode: bytes, data: bytes) -> None:
    """Write one file that git would not; never through a link that leads out of the folder."""
    full = os.path.join(os.fsencode(root), path)
    if {b"", b".", b".."} & set(path.split(b"/")) or path.lower() == b".git":
        raise GitProblem(f"{os.fsdecode(path)} is no path of a worktree's file.")
    try:
        os.makedirs(os.path.dirname(full), exist_ok=True)
        if not Path(os.fsdecode(os.path.dirname(full))).resolve().is_relative_to(root.resolve()):
            raise GitProblem(f"{os.fsdecode(path)} would be written outside of {root}.")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(full)
        if mode == b"120000":
            os.symlink(data, full)
            return
        with open(full, "xb") as file:
            file.write(data)
        os.chmod(full, 0o755 if mode == b"100755" else 0o644)
    except OSError as problem:
        raise GitProblem(f"{os.fsdecode(path)} could not be written: {problem.strerror}.") from problem


def _set_mode(root: Path, path: bytes, bits: int) -> None:
    full = os.path.join(os.fsencode(root), path)
    with contextlib.suppress(OSError):
        if stat.S_ISREG(os.lstat(full).st_mode):
            os.chmod(full, bits)

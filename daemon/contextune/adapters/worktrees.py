"""Linked worktrees of agents: made without races, snapshotted, reset, and never removed before a salvage."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from contextune.adapters.base import add_all, copy_index, ignored_files, untracked_files
from contextune.adapters.git import Git, fields, lines, shown
from contextune.adapters.objects import Objects
from contextune.adapters.scratch import Scratch
from contextune.core.errors import GitProblem

INCLUDE_FILE = ".worktreeinclude"
"""Names, in the syntax of .gitignore, the ignored files of the user's checkout that worktrees need too."""

_START = "contextune-start"
"""In git's folder of a worktree: the branch and the commit that the worktree was made with."""


class _Start(NamedTuple):
    branch: str
    commit: str


class Worktrees:
    """The worktrees of one repository. Blocking; calls for different worktrees may run side by side."""

    def __init__(self, git: Git, common_dir: Path, objects: Objects, scratch: Scratch) -> None:
        self._git = git
        self._entries = common_dir / "worktrees"
        self._objects = objects
        self._scratch = scratch

    def add(self, path: Path, branch: str, commit: str) -> None:
        """A new worktree with a new branch at a commit, populated. Leaves nothing behind if it fails."""
        with self._scratch.lock():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as problem:
                raise GitProblem(f"{path.parent} could not be made: {problem.strerror}.") from problem
            options = ("--quiet", "--no-checkout", "--no-track", "-b", branch)
            self._git.run("worktree", "add", *options, "--", path, commit)
            git = self._open(path)
            (git.git_dir / _START).write_text(f"{branch}\n{self._objects.resolve(commit)}\n", "utf-8")
        try:
            # Outside the lock: it writes nothing but this worktree, and is by far the longer part.
            git.run("reset", "--hard", "--quiet", "--no-recurse-submodules")
        except GitProblem:
            with self._scratch.lock():
                self._delete(git)
                self._git.run("update-ref", "-d", f"refs/heads/{branch}")
            raise

    def hydrate(self, path: Path) -> list[str]:
        """Copy what `.worktreeinclude` names from the user's checkout into a worktree; return what.

        Only files that are ignored and not tracked count: all others are in the Base. Links are followed if
        they lead to a file inside the checkout, and left out otherwise; what exists in the worktree stays.
        """
        root = self._git.work_tree.resolve()
        include = root / INCLUDE_FILE
        if not include.is_file():
            return []
        named = self._git.run("ls-files", "--others", "--ignored", f"--exclude-from={include}", "-z")
        copied: list[str] = []
        for name in ignored_files(self._git, fields(named)):
            relative = os.fsdecode(name)
            source, target = (root / relative).resolve(), path / relative
            if name.endswith(b"/") or not source.is_file() or not source.is_relative_to(root):
                continue
            if ".git" in source.relative_to(root).parts:
                continue
            if os.path.lexists(target) or not _parent_inside(target, path):
                continue
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
            except OSError as problem:
                raise GitProblem(
                    f"{relative} could not be copied into {path}: {problem.strerror}."
                ) from problem
            copied.append(shown(name))
        return copied

    def remove(self, path: Path, salvage_ref: str) -> str | None:
        """Remove a worktree, and its branch, after all but its ignored files is in `salvage_ref`.

        Returns the ref, or None if there was nothing that its start had not.
        """
        git = self._open(path)
        start = _read_start(git)
        head = git.run("rev-parse", "--verify", "HEAD^{commit}").decode().strip()
        head_tree = self._objects.tree_of(head)
        tree = self._state(git, salvage=True) if path.is_dir() else head_tree
        kept: str | None = None
        if tree != head_tree or start is None or head != start.commit:
            kept = salvage_ref
            self._salvage(git, salvage_ref, head, tree, dirty=tree != head_tree)
        with self._scratch.lock():
            if self._git.call("worktree", "remove", "--", path, allowed=range(256)).code != 0:
                # git refuses what is dirty, though it is salvaged now, and what has lost its `.git` file.
                late = self._state(git, salvage=True) if path.is_dir() else tree
                if late != tree:
                    # A process that outlived its agent went on writing.
                    kept = salvage_ref
                    self._salvage(git, salvage_ref, head, late, dirty=True)
                self._delete(git)
            if start is not None:
                self._drop_branch(start, head)
        return kept

    def tree(self, path: Path) -> str:
        """Write the whole state of a worktree, untracked files included, as a tree; not its index."""
        return self._state(self._open(path), salvage=False)

    def commit(self, path: Path, message: str) -> str | None:
        """Commit all of a worktree's state on its branch; None if nothing differs from HEAD."""
        git = self._open(path)
        _unlock(git)
        add_all(git, None, leave_out=_nested(untracked_files(git)))
        tree = git.run("write-tree").decode().strip()
        head, head_tree = git.run("rev-parse", "HEAD^{commit}", "HEAD^{tree}").decode().split()
        if tree == head_tree:
            return None
        commit = self._objects.commit_tree(tree, [head], message)
        git.run("update-ref", "-m", "contextune: commit", "HEAD", commit, head)
        return commit

    def reset(self, path: Path, commit: str) -> None:
        """Bring a worktree and its branch to a commit, exactly; ignored files stay. Salvage first."""
        git = self._open(path)
        _unlock(git)
        git.run("reset", "--hard", "--quiet", "--no-recurse-submodules", commit)
        # Twice -f: nested repositories go too.
        git.run("clean", "-ffdq")

    def _open(self, path: Path) -> Git:
        """git for a worktree, found from the repository's side: its `.git` file is in an agent's reach."""
        wanted = path.parent.resolve() / path.name
        for entry in self._entries.glob("*"):
            with contextlib.suppress(OSError):
                text = (entry / "gitdir").read_text("utf-8", "surrogateescape").rstrip("\n")
                folder = Path(os.path.normpath(entry / text)).parent
                if folder.parent.resolve() / folder.name == wanted:
                    return Git(entry, folder)
        raise GitProblem(f"{path} is no worktree of {self._git.work_tree}.")

    def _state(self, git: Git, *, salvage: bool) -> str:
        """The tree of all that is in a worktree. A salvage also keeps the files of nested repositories."""
        with self._scratch.folder() as folder:
            index = copy_index(git, folder)
            nested = _nested(untracked_files(git, index))
            add_all(git, index, leave_out=nested)
            if salvage and nested:
                files = lines(path for name in nested for path in _files_below(git.work_tree, name))
                git.run("update-index", "--add", "-z", "--stdin", stdin=files, index=index)
            return git.run("write-tree", index=index).decode().strip()

    def _salvage(self, git: Git, ref: str, head: str, tree: str, *, dirty: bool) -> None:
        earlier = self._objects.resolve(ref)
        parents = [head] if earlier is None else [head, earlier]
        commit = head
        if dirty or earlier is not None:
            commit = self._objects.commit_ours(tree, parents, f"Salvaged from {git.work_tree.name}\n")
        self._objects.set_ref(ref, commit)

    def _drop_branch(self, start: _Start, head: str) -> None:
        """Delete the branch that came with a worktree, if all of its commits are kept elsewhere."""
        ref = f"refs/heads/{start.branch}"
        tip = self._objects.resolve(ref)
        if start.branch.startswith("contextune/") and tip in (head, start.commit):
            self._git.run("update-ref", "-d", ref, tip)

    def _delete(self, git: Git) -> None:
        """Remove a worktree's folder and git's entry of it, and no other's."""
        if git.work_tree.is_symlink():
            raise GitProblem(f"{git.work_tree} is a link now, not a worktree. Remove the link.")
        for folder in (git.work_tree, git.git_dir):
            if folder.exists():
                shutil.rmtree(folder, onerror=_make_removable)
        with contextlib.suppress(OSError):
            self._entries.rmdir()


def _nested(untracked: list[bytes]) -> list[bytes]:
    return [path for path in untracked if path.endswith(b"/")]


def _files_below(root: Path, name: bytes) -> Iterator[bytes]:
    top = os.fsencode(root)
    for folder, folders, files in os.walk(os.path.join(top, name)):  # noqa: PTH118 - a name may not be UTF-8
        folders[:] = [inner for inner in folders if inner != b".git"]
        for inner in [*files, *folders]:
            full = os.path.join(folder, inner)  # noqa: PTH118
            if inner in files or os.path.islink(full):  # noqa: PTH114
                yield os.path.relpath(full, top)


def _read_start(git: Git) -> _Start | None:
    try:
        branch, commit = (git.git_dir / _START).read_text("utf-8").split()
    except (OSError, ValueError):
        return None
    return _Start(branch, commit)


def _unlock(git: Git) -> None:
    """Remove the index lock of a command that was killed: only the daemon runs git here, one at a time."""
    (git.git_dir / "index.lock").unlink(missing_ok=True)


def _parent_inside(target: Path, root: Path) -> bool:
    """Whether a path's folder, links followed, lies in a worktree."""
    return target.parent.resolve().is_relative_to(root.resolve())


def _make_removable(remove: Callable[..., Any], name: str, failure: Any) -> None:
    """Make a read-only folder writable and remove once more."""
    try:
        for place in (Path(name).parent, Path(name)):
            if not place.is_symlink() and place.exists():
                place.chmod(place.stat().st_mode | stat.S_IRWXU)
        remove(name)
    except OSError as problem:
        raise GitProblem(f"{name} could not be removed: {problem.strerror}.") from failure[1]

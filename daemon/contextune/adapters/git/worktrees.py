"""Linked worktrees of agents: made without races, snapshotted, reset, and never removed before a salvage."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from contextune.adapters.git.base import add_all, copy_index, ignored_files, untracked_files
from contextune.adapters.git.objects import Objects
from contextune.adapters.git.program import Git, fields, shown
from contextune.adapters.git.salvage import Salvage
from contextune.adapters.git.salvage_state import Reader
from contextune.adapters.git.scratch import Scratch
from contextune.adapters.git.seeding import seed
from contextune.core.errors import GitProblem

INCLUDE_FILE = ".worktreeinclude"
"""Names, in the syntax of .gitignore, the ignored files of the user's checkout that worktrees need too."""

START = "contextune-start"
"""In git's folder of a worktree: the branch and the commit that the worktree was made with."""

SIDE_BY_SIDE = {"checkout.workers": "0"}
"""Has git write many files by as many processes as there are processors."""

OWN_LOCKS = ("contextune", "initializing")
"""How the reasons of locks begin that are no person's: git writes the second while it adds a worktree."""


class Start(NamedTuple):
    """What a worktree was made with."""

    branch: str
    commit: str


class Worktrees:
    """The worktrees of one repository. Blocking; calls for different worktrees may run side by side."""

    def __init__(
        self, git: Git, common_dir: Path, objects: Objects, scratch: Scratch, salvage: Salvage
    ) -> None:
        self._git = git
        self._salvage = salvage
        self._entries = common_dir / "worktrees"
        self._objects = objects
        self._scratch = scratch

    def add(self, path: Path, branch: str, commit: str) -> None:
        """A new worktree with a new branch at a commit, populated. Leaves nothing behind if it fails."""
        git, start = self._link(path, branch, commit)
        try:
            # Outside the lock: it writes nothing but this worktree, and is by far the longer part.
            seed(self._git, git, start.commit, self._scratch)
            git.run("reset", "--hard", "--quiet", "--no-recurse-submodules", config=SIDE_BY_SIDE)
        except GitProblem:
            self._undo(git, branch)
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

    def remove(self, path: Path, salvage_ref: str, since: float = 0.0) -> str | None:
        """Remove a worktree, and its branch, after all that it holds is in `salvage_ref`.

        Of its ignored files, those that appeared after `since`, when its set-up was over, count as work.
        Returns the ref, or None if there was nothing that its start had not, or no worktree. Raises
        GitProblem, and removes nothing, if somebody has locked it.
        """
        git = self.entry(path)
        if git is None:
            if path.is_dir():
                raise GitProblem(f"{path} is no worktree of {self._git.work_tree}.")
            return None
        locked = lock_reason(git)
        if locked is not None and not is_own_lock(locked):
            why = f": {locked}" if locked else ""
            raise GitProblem(f"{path} is locked{why}. Unlock it with git worktree unlock, then try again.")
        start = read_start(git)
        head = self._head(git, start)
        reader = self._reader(git, since)
        state = reader.read(head)
        keeps = not state.is_clean or start is None or head != start.commit
        if keeps:
            self._salvage.keep(salvage_ref, path.name, state)
        with self._scratch.lock():
            late = reader.read(self._head(git, start))
            if late != state:
                # A process that outlived its agent went on writing.
                keeps = True
                self._salvage.keep(salvage_ref, path.name, late)
            self._delete(git)
            if start is not None:
                self._drop_branch(start, late.head)
        return salvage_ref if keeps else None

    def keep(self, path: Path, salvage_ref: str) -> None:
        """Keep all that a worktree holds now in a ref, but for ignored files; the worktree stays as it is."""
        git = self._open(path)
        reader = self._reader(git, math.inf)
        state = reader.read(self._head(git, read_start(git)))
        if not self._salvage.holds(salvage_ref, state):
            self._salvage.keep(salvage_ref, path.name, state)

    def remove_stray(self, path: Path, salvage_ref: str, start: str | None, since: float = 0.0) -> str | None:
        """Remove a folder that was a worktree and that git has forgotten, after its files are in a Salvage.

        `start` is the commit that it began with, if that is known.
        """
        if self.entry(path) is not None:
            return self.remove(path, salvage_ref, since)
        if not os.path.lexists(path):
            return None
        if path.is_symlink() or not path.is_dir():
            raise GitProblem(f"{path} is no folder.")
        git = Git(self._git.git_dir, path)
        head = self._objects.resolve(start) if start else None
        reader = Reader(git, self._objects, self._scratch, checkout=self._git.work_tree, since=since)
        state = reader.read(head, own_index=False)
        # Even of a clean one: whether another ref leads to its commit, nobody knows.
        self._salvage.keep(salvage_ref, path.name, state)
        with self._scratch.lock():
            late = reader.read(head, own_index=False)
            if late != state:
                self._salvage.keep(salvage_ref, path.name, late)
            shutil.rmtree(path, onerror=_make_removable)
        return salvage_ref

    def restore(self, name: str, path: Path, branch: str) -> None:
        """Put a Salvage into a new worktree: commits on a new branch, the rest uncommitted as it was.

        Raises GitProblem, and writes nothing, if something is at `path` or the branch exists.
        """
        kept = self._salvage.read(name)
        if os.path.lexists(path) and (not path.is_dir() or path.is_symlink() or any(path.iterdir())):
            raise GitProblem(f"{path} is there already. Name a folder that does not exist.")
        resolved = path.parent.resolve() / path.name
        if resolved.is_relative_to(self._git.work_tree.resolve()):
            raise GitProblem(f"{path} lies in your checkout. Name a folder outside of it.")
        head = kept.head or self._objects.commit_ours(kept.tree, [], f"What {name} held\n")
        git, _ = self._link(path, branch, head)
        try:
            self._salvage.put_back(kept, git)
        except BaseException:
            self._undo(git, branch)
            raise

    def tree(self, path: Path) -> str:
        """Write the whole state of a worktree, untracked files included, as a tree; not its index."""
        return self._state(self._open(path))

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

    def restart(self, path: Path, commit: str) -> None:
        """The same, with that commit as what the worktree began with from now on: nobody has worked in it."""
        self.reset(path, commit)
        git = self._open(path)
        start = read_start(git)
        if start is not None:
            self._write_start(git, start.branch, commit)

    def entry(self, path: Path) -> Git | None:
        """git for a worktree, found from the repository's side: its `.git` file is in an agent's reach.

        None if git knows no worktree at this path; its folder may be missing.
        """
        wanted = path.parent.resolve() / path.name
        # git names the entry for the folder, unless another one had that name already.
        named = self._entries / path.name
        for git in itertools.chain(_at(named), self.entries()):
            if git.work_tree.parent.resolve() / git.work_tree.name == wanted:
                return git
        return None

    def entries(self) -> Iterator[Git]:
        """git for each linked worktree that git knows, whoever made it."""
        for entry in sorted(self._entries.glob("*")):
            yield from _at(entry)

    def _open(self, path: Path) -> Git:
        git = self.entry(path)
        if git is None:
            raise GitProblem(f"{path} is no worktree of {self._git.work_tree}.")
        return git

    def _link(self, path: Path, branch: str, commit: str) -> tuple[Git, Start]:
        """A new worktree without files, on a new branch at a commit."""
        with self._scratch.lock():
            _make_folder(path.parent)
            options = ("--quiet", "--no-checkout", "--no-track", "-b", branch)
            self._git.run("worktree", "add", *options, "--", path, commit)
            git = self._open(path)
            return git, self._write_start(git, branch, commit)

    def _write_start(self, git: Git, branch: str, commit: str) -> Start:
        start = Start(branch, self._objects.resolve(commit) or "")
        (git.git_dir / START).write_text(f"{start.branch}\n{start.commit}\n", "utf-8")
        return start

    def _undo(self, git: Git, branch: str) -> None:
        """Take back a new worktree that could not be filled; it holds nothing of anyone's."""
        with self._scratch.lock():
            self._delete(git)
            self._git.run("update-ref", "-d", f"refs/heads/{branch}")

    def _reader(self, git: Git, since: float) -> Reader:
        return Reader(git, self._objects, self._scratch, checkout=self._git.work_tree, since=since)

    def _head(self, git: Git, start: Start | None) -> str | None:
        """The commit that a worktree stands on; its start if it cannot tell."""
        answer = git.call("rev-parse", "--verify", "--quiet", "HEAD^{commit}", allowed=range(256))
        if answer.code == 0:
            return answer.out.decode().strip()
        return self._objects.resolve(start.commit) if start else None

    def _state(self, git: Git) -> str:
        """The tree of all that is in a worktree but nested repositories."""
        with self._scratch.folder() as folder:
            index = copy_index(git, folder)
            add_all(git, index, leave_out=_nested(untracked_files(git, index)))
            return git.run("write-tree", index=index).decode().strip()

    def _drop_branch(self, start: Start, head: str | None) -> None:
        """Delete the branch that came with a worktree, if all of its commits are kept elsewhere."""
        ref = f"refs/heads/{start.branch}"
        tip = self._objects.resolve(ref)
        if tip is not None and start.branch.startswith("contextune/") and tip in (head, start.commit):
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


def _at(entry: Path) -> Iterator[Git]:
    """git for the worktree that an entry stands for, if it is one."""
    with contextlib.suppress(OSError):
        text = (entry / "gitdir").read_text("utf-8", "surrogateescape").rstrip("\n")
        yield Git(entry, Path(os.path.normpath(entry / text)).parent)


def _nested(untracked: list[bytes]) -> list[bytes]:
    return [path for path in untracked if path.endswith(b"/")]


def lock_reason(git: Git) -> str | None:
    """Why a worktree is locked, perhaps without a word; None if it is not."""
    try:
        return (git.git_dir / "locked").read_text("utf-8", "replace").strip()
    except OSError:
        return None


def is_own_lock(reason: str) -> bool:
    """Whether a lock is the product's, or what a killed `git worktree add` left, and no person's."""
    return reason.startswith(OWN_LOCKS)


def read_start(git: Git) -> Start | None:
    """The branch and commit that a worktree was made with; None if we did not make it."""
    try:
        branch, commit = (git.git_dir / START).read_text("utf-8").split()
    except (OSError, ValueError):
        return None
    return Start(branch, commit)


def _unlock(git: Git) -> None:
    """Remove the index lock of a command that was killed: only the daemon runs git here, one at a time."""
    (git.git_dir / "index.lock").unlink(missing_ok=True)


def _parent_inside(target: Path, root: Path) -> bool:
    """Whether a path's folder, links followed, lies in a worktree."""
    return target.parent.resolve().is_relative_to(root.resolve())


def _make_folder(folder: Path) -> None:
    """Make a folder that may be there, and that whoever gives back its last worktree removes meanwhile."""
    for tries_left in (2, 1, 0):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            if tries_left and isinstance(problem, FileExistsError | FileNotFoundError):
                continue
            raise GitProblem(f"{folder} could not be made: {problem.strerror}.") from problem
        return


def _make_removable(remove: Callable[..., Any], name: str, failure: Any) -> None:
    """Make a read-only folder writable and remove once more."""
    try:
        for place in (Path(name).parent, Path(name)):
            if not place.is_symlink() and place.exists():
                place.chmod(place.stat().st_mode | stat.S_IRWXU)
        remove(name)
    except OSError as problem:
        raise GitProblem(f"{name} could not be removed: {problem.strerror}.") from failure[1]

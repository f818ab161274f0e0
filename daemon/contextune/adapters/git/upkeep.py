"""The upkeep of worktrees: what git's books and the disk tell of them, repairs, and Salvages."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from contextune.adapters.files.growth import free, grown
from contextune.adapters.git.objects import Objects
from contextune.adapters.git.program import Git, shown
from contextune.adapters.git.salvage import Salvage
from contextune.adapters.git.scratch import Scratch
from contextune.adapters.git.worktrees import Worktrees, is_own_lock, lock_reason, read_start
from contextune.adapters.machine.processes import Process, processes_below
from contextune.core.errors import GitProblem
from contextune.core.worktrees.worktree import (
    BranchFacts,
    Facts,
    LockFacts,
    Measure,
    Operation,
    SalvageRef,
    TreeFacts,
)

SALVAGES = ("refs/contextune/salvage/", "refs/contextune/kept/")
"""Where work is kept: what went with its worktree, and what was put aside while a Task went on."""

ATTEMPTS = "refs/contextune/attempts/"
"""Where the trees are that the Journal names."""

SHOWN_PATHS = 5

_DATED = "--format=%(refname) %(objectname) %(committerdate:unix)"

_OPERATIONS: tuple[tuple[str, Operation], ...] = (
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("BISECT_LOG", "bisect"),
)
_OUR_REF_FOLDERS = ("refs/contextune", "refs/heads/contextune", "logs/refs/contextune")


class WorktreeUpkeep:
    """Implements `core.worktrees.upkeep.Upkeep`."""

    def __init__(
        self,
        git: Git,
        common_dir: Path,
        objects: Objects,
        scratch: Scratch,
        worktrees: Worktrees,
        salvage: Salvage,
    ) -> None:
        self._git = git
        self._common = common_dir
        self._objects = objects
        self._scratch = scratch
        self._worktrees = worktrees
        self._salvage = salvage

    def facts(self, home: Path, own: Path) -> Facts:
        """All worktrees below `home`, by disk and by git's books; `own` is this repository's folder there."""
        home, own = home.resolve(), own.parent.resolve() / own.name
        running = processes_below(home)
        trees: dict[Path, TreeFacts] = {}
        for git in self._worktrees.entries():
            path = git.work_tree.parent.resolve() / git.work_tree.name
            if path.is_relative_to(home):
                trees[path] = self._entry_facts(git, path, own, running)
        for path in sorted(own.glob("*/*")):
            if path not in trees and path.is_dir() and not path.is_symlink():
                trees[path] = TreeFacts(
                    path=str(path),
                    has_folder=True,
                    has_entry=False,
                    pointer=self._pointer(path, None),
                    at_home=True,
                    changed_at=_when(path),
                    processes=_inside(path, running),
                )
        return Facts(
            trees=tuple(trees[path] for path in sorted(trees)),
            branches=tuple(self._branches()),
            locks=tuple(self._locks()),
        )

    def is_dirty(self, path: Path) -> bool:
        """Whether a worktree holds modified or untracked files."""
        git = self._worktrees.entry(path)
        if git is None:
            return path.is_dir()
        if not path.is_dir():
            return False
        head = git.call("rev-parse", "--verify", "--quiet", "HEAD^{tree}", allowed=range(256))
        return head.code != 0 or self._worktrees.tree(path) != head.out.decode().strip()

    def measure(self, path: Path) -> Measure:
        """Size and oddities of a folder. Reads all of it."""
        total, nested, read_only = 0, [], []
        folders = [(str(path), True)]
        while folders:
            folder, is_top = folders.pop()
            with contextlib.suppress(OSError), os.scandir(folder) as found:
                for one in found:
                    if one.name == ".git" and not is_top:
                        nested.append(os.path.relpath(folder, path))
                    with contextlib.suppress(OSError):
                        facts = one.stat(follow_symlinks=False)
                        total += facts.st_size
                        if one.is_dir(follow_symlinks=False):
                            folders.append((one.path, False))
                            if not facts.st_mode & stat.S_IWUSR:
                                read_only.append(os.path.relpath(one.path, path))
        inside, closed = sorted(nested)[:SHOWN_PATHS], read_only[:SHOWN_PATHS]
        return Measure(size_bytes=total, nested=tuple(inside), read_only=tuple(closed))

    def grown(self, path: Path, since: float) -> int:
        """Bytes on disk of the files that came or changed after `since`. Looks at all of the folder."""
        return grown(path, since)

    def free(self, path: Path) -> int:
        """Bytes that are free on the disk of a folder; 0 if that is not told."""
        return free(path)

    def relink(self, path: Path) -> None:
        """Write a worktree's `.git` file anew. What else lies there is left to a person."""
        git = self._entry(path)
        file = path / ".git"
        if file.is_symlink() or (file.exists() and not file.is_file()):
            raise GitProblem(f"{file} is no plain file. Move it away, then try again.")
        with self._scratch.lock():
            new = path / ".git.contextune"
            new.write_text(f"gitdir: {git.git_dir}\n", "utf-8")
            new.replace(file)

    def unlock(self, path: Path) -> None:
        """Remove a lock that is no person's."""
        git = self._entry(path)
        reason = lock_reason(git)
        if reason is not None and not is_own_lock(reason):
            raise GitProblem(f"{path} is locked by somebody else: {reason}")
        with self._scratch.lock():
            (git.git_dir / "locked").unlink(missing_ok=True)

    def drop_lock(self, path: Path) -> None:
        """Remove the lock file of a git that died, in a place where only the daemon runs git."""
        if path.suffix != ".lock" or not self._is_ours(path):
            raise GitProblem(f"{path} is no lock of Contextune's. It was left as it is.")
        with self._scratch.lock():
            path.unlink(missing_ok=True)

    def remove(self, path: Path, salvage_ref: str, start: str | None, since: float = 0.0) -> str | None:
        """Remove a worktree, or a folder that was one, after all of it is in a Salvage; returns the ref."""
        return self._worktrees.remove_stray(path, salvage_ref, start, since)

    def keep(self, path: Path, ref: str) -> None:
        """Keep all that a worktree holds now in a ref, but for ignored files; the worktree stays as it is."""
        self._worktrees.keep(path, ref)

    def drop_branch(self, ref: str, salvage_ref: str) -> None:
        """Remove a branch below `contextune/` after a Salvage ref holds its commits."""
        commit = self._objects.resolve(ref)
        if commit is None:
            return
        earlier = self._objects.resolve(salvage_ref)
        if earlier not in (None, commit):
            commits = [commit, earlier or ""]
            tree = self._objects.tree_of(commit)
            both = self._objects.commit_ours(tree, commits, "Two branches of one name\n")
            self._objects.set_ref(salvage_ref, both)
        else:
            self._objects.set_ref(salvage_ref, commit)
        self._objects.set_ref(ref, None)

    def salvages(self) -> list[SalvageRef]:
        """All Salvages, newest first."""
        return [self._with_paths(one) for one in self._refs(*SALVAGES)]

    def attempts(self) -> list[SalvageRef]:
        """The refs of what attempts came to, newest first; without their files."""
        return list(self._refs(ATTEMPTS))

    def _refs(self, *places: str) -> Iterator[SalvageRef]:
        command = ("for-each-ref", "--sort=-committerdate", _DATED)
        for row in self._git.run(*command, *places).decode("utf-8", "replace").splitlines():
            ref, commit, at = row.rsplit(" ", 2)
            run_id, _, name = ref.split("/", 3)[3].partition("/")
            yield SalvageRef(ref=ref, commit=commit, run_id=run_id, name=name, at=int(at) * 1000, files=0)

    def _with_paths(self, one: SalvageRef) -> SalvageRef:
        """A Salvage, told which files differ from the commit below them."""
        kept = self._salvage.read(one.commit)
        if kept.head == one.commit:
            return one
        before = self._objects.tree_of(kept.head) if kept.head else self._empty()
        paths = [shown(item.path) for item in self._objects.differences(before, kept.tree)]
        return msgspec.structs.replace(one, files=len(paths), paths=tuple(paths[:SHOWN_PATHS]))

    def salvage_bytes(self) -> int:
        """What they take on the disk that nothing else of the repository needs."""
        kept = [f"--glob={place}*" for place in SALVAGES]
        others = ("--not", "--branches", "--tags", "--remotes", "HEAD")
        command = ("rev-list", "--objects", "--disk-usage", *kept, *others)
        return int(self._git.run(*command).strip() or b"0")

    def restore(self, name: str, path: Path, branch: str) -> None:
        """Put a Salvage into a new worktree: commits on a new branch, the rest uncommitted as it was."""
        self._worktrees.restore(name, path, branch)

    def _entry(self, path: Path) -> Git:
        git = self._worktrees.entry(path)
        if git is None:
            raise GitProblem(f"{path} is no worktree of {self._git.work_tree}.")
        return git

    def _entry_facts(self, git: Git, path: Path, own: Path, running: Sequence[Process]) -> TreeFacts:
        reason = lock_reason(git)
        start = read_start(git)
        answer = git.call("symbolic-ref", "--quiet", "--short", "HEAD", allowed=range(256))
        head = git.call("rev-parse", "--verify", "HEAD^{commit}", allowed=range(256))
        operations = [name for file, name in _OPERATIONS if (git.git_dir / file).exists()]
        locks = [git.git_dir / name for name in ("index.lock", "HEAD.lock", "config.worktree.lock")]
        return TreeFacts(
            path=str(path),
            has_folder=path.is_dir() and not path.is_symlink(),
            has_entry=True,
            pointer=self._pointer(path, git.git_dir),
            at_home=path.is_relative_to(own),
            locked=reason,
            locked_by_us=reason is not None and is_own_lock(reason),
            filled=start is not None and (git.git_dir / "index").exists(),
            branch=answer.out.decode("utf-8", "replace").strip() or None,
            head=head.out.decode().strip() if head.code == 0 else None,
            start_branch=start.branch if start else None,
            operation=operations[0] if operations else None,
            locks=tuple(_lock(lock, ours=True) for lock in locks if lock.exists()),
            changed_at=max(_when(git.git_dir / name) for name in ("index", "HEAD", "gitdir")),
            problem="" if head.code == 0 else head.words,
            processes=_inside(path, running),
        )

    def _pointer(self, path: Path, entry: Path | None) -> Literal["right", "missing", "elsewhere", "claimed"]:
        try:
            text = (path / ".git").read_text("utf-8", "surrogateescape")
        except OSError:
            return "missing"
        if not text.startswith("gitdir: "):
            return "elsewhere"
        target = path / text.removeprefix("gitdir: ").rstrip("\n")
        if entry is not None and target.resolve() == entry.resolve():
            return "right"
        with contextlib.suppress(OSError):
            back = (target / "gitdir").read_text("utf-8", "surrogateescape").rstrip("\n")
            if (target / back).resolve() == (path / ".git").resolve():
                return "claimed"
        return "elsewhere"

    def _branches(self) -> Iterator[BranchFacts]:
        command = ("for-each-ref", _DATED, "refs/heads/contextune/")
        for row in self._git.run(*command).decode("utf-8", "replace").splitlines():
            ref, commit, at = row.rsplit(" ", 2)
            if ref.count("/") == 4:
                yield BranchFacts(ref=ref, commit=commit, at=int(at) * 1000)

    def _locks(self) -> Iterator[LockFacts]:
        for name in _OUR_REF_FOLDERS:
            for path in sorted((self._common / name).rglob("*.lock")):
                yield _lock(path, ours=True)
        for path in (self._git.git_dir / "index.lock", self._git.git_dir / "HEAD.lock"):
            # An Accept of ours that was cut off is undone, with its lock, when the next one begins.
            if path.exists():
                yield _lock(path, ours=False)
        for path in (self._common / "packed-refs.lock", self._common / "config.lock"):
            if path.exists():
                yield _lock(path, ours=False)

    def _is_ours(self, path: Path) -> bool:
        """Whether a lock is of our refs, or of a worktree that we made."""
        if any(path.is_relative_to(self._common / name) for name in _OUR_REF_FOLDERS):
            return ".." not in path.parts
        return any(path.parent == git.git_dir and read_start(git) for git in self._worktrees.entries())

    def _empty(self) -> str:
        return self._git.run("mktree", stdin=b"").decode().strip()


def _inside(path: Path, running: Sequence[Process]) -> tuple[str, ...]:
    return tuple(str(one) for one in running if one.folder.is_relative_to(path))


def _lock(path: Path, *, ours: bool) -> LockFacts:
    return LockFacts(path=str(path), age_ms=max(0, int(time.time() * 1000) - _when(path)), ours=ours)


def _when(path: Path) -> int:
    """When a file last changed, in milliseconds since the epoch; 0 if there is none."""
    try:
        return int(path.lstat().st_mtime * 1000)
    except OSError:
        return 0

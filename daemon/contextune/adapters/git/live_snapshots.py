"""Snapshots of live worktrees and of the user's work, and their merges, with no checkout touched."""

from __future__ import annotations

import posixpath
import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from contextune.adapters.git.base import add_all, copy_index, ignored_files, untracked_files, user_tree
from contextune.adapters.git.objects import Objects
from contextune.adapters.git.program import Git, fields, given, lines, shown
from contextune.adapters.git.scratch import Scratch
from contextune.adapters.git.worktrees import Worktrees
from contextune.core.errors import GitProblem
from contextune.core.overlap.live_snapshots import Clash, Snapshot, Touched

INDEX = "contextune-live-index"
"""In git's folder of a worktree: the index that follows its files from write to write."""

SUBMODULE = b"160000"


class LiveSnapshots:
    """core.overlap.live_snapshots.Snapshots. Threads may share it; one git at a time in each worktree."""

    def __init__(self, git: Git, objects: Objects, scratch: Scratch, worktrees: Worktrees) -> None:
        self._git = git
        self._objects = objects
        self._scratch = scratch
        self._worktrees = worktrees
        self._trees: dict[str, str] = {}
        """Of commits that snapshots start from."""
        self._live: dict[Path, _Followed] = {}
        self._newest: dict[tuple[str, str], Snapshot] = {}
        self._commits: dict[tuple[str, str], str] = {}
        """Of snapshots that were merged, by tree and start."""
        self._lock = threading.Lock()
        self._blobs: dict[str, bytes] = {}
        """Contents that were read: a side meets many others with the same ones."""
        self._size = 0

    def wrote(self, worktree: Path, paths: Collection[str] | None) -> None:
        """A worktree changed at these paths; None if it may have changed anywhere. Does not block."""
        self._followed(worktree).wrote(paths)

    def tree(self, worktree: Path) -> str:
        """What a worktree holds, as a tree. After a look at all of it, only what was told of is looked at.

        Brought up to date once for all who ask, and only where something was written.
        """
        return self._followed(worktree).tree()

    def take(self, worktree: Path, start: str) -> Snapshot:
        """The same as changes since a commit."""
        return self._snapshot(self.tree(worktree), start)

    def keep(self, ref: str, tree: str, parents: Sequence[str]) -> str:
        """Have a ref lead to a tree of a worktree, by a commit on others. Returns the commit."""
        commit = self._objects.commit_known(tree, parents, "What a worktree held\n")
        self._objects.set_ref(ref, commit)
        return commit

    def user(self, overlays: Mapping[str, bytes], start: str) -> Snapshot:
        """What the user has in the checkout and in unsaved buffers."""
        return self._snapshot(user_tree(self._git, self._scratch, overlays), start)

    def of(self, commit: str, start: str) -> Snapshot:
        """A commit, as changes since another one."""
        tree = self._tree_of(commit)
        return Snapshot(tree, start, self._changes(start, tree), commit)

    def clashes(self, first: Snapshot, second: Snapshot) -> tuple[Clash, ...]:
        """What git cannot merge of two snapshots."""
        answer = self._git.call(
            *("merge-tree", "--write-tree", "--no-messages", "-z", *map(self._commit, (first, second))),
            allowed=(0, 1),
        )
        if answer.code == 0:
            return ()
        stages: dict[bytes, dict[int, bytes]] = {}
        for row in fields(answer.out)[1:]:
            facts, _, path = row.partition(b"\t")
            mode, blob, stage = facts.split(b" ")
            stages.setdefault(path, {})[int(stage)] = b"" if mode == SUBMODULE else blob
        blobs = {blob for sides in stages.values() for blob in sides.values() if blob}
        known = self.contents({blob.decode() for blob in blobs})
        return tuple(
            Clash(shown(path), *(_content(sides.get(stage), known) for stage in (1, 2, 3)))
            for path, sides in stages.items()
        )

    def contents(self, blobs: Collection[str]) -> dict[str, bytes]:
        """Blobs by their ids."""
        known = self._blobs
        found = {blob: known[blob] for blob in blobs if blob in known}
        missing = [blob for blob in blobs if blob not in found]
        read = dict(zip(missing, self._objects.read_all([blob.encode() for blob in missing]), strict=True))
        with self._lock:
            if sum(map(len, read.values())) + self._size > _CACHED:
                self._blobs, self._size = {}, 0
            for blob, content in read.items():
                if len(content) <= _CACHED // 20:
                    self._size += len(content) if blob not in self._blobs else 0
                    self._blobs[blob] = content
        return found | read

    def _followed(self, worktree: Path) -> _Followed:
        with self._lock:
            followed = self._live.get(worktree)
            if followed is None:
                followed = self._live[worktree] = _Followed(worktree, self._worktrees, self._git.work_tree)
            return followed

    def _snapshot(self, tree: str, start: str) -> Snapshot:
        known = self._newest.get((tree, start))
        if known is None:
            if len(self._newest) > _REMEMBERED:
                self._newest.clear()
            known = self._newest[tree, start] = Snapshot(tree, start, self._changes(start, tree))
        return known

    def _commit(self, snapshot: Snapshot) -> str:
        """One that git can merge: most snapshots touch what no other touches, and need none."""
        if snapshot.commit:
            return snapshot.commit
        key = snapshot.tree, snapshot.start
        known = self._commits.get(key)
        if known is None:
            if len(self._commits) > _REMEMBERED:
                self._commits.clear()
            known = self._commits[key] = self._objects.commit_timeless(*key)
        return known

    def _changes(self, start: str, tree: str) -> tuple[Touched, ...]:
        return tuple(
            Touched(
                shown(one.path),
                one.before.blob.decode() if one.before and one.before.mode != SUBMODULE else None,
                one.after.blob.decode() if one.after and one.after.mode != SUBMODULE else None,
            )
            for one in self._objects.tree_differences(self._tree_of(start), tree)
        )

    def _tree_of(self, commit: str) -> str:
        if commit not in self._trees:
            self._trees[commit] = self._objects.tree_of(commit)
        return self._trees[commit]


_CACHED = 20_000_000
"""Bytes of contents that are kept in memory."""
_REMEMBERED = 1_000
"""Snapshots that are kept in memory."""


class _Followed:
    """A worktree with an index of our own that is brought up to date by what was written alone."""

    def __init__(self, path: Path, worktrees: Worktrees, root: Path) -> None:
        self._path = path
        self._root = root
        self._worktrees = worktrees
        self._git: Git | None = None
        self._noting = threading.Lock()
        self._written: set[str] = set()
        """Paths that are not in the index yet."""
        self._is_unknown = True
        """Whether more than those may have changed."""
        self._looking = threading.Lock()
        self._wanted: dict[str, bool] = {}
        """Paths that were written, and whether git ignores them not."""
        self._tree = ""
        """What the index held last."""

    def wrote(self, paths: Collection[str] | None) -> None:
        with self._noting:
            if paths is None:
                self._is_unknown = True
            else:
                self._written.update(paths)

    def tree(self) -> str:
        with self._looking:
            git, is_new = self._opened()
            index = git.git_dir / INDEX
            with self._noting:
                written, is_unknown = self._written, self._is_unknown or is_new or not index.exists()
                self._written, self._is_unknown = set(), False
            if not written and not is_unknown:
                return self._tree
            try:
                paths = None if is_unknown else _plain(git.work_tree, written)
                if paths is None:
                    self._add_all(git, index)
                else:
                    self._add(git, index, paths)
                self._tree = git.run("write-tree", index=index).decode().strip()
            except BaseException:
                self.wrote(None)
                raise
            return self._tree

    def _opened(self) -> tuple[Git, bool]:
        """git for the worktree, and whether it was not known before."""
        git = self._git
        if git is not None and git.git_dir.is_dir():
            return git, False
        git = self._git = self._worktrees.entry(self._path)
        if git is None:
            raise GitProblem(f"{self._path} is no worktree of {self._root}.")
        return git, True

    def _add_all(self, git: Git, index: Path) -> None:
        self._wanted.clear()
        (index.with_name(index.name + ".lock")).unlink(missing_ok=True)
        # Afresh each time: what was added before may be ignored now.
        copy_index(git, git.git_dir, INDEX)
        nested = [path for path in untracked_files(git, index) if path.endswith(b"/")]
        add_all(git, index, leave_out=nested)

    def _add(self, git: Git, index: Path, paths: Collection[str]) -> None:
        fresh = [path for path in paths if path not in self._wanted]
        if fresh:
            named = [given(path) for path in fresh]
            tracked = set(fields(git.run("ls-files", "-z", "--", *named, index=index)))
            untracked = [path for path in named if path not in tracked]
            ignored = set(ignored_files(git, untracked) if untracked else ())
            self._wanted.update({path: given(path) not in ignored for path in fresh})
        wanted = [given(path) for path in paths if self._wanted[path]]
        if wanted:
            git.run(
                *("update-index", "--add", "--remove", "--replace", "-z", "--stdin"),
                stdin=lines(wanted),
                index=index,
            )


def _plain(root: Path, wrote: Collection[str]) -> list[str] | None:
    """The paths as git has them; None where that is not plain, or where they decide what git ignores."""
    top = root.resolve()
    found = []
    for path in wrote:
        name = posixpath.normpath(path)
        if name.startswith(("/", "..")) or posixpath.basename(name) in (".gitignore", ".gitattributes"):
            return None
        if (top / name).parent.resolve() != (top / name).parent:
            return None  # behind a link it has another name
        found.append(name)
    return found


def _content(blob: bytes | None, known: Mapping[str, bytes]) -> bytes | None:
    return None if blob is None else known.get(blob.decode(), b"")

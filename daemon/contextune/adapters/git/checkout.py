"""Accept and Undo: the two moments in which the daemon writes the user's branch, index and files.

Both layers of unfinished work, staged and unstaged, lie on top of the branch. Accept merges the Run's work
into each of the three by itself: into the branch's commit, into the index and into the files. What was staged
stays staged, what was unstaged stays unstaged, and later edits of the user are kept. All of it is computed as
objects first; if any of the three does not merge, nothing is written.

Then files, index and, last, the branch are written. Before the first file changes, `PENDING` names the record
of both states; the same step that moves the branch removes it. If a crash comes between, `recover` puts
everything back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from contextune.adapters.files.disk import Content, Disk
from contextune.adapters.git.base import add_all, belongs, copy_index, untracked_files
from contextune.adapters.git.objects import Difference, Entry, Objects
from contextune.adapters.git.program import Git, lines, shown
from contextune.adapters.git.refusals import Head, named, require_calm, require_room, require_unchanged
from contextune.adapters.git.replay import name_files, replay
from contextune.adapters.git.restore_point import PutBack, compare, index_lines, read_record, write_record
from contextune.adapters.git.reverts import revert
from contextune.adapters.git.scratch import Scratch
from contextune.adapters.git.signing import signing
from contextune.core.errors import GitProblem, MergeRefused
from contextune.core.runs.endings import Restore
from contextune.core.worktrees.snapshot import Base

ACCEPTED = "refs/contextune/accepted/"
"""Below it, by the result's commit: the record of its Accept, until Undo."""

PENDING = "refs/worktree/contextune/pending"
"""The record of an Accept that is being written. It belongs to one checkout."""

_LOCK_MARK = b"contextune\n"


class _Move(NamedTuple):
    """What Accept is about to write."""

    tip: str
    index_trees: tuple[str, str]
    files: tuple[Difference, ...]
    staged: tuple[Difference, ...]


class Checkout:
    """The user's checkout. Blocking; one call at a time in the whole repository."""

    def __init__(self, git: Git, objects: Objects, scratch: Scratch) -> None:
        self._git = git
        self._objects = objects
        self._scratch = scratch
        self._disk = Disk(git.work_tree)

    def move(self, base: Base, result: str, message: str | None, *, sign: bool = False) -> Restore:
        """Carry `base`..`result` into branch, index and files. See `core.ports.Repository.move_checkout`.

        Repeating it for a result that is already in returns the first call's record.
        """
        with self._alone():
            self._roll_back()
            head = self._head()
            done = self.accepted(result)
            if done is not None:
                return done
            require_calm(self._git, base, head)
            tip = replay(
                self._git,
                self._objects,
                base,
                result=result,
                message=message,
                head=head.commit,
                sign=signing(self._git) if sign else None,
            )
            with self._scratch.folder() as folder:
                return self._move(base, result, head, tip, folder)

    def accepted(self, result: str) -> Restore | None:
        """The record of the Accept that brought this result into the branch; None if it is not in."""
        done = self._objects.resolve(ACCEPTED + result)
        if done is None or not self._contains(self._head().commit, f"{done}^1"):
            return None
        return read_record(self._objects, done)

    def restore(self, base: Base, accepted: str, restore: Restore, *, sign: bool = False) -> str:
        """Put branch, index and files back. See `core.ports.Repository.restore_checkout`. May be repeated."""
        with self._alone():
            self._roll_back()
            head = self._head()
            require_calm(self._git, base, head)
            if head.commit not in (accepted, restore.head):
                return self._take_back(head, accepted, restore, sign=sign)
            self._sweep(restore)
            back = self._compare(restore)
            if back.moved:
                raise MergeRefused(
                    f"{named(back.moved)} changed since the run was accepted, and undo would lose that. "
                    "Put those files aside, then undo again. Nothing was changed."
                )
            with self._scratch.folder() as folder:
                self._apply(back.files, back.staged, folder)
            moves = [_update(head, restore.head)] if head.commit != restore.head else []
            self._write_refs("undo", moves + self._forget(restore.after_worktree))
            return restore.head

    def _take_back(self, head: Head, accepted: str, restore: Restore, *, sign: bool) -> str:
        """Undo where the branch has moved on: commits that revert the Run's, and one move to them."""
        if not self._contains(head.commit, accepted):
            raise MergeRefused(
                f"{head.name} does not hold the run's commits any more, so that there is nothing to take "
                "back. Nothing was changed."
            )
        tip = revert(
            self._git,
            self._objects,
            before=restore.head,
            accepted=accepted,
            head=head.commit,
            sign=signing(self._git) if sign else None,
        )
        if tip != head.commit:
            here = Base(
                commit=head.commit,
                tree=self._objects.tree_of(head.commit),
                head=head.commit,
                branch=head.ref and head.name,
            )
            with self._scratch.folder() as folder:
                self._move(here, tip, head, tip, folder, again="undo")
        self._write_refs("undo", self._forget(restore.after_worktree))
        return tip

    def recover(self) -> None:
        """Put back what an Accept left half written when its process died. Quick if there is nothing."""
        if self._pending() is not None or self._stale_lock():
            with self._alone():
                self._roll_back()

    def _move(
        self, base: Base, result: str, head: Head, tip: str, folder: Path, *, again: str = "accept"
    ) -> Restore:
        here = folder / "here"
        here.mkdir()
        index, seen = copy_index(self._git, folder), copy_index(self._git, here)
        add_all(
            self._git,
            seen,
            leave_out=[path for path in untracked_files(self._git) if not belongs(self._git.work_tree, path)],
        )
        index_tree, files_tree = (self._write_tree(which) for which in (index, seen))
        result_tree = self._objects.tree_of(result)
        new_index = self._merge(base, index_tree, result_tree, "staged {}", again)
        new_files = self._merge(base, files_tree, result_tree, "changed {}", again)
        move = _Move(
            tip=tip,
            index_trees=(index_tree, new_index),
            files=tuple(self._objects.differences(files_tree, new_files)),
            staged=tuple(self._objects.differences(index_tree, new_index)),
        )
        require_room(self._git, self._disk, move.files, move.staged)
        before = {difference.path: self._disk.read(difference.path) for difference in move.files}
        require_unchanged(self._git, seen, before)
        planned = folder / "planned"
        self._git.run("read-tree", new_files, index=planned)
        after = self._stage(planned, move, folder / "stage")
        restore = write_record(
            self._git,
            self._objects,
            folder,
            heads=(head.commit, tip),
            indexes=move.index_trees,
            files=(seen, planned),
            touched=(before, after),
        )
        self._git.run("update-ref", PENDING, restore.after_worktree)
        try:
            if any(self._disk.read(path) != content for path, content in before.items()):
                raise MergeRefused(
                    "Files changed while the run was being accepted. Nothing was changed; try again."
                )
            self._apply(after, {item.path: item.after for item in move.staged}, folder)
            moves = [_update(head, tip)] if tip != head.commit else []
            kept = f"update {ACCEPTED}{result} {restore.after_worktree}"
            self._write_refs("accept", [*moves, kept, f"delete {PENDING}"])
        except BaseException:
            self._roll_back()
            raise
        return restore

    def _apply(
        self, files: Mapping[bytes, Content | None], index: Mapping[bytes, Entry | None], folder: Path
    ) -> None:
        """Write files, then the index. The caller holds the index's lock."""
        try:
            for path in [path for path, content in files.items() if content is None]:
                self._disk.remove(path)
            for path, content in files.items():
                if content is not None:
                    self._disk.write(path, content)
            if not index and not files:
                return
            copy = copy_index(self._git, folder)
            if index:
                zeros = len(self._head().commit)
                self._git.run(
                    "update-index", "-z", "--index-info", stdin=index_lines(index, zeros), index=copy
                )
            # Spares the user's next `git status` reading the files again. Exit 1: some file is unstaged.
            self._git.call("update-index", "-q", "--refresh", index=copy, allowed=(0, 1))
            copy.replace(self._git.git_dir / "index")
        except OSError as problem:
            raise GitProblem(f"writing {self._git.work_tree} failed: {problem}.") from problem

    def _stage(self, planned: Path, move: _Move, folder: Path) -> dict[bytes, Content | None]:
        """The exact bytes that git would check out for the touched files, by its own filters."""
        folder.mkdir()
        paths = [difference.path for difference in move.files if difference.after is not None]
        if paths:
            command = ("checkout-index", "-q", "-z", "--stdin")
            self._git.run(*command, stdin=lines(paths), index=planned, work_tree=folder)
        staged = Disk(folder)
        after: dict[bytes, Content | None] = {difference.path: None for difference in move.files}
        for path in paths:
            content = staged.read(path)
            if content is None:
                raise GitProblem(f"git did not write {shown(path)}.")
            after[path] = content
        return after

    def _merge(self, base: Base, ours: str, theirs: str, how: str, again: str) -> str:
        merge = self._objects.merge_trees(base.commit, base.tree, ours, theirs)
        if merge.tree is None:
            raise MergeRefused(
                f"You {how.format(name_files(merge.conflicts))} in lines that the run changed too. "
                f"Commit or undo your change, then {again} again. Nothing was changed."
            )
        return merge.tree

    def _roll_back(self) -> None:
        pending = self._pending()
        if pending is None:
            return
        record = read_record(self._objects, pending)
        self._sweep(record)
        back = self._compare(record)
        with self._scratch.folder() as folder:
            # Paths in neither state are the user's later work, and stay.
            self._apply(back.files, back.staged, folder)
        self._git.run("update-ref", "-d", PENDING)

    def _sweep(self, restore: Restore) -> None:
        """Remove files that a process which died had begun to write."""
        touched = self._objects.differences(restore.worktree, restore.after_worktree)
        self._disk.sweep(difference.path for difference in touched)

    def _compare(self, restore: Restore) -> PutBack:
        answer = self._git.call("config", "--type=bool", "core.fileMode", allowed=(0, 1)).out.strip()
        return compare(self._git, self._objects, restore, trust_modes=answer != b"false")

    def _forget(self, after: str) -> list[str]:
        refs = self._git.run("for-each-ref", "--format=%(refname)", f"--points-at={after}", ACCEPTED)
        return [f"delete {ref}" for ref in refs.decode().split()]

    def _head(self) -> Head:
        commit = self._git.run("rev-parse", "--verify", "HEAD^{commit}").decode().strip()
        ref = self._git.call("symbolic-ref", "--quiet", "HEAD", allowed=(0, 1)).out.decode().strip()
        return Head(commit, ref or None)

    def _contains(self, commit: str, other: str) -> bool:
        answer = self._git.call("merge-base", "--is-ancestor", other, commit, allowed=(0, 1))
        return answer.code == 0

    def _write_refs(self, action: str, commands: list[str]) -> None:
        """Change several refs in one transaction."""
        script = "".join(f"{command}\n" for command in ["start", *commands, "prepare", "commit"])
        self._git.run("update-ref", "-m", f"contextune: {action}", "--stdin", stdin=script.encode())

    def _write_tree(self, index: Path) -> str:
        return self._git.run("write-tree", index=index).decode().strip()

    def _pending(self) -> str | None:
        return self._objects.resolve(PENDING)

    def _stale_lock(self) -> bool:
        with contextlib.suppress(OSError):
            return self._lock_file.read_bytes() == _LOCK_MARK
        return False

    @property
    def _lock_file(self) -> Path:
        return self._git.git_dir / "index.lock"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep out other calls by our lock, and the user's git commands by git's own lock of the index."""
        with self._scratch.lock():
            if self._stale_lock():
                # Whoever wrote it held the lock that is ours now, so it is dead.
                self._lock_file.unlink(missing_ok=True)
            try:
                with self._lock_file.open("xb") as file:
                    file.write(_LOCK_MARK)
            except FileExistsError:
                raise MergeRefused(
                    f"Another git command is at work in {self._git.work_tree} ({self._lock_file} exists). "
                    "Let it finish, then try again. Nothing was changed."
                ) from None
            try:
                yield
            finally:
                self._lock_file.unlink(missing_ok=True)


def _update(head: Head, new: str) -> str:
    """The ref command that moves the checkout's branch, or a detached HEAD, if it is still where it was."""
    if head.ref is None:
        return f"option no-deref\nupdate HEAD {new} {head.commit}"
    return f"update {head.ref} {new} {head.commit}"

"""The whole state of a worktree as git objects: what a Salvage keeps, byte for byte.

One tree holds what git can check out again: tracked and untracked files, those of nested repositories too.
What such a tree cannot hold lies in a second one, the parts: the stages of the index, if something is staged
or in conflict; beside it the folders `.git` of nested repositories, what fills the folder of a submodule, new
ignored files, and the bytes of files that git's filters would give back otherwise; and the permissions that
git drops.
"""

from __future__ import annotations

import contextlib
import filecmp
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from contextune.adapters.git.base import add_all, copy_index, untracked_files
from contextune.adapters.git.ignored_work import ignored_work
from contextune.adapters.git.objects import Objects
from contextune.adapters.git.program import Answer, Argument, Git, fields, lines
from contextune.adapters.git.scratch import Scratch

# Paths are bytes here, as git has them: os.path takes them, pathlib does not.
# ruff: noqa: PTH112, PTH114, PTH115, PTH118

_OURS = ("contextune: ", "reset: ")
"""How our own moves are told in the reflog, and resets: what those left, the move before them tells."""

_LOOK_BACK = 50
"""Moves of HEAD that are looked at."""

STAGES, BESIDE, MODES, NOTHING_STAGED = b"stages/", b"beside/", b"modes", b"nothing-staged"
"""What the parts hold: entries of the index below their stage, escaped paths, lines, an empty file."""

_LENIENT: Mapping[str, str] = {
    # Names that other systems cannot have are an agent's work all the same.
    "core.protectHFS": "false",
    "core.protectNTFS": "false",
    # The worktree is deleted right after: what keeps its content must be on the disk.
    "core.fsync": "committed",
    "core.fsyncMethod": "batch",
}

_PSEUDO_REFS = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD", "AUTO_MERGE")
_OWN_REFS = ("refs/worktree", "refs/bisect", "refs/rewritten")


class LenientGit(Git):
    """git that takes any name a file may have, and writes its objects through to the disk."""

    def call(self, *arguments: Argument, config: Mapping[str, str] | None = None, **more: Any) -> Answer:
        """As `Git.call`."""
        return super().call(*arguments, config={**_LENIENT, **(config or {})}, **more)


class State(NamedTuple):
    """What a worktree holds. Two that are equal hold the same bytes."""

    head: str | None
    """The commit that is checked out; None if it is not known."""
    head_tree: str
    tree: str
    parts: str | None
    tips: tuple[str, ...]
    """Commits that only this worktree leads to."""

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing but the commit."""
        return self.tree == self.head_tree and self.parts is None and not self.tips


class Reader:
    """Reads the state of one worktree. `since` is when its set-up was over, in seconds since the epoch."""

    def __init__(
        self, git: Git, objects: Objects, scratch: Scratch, *, checkout: Path, since: float = 0.0
    ) -> None:
        self._git = LenientGit(git.git_dir, git.work_tree)
        self._objects = objects
        self._scratch = scratch
        self._checkout = checkout
        self._since = since
        self._top = os.fsencode(git.work_tree)

    def read(self, head: str | None, *, own_index: bool = True) -> State:
        """The state. Without an index of its own, as where git forgot a worktree, nothing is staged."""
        with self._scratch.folder() as folder:
            head_tree = self._objects.tree_of(head) if head else self._empty()
            index = copy_index(self._git, folder) if own_index else folder / "index"
            is_whole = index.exists()
            if not is_whole:
                self._git.run("read-tree", head_tree, index=index)
            entries: list[bytes] = self._stages(index, head_tree) if is_whole else []
            tree = head_tree
            if self._git.work_tree.is_dir():
                tree, beside = self._files(index, head_tree)
                entries += beside
            elif (staged := self._git.call("write-tree", index=index, allowed=range(256))).code == 0:
                tree = staged.out.decode().strip()  # the folder is gone: what was staged is all that is left
            if not is_whole and not self._adds(head_tree, tree):
                tree = head_tree  # a checkout that was cut off: what is missing is nobody's work
            parts = self._tree_of(entries, folder / "parts") if entries else None
        return State(head, head_tree, tree, parts, self._tips(head) if own_index else ())

    def _files(self, index: Path, head_tree: str) -> tuple[str, list[bytes]]:
        """The tree of all files, and the entries of what lies beside it."""
        untracked = untracked_files(self._git, index)
        nested = [path for path in untracked if path.endswith(b"/")]
        odd = [path for path in untracked if not path.endswith(b"/") and _is_odd(path)]
        links = [path for mode, path in self._index(index) if mode == b"160000"]
        # git calls a file unchanged whose line endings alone are others; by its time stamp it is told apart.
        touched = fields(self._git.run("diff-files", "--name-only", "--no-renames", "-z", index=index))
        add_all(self._git, index, leave_out=[*nested, *odd])
        if nested:
            found = [path for name in nested for path in _below(self._top, name)]
            odd += [path for path in found if _is_odd(path)]
            plain = [path for path in found if not _is_odd(path)]
            stems = lines(name.rstrip(b"/") for name in nested)
            self._git.run("update-index", "--force-remove", "-z", "--stdin", stdin=stems, index=index)
            command = ("update-index", "--add", "--replace", "-z", "--stdin")
            self._git.run(*command, stdin=lines(plain), index=index)
        tree = self._git.run("write-tree", index=index).decode().strip()
        ignored = self._ignored()
        beside = {*odd, *self._git_folders(ignored)}
        beside.update(path for link in links for path in _below(self._top, link, whole=True))
        beside.update(ignored_work(self._git.work_tree, self._checkout, ignored, self._since).kept)
        changed = self._changed(head_tree, tree)
        beside.update(self._converted(index, sorted({*changed, *touched})))
        entries = self._store(sorted(beside))
        modes = b"".join(self._mode(path) for path in sorted({*changed, *beside}))
        if modes:
            entries.append(b"100644 " + self._written(modes) + b"\t" + MODES)
        return tree, entries

    def _stages(self, index: Path, head_tree: str) -> list[bytes]:
        """Entries for all that the index holds, by stage; none if nobody has staged anything.

        The daemon moves a Task's branch to its commit without a look at the index, which then stands at the
        commit before: that is nobody's doing.
        """
        answer = self._git.call("write-tree", index=index, allowed=range(256))
        staged = answer.out.decode().strip()
        if answer.code == 0 and (staged == head_tree or staged in self._trees_before()):
            return []
        rows = fields(self._git.run("ls-files", "--stage", "-z", index=index))
        found = []
        for row in rows:
            facts, path = row.split(b"\t", 1)
            mode, blob, stage = facts.split(b" ")
            found.append(mode + b" " + blob + b"\t" + STAGES + stage + b"/" + path)
        # An index without an entry is kept as well: all is staged as deleted.
        return found or [b"100644 " + self._written(b"") + b"\t" + NOTHING_STAGED]

    def _trees_before(self) -> set[str]:
        """The trees of the commits that the worktree has stood on."""
        stood = {words[1] for words, _ in self._reflog()[-_LOOK_BACK:]}
        return {self._objects.tree_of(commit) for commit in stood if self._objects.resolve(commit)}

    def _index(self, index: Path) -> Iterator[tuple[bytes, bytes]]:
        for row in fields(self._git.run("ls-files", "--stage", "-z", index=index)):
            facts, path = row.split(b"\t", 1)
            yield facts[:6], path

    def _ignored(self) -> list[bytes]:
        command = ("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
        return fields(self._git.run(*command))

    def _git_folders(self, ignored: list[bytes]) -> Iterator[bytes]:
        """Every file of a repository's own folder below this one, but in ignored folders."""
        skipped = {os.path.join(self._top, path.rstrip(b"/")) for path in ignored if path.endswith(b"/")}
        for folder, folders, files in os.walk(self._top):
            if folder != self._top and (b".git" in folders or b".git" in files):
                below = os.path.relpath(os.path.join(folder, b".git"), self._top)
                yield from _below(self._top, below, whole=True)
            folders[:] = [
                name for name in folders if name != b".git" and os.path.join(folder, name) not in skipped
            ]

    def _changed(self, head_tree: str, tree: str) -> list[bytes]:
        """Paths of the regular files that differ from the commit."""
        return [
            item.path
            for item in self._objects.differences(head_tree, tree)
            if item.after is not None and item.after.mode.startswith(b"100")
        ]

    def _converted(self, index: Path, paths: list[bytes]) -> list[bytes]:
        """Those of some files whose very bytes git would not check out, as line endings and filters are."""
        if not paths:
            return []
        with self._scratch.folder() as folder:
            command = ("checkout-index", "--quiet", "-z", "--stdin")
            given = lines(paths)
            # A filter that fails leaves its file out, and then its bytes are kept as they are.
            self._git.call(*command, stdin=given, index=index, work_tree=folder, allowed=range(256))
            top = os.fsencode(folder)
            return [
                path for path in paths if not _is_copy(os.path.join(top, path), os.path.join(self._top, path))
            ]

    def _adds(self, head_tree: str, tree: str) -> bool:
        return any(item.after is not None for item in self._objects.differences(head_tree, tree))

    def _mode(self, path: bytes) -> bytes:
        """A line for permissions that git would not give back."""
        with contextlib.suppress(OSError):
            facts = os.lstat(os.path.join(self._top, path))
            bits = stat.S_IMODE(facts.st_mode)
            if stat.S_ISREG(facts.st_mode) and bits not in (0o644, 0o755):
                return b"%o %s\0" % (bits, path)
        return b""

    def _store(self, paths: list[bytes]) -> list[bytes]:
        """Write files as they are; entries of the parts for them."""
        found, plain = [], []
        for path in paths:
            full = os.path.join(self._top, path)
            with contextlib.suppress(OSError):
                facts = os.lstat(full)
                if stat.S_ISLNK(facts.st_mode):
                    blob = self._written(os.readlink(full))
                    found.append(b"120000 " + blob + b"\t" + BESIDE + escaped(path))
                elif stat.S_ISREG(facts.st_mode):
                    mode = b"100755 " if facts.st_mode & stat.S_IXUSR else b"100644 "
                    plain.append((mode, path, full))
        if plain:
            names = b"".join(_quoted(full) + b"\n" for _, _, full in plain)
            command = ("hash-object", "-w", "--no-filters", "--stdin-paths")
            blobs = self._git.run(*command, stdin=names).split()
            found += [
                mode + blob + b"\t" + BESIDE + escaped(path)
                for (mode, path, _), blob in zip(plain, blobs, strict=True)
            ]
        return found

    def _written(self, data: bytes) -> bytes:
        return self._git.run("hash-object", "-w", "--stdin", stdin=data).strip()

    def _tree_of(self, entries: list[bytes], index: Path) -> str:
        self._git.run("update-index", "-z", "--index-info", stdin=lines(entries), index=index)
        return self._git.run("write-tree", index=index).decode().strip()

    def _empty(self) -> str:
        return self._git.run("mktree", stdin=b"").decode().strip()

    def _tips(self, head: str | None) -> tuple[str, ...]:
        """Commits that an agent made and left, and those of its merges, if nothing else has them."""
        named = [self._objects.resolve(self._own(name)) for name in _PSEUDO_REFS if self._has(name)]
        command = ("for-each-ref", "--format=%(objectname)", *_OWN_REFS)
        named += self._git.run(*command).decode().split()
        named += [commit for commit in self._left() if self._objects.resolve(commit)]
        wanted = sorted({commit for commit in named if commit})
        if not wanted:
            return ()
        known = [
            "--not",
            "--branches",
            "--tags",
            "--remotes",
            "--glob=refs/contextune/*",
            *([head] if head else []),
        ]
        lost = set(self._git.run("rev-list", *wanted, *known).decode().split())
        return tuple(commit for commit in wanted if commit in lost)

    def _has(self, name: str) -> bool:
        return (self._git.git_dir / name).is_file()

    def _own(self, name: str) -> str:
        with contextlib.suppress(OSError):
            return (self._git.git_dir / name).read_text("ascii", "replace").split("\n")[0].split(" ")[0]
        return ""

    def _left(self) -> Iterator[str]:
        """What HEAD stood on by another's doing than ours."""
        for words, message in self._reflog():
            if message and not message.startswith(_OURS):
                yield words[1]

    def _reflog(self) -> list[tuple[list[str], str]]:
        """The ids before and after each move of HEAD, and what it was."""
        with contextlib.suppress(OSError):
            rows = (self._git.git_dir / "logs" / "HEAD").read_text("utf-8", "replace").splitlines()
            parts = (row.partition("\t") for row in rows)
            return [(facts.split(" "), message) for facts, _, message in parts if facts.count(" ") > 1]
        return []


def escaped(path: bytes) -> bytes:
    """A path as the parts have it: git refuses `.git`, and nothing that begins with an underscore."""
    return b"/".join(b"_" + part for part in path.split(b"/"))


def unescaped(path: bytes) -> bytes:
    """The path that `escaped` was given."""
    return b"/".join(part[1:] for part in path.split(b"/"))


def _is_odd(path: bytes) -> bool:
    """Whether git refuses a path, whatever its settings: a part is `.git`, in letters of any size."""
    return any(part.lower() == b".git" for part in path.split(b"/"))


def _below(top: bytes, name: bytes, *, whole: bool = False) -> Iterator[bytes]:
    """The files and links at or below a path; those in folders `.git` too if `whole`."""
    start = os.path.join(top, name.rstrip(b"/"))
    if not os.path.isdir(start) or os.path.islink(start):
        if os.path.lexists(start):
            yield name.rstrip(b"/")
        return
    for folder, folders, files in os.walk(start):
        if not whole:
            folders[:] = [inner for inner in folders if inner != b".git"]
        links = [inner for inner in folders if os.path.islink(os.path.join(folder, inner))]
        for inner in [*files, *links]:
            if whole or inner != b".git":
                yield os.path.relpath(os.path.join(folder, inner), top)


def _is_copy(there: bytes, here: bytes) -> bool:
    """Whether one file has the bytes of the other; so it is if the other is no plain file any more."""
    try:
        if not stat.S_ISREG(os.lstat(here).st_mode):
            return True
    except OSError:
        return True
    try:
        return filecmp.cmp(there, here, shallow=False)
    except OSError:
        return False


def _quoted(path: bytes) -> bytes:
    """A path in git's quotes, so that no byte of it ends the line."""
    plain = (
        b"\\%03o" % byte if byte < 32 or byte > 126 or byte in b'"\\' else bytes([byte]) for byte in path
    )
    return b'"' + b"".join(plain) + b'"'


def files_of(entries: Iterable[bytes]) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Mode, blob and path of the rows of `git ls-tree -r -z`."""
    for row in entries:
        facts, path = row.split(b"\t", 1)
        mode, _, blob = facts.split(b" ")
        yield mode, blob, path

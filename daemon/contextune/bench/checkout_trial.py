"""One Accept, and its Undo, over a checkout in a given state: what was lost of it, byte for byte."""

from __future__ import annotations

import os
import random
import re
import stat
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from contextune.bench.checkout_states import LATER, MOVED, NEW, SCRIPT, SOURCES, STATES, Maker, copy_of, git
from contextune.core.errors import ContextuneError
from contextune.core.ports import Repository
from contextune.core.runs.endings import Restore
from contextune.core.worktrees.snapshot import Base

_OURS = (b"refs/contextune/", b"refs/worktree/")
_MARK = re.compile(rb"user-[0-9a-f]{12}")


class Look(NamedTuple):
    """All that the user could notice. `files` tells path to permissions and bytes."""

    head: bytes
    branch: bytes
    refs: bytes
    staged: bytes
    status: bytes
    config: bytes
    files: dict[bytes, tuple[int, bytes]]

    def lost(self, now: Look) -> int:
        """Bytes that are not there any more as they were; at least 1 if anything is different."""
        count = 0
        for path, (mode, data) in self.files.items():
            mode_now, data_now = now.files.get(path, (0, b""))
            if data_now != data:
                count += max(1, len(data))
            elif mode_now != mode:
                count += 1
        return count or int(self != now)

    def marks(self) -> Counter[bytes]:
        """How often each word of the user's stands in a file."""
        return Counter(mark for path, (_, data) in self.files.items() for mark in _MARK.findall(path + data))


class Verdict(NamedTuple):
    """What came of one trial."""

    states: tuple[str, ...]
    refusal: str
    """Why Accept refused; empty if it did not."""
    lost: int
    """Bytes of the user's that were lost at any point."""
    moves: int
    """How often the branch moved at Accept."""
    should_move: int
    refused_but_changed: bool
    undone: bool
    """Whether Undo put everything back, byte for byte."""


def try_out(
    template: Path,
    root: Path,
    states: Sequence[str],
    seed: int,
    open_repository: Callable[[Path], Repository],
) -> Verdict:
    """Bring a copy of the template into these states, accept a result over it, and undo that. Blocking."""
    copy_of(template, root)
    maker = Maker(root, random.Random(seed))  # noqa: S311 - the same trials each time
    for name in states:
        if name in STATES:
            STATES[name](maker)
    repository = open_repository(root)
    base = repository.take_base({}, None)
    result = _result(root, base, maker.chance)
    for name in states:
        if name in LATER:
            LATER[name](maker)
        elif maker.chance.random() < 0.2:
            STATES[name](maker)  # once more, of which the Run knows nothing
    before, moved = look(root), _moves(root)
    message = "All of it\n" if maker.chance.random() < 0.3 else None
    try:
        restore = repository.move_checkout(base, result, message)
    except ContextuneError as problem:
        lost, moves = before.lost(look(root)), _moves(root) - moved
        return Verdict(tuple(states), str(problem), lost, moves, 0, bool(lost or moves), undone=True)
    return _judged(root, repository, base, result, restore, tuple(states), before, moved)


def _judged(
    root: Path,
    repository: Repository,
    base: Base,
    result: str,
    restore: Restore,
    states: tuple[str, ...],
    before: Look,
    moved: int,
) -> Verdict:
    after = look(root)
    tip = after.head.decode().strip()
    moves, should = _moves(root) - moved, int(after.head != before.head)
    gone = before.marks() - after.marks() - _rewritten(root, base, result)
    lost = sum(len(mark) for mark in gone.elements())
    lost += _strangers_lost(root, before, after)
    repository.restore_checkout(base, tip, restore)
    back = before.lost(look(root))
    return Verdict(states, "", lost + back, moves, should, refused_but_changed=False, undone=not back)


def _rewritten(root: Path, base: Base, result: str) -> Counter[bytes]:
    """Words of the user's that the Run was given, and that its Tasks replaced: that is their work."""
    given, left = (
        Counter(_MARK.findall(git(root, "grep", "-h", "-a", "user-", commit, "--", may_fail=True)))
        for commit in (base.commit, result)
    )
    return given - left


def _strangers_lost(root: Path, before: Look, after: Look) -> int:
    """Bytes of files that the result does not touch, and that are different all the same."""
    names = git(root, "diff", "--name-only", "--no-renames", "-z", f"{before.head.decode().strip()}..HEAD")
    touched = set(names.split(b"\0"))
    # What a Task did to a file that the user has renamed belongs under its new name.
    rest = {p: content for p, content in before.files.items() if p.removesuffix(MOVED) not in touched}
    return sum(
        max(1, len(data)) for path, (mode, data) in rest.items() if after.files.get(path) != (mode, data)
    )


def look(root: Path) -> Look:
    """The checkout as it is. Writes nothing, the index neither."""
    refs = git(root, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return Look(
        head=git(root, "rev-parse", "HEAD"),
        branch=git(root, "rev-parse", "--symbolic-full-name", "HEAD"),
        refs=b"\n".join(ref for ref in refs if not ref.startswith(_OURS)),
        staged=git(root, "ls-files", "--stage", "-t", "-v", "-z"),
        status=git(root, "--no-optional-locks", "status", "--porcelain=v2", "-z", "--untracked-files=all"),
        config=(root / ".git" / "config").read_bytes(),
        files=_files(os.fsencode(root)),
    )


def _moves(root: Path) -> int:
    return git(root, "reflog", "HEAD").count(b"\n")


# Names may not be UTF-8, so that paths are bytes here.
# ruff: noqa: PTH118


def _files(top: bytes) -> dict[bytes, tuple[int, bytes]]:
    found: dict[bytes, tuple[int, bytes]] = {}
    for folder, folders, names in os.walk(top):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]  # noqa: PTH114
        folders[:] = [name for name in folders if name != b".git"]
        for name in (*names, *links):
            if name == b".git":
                continue
            full = os.path.join(folder, name)
            facts = os.lstat(full)
            is_link = stat.S_ISLNK(facts.st_mode)
            data = os.readlink(full) if is_link else Path(os.fsdecode(full)).read_bytes()  # noqa: PTH115
            found[os.path.relpath(full, top)] = (facts.st_mode, data)
    return found


def _result(root: Path, base: Base, chance: random.Random) -> str:
    """Two commits on the Base, as two Tasks would leave them."""
    commit = base.commit
    for number in (1, 2):
        entries = _changed(root, commit, chance, number)
        tree = _tree(root, commit, entries)
        commit = git(root, "commit-tree", tree, "-p", commit, "-m", f"Task {number}").decode().strip()
    return commit


def _changed(root: Path, commit: str, chance: random.Random, number: int) -> list[bytes]:
    """Lines for `git update-index --index-info`: files that a Task edits, makes and removes."""
    there = {
        row.split(b"\t")[1]: row.split()[0]
        for row in git(root, "ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")[:-1]
    }
    files = [path for path in map(str.encode, SOURCES) if there.get(path, b"").startswith(b"100")]
    lines: list[bytes] = []
    for path in chance.sample(files, min(2, len(files))):
        rows = git(root, "cat-file", "blob", f"{commit}:{path.decode()}").split(b"\n")
        rows[chance.randrange(len(rows))] = f"# task {number} {chance.getrandbits(32):x}".encode()
        lines.append(_entry(root, there[path], path, b"\n".join(rows)))
    if number == 1 and chance.random() < 0.6 and NEW.encode() not in there:
        lines.append(_entry(root, b"100644", NEW.encode(), b"made by a Task\n"))
    if number == 2 and chance.random() < 0.3 and SCRIPT.encode() in there:
        lines.append(b"0 " + b"0" * 40 + b"\t" + SCRIPT.encode())
    return lines


def _entry(root: Path, mode: bytes, path: bytes, content: bytes) -> bytes:
    blob = git(root, "hash-object", "-w", "--no-filters", "--stdin", stdin=content).strip()
    return mode + b" " + blob + b"\t" + path


def _tree(root: Path, commit: str, entries: Sequence[bytes]) -> str:
    index = root / ".git" / "trial-index"
    git(root, "read-tree", commit, index=index)
    git(root, "update-index", "-z", "--index-info", stdin=b"".join(e + b"\0" for e in entries), index=index)
    return git(root, "write-tree", index=index).decode().strip()

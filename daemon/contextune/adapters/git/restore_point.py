"""The record of one Accept: the user's branch, index and files before and after it, as two commits.

Each has a stash's shape. The tree holds the files of the checkout, those that Accept touches byte for byte as
on disk; the first parent is the branch's commit, the second holds the index. The commit of the state after
has the one of the state before as its third parent, so that one ref keeps all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from contextune.adapters.files.disk import LINK, Content, Disk
from contextune.adapters.git.objects import Entry, Objects
from contextune.adapters.git.program import Git, fields, lines
from contextune.core.errors import GitProblem
from contextune.core.runs.endings import Restore

Contents = Mapping[bytes, Content | None]
"""What is or shall be at paths; None for nothing."""


class PutBack(NamedTuple):
    """How to get from the state after back to the state before."""

    files: dict[bytes, Content | None]
    staged: dict[bytes, Entry | None]
    moved: frozenset[bytes]
    """Paths that are in neither state: someone changed them since."""


def write_record(
    git: Git,
    objects: Objects,
    folder: Path,
    *,
    heads: tuple[str, str],
    indexes: tuple[str, str],
    files: tuple[Path, Path],
    touched: tuple[Contents, Contents],
) -> Restore:
    """Write both commits. Each pair is (before, after): commits, index trees, private indexes that hold the
    trees of the checkout (they are consumed), and the exact bytes of the touched files.
    """
    before_tree, after_tree = (
        _exact_tree(git, folder / f"raw{number}", files[number], touched[number]) for number in (0, 1)
    )
    title = "The checkout before Accept\n"
    before_index = objects.commit_ours(indexes[0], [heads[0]], f"{title}\nThe index.\n")
    before = objects.commit_ours(before_tree, [heads[0], before_index], title)
    title = "The checkout after Accept\n"
    after_index = objects.commit_ours(indexes[1], [heads[1]], f"{title}\nThe index.\n")
    after = objects.commit_ours(after_tree, [heads[1], after_index, before], title)
    return Restore(head=heads[0], index_tree=indexes[0], worktree=before, after_worktree=after)


def read_record(objects: Objects, after: str) -> Restore:
    """The record whose later commit this is."""
    head, before = objects.resolve(f"{after}^3^1"), objects.resolve(f"{after}^3")
    if head is None or before is None:
        raise GitProblem(f"{after[:12]} is not the record of an Accept.")
    return Restore(
        head=head, index_tree=objects.tree_of(f"{before}^2"), worktree=before, after_worktree=after
    )


def compare(git: Git, objects: Objects, restore: Restore, *, trust_modes: bool) -> PutBack:
    """Compare files and index with both states of a record."""
    disk = Disk(git.work_tree)
    moved: set[bytes] = set()
    wanted: list[tuple[bytes, Entry | None]] = []
    new_since: list[bytes] = []
    for path, before, after in objects.differences(restore.worktree, restore.after_worktree):
        now = disk.read(path)
        if _same(now, after, trust_modes):
            wanted.append((path, before))
            if after is None:
                new_since.append(path)
        elif not _same(now, before, trust_modes):
            moved.add(path)
    going = {path for path, before in wanted if before is None}
    moved.update(path for path in new_since if disk.occupied_by(path, going) is not None)
    data = iter(objects.read_all([before.blob for _, before in wanted if before is not None]))
    files = {path: None if before is None else Content(before.mode, next(data)) for path, before in wanted}
    index: dict[bytes, Entry | None] = {}
    staged = read_index(git)
    for path, before, after in objects.differences(restore.index_tree, f"{restore.after_worktree}^2"):
        if staged.get(path) == after:
            index[path] = before
        elif staged.get(path) != before:
            moved.add(path)
    return PutBack(
        {path: content for path, content in files.items() if path not in moved}, index, frozenset(moved)
    )


def read_index(git: Git) -> dict[bytes, Entry]:
    """The entries of the user's index by path, those of a merge in progress left out."""
    found: dict[bytes, Entry] = {}
    for row in fields(git.run("ls-files", "--stage", "-z")):
        facts, path = row.split(b"\t", 1)
        mode, blob, stage = facts.split(b" ")
        if stage == b"0":
            found[path] = Entry(mode, blob)
    return found


def index_lines(entries: Mapping[bytes, Entry | None], id_length: int) -> bytes:
    """Entries as `git update-index -z --index-info` reads them, removals first."""
    gone = [b"0 " + b"0" * id_length + b"\t" + path for path, entry in entries.items() if entry is None]
    come = [
        entry.mode + b" " + entry.blob + b"\t" + path for path, entry in entries.items() if entry is not None
    ]
    return lines([*gone, *come])


def _exact_tree(git: Git, folder: Path, index: Path, touched: Contents) -> str:
    """The tree of an index with some files replaced by their exact bytes, no filter applied."""
    folder.mkdir()
    present = [(path, content) for path, content in touched.items() if content is not None]
    for number, (_, content) in enumerate(present):
        (folder / str(number)).write_bytes(content.data)
    names = "".join(f"{number}\n" for number in range(len(present))).encode()
    blobs: Sequence[bytes] = []
    if present:
        blobs = git.run(
            "hash-object", "-w", "--no-filters", "--stdin-paths", stdin=names, work_tree=folder
        ).split()
    entries: dict[bytes, Entry | None] = {path: None for path, content in touched.items() if content is None}
    for (path, content), blob in zip(present, blobs, strict=True):
        entries[path] = Entry(content.mode, blob)
    if entries:
        id_length = len(blobs[0]) if blobs else 40
        git.run("update-index", "-z", "--index-info", stdin=index_lines(entries, id_length), index=index)
    return git.run("write-tree", index=index).decode().strip()


def _same(now: Content | None, entry: Entry | None, trust_modes: bool) -> bool:
    if now is None or entry is None:
        return now is None and entry is None
    if (now.mode == LINK) != (entry.mode == LINK) or (trust_modes and now.mode != entry.mode):
        return False
    return now.blob(len(entry.blob)) == entry.blob

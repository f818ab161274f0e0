"""Takes the Base: what the user sees, as a commit object, with nothing of the user's touched."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from contextune.adapters.git.objects import Objects
from contextune.adapters.git.program import Git, fields, given, lines, shown
from contextune.adapters.git.scratch import Scratch
from contextune.core.errors import GitProblem, PlaceProblem, UsageProblem
from contextune.core.ports import Overlays
from contextune.core.worktrees.snapshot import Base

LARGEST_UNTRACKED = 50 * 1024 * 1024
"""Bytes above which an untracked file stays out of the Base: it would be copied into every worktree."""


class _Status(NamedTuple):
    head: str
    branch: str | None
    upstream: str | None
    behind: int
    changed: bool
    untracked: tuple[bytes, ...]


def take_base(git: Git, objects: Objects, scratch: Scratch, overlays: Overlays, ref: str | None) -> Base:
    """Snapshot HEAD plus staged, unstaged, untracked and unsaved work; or take the commit that `ref` names.

    A clean checkout is its own Base. Raises PlaceProblem without a first commit, UsageProblem for a `ref`
    that names no commit.
    """
    status = _read_status(git, untracked=ref is None)
    if ref is not None:
        commit = objects.resolve(ref)
        if commit is None:
            raise UsageProblem(f"{ref!r} names no commit here. Give a branch, a tag or a commit id.")
        return _base(status, commit, objects.tree_of(commit))
    skipped = [path for path in status.untracked if not belongs(git.work_tree, path)]
    head_tree = objects.tree_of(status.head)
    tree = head_tree
    if status.changed or len(skipped) < len(status.untracked) or overlays:
        tree = _tree(git, scratch, overlays, skipped)
    if tree == head_tree:
        return _base(status, status.head, tree, skipped=skipped)
    commit = objects.commit_ours(tree, [status.head], "The base of a run: HEAD and unfinished work\n")
    dirty = [difference.path for difference in objects.differences(head_tree, tree)]
    return _base(status, commit, tree, dirty, skipped)


def user_tree(git: Git, scratch: Scratch, overlays: Overlays) -> str:
    """What the user sees, unsaved work included, as a tree alone."""
    skipped = [path for path in untracked_files(git) if not belongs(git.work_tree, path)]
    return _tree(git, scratch, overlays, skipped)


def _tree(git: Git, scratch: Scratch, overlays: Overlays, skipped: Sequence[bytes]) -> str:
    with scratch.folder() as folder:
        index = copy_index(git, folder)
        add_all(git, index, leave_out=skipped)
        _lay_over(git, index, folder / "unsaved", overlays)
        return git.run("write-tree", index=index).decode().strip()


def copy_index(git: Git, folder: Path, name: str = "index") -> Path:
    """A private copy of the index, to be changed freely.

    Its time stamp is kept: from it git tells which entries were written too late to trust their stat data.
    """
    copy = folder / name
    source = git.git_dir / "index"
    if source.exists():
        shutil.copy2(source, copy)
    return copy


def add_all(git: Git, index: Path | None, *, leave_out: Sequence[bytes]) -> None:
    """Bring an index to the state of the work tree: new, changed and deleted files, ignored ones left out."""
    if not leave_out:
        git.run("add", "--all", index=index)
        return
    specs = [b":(top)", *(b":(top,exclude,literal)" + path.rstrip(b"/") for path in leave_out)]
    git.run(
        "add",
        "--all",
        "--pathspec-from-file=-",
        "--pathspec-file-nul",
        stdin=lines(specs),
        index=index,
        environment={"GIT_LITERAL_PATHSPECS": "0"},
    )


def untracked_files(git: Git, index: Path | None = None) -> list[bytes]:
    """Files that are neither tracked nor ignored; a repository inside the work tree ends with a slash."""
    return fields(git.run("ls-files", "--others", "--exclude-standard", "-z", index=index))


def ignored_files(git: Git, untracked: Sequence[bytes]) -> list[bytes]:
    """Those of some untracked paths that .gitignore and its like name."""
    answer = git.call(
        "check-ignore",
        "--no-index",
        "-z",
        "--stdin",
        # It knows no literal pathspecs; behind "./" nothing in a name is taken for magic.
        stdin=lines(b"./" + path for path in untracked),
        environment={"GIT_LITERAL_PATHSPECS": "0"},
        allowed=(0, 1),
    )
    return [path.removeprefix(b"./") for path in fields(answer.out)]


def belongs(root: Path, path: bytes) -> bool:
    """Whether an untracked file is part of the Base: no nested repository, readable, not too large."""
    if path.endswith(b"/"):
        return False
    full = os.path.join(os.fsencode(root), path)  # noqa: PTH118 - a name may not be UTF-8
    try:
        facts = os.lstat(full)
    except OSError:
        return True
    if stat.S_ISREG(facts.st_mode):
        return facts.st_size <= LARGEST_UNTRACKED and os.access(full, os.R_OK)
    return True


def _read_status(git: Git, *, untracked: bool) -> _Status:
    output = git.run(
        "status",
        "--porcelain=v2",
        "--branch",
        "--ahead-behind",
        "--no-renames",
        "--ignore-submodules=dirty",
        f"--untracked-files={'all' if untracked else 'no'}",
        "-z",
    )
    facts: dict[str, str] = {}
    others: list[bytes] = []
    changed = False
    for row in fields(output):
        kind, _, rest = row.partition(b" ")
        if kind == b"#":
            key, _, value = shown(rest).partition(" ")
            facts[key] = value
        elif kind == b"?":
            others.append(rest)
        else:
            changed = True
    head = facts.get("branch.oid", "(initial)")
    if head == "(initial)":
        raise PlaceProblem(f"{git.work_tree} has no commit yet. Make a first commit, then try again.")
    ahead_behind = facts.get("branch.ab")
    return _Status(
        head=head,
        branch=None if facts["branch.head"] == "(detached)" else facts["branch.head"],
        upstream=facts.get("branch.upstream") if ahead_behind else None,
        behind=-int(ahead_behind.split()[1]) if ahead_behind else 0,
        changed=changed,
        untracked=tuple(others),
    )


def _base(
    status: _Status, commit: str, tree: str, dirty: Iterable[bytes] = (), skipped: Iterable[bytes] = ()
) -> Base:
    return Base(
        commit=commit,
        tree=tree,
        head=status.head,
        branch=status.branch,
        dirty=tuple(shown(path) for path in dirty),
        behind=status.behind,
        upstream=status.upstream,
        skipped=tuple(shown(path) for path in skipped),
    )


def _lay_over(git: Git, index: Path, folder: Path, overlays: Overlays) -> None:
    """Put unsaved buffers into an index, converted as if they had been saved and added."""
    root = git.work_tree.resolve()
    unsaved: dict[bytes, bytes] = {}
    for name, content in overlays.items():
        real = Path(os.path.realpath(root / os.fsdecode(given(name))))
        if real != root and real.is_relative_to(root) and not _in_other_repository(root, real):
            unsaved[os.fsencode(real.relative_to(root))] = content
    if not unsaved:
        return
    tracked = set(fields(git.run("ls-files", "-z", "--", *unsaved, index=index)))
    ignored = set(ignored_files(git, [path for path in unsaved if path not in tracked]))
    wanted = {path: content for path, content in unsaved.items() if path not in ignored}
    try:
        for path, content in wanted.items():
            relative = os.fsdecode(path)
            target = folder / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            if (root / relative).is_file():
                shutil.copymode(root / relative, target)
    except OSError as problem:
        raise GitProblem(f"an unsaved file could not be kept: {problem}.") from problem
    if wanted:
        # With this folder as the work tree git applies the same line ending rules and filters as `git add`,
        # and takes attributes from the index where the folder has none.
        git.run(
            "update-index",
            "--add",
            "--replace",
            "-z",
            "--stdin",
            stdin=lines(wanted),
            index=index,
            work_tree=folder,
        )


def _in_other_repository(root: Path, path: Path) -> bool:
    inside = path.relative_to(root)
    return ".git" in inside.parts or any(
        (root / parent / ".git").exists() for parent in inside.parents if parent != Path()
    )

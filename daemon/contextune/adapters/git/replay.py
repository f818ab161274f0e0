"""Puts a Run's commits on top of the user's branch, as commit objects: no file and no ref is touched."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from contextune.adapters.git.objects import Objects
from contextune.adapters.git.program import Git, Identity
from contextune.adapters.git.signing import Signing
from contextune.core.errors import GitProblem, MergeRefused
from contextune.core.worktrees.snapshot import Base


class _Commit(NamedTuple):
    id: str
    parents: tuple[str, ...]


def replay(
    git: Git,
    objects: Objects,
    base: Base,
    *,
    result: str,
    message: str | None,
    head: str,
    sign: Signing | None = None,
) -> str:
    """Carry `base`..`result` onto `head` and return the new tip.

    What the Base holds beyond its HEAD, the user's unfinished work, is not carried along. One commit stays
    one, its author and message kept; with a `message` there is one commit in all. Raises MergeRefused if the
    work does not apply to `head`. With `sign`, every commit is written anew and signed.
    """
    chain = _chain(git, base.commit, result)
    if not chain:
        return head
    if message is not None:
        return _squash(objects, base, result, message, head, sign)
    if sign is None and head == base.commit and all(len(commit.parents) == 1 for commit in chain):
        return result
    head_tree, *trees = objects.trees_of([head, base.commit, *(commit.id for commit in chain)])
    bodies = objects.read_all([commit.id.encode() for commit in chain])
    tip, tip_tree = head, head_tree
    for number, (commit, body) in enumerate(zip(chain, bodies, strict=True)):
        merge = objects.merge_trees(commit.parents[0], trees[number], tip_tree, trees[number + 1])
        if merge.tree is None:
            raise _refusal(base, head, merge.conflicts)
        if merge.tree != tip_tree:
            tip = _rewrite(objects, body, merge.tree, tip, sign)
            tip_tree = merge.tree
    return tip


def name_files(paths: Collection[str]) -> str:
    """Paths for a sentence: at most five by name."""
    ordered = sorted(paths)
    named = ", ".join(ordered[:5])
    return named if len(ordered) <= 5 else f"{named} and {len(ordered) - 5} more"


def _squash(objects: Objects, base: Base, result: str, message: str, head: str, sign: Signing | None) -> str:
    head_tree, result_tree = objects.trees_of([head, result])
    merge = objects.merge_trees(base.commit, base.tree, head_tree, result_tree)
    if merge.tree is None:
        raise _refusal(base, head, merge.conflicts)
    return head if merge.tree == head_tree else objects.commit_tree(merge.tree, [head], message, sign=sign)


def _chain(git: Git, base: str, result: str) -> list[_Commit]:
    """The commits after the Base, oldest first, along first parents."""
    output = git.run("rev-list", "--first-parent", "--reverse", "--parents", f"{base}..{result}", "--")
    chain = [_Commit(row.split()[0], tuple(row.split()[1:])) for row in output.decode().splitlines()]
    if chain and chain[0].parents[:1] != (base,):
        raise GitProblem(f"commit {result[:12]} does not build on the run's base {base[:12]}.")
    return chain


def _rewrite(objects: Objects, body: bytes, tree: str, parent: str, sign: Signing | None) -> str:
    """The same commit with another tree on another parent: author, date and message stay."""
    header, _, message = body.partition(b"\n\n")
    written = re.search(rb"^author (.+) <(.*)> (\d+ [+-]\d{4})$", header, re.MULTILINE)
    encoding = re.search(rb"^encoding (\S+)$", header, re.MULTILINE)
    author = None
    if written:
        name, email, date = (os.fsdecode(part) for part in written.groups())
        author = Identity(name, email, f"@{date}")
    return objects.commit_tree(
        tree,
        [parent],
        message,
        author=author,
        encoding=encoding[1].decode("ascii") if encoding else None,
        sign=sign,
    )


def _refusal(base: Base, head: str, conflicts: Sequence[str]) -> MergeRefused:
    files = name_files(conflicts)
    own = sorted(set(conflicts) & set(base.dirty))
    if own:
        return MergeRefused(
            f"The run builds on your uncommitted changes in {name_files(own)}, so its work cannot be "
            "committed without them. Commit those changes, then accept again. Nothing was changed."
        )
    if head != base.head:
        where = base.branch or "HEAD"
        return MergeRefused(
            f"{where} has new commits that change what the run changed in {files}. "
            "Rebase the run onto them, or undo them, then accept again. Nothing was changed."
        )
    return MergeRefused(
        f"The run's changes to {files} do not apply to {base.branch or 'HEAD'}. Nothing was changed."
    )

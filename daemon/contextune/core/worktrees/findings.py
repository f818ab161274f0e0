"""What is wrong with worktrees, told from plain facts: a sentence, a remedy, and whether code can mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from contextune.core.worktrees.worktree import BranchFacts, Facts, Finding, LockFacts, Measure, TreeFacts

Standing = Literal["needed", "ended", "unknown"]
"""Whether a Run needs its worktrees, has no use for them any more, or is in no Journal of ours."""

STALE_LOCK = 60_000
"""Milliseconds after which a lock file in our own places was left by a git that died."""

YOUNG = 3_600_000
"""Milliseconds for which a worktree that no Run knows may be a Quote's in the making."""

OLD_BRANCH = 7 * 86_400_000
"""Milliseconds after which a branch whose Run no Journal here knows is nobody's, not even another home's."""

SHOWN = 3
"""Processes that are named."""

RESTORED = "restored"
"""The folder, and the part of a branch's name, of what was restored from a Salvage: the user's own by now."""


def run_of(path: str) -> str:
    """The id of the Run that a worktree's folder, or a branch, is named for."""
    return path.split("/")[-2]


def of_tree(tree: TreeFacts, standing: Standing, now: int) -> tuple[Finding, ...]:
    """What is wrong with one worktree; the gravest first."""
    return tuple(_of_tree(tree, standing, now))


def of_measure(path: str, measure: Measure) -> tuple[Finding, ...]:
    """What a look through the folder tells."""
    found = []
    if measure.nested:
        found.append(
            Finding(
                kind="nested",
                place=path,
                text=f"It holds a repository of its own: {', '.join(measure.nested[:3])}.",
                remedy="Nothing to do: its files and its history are kept with the rest.",
            )
        )
    if measure.read_only:
        found.append(
            Finding(
                kind="read_only",
                place=path,
                text=f"Nobody may write the folder {measure.read_only[0]}.",
                remedy="Nothing to do: it is made writable when the worktree goes.",
            )
        )
    return tuple(found)


def of_repository(facts: Facts, standing: Callable[[str], Standing], now: int) -> tuple[Finding, ...]:
    """What is wrong with branches and locks."""
    held = {tree.branch for tree in facts.trees} | {tree.start_branch for tree in facts.trees}
    found = [finding for lock in facts.locks for finding in _of_lock(lock, in_use=False)]
    for branch in facts.branches:
        name = branch.ref.removeprefix("refs/heads/")
        if name not in held and run_of(branch.ref) != RESTORED:
            found += _of_branch(branch, standing(run_of(branch.ref)), now)
    return tuple(found)


def _of_tree(tree: TreeFacts, standing: Standing, now: int) -> Iterator[Finding]:
    path, needed = tree.path, standing == "needed"
    if tree.pointer == "claimed":
        yield Finding(
            kind="claimed",
            place=path,
            text="Another repository uses this worktree: this one is a copy of it.",
            remedy="Leave it to the other repository; forget it here with git worktree prune.",
        )
        return
    if tree.locked is not None:
        yield _locked(tree, needed=needed)
    if tree.processes and not needed:
        yield Finding(
            kind="in_use",
            place=path,
            text=f"A process works in it: {', '.join(tree.processes[:SHOWN])}.",
            remedy="It stays until that has ended: close the terminal or the window.",
        )
    if tree.problem:
        yield Finding(kind="unknown", place=path, text=f"git cannot read it: {tree.problem}")
    if not tree.has_folder:
        yield Finding(
            kind="folder_missing",
            place=path,
            text="Its folder is gone.",
            remedy="What was committed or staged is kept in a Salvage ref, then git forgets the worktree.",
            repair=None if _is_closed(tree) or needed else "remove",
        )
    elif not tree.has_entry:
        yield Finding(
            kind="forgotten",
            place=path,
            text="git knows no such worktree: it was pruned, or the repository was cloned anew.",
            remedy="Its files are kept in a Salvage ref, then the folder is removed.",
            repair=None if needed or tree.processes else "remove",
        )
    elif tree.pointer != "right":
        why = "is gone" if tree.pointer == "missing" else "leads elsewhere"
        moved = "" if tree.at_home else " The repository was moved since."
        yield Finding(
            kind="pointer" if tree.at_home else "moved",
            place=path,
            text=f"Its .git file {why}, so that git does not work in it.{moved}",
            remedy="The file is written anew; nothing else changes.",
            repair="relink",
        )
    yield from _unsettled(tree, standing, now)
    for lock in tree.locks:
        yield from _of_lock(lock, in_use=needed)


def _unsettled(tree: TreeFacts, standing: Standing, now: int) -> Iterator[Finding]:
    """What is odd about a worktree that is there."""
    path = tree.path
    if tree.has_folder and tree.has_entry and not tree.filled and standing != "needed":
        yield Finding(
            kind="half_made",
            place=path,
            text="It was never finished: the process that made it ended.",
            remedy="It is removed; files that are not of its commit are kept in a Salvage ref.",
            repair=None if _is_closed(tree) else "remove",
        )
    elif standing == "unknown" and run_of(path) != RESTORED and tree.has_folder and tree.has_entry:
        is_old = now - tree.changed_at > YOUNG
        yield Finding(
            kind="orphan",
            place=path,
            text="No Run here knows it: a quote was cut off, or its Run is of another home.",
            remedy="It is removed, all of it kept in a Salvage ref."
            if is_old
            else "It may still be in the making; look again in an hour.",
            repair="remove" if is_old and not _is_closed(tree) else None,
        )
    if tree.operation is not None:
        yield Finding(
            kind="operation",
            place=path,
            text=f"A {tree.operation} is going on in it.",
            remedy="Open it and finish or abort that, or clean it: files and commits are kept, the "
            f"{tree.operation} itself is not.",
        )
    elif tree.has_entry and tree.branch is None and tree.filled and not tree.problem:
        yield Finding(
            kind="detached",
            place=path,
            text="It stands on no branch.",
            remedy="Nothing to do: its commits are kept when it goes.",
        )
    elif tree.branch and tree.start_branch and tree.branch != tree.start_branch:
        yield Finding(
            kind="branch",
            place=path,
            text=f"It stands on {tree.branch}, not on {tree.start_branch}.",
            remedy="Nothing to do: that branch stays when the worktree goes.",
        )


def _locked(tree: TreeFacts, *, needed: bool) -> Finding:
    if tree.locked_by_us:
        return Finding(
            kind="unlocked_soon",
            place=tree.path,
            text="A git that was making it was cut off and left it locked.",
            remedy="The lock is removed.",
            repair=None if needed else "unlock",
        )
    why = f": {tree.locked}" if tree.locked else ""
    return Finding(
        kind="locked",
        place=tree.path,
        text=f"Somebody has locked it{why}.",
        remedy=f"It stays until that is over: git worktree unlock {tree.path}",
    )


def _is_closed(tree: TreeFacts) -> bool:
    """Whether it stays as it is for a person's sake."""
    return bool(tree.processes) or (tree.locked is not None and not tree.locked_by_us)


def _of_lock(lock: LockFacts, *, in_use: bool) -> Iterator[Finding]:
    if lock.age_ms < STALE_LOCK or (lock.ours and in_use):
        return
    age = f"{lock.age_ms // 60_000} min"
    if lock.ours:
        yield Finding(
            kind="stale_lock",
            place=lock.path,
            text=f"A git that ended {age} ago or earlier left a lock.",
            remedy="The lock file is removed.",
            repair="drop_lock",
        )
    else:
        yield Finding(
            kind="foreign_lock",
            place=lock.path,
            text=f"Another git holds this lock since {age}, or ended without removing it.",
            remedy="If no git is at work there, remove the file yourself. Contextune does not touch it.",
        )


def _of_branch(branch: BranchFacts, standing: Standing, now: int) -> Iterator[Finding]:
    if standing == "needed":
        return
    is_ours = standing == "ended" or now - branch.at > OLD_BRANCH
    yield Finding(
        kind="orphan_branch",
        place=branch.ref,
        text="No Run needs this branch any more."
        if standing == "ended"
        else "No Run here knows this branch; it may be of another home.",
        remedy="A Salvage ref keeps its commits, then the branch is removed."
        if is_ours
        else "Remove it yourself if no other home of yours has its Run.",
        repair="drop_branch" if is_ours else None,
    )

"""git-worktree-master: what is wrong with the worktrees of a repository, and the command that mends it."""

from __future__ import annotations

from collections.abc import Sequence

from contextune.core.advice.advice import Advice, Point, Step
from contextune.core.sizes import size_text
from contextune.core.spending.wording import count_text
from contextune.core.worktrees.worktree import Finding, Worktree

SKILL = "git-worktree-master"
MOST_SHOWN = 12
"""Findings that are told one by one."""


def worktree_advice(worktrees: Sequence[Worktree], findings: Sequence[Finding]) -> Advice:
    """`findings` are all there are, those of worktrees among them."""
    able = [one for one in findings if one.repair is not None]
    removable = [tree for tree in worktrees if tree.removable]
    points = [_finding(one) for one in findings[:MOST_SHOWN]]
    if len(findings) > MOST_SHOWN:
        points.append(Point(text=f"And {len(findings) - MOST_SHOWN} more findings."))
    if removable:
        size = size_text(sum(tree.size_bytes for tree in removable))
        dirty = sum(tree.dirty for tree in removable)
        kept = (f"{dirty} of them with unfinished work, which a Salvage keeps.",) if dirty else ()
        points.append(
            Point(text=f"{count_text(len(removable), 'worktree')} ({size}) nobody needs.", details=kept)
        )
    steps = []
    if able:
        steps.append(Step(title=f"Mend what code can mend ({len(able)})", arguments=("worktrees", "mend")))
    if removable:
        title = f"Remove what nobody needs ({count_text(len(removable), 'worktree')})"
        steps.append(Step(title=title, arguments=("worktrees", "clean")))
    return Advice(
        skill=SKILL,
        summary=_summary(worktrees, findings, len(able)),
        points=tuple(points),
        steps=tuple(steps),
    )


def _summary(worktrees: Sequence[Worktree], findings: Sequence[Finding], able: int) -> str:
    if not worktrees and not findings:
        return "There are no worktrees of Tasks here."
    there, used = count_text(len(worktrees), "worktree"), sum(tree.in_use for tree in worktrees)
    if not findings:
        return f"{there}, {used} in use. Nothing is wrong with any of them."
    return f"{there}, {used} in use. {count_text(len(findings), 'finding')}, of which code can mend {able}."


def _finding(one: Finding) -> Point:
    return Point(text=f"{one.place}: {one.text}", details=(one.remedy,) if one.remedy else ())

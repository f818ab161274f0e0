"""Worktrees, findings and Salvages to views. Pure."""

from __future__ import annotations

from contextune.core.sizes import size_text
from contextune.core.worktrees.worktree import Finding, SalvageRef, Worktree
from contextune.protocol.words import shown
from contextune.protocol.worktree_views import FindingView, SalvageView, WorktreeView


def worktree_view(worktree: Worktree) -> WorktreeView:
    """A worktree of a Task."""
    return WorktreeView(
        path=worktree.path,
        branch=worktree.branch,
        run_id=worktree.run_id,
        task_id=worktree.task_id,
        dirty=worktree.dirty,
        in_use=worktree.in_use,
        size_bytes=worktree.size_bytes,
        size_text=size_text(worktree.size_bytes),
        removable=worktree.removable,
        stays=worktree.stays,
        state=worktree.state,
        title=worktree.title,
        changed_at=worktree.changed_at,
        findings=tuple(finding_view(finding) for finding in worktree.findings),
    )


def finding_view(finding: Finding) -> FindingView:
    """One thing that is not as it should be."""
    return FindingView(
        kind=finding.kind,
        place=finding.place,
        text=shown(finding.text),
        remedy=shown(finding.remedy),
        repair=finding.repair,
    )


def salvage_view(salvage: SalvageRef) -> SalvageView:
    """A Salvage that can be restored."""
    return SalvageView(
        ref=salvage.ref,
        run_id=salvage.run_id,
        name=salvage.name,
        at=salvage.at,
        files=salvage.files,
        paths=salvage.paths,
    )


def disk_text(size: int, bound: int | None) -> str:
    """Such as `1.2 GB of 20.0 GB`."""
    return size_text(size) if bound is None else f"{size_text(size)} of {size_text(bound)}"

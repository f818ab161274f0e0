"""`contextune/worktree/*`."""

from __future__ import annotations

from contextune.protocol.params import TodoListParams
from contextune.protocol.words import shown
from contextune.protocol.worktree_views import (
    MendedView,
    WorktreeCleanParams,
    WorktreeCleanResult,
    WorktreeListResult,
    WorktreeMendParams,
    WorktreeMendResult,
    WorktreeRestoreParams,
    WorktreeRestoreResult,
)
from contextune.protocol.worktrees import disk_text, finding_view, salvage_view, worktree_view
from contextune.server.session import Session


async def every(session: Session, params: TodoListParams) -> WorktreeListResult:
    """The worktrees of a folder's Tasks, and what is kept of those that went."""
    desk = (await session.application()).desk
    folder = session.folder(params.folder)
    found = await desk.overview(folder)
    salvages, _ = await desk.salvages(folder)
    return WorktreeListResult(
        worktrees=tuple(worktree_view(one) for one in found.worktrees),
        findings=tuple(finding_view(one) for one in found.findings),
        salvages=tuple(salvage_view(one) for one in salvages),
        size_bytes=found.size_bytes,
        disk_text=disk_text(found.size_bytes, found.bound_bytes),
    )


async def clean(session: Session, params: WorktreeCleanParams) -> WorktreeCleanResult:
    """Remove worktrees that no live Run needs, or only tell which."""
    desk = (await session.application()).desk
    removed, salvage = await desk.clean(
        session.folder(params.folder), dry_run=params.dry_run, names=params.paths
    )
    return WorktreeCleanResult(worktrees=tuple(worktree_view(one) for one in removed), salvage=tuple(salvage))


async def restore(session: Session, params: WorktreeRestoreParams) -> WorktreeRestoreResult:
    """Put a Salvage into a new worktree."""
    desk = (await session.application()).desk
    done = await desk.restore(session.folder(params.folder), params.name)
    return WorktreeRestoreResult(path=done.path, branch=done.branch, ref=done.ref)


async def mend(session: Session, params: WorktreeMendParams) -> WorktreeMendResult:
    """Do the repairs that lose nothing, or only tell which."""
    desk = (await session.application()).desk
    mended = await desk.mend(session.folder(params.folder), dry_run=params.dry_run)
    views = [
        MendedView(finding=finding_view(one.finding), done=one.done, text=shown(one.text)) for one in mended
    ]
    return WorktreeMendResult(mended=tuple(views))

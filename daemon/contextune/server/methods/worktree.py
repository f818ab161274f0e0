"""`contextune/worktree/*`."""

from __future__ import annotations

from contextune.protocol.convert import worktree_view
from contextune.protocol.params import (
    TodoListParams,
    WorktreeCleanParams,
    WorktreeCleanResult,
    WorktreeListResult,
)
from contextune.server.session import Session


async def every(session: Session, params: TodoListParams) -> WorktreeListResult:
    """The worktrees of a folder's Tasks."""
    application = await session.application()
    found = await application.worktrees(session.folder(params.folder))
    return WorktreeListResult(worktrees=tuple(worktree_view(one) for one in found))


async def clean(session: Session, params: WorktreeCleanParams) -> WorktreeCleanResult:
    """Remove worktrees that no live Run needs, or only tell which."""
    application = await session.application()
    removed, salvage = await application.clean_worktrees(
        session.folder(params.folder), dry_run=params.dry_run
    )
    return WorktreeCleanResult(worktrees=tuple(worktree_view(one) for one in removed), salvage=tuple(salvage))

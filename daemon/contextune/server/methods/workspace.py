"""`contextune/workspace/*`."""

from __future__ import annotations

from contextune.protocol.params import Nothing, WorkspaceAllowUnfencedParams, WorkspaceTrustParams
from contextune.server.session import Session


async def trust(session: Session, params: WorkspaceTrustParams) -> Nothing:
    """The editor's workspace trust."""
    (await session.application()).trust(session.folder(params.folder), params.trusted)
    return Nothing()


async def allow_unfenced(session: Session, params: WorkspaceAllowUnfencedParams) -> Nothing:
    """Let agents run commands without a Fence in a repository."""
    await (await session.application()).allow_unfenced(session.folder(params.folder), params.name)
    await session.look_at_fence()
    return Nothing()

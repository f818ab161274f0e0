"""`contextune/workspace/*`."""

from __future__ import annotations

from contextune.protocol.params import Nothing, WorkspaceTrustParams
from contextune.server.session import Session


async def trust(session: Session, params: WorkspaceTrustParams) -> Nothing:
    """The editor's workspace trust."""
    (await session.application()).trust(session.folder(params.folder), params.trusted)
    return Nothing()

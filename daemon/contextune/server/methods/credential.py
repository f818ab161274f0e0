"""`contextune/credential/*`."""

from __future__ import annotations

from contextune.protocol.params import CredentialSetParams, CredentialState
from contextune.server.session import Session


async def set_key(session: Session, params: CredentialSetParams) -> CredentialState:
    """Take the API key, in memory alone."""
    application = await session.application()
    application.set_key(params.api_key)
    await session.configured()  # they may have just named another source
    return CredentialState(source=application.credential())

"""`contextune/forge/*`."""

from __future__ import annotations

from contextune.protocol.params import ForgeSignInParams, ForgeState, RunChanged, RunParams
from contextune.server.session import Session


async def sign_in(session: Session, params: ForgeSignInParams) -> ForgeState:
    """Take the token of the editor's session, in memory alone."""
    application = await session.application()
    application.forge.set_token(params.token)
    return ForgeState(host=application.forge.host, source=await application.forge.source())


async def sync(session: Session, params: RunParams) -> RunChanged:
    """Send what waits, and look at pull requests."""
    application = await session.application()
    run = await application.run(params.run_id)
    await application.forge.sync([run])
    return RunChanged(run=session.view(await application.run(run.id)))

"""`contextune/doctor/*`."""

from __future__ import annotations

from contextune.protocol.convert import check_view
from contextune.protocol.params import DoctorResult
from contextune.server.session import Session


async def check(session: Session, _params: None) -> DoctorResult:
    """What is in order and what is missing, for the first folder of the workspace."""
    application = await session.application()
    folder = next(iter(session.folders), None)
    return DoctorResult(checks=tuple(check_view(one) for one in await application.doctor(folder)))

"""`contextune/radar/*`."""

from __future__ import annotations

from contextune.protocol.params import Nothing, RadarChooseParams
from contextune.server.session import Session


async def choose(session: Session, params: RadarChooseParams) -> Nothing:
    """What a Task does about others that it overlaps with."""
    await (await session.application()).choose_course(params.run_id, params.task_id, params.course)
    return Nothing()

"""What agents were told and did, as people read it."""

from __future__ import annotations

from contextune.engine.application import Application
from contextune.protocol.transcript_text import whole_text


async def transcript(app: Application, run_id: str, task_id: str) -> str:
    """Every attempt of a Task."""
    return whole_text(await app.transcripts.all(run_id, task_id))

"""`contextune/review/*`."""

from __future__ import annotations

from contextune.protocol.params import ReviewContentParams, ReviewContentResult
from contextune.server.session import Session


async def content(session: Session, params: ReviewContentParams) -> ReviewContentResult:
    """One side of one diff."""
    application = await session.application()
    found = await application.file_at(params.run_id, params.task_id, params.path, params.side)
    if found is None:
        return ReviewContentResult(text=None, binary=False)
    try:
        text = found.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ReviewContentResult(text=None, binary=True)
    return (
        ReviewContentResult(text=None, binary=True)
        if "\0" in text
        else ReviewContentResult(text=text, binary=False)
    )

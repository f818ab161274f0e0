"""`contextune/review/*`."""

from __future__ import annotations

from contextune.core.runs.comments import Comment
from contextune.protocol.params import (
    HunkView,
    ReviewCommentId,
    ReviewCommentParams,
    ReviewContentParams,
    ReviewContentResult,
    ReviewEditParams,
    ReviewFileParams,
    ReviewHunksResult,
    ReviewRejectParams,
    ReviewTakeBackParams,
    RunChanged,
    RunParams,
)
from contextune.server.session import Session


async def content(session: Session, params: ReviewContentParams) -> ReviewContentResult:
    """One side of one diff."""
    application = await session.application()
    found = await application.file_at(params.run_id, params.task_id, params.path, params.side)
    if found is None:
        return ReviewContentResult(text=None, binary=False)
    try:
        text = found.decode()  # A mark at the beginning stays, so that an edit gives it back.
    except UnicodeDecodeError:
        return ReviewContentResult(text=None, binary=True)
    return (
        ReviewContentResult(text=None, binary=True)
        if "\0" in text
        else ReviewContentResult(text=text, binary=False)
    )


async def hunks(session: Session, params: ReviewFileParams) -> ReviewHunksResult:
    """What can be rejected by itself."""
    application = await session.application()
    run = await application.run(params.run_id)
    found = await application.reviews.hunks(run, params.task_id, params.path)
    return ReviewHunksResult(
        hunks=tuple(
            HunkView(id=one.id, line=one.after + 1, lines=len(one.new), excerpt=one.excerpt)
            for one, is_there in zip(found.hunks, found.placed, strict=True)
            if is_there
        )
    )


async def reject(session: Session, params: ReviewRejectParams) -> RunChanged:
    """Take a file or hunk out of the result."""
    reviews = (await session.application()).reviews
    run = await reviews.reject(params.run_id, params.task_id, params.path, params.hunk)
    return RunChanged(run=session.view(run))


async def take_back(session: Session, params: ReviewTakeBackParams) -> RunChanged:
    """Undo a change made in review."""
    reviews = (await session.application()).reviews
    return RunChanged(run=session.view(await reviews.take_back(params.run_id, params.amendment_id)))


async def edit(session: Session, params: ReviewEditParams) -> RunChanged:
    """Change a file of the result."""
    reviews = (await session.application()).reviews
    run = await reviews.edit(params.run_id, params.task_id, params.path, params.text.encode())
    return RunChanged(run=session.view(run))


async def comment(session: Session, params: ReviewCommentParams) -> RunChanged:
    """Keep a comment on a line."""
    reviews = (await session.application()).reviews
    said = Comment(
        id=params.id,
        task_id=params.task_id,
        path=params.path,
        line=params.line,
        quote=params.quote,
        text=params.text,
    )
    return RunChanged(run=session.view(await reviews.comment(params.run_id, said)))


async def remove_comment(session: Session, params: ReviewCommentId) -> RunChanged:
    """Take an open comment back."""
    reviews = (await session.application()).reviews
    return RunChanged(run=session.view(await reviews.remove_comment(params.run_id, params.comment_id)))


async def send_comments(session: Session, params: RunParams) -> RunChanged:
    """Tell the agents all open comments."""
    reviews = (await session.application()).reviews
    return RunChanged(run=session.view(await reviews.send_comments(params.run_id)))

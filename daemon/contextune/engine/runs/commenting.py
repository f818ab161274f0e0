"""The user's comments on a Run that is driven: kept, and told to the agents that are at work."""

from __future__ import annotations

from contextune.agents.comments import comments_words
from contextune.core.process_ports import Letter
from contextune.core.runs.comments import CommentAdded, CommentRemoved, CommentsSent, ids_of, open_comments
from contextune.core.states import ENDED_TASK
from contextune.engine.drive.run import RunDriver


async def heed(driver: RunDriver, letter: Letter) -> None:
    """Do what a letter about comments asks."""
    run_id, at = driver.run.id, driver.now()
    match letter.verb:
        case "comment" if letter.comment is not None:
            await driver.emit(CommentAdded(run_id=run_id, at=at, comment=letter.comment))
        case "remove_comment":
            await driver.emit(CommentRemoved(run_id=run_id, at=at, comment_id=letter.text))
        case "send_comments":
            await _send(driver)
        case _:
            pass


async def _send(driver: RunDriver) -> None:
    """Tell each Task at work its comments. Those on a Task that has ended stay open until the review."""
    for task in driver.run.tasks:
        comments = open_comments(driver.run.comments, task.id)
        if comments and task.state not in ENDED_TASK:
            sent = CommentsSent(run_id=driver.run.id, at=driver.now(), comment_ids=ids_of(comments))
            await driver.talk.tell(task.id, comments_words(comments), also=[sent])

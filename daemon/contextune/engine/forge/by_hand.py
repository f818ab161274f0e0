"""An issue that a person asks for outside of any Run, made at most once while it is open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import NamedTuple

from contextune.core.errors import ForgeProblem
from contextune.core.forge.forge import Forge, Issue
from contextune.core.forge.writes import ForgeStarted, ForgeWritten
from contextune.core.model.ledger import PLANNING
from contextune.core.runs.events import AnyEvent
from contextune.engine.forge.drafts import IssueDraft
from contextune.engine.forge.templates import LABEL
from contextune.engine.forge.texts import block

LOOKED_BACK = 365 * 86_400_000
"""Milliseconds of the past in which an issue that says the same is looked for."""
MOST = 9
"""How often the same may have been closed, and come again."""
KEY = "issue"

Journal = Callable[[AnyEvent], Awaitable[None]]


class Reported(NamedTuple):
    """The issue there is, and whether it was there already."""

    issue: Issue
    found: bool


async def make_issue(
    forge: Forge, draft: IssueDraft, *, journal: Journal, now: Callable[[], int]
) -> Reported:
    """Make an issue, journalled before and after, unless one that says the same is open.

    Its mark is made of what it is about, so that it is found again whoever looks, after a crash too. Raises
    ForgeProblem.
    """
    closed = ""
    for number in range(1, MOST + 1):
        mark = f"by-hand-{draft.digest}-{number}"
        there = await forge.find_issue(mark, now() - LOOKED_BACK)
        if there is None:
            return Reported(await _made(forge, draft, mark, journal, now), found=False)
        if there.state == "open":
            return Reported(there, found=True)
        closed = there.url
    raise ForgeProblem(
        f"This was reported {MOST} times, and closed each time. Reopen {closed}.", trouble="invalid"
    )


def stream_of(draft: IssueDraft) -> str:
    """Where the intent and the outcome are journalled: one stream for all that say the same."""
    return f"{PLANNING}i_{draft.digest}"


async def _made(
    forge: Forge, draft: IssueDraft, mark: str, journal: Journal, now: Callable[[], int]
) -> Issue:
    # Labels are the repository's own: one that is not there is left out, so that nothing else is written.
    labels = [name for name in dict.fromkeys((LABEL, *draft.labels)) if await forge.has_label(name)]
    stream = stream_of(draft)
    body = block(mark, draft.text) + "\n"
    digest = sha256(body.encode()).hexdigest()
    await journal(ForgeStarted(run_id=stream, at=now(), key=KEY, what="issue", mark=mark, digest=digest))
    issue = await forge.create_issue(draft.title, body, labels)
    await journal(
        ForgeWritten(
            run_id=stream,
            at=now(),
            key=KEY,
            what="issue",
            digest=digest,
            number=issue.number,
            url=issue.url,
        )
    )
    return issue

"""One thing is written at the forge, at most once: looked up where an earlier process may have written it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from contextune.core.errors import ForgeProblem
from contextune.core.forge.forge import Forge, ForgeRepository, NewPull, Token
from contextune.core.forge.publishing import Publishing, PushTarget
from contextune.core.forge.writes import ForgeStarted, ForgeWritten, PullSeen
from contextune.core.runs import events as ev
from contextune.core.runs.answered import answered_comment
from contextune.core.runs.run import Run
from contextune.engine.forge.templates import LABEL, Template
from contextune.engine.forge.texts import OURS, block, within
from contextune.engine.forge.wanted import Wanted

EARLIER = 600_000
"""Milliseconds before an intent from which on it is looked up: clocks differ."""
COLOURS = {LABEL: ("1f6feb", "Made and kept by Contextune")}
GREY = ("ededed", "")

Append = Callable[..., Awaitable[Run]]
"""Journals events of the Run, and returns it as it then stands."""


class At(NamedTuple):
    """Where things are written."""

    forge: Forge
    repository: ForgeRepository
    publishing: Publishing
    target: PushTarget
    head_owner: str
    """Whose repository branches are pushed to; empty if it is the one of the pull requests."""
    token: tuple[str, Token] | None
    template: Template


async def open_repository(forge: Forge) -> ForgeRepository:
    """The repository as it is now, by its name of today. Raises ForgeProblem if it takes no changes."""
    found = await forge.repository()
    if found.archived:
        raise ForgeProblem(f"{found.full_name} is archived, and takes no changes.", trouble="archived")
    return found


class Writing:
    """Writes what a Run should have, one thing after the other."""

    def __init__(self, run: Run, at: At, append: Append, now: Callable[[], int]) -> None:
        self.run = run
        self._at = at
        self._append = append
        self._now = now

    async def write(self, one: Wanted) -> None:
        """Write it, journalled before and after. Raises ForgeProblem."""
        if one.what == "ready" and not await self._is_draft_of_ours(one):
            await self._done(one, found=True)
            return
        mark = await self._begun(one)
        if mark is None:
            return
        match one.what:
            case "push":
                await self._push(one)
            case "label":
                colour, words = COLOURS.get(one.text, GREY)
                await self._at.forge.create_label(one.text, colour, words)
                await self._done(one)
            case "issue":
                await self._issue(one, mark)
            case "pull":
                await self._pull(one, mark)
            case "ready":
                await self._at.forge.mark_ready(int(one.text))
                await self._ready(one)
            case "reviewers":
                await self._reviewers(one)
            case "reply":
                await self._reply(one, mark)

    async def _begun(self, one: Wanted) -> str | None:
        """The mark of a write that is to be made now, its intent journalled; None if it is there."""
        begun = next((other for other in self.run.forge.started if other.key == one.key), None)
        known = self.run.forge.find(one.key)
        if begun is not None and known is None and await self._found(one, begun):
            return None
        if known is None and one.what == "label" and await self._at.forge.has_label(one.text):
            await self._done(one, found=True)
            return None
        mark = begun.mark if begun else known.mark if known else ""
        mark = mark or f"{self.run.id}-{secrets.token_hex(8)}"
        started = ForgeStarted(
            run_id=self.run.id, at=self._now(), key=one.key, what=one.what, mark=mark, digest=one.digest
        )
        self.run = await self._append(started)
        return mark

    async def _found(self, one: Wanted, begun: ForgeStarted) -> bool:
        """Whether an earlier process made it; then that is journalled."""
        forge = self._at.forge
        if one.what == "issue" and one.number is None:
            issue = await forge.find_issue(begun.mark, begun.at - EARLIER)
            if issue is not None:
                await self._done(one, issue.number, issue.url, digest=begun.digest, found=True)
            return issue is not None
        if one.what == "pull":
            pull = await forge.find_pull(self._head(one), begun.mark)
            if pull is not None:
                await self._done(one, pull.number, pull.url, digest=begun.digest, found=True)
                await self._seen(one.key, pull.number, draft=pull.draft)
            return pull is not None
        if one.what == "reply" and one.number is not None:
            said = await forge.review_comments(one.number)
            if any(begun.mark in comment.body for comment in said):
                await self._done(one, found=True)
                return True
        return False

    async def _reply(self, one: Wanted, mark: str) -> None:
        comment = answered_comment(one.key.removeprefix("reply:"))
        if comment is not None and one.number is not None:
            await self._at.forge.reply(one.number, comment, block(mark, one.text))
        await self._done(one)

    async def _push(self, one: Wanted) -> None:
        at = self._at
        await asyncio.to_thread(at.publishing.push, at.target.push, one.commit, one.branch, at.token)
        await self._done(one)

    async def _issue(self, one: Wanted, mark: str) -> None:
        forge, template = self._at.forge, self._at.template
        known = self.run.forge.find(one.key)
        number = one.number if known is None else known.number
        if number is None:
            body = template.fill(block(mark, one.text))
            made = await forge.create_issue(one.title, body, template.labels)
        else:
            there = await forge.issue(number)
            state = one.state if one.state == "closed" or self._reopens(one) else there.state
            # Who closed it first has said why.
            closing = one.closing if there.state != state else None
            made = await forge.edit_issue(number, within(there.body, mark, one.text), state, closing)
        await self._done(one, made.number, made.url)

    def _reopens(self, one: Wanted) -> bool:
        """Whether an issue of ours that was closed with the Run's result is open again: it was undone."""
        return one.number is None and self.run.state == "undone"

    async def _pull(self, one: Wanted, mark: str) -> None:
        forge = self._at.forge
        known = self.run.forge.find(one.key)
        if known is not None and known.number is not None:
            there = await forge.pull(known.number)
            made = await forge.edit_pull(known.number, within(there.body, mark, one.text))
        else:
            new = NewPull(
                one.title, block(mark, one.text) + "\n", self._head(one), self._onto(one), one.draft
            )
            try:
                made = await forge.create_pull(new)
            except ForgeProblem as problem:
                default = self._at.repository.default_branch
                if problem.trouble != "invalid" or one.onto or new.base == default:
                    raise
                # The branch that the Run began on may be gone there, or the default branch moved.
                made = await forge.create_pull(new._replace(base=default))
                text = (
                    f"GitHub takes no pull request into {new.base} any more; it goes into {default} instead."
                )
                self.run = await self._append(ev.Noted(run_id=self.run.id, at=self._now(), text=text))
        await self._done(one, made.number, made.url)
        await self._seen(one.key, made.number, draft=made.draft)

    def _onto(self, one: Wanted) -> str:
        upstream = self.run.base.upstream or ""
        ours = upstream.partition("/")[2] if "/" in upstream else ""
        return one.onto or ours or self._at.repository.default_branch

    def _head(self, one: Wanted) -> str:
        return f"{self._at.head_owner}:{one.branch}" if self._at.head_owner else one.branch

    async def _is_draft_of_ours(self, one: Wanted) -> bool:
        """Whether a pull request waits for the tests alone: a draft that a person made stays one."""
        there = await self._at.forge.pull(int(one.text))
        return there.draft and OURS in there.body

    async def _ready(self, one: Wanted) -> None:
        await self._done(one)
        pull = one.key.replace("ready", "pull")
        if self.run.forge.pull(pull) is not None:
            await self._seen(pull, int(one.text), draft=False)

    async def _reviewers(self, one: Wanted) -> None:
        pull = self.run.forge.find(one.key.replace("reviewers", "pull"))
        if pull is None or pull.number is None:
            raise ForgeProblem("There is no pull request to review yet.", trouble="invalid")
        asked = one.text.split()
        users = [name.removeprefix("@") for name in asked if name.startswith("@")]
        teams = [name for name in asked if not name.startswith("@")]
        await self._at.forge.request_reviewers(pull.number, users, teams)
        await self._done(one)

    async def _seen(self, key: str, number: int, *, draft: bool) -> None:
        self.run = await self._append(
            PullSeen(
                run_id=self.run.id,
                at=self._now(),
                key=key,
                number=number,
                state="open",
                merged=False,
                draft=draft,
            )
        )

    async def _done(
        self,
        one: Wanted,
        number: int | None = None,
        url: str = "",
        *,
        digest: str = "",
        found: bool = False,
    ) -> None:
        event = ForgeWritten(
            run_id=self.run.id,
            at=self._now(),
            key=one.key,
            what=one.what,
            digest=digest or one.digest,
            number=number,
            url=url,
            found=found,
        )
        self.run = await self._append(event)

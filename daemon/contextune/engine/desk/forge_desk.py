"""What a person does with the forge: sign in, ask for issues, see what has become of pull requests."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from contextune.core.check import Check
from contextune.core.errors import ContextuneError, UsageProblem
from contextune.core.forge.forge import TokenSource
from contextune.core.forge.remote import Slug, parse_remote
from contextune.core.forge.writes import IssuesWanted
from contextune.core.runs.events import AnyEvent, RunCreated
from contextune.core.runs.run import Run
from contextune.core.settings import Settings
from contextune.engine.forge.answers import plan_of_pull, pull_in
from contextune.engine.forge.by_hand import Reported, make_issue, stream_of
from contextune.engine.forge.drafts import IssueDraft
from contextune.engine.forge.forging import concerns
from contextune.engine.forge.source import label_in, plan_of_label
from contextune.engine.forge.writing import open_repository
from contextune.engine.quotes.quote import QuoteRequest
from contextune.engine.repositories.places import Place, Places
from contextune.engine.runs.drives import Drives
from contextune.engine.surroundings.world import World


class ForgeDesk:
    """GitHub, at the user's wish."""

    def __init__(self, world: World, places: Places, drives: Drives) -> None:
        self._world = world
        self._places = places
        self._drives = drives

    @property
    def host(self) -> str:
        """The host whose repositories are known here."""
        return self._world.forges.host

    def set_token(self, token: str | None) -> None:
        """The token of the editor's own session, kept in memory alone."""
        self._world.forges.set_token(token)
        if token is not None:
            self._drives.forging.again()

    async def source(self) -> TokenSource:
        """Where the token comes from."""
        return await self._world.forges.source()

    def at_start(
        self, created: RunCreated, settings: Settings, issues: bool | None
    ) -> tuple[IssuesWanted, ...]:
        """The event that says that a new Run makes issues, where its user wants that."""
        if not (settings.issues == "on" if issues is None else issues):
            return ()
        return (IssuesWanted(run_id=created.run_id, at=created.at, per=settings.issues_per),)

    def asks(self, repository: str) -> bool:
        """Whether the user wants to be asked about issues when a Run starts there."""
        return self._world.settings.load(Path(repository), {}).issues == "ask"

    async def prepared(self, request: QuoteRequest, place: Place, settings: Settings) -> QuoteRequest:
        """A request whose Goal names issues, with a Plan made of them.

        Raises ContextuneError before anything is spent: also where a pull request is wanted in the end and
        can't be opened.
        """
        if settings.accept == "pr":
            await self._drives.forging.require(place)
        label, wish = label_in(request.goal or ""), pull_in(request.goal or "")
        if (label is None and wish is None) or request.plan is not None:
            return request
        forge = await self._world.forges.at(await self._drives.forging.require(place))
        if label is not None:
            plan = await plan_of_label(forge, label)
        elif wish is not None:
            head = await asyncio.to_thread(place.repository.resolve, "HEAD")
            plan = await plan_of_pull(forge, wish, head or "")
        return msgspec.structs.replace(request, goal=None, plan=plan)

    async def destination(self, folder: Path) -> Slug:
        """The repository at the forge that a folder's issues go to. Raises PlaceProblem."""
        place = await self._places.of(folder)
        self._places.require_trust(place.repository.root)
        return await self._drives.forging.require(place)

    async def report(self, folder: Path, draft: IssueDraft) -> Reported:
        """Make an issue that a person agreed to, at most once. Raises ContextuneError."""
        forge = await self._world.forges.at(await self.destination(folder))

        async def journal(event: AnyEvent) -> None:
            await self._world.journal.append((event,))

        with self._world.mailbox.own(stream_of(draft)) as alone:
            if not alone:
                raise UsageProblem("Another process makes that issue just now. Look at GitHub first.")
            await open_repository(forge)
            return await make_issue(forge, draft, journal=journal, now=self._world.clock.now)

    async def sync(self, runs: list[Run]) -> list[Run]:
        """Write what waits, and look at pull requests, of those Runs that have to do with the forge."""
        return [await self._drives.forging.look(run.id) for run in runs if concerns(run)]

    async def checks(self, folder: Path | None) -> list[Check]:
        """What `doctor` says of GitHub; nothing for a folder whose repository has no remote there."""
        if folder is None:
            return []
        try:
            place = await self._places.of(folder)
            target = await asyncio.to_thread(place.repository.publishing.target)
        except ContextuneError:
            return []
        slug = parse_remote(target.into.url) if target is not None else None
        return [] if slug is None else [await self._world.forges.check(slug)]

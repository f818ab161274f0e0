"""Brings what a Run should have at the forge there, whenever it can: now, or later.

Nothing here waits for a Run, and no Run waits for it. What is not there is found by comparing what should be
(`wanted`) with what the Journal says is there, so that whatever a fault held up is sent with the next look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

import msgspec

from contextune.core.errors import ContextuneError, ForgeProblem, ForgeTrouble, PlaceProblem, UsageProblem
from contextune.core.forge import codeowners
from contextune.core.forge.forge import Checks, Forge
from contextune.core.forge.remote import Slug, parse_remote
from contextune.core.forge.writes import ForgeWaits, IssuesWanted, PullSeen
from contextune.core.ports import Repository
from contextune.core.runs import events as ev
from contextune.core.runs.endings import (
    RunAccepted,
    RunCancelled,
    RunDiscarded,
    RunReady,
    RunUndone,
)
from contextune.core.runs.run import Run
from contextune.core.settings import Settings
from contextune.engine.forge import templates
from contextune.engine.forge.wanted import Facts, Wanted, due, is_missing, wanted
from contextune.engine.forge.writing import Append, At, Writing, open_repository
from contextune.engine.repositories.places import Place, Places
from contextune.engine.surroundings.world import World

MILESTONES = (
    IssuesWanted,
    ev.TaskEnded,
    ev.TaskJoined,
    RunReady,
    RunAccepted,
    RunUndone,
    RunDiscarded,
    RunCancelled,
    PullSeen,
)
"""Events after which something else may have to be there."""
PAUSE, LONGEST = 60.0, 900.0
"""Seconds until what waits is tried again: twice as long each time, at most so long."""
LOOK = 300.0
"""Seconds between two looks at a pull request that is open: no person merges faster."""
LINGER = 15.0
"""Seconds for which the end of a process waits for what is being written."""
GENERAL: frozenset[ForgeTrouble] = frozenset({"sign_in", "sso", "archived", "gone", "no_push"})
"""Troubles that stand in the way of everything."""


class Forging:
    """The issues and pull requests of all Runs that this process knows."""

    def __init__(
        self,
        world: World,
        places: Places,
        *,
        newest: Callable[[str], Awaitable[Run | None]],
        append: Append,
        is_elsewhere: Callable[[str], bool],
    ) -> None:
        """`is_elsewhere` tells whether another process drives a Run: that one writes for it."""
        self._world = world
        self._places = places
        self._newest = newest
        self._append = append
        self._is_elsewhere = is_elsewhere
        self._writing: dict[str, asyncio.Lock] = {}
        """Held while a Run's things are written, so that who asks for them finds them there."""
        self._going: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._followed: set[str] = set()
        self._following: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()

    def heard(self, run: Run, event: ev.AnyEvent) -> None:
        """Something happened in a Run; what it changes at the forge is written in the background."""
        if self._following is not None and is_open(run):
            self._followed.add(run.id)
        if isinstance(event, MILESTONES) and concerns(run) and not self._closed.is_set():
            self.begin(run.id)

    def begin(self, run_id: str) -> None:
        """Write what is to be written for a Run, in the background."""
        going = self._going.get(run_id)
        if going is not None and not going.done():
            self._again.add(run_id)
            return
        self._going[run_id] = asyncio.create_task(self._until_done(run_id), name=f"forge {run_id}")

    def follow(self, runs: Iterable[Run]) -> None:
        """Look at the pull requests of these Runs from time to time, and send what waits, until the end."""
        self._followed.update(run.id for run in runs if is_open(run))
        if self._following is None:
            self._following = asyncio.create_task(self._follow(), name="forge")
        self.again()

    def again(self) -> None:
        """Somebody signed in, or came back: try what waits."""
        for run_id in self._followed:
            self.begin(run_id)

    async def _follow(self) -> None:
        while not self._closed.is_set():
            await self._pause(LOOK)
            for run_id in list(self._followed):
                if self._closed.is_set():
                    return
                with suppress(ContextuneError):
                    run = await self.look(run_id)
                    if not is_open(run):
                        self._followed.discard(run_id)

    async def require(self, place: Place) -> Slug:
        """Where pull requests go. Raises PlaceProblem if they can't go anywhere."""
        target = await asyncio.to_thread(place.repository.publishing.target)
        if target is None:
            raise PlaceProblem(
                f"{place.repository.root} has no remote to push to. Add one with `git remote add origin URL` "
                "or accept with merge or squash."
            )
        slug = parse_remote(target.into.url)
        if slug is None:
            raise PlaceProblem(
                f"The remote {target.into.name} is no repository of GitHub. Accept with merge or squash."
            )
        await self._world.forges.at(slug)
        return slug

    async def sync(self, run_id: str, *, by_itself: bool = False) -> Run:
        """Write what is to be written for a Run, now. What can't be written waits, and the Run says why.

        `by_itself` is whether nobody asked for it: then nothing is tried again before its time.
        """
        async with self._writing.setdefault(run_id, asyncio.Lock()):
            if by_itself and self._held_until(await self._newest(run_id)):
                return await self._read(run_id)
            return await self._synced(run_id)

    async def _synced(self, run_id: str) -> Run:
        run = await self._read(run_id)
        if not concerns(run) or self._is_elsewhere(run_id):
            return run
        with self._world.mailbox.own(f"{run_id}.forge") as alone:
            if not alone:
                return run
            try:
                return await self._sync(run)
            except PlaceProblem as problem:
                return await self._waits(run_id, None, ForgeProblem(str(problem), trouble="sign_in"))
            except ForgeProblem as problem:
                return await self._waits(run_id, None, problem)

    async def look(self, run_id: str) -> Run:
        """See what has become of a Run's pull requests, then write what follows from that."""
        run = await self._read(run_id)
        if any(one.state == "open" for one in run.forge.pulls) and not self._is_elsewhere(run_id):
            try:
                place = await self._places.of_run(run)
                forge = await self._world.forges.at(await self.require(place))
                run = await self._look(run, forge)
            except PlaceProblem as problem:
                await self._waits(run_id, None, ForgeProblem(str(problem), trouble="sign_in"))
            except ForgeProblem as problem:
                await self._waits(run_id, None, problem)
        return await self.sync(run_id)

    async def _look(self, run: Run, forge: Forge) -> Run:
        for seen in run.forge.pulls:
            if seen.state != "open":
                continue
            pull = await forge.pull(seen.number)
            checks = await forge.checks(pull.head)
            now = msgspec.structs.replace(
                seen, state=pull.state, merged=pull.merged, draft=pull.draft, checks=checks_text(checks)
            )
            if now != seen:
                now = msgspec.structs.replace(now, at=self._world.clock.now())
                run = await self._append(now)
        return run

    async def close(self) -> None:
        """Let what is being written come to an end, for a while."""
        self._closed.set()
        going = [task for task in self._going.values() if not task.done()]
        if self._following is not None:
            going.append(self._following)
        if going:
            _, late = await asyncio.wait(going, timeout=LINGER)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    async def _until_done(self, run_id: str) -> None:
        pause = PAUSE
        while True:
            self._again.discard(run_id)
            held = self._held_until(await self._newest(run_id))
            await self._pause(held)
            if held and self._closed.is_set():
                return
            try:
                run = await self.sync(run_id, by_itself=True)
            except ContextuneError:
                return  # the repository is gone, or the Journal is: others say so
            if run_id in self._again:
                continue
            passing = [one for one in run.forge.waits if one.trouble in PASSING]
            if self._closed.is_set() or not passing:
                return
            await self._pause(pause)
            pause = min(pause * 2, LONGEST)

    def _held_until(self, run: Run | None) -> float:
        """Seconds until the forge may be asked again by itself.

        That is when it said, and no sooner than a pause after a trouble that passes: a write whose answer was
        lost may take a moment to be seen there.
        """
        if run is None:
            return 0.0
        passing = [one for one in run.forge.waits if one.trouble in PASSING]
        at = max((max(one.retry_at or 0, one.at + int(PAUSE * 1000)) for one in passing), default=0)
        return max(0.0, (at - self._world.clock.now()) / 1000)

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), seconds)

    async def _sync(self, run: Run) -> Run:
        place = await self._places.of_run(run)
        settings = self._places.settings_of(run)
        facts, slug = await self._facts(run, place, settings)
        missing = [one for one in wanted(run, facts) if is_missing(run.forge, one)]
        if not missing:
            return run
        pushes = any(one.what in ("push", "pull") for one in missing)
        at = await self._at(place, slug, facts, pushes=pushes)
        run = await self._tell_renamed(run, slug, at.repository.full_name)
        skipped: set[str] = set()
        while True:
            run = await self._read(run.id)
            todo = [one for one in due(run, wanted(run, facts)) if one.key not in skipped]
            if not todo:
                return run
            one = todo[0]
            if one.after in skipped:
                skipped.add(one.key)
                continue
            writing = Writing(run, at, self._append, self._world.clock.now)
            try:
                await writing.write(one)
            except ForgeProblem as problem:
                run = await self._waits(run.id, one, problem)
                if problem.passes or problem.trouble in GENERAL - {"gone"}:
                    return run
                skipped.add(one.key)

    async def _at(self, place: Place, slug: Slug, facts: Facts, *, pushes: bool) -> At:
        target = await asyncio.to_thread(place.repository.publishing.target)
        if target is None:
            raise PlaceProblem("There is no remote to push to.")
        forge = await self._world.forges.at(slug)
        found = await open_repository(forge)
        head = parse_remote(target.push.url) or slug
        if pushes and head == slug and not found.can_push:
            raise ForgeProblem(
                f"You may not push to {found.full_name}. Fork it, add the fork as a remote, name that in "
                "`remote.pushDefault`, and call the original `upstream`.",
                trouble="no_push",
            )
        token = await self._world.forges.token()
        return At(
            forge=forge,
            repository=found,
            publishing=place.repository.publishing,
            target=target,
            head_owner="" if head == slug else head.owner,
            token=None if token is None else (slug.host, token),
            template=facts.template,
        )

    async def _tell_renamed(self, run: Run, slug: Slug, name: str) -> Run:
        text = (
            f"{slug.full_name} is called {name} on GitHub now. It was found all the same; "
            "`git remote set-url` gives the remote its new address."
        )
        if name.lower() == slug.full_name.lower() or text in run.notes:
            return run
        return await self._append(ev.Noted(run_id=run.id, at=self._world.clock.now(), text=text))

    async def _facts(self, run: Run, place: Place, settings: Settings) -> tuple[Facts, Slug]:
        slug = await self.require(place)
        return await asyncio.to_thread(_facts, run, place.repository, settings, slug), slug

    async def _waits(self, run_id: str, one: Wanted | None, problem: ForgeProblem) -> Run:
        run = await self._read(run_id)
        retry = problem.retry_after
        now = self._world.clock.now()
        event = ForgeWaits(
            run_id=run_id,
            at=now,
            key=one.key if one else "",
            what=one.what if one else "issue",
            trouble=problem.trouble,
            reason=str(problem),
            retry_at=None if retry is None else now + int(retry * 1000),
            uncertain=problem.uncertain,
        )
        told = next((w for w in run.forge.waits if w.key == event.key), None)
        begun = any(started.key == event.key for started in run.forge.started)
        if told is not None and told.reason == event.reason and (event.uncertain or not begun):
            return run
        return await self._append(event)

    async def _read(self, run_id: str) -> Run:
        run = await self._newest(run_id)
        if run is None:
            raise UsageProblem(f"There is no Run {run_id}.")
        return run


PASSING: frozenset[ForgeTrouble] = frozenset({"offline", "limited", "slow_down", "server"})


def is_open(run: Run) -> bool:
    """Whether something may yet happen to what a Run has at the forge."""
    state = run.forge
    seen = any(one.state == "open" for one in state.pulls)
    return concerns(run) and (seen or bool(state.waits) or bool(state.started) or not state.written)


def concerns(run: Run) -> bool:
    """Whether the user asked for anything at the forge for this Run."""
    return run.forge.issues is not None or (run.accepted is not None and run.accepted.mode == "pr")


def _facts(run: Run, repository: Repository, settings: Settings, slug: Slug) -> Facts:
    """Blocking."""
    files = repository.list_files(run.base.head)
    path = templates.choose(files)
    text = (repository.read_file(run.base.head, path) or b"").decode("utf-8", "replace") if path else ""
    named = next((name for name in codeowners.PLACES if name in files), None)
    owners = codeowners.Owners((), ())
    if named is not None:
        rules = (repository.read_file(run.base.head, named) or b"").decode("utf-8", "replace")
        owners = codeowners.owners(rules, [change.path for change in run.changes], slug.owner)
    accepted = run.accepted
    commits: tuple[str, ...] = ()
    if accepted is not None and accepted.mode == "pr":
        commits = tuple(repository.publishing.commits(accepted.before, accepted.after))
    return Facts(
        web_url=f"https://{slug.host}/{slug.full_name}",
        template=templates.read(path, text) if path else templates.Template(),
        owners=owners,
        pulls_per=settings.pull_requests,
        commits=commits,
    )


def checks_text(checks: Checks) -> str:
    """The checks of a pull request, in words; empty if there are none."""
    failed = [one.name for one in checks.failed]
    parts = [f"red: {', '.join(failed)}"] if failed else []
    parts += [f"{checks.running} running"] if checks.running else []
    parts += [f"{checks.passed} green"] if checks.passed else []
    return "; ".join(parts)


def pending(run: Run) -> str:
    """Why something waits for the forge, a sentence; empty if nothing does."""
    return run.forge.waits[-1].reason if run.forge.waits else ""

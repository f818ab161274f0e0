"""The application: what the language server and the command line both call. Nothing else of the engine is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from contextune.agents.tool_inputs import warm_tools
from contextune.core.check import Check
from contextune.core.errors import UsageProblem
from contextune.core.model.editor_models import EditorModels
from contextune.core.overlap.radar import Course
from contextune.core.planning.quote import Quote
from contextune.core.process_ports import Letter, TaskVerb
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.core.runs.wish import AcceptWish
from contextune.core.settings import AcceptMode, CredentialSource
from contextune.core.states import ENDED_TASK, LIVE_RUN
from contextune.engine.desk.agent_desk import AgentDesk
from contextune.engine.desk.ask_desk import AskDesk
from contextune.engine.desk.debug_bundle import DebugBundles
from contextune.engine.desk.doctor import examine
from contextune.engine.desk.forge_desk import ForgeDesk
from contextune.engine.desk.reading import Reading
from contextune.engine.desk.retrying import Retrying
from contextune.engine.desk.review_desk import ReviewDesk
from contextune.engine.desk.skill_desk import SkillDesk
from contextune.engine.desk.steering import Steering
from contextune.engine.desk.todo_facts import TodoFactDesk
from contextune.engine.desk.todos import TodoBoard
from contextune.engine.desk.worktree_advice import WorktreeAdvice
from contextune.engine.desk.worktree_desk import WorktreeDesk
from contextune.engine.quotes.open_quotes import OpenQuote, OpenQuotes
from contextune.engine.quotes.quote import Quoter, QuoteRequest
from contextune.engine.repositories.places import Places
from contextune.engine.runs.drives import Drives, Listener
from contextune.engine.runs.lookout import Lookout
from contextune.engine.runs.ownership import LEASE
from contextune.engine.runs.rewinding import Turn, as_letter
from contextune.engine.surroundings.unfenced import allow_unfenced, lack, require_commands
from contextune.engine.surroundings.world import World
from contextune.engine.tasks.courses import waits
from contextune.engine.tasks.pausing import all_resumed
from contextune.engine.worktrees.ahead import Ahead

FORGOTTEN = 86_400_000
"""Milliseconds after which a Run that nobody drives does not go on by itself."""

Edit = Mapping[str, Any]
"""Keys: `id`, and any of `include`, `title`, `brief`, `start`."""


class Application(Reading):
    """Quotes, Runs, Todos and money of one user on one machine."""

    def __init__(self, world: World, *, lease: float = LEASE) -> None:
        """`lease` is after how many seconds without a sign of life a process that drives Runs hangs."""
        places = Places(world)
        super().__init__(world, places, Drives(world, places))
        self.todos = TodoBoard(world, edited=self._drives.edited)
        self._drives.overlays = self.todos.overlays
        self.lookout = Lookout(world, self._drives, lease=lease)
        """Follows Runs that other processes drive."""
        self.desk = WorktreeDesk(world, self._places, self._drives.record)
        """What a person does with worktrees and Salvages."""
        self.steering = Steering(world, self._places, self._drives, self.run, self.run_with)
        self.retrying = Retrying(self.steering.waiting, self._drives, self.run_with)
        self.reviews = ReviewDesk(world, self._places, self._drives)
        self.advice = WorktreeAdvice(world, self._places)
        self.facts = TodoFactDesk(world, self._places, self.todos.overlays)
        self.agents = AgentDesk(world, self._places)
        self.asking = AskDesk(world, self._places, self.agents, self.runs)
        """What plain words stand for."""
        self.skills = SkillDesk(
            world, self._places, self.desk, overlays=self.todos.overlays, costs=self.costs
        )
        self.bundles = DebugBundles(world)
        self.forge = ForgeDesk(world, self._places, self._drives)
        """Sign-in, issues and pull requests."""
        self.open_quotes = OpenQuotes()
        """Quotes that wait to be approved, and their changes."""
        self._ahead = Ahead(world)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call back with every event of every live Run; returns the way to stop that."""
        return self._drives.subscribe(listener)

    async def quote(
        self,
        request: QuoteRequest,
        *,
        on_stage: Callable[[str], None] = lambda _: None,
        overrides: Mapping[str, Any] = {},
        shown: bool = False,
    ) -> Quote:
        """Plan and price. Spends at most what planning costs. Raises ContextuneError.

        With `shown`, a person looks at it before it starts or is left: the worktrees of its first Tasks are
        made meanwhile.
        """
        place = await self._places.of(request.folder)
        root = place.repository.root
        self._places.require_trust(root)
        await asyncio.to_thread(require_commands, self._world, root)
        settings = self._world.settings.load(root, overrides)
        if not settings.offline:
            self._world.models.require(settings.provider)
        request = await self.forge.prepared(request, place, settings)
        await self._drives.settle_abandoned()
        quoter = Quoter(
            self._world,
            place.repository,
            settings,
            gate=self._places.gate(place.repository, settings),
            gateway=lambda: self._places.gateway(settings),
            on_stage=on_stage,
        )
        quote = await quoter.make(request, self.todos.overlays(root))
        self.open_quotes.keep(OpenQuote(quote, settings, quoter.pricer, quoter.facts, quoter.sizes))
        if shown:
            self._ahead.begin(quote, place.repository, settings)
        return quote

    async def leave(self, quote_id: str) -> None:
        """Nobody looks at a Quote any more: what was made for it is given back."""
        await self._ahead.leave(quote_id)

    async def start(
        self,
        quote_id: str,
        *,
        edits: Sequence[Edit] = (),
        budget: Decimal | None = None,
        agents: int | None = None,
        issues: bool | None = None,
    ) -> Run:
        """Approve a Quote. The Run is journalled and returned at once; the work goes on by itself.

        `issues` is whether it makes issues, where the user was asked; None for what the settings say.
        """
        quote, settings = self.open_quotes.approve(quote_id, {str(edit["id"]): edit for edit in edits})
        settings = msgspec.structs.replace(
            settings,
            budget=settings.budget if budget is None else budget,
            agents=agents or settings.agents,
        )
        place = await self._places.of(Path(quote.repository))
        await asyncio.to_thread(
            place.repository.set_ref, f"refs/contextune/base/{quote.id}", quote.base.commit
        )
        identity = await asyncio.to_thread(place.repository.settle)
        created = ev.RunCreated(
            run_id=quote.id,
            at=self._world.clock.now(),
            repository=quote.repository,
            title=quote.title,
            base=quote.base,
            plan=quote.plan,
            todos=quote.todos,
            quote=quote,
            baseline=quote.baseline,
            gate=quote.gate,
            budget=settings.budget,
            agents=settings.agents,
            accept=settings.accept,
            ladder=settings.ladder,
            offline=settings.offline,
            run_command=settings.run,
            identity=identity,
        )
        run = await self._drives.record(created, *self.forge.at_start(created, settings, issues))
        self._drives.begin(place, run, settings, self._ahead.hand_over(run.id))
        return run

    async def wait(self, run_id: str) -> Run:
        """Wait until a Run's drive in this process ends; returns the Run as it then stands."""
        await self._drives.wait(run_id)
        return await self.run(run_id)

    async def follow(self, folder: Path) -> list[Run]:
        """Have the lookout follow the Runs of a folder's repository; returns them, newest first."""
        place = await self._places.of(folder)
        runs = await self.runs(folder)
        self.lookout.watch(place.repository.root, runs)
        self._drives.forging.follow(runs)
        return runs

    def goes_on_by_itself(self, run: Run) -> bool | None:
        """Whether a Run that was left is to go on without its user being asked, by the setting `resume`.

        One that was left for longer than a day has been forgotten: its user is asked in any case. None while
        it cannot go on: the workspace is not trusted, or there is no key.
        """
        settings = self._places.settings_of(run)
        unable = not run.offline and self._world.models.source(settings.provider) == "none"
        if unable or self._places.is_refused(Path(run.repository)):
            return None
        return settings.resume == "always" and self._world.clock.now() - run.updated_at < FORGOTTEN

    async def take_over(self, run_id: str) -> None:
        """Go on with a Run that was left; a process that drives it without a sign of life is ended before.

        Raises ContextuneError.
        """
        if self._drives.driver(run_id) == "elsewhere":
            await self._world.mailbox.oust(run_id)
            if self._drives.driver(run_id) == "elsewhere":
                raise UsageProblem(f"The process that drives run {run_id} hangs and can't be ended. End it.")
        await self.resume(run_id)

    async def interrupt(self, run_id: str) -> None:
        """Pause a Run that this process drives, and stop its drive."""
        await self._drives.interrupt(run_id)

    async def pause(self, run_id: str) -> None:
        """Take no further turn until the Run resumes."""
        await self._drives.ask(await self.run(run_id), Letter(verb="pause"))

    async def resume(self, run_id: str, budget: Decimal | None = None) -> None:
        """Go on with a paused, parked or interrupted Run."""
        run = await self.run(run_id)
        if run.state not in LIVE_RUN:
            await self._drives.conclude(run)
            return
        if self._drives.driver(run.id) != "nobody":
            await self._drives.ask(run, Letter(verb="resume", text=str(budget) if budget is not None else ""))
            return
        place = await self._places.of_run(run)
        if budget is not None or run.state != "running":
            at = self._world.clock.now()
            new = run.budget if budget is None else budget
            again = ev.RunResumed(run_id=run.id, at=at, budget=new)
            run = await self._drives.record(again, *all_resumed(run, at))
        self._drives.begin(place, run, self._places.settings_of(run))

    async def cancel(self, run_id: str) -> None:
        """Stop a Run."""
        run = await self.run(run_id)
        if self._drives.driver(run.id) == "nobody":
            if run.state in LIVE_RUN:
                await self._drives.cancel_idle(run)
            return
        await self._drives.ask(run, Letter(verb="cancel"))

    async def accept(
        self,
        run_id: str,
        mode: AcceptMode,
        *,
        seen: Sequence[str] = (),
        without: Sequence[str] = (),
        onto_protected: bool = False,
        here: bool = False,
    ) -> Run:
        """Move the user's branch once, as `core.runs.wish.AcceptWish` says. Raises ContextuneError."""
        run = await self.run(run_id)
        wish = AcceptWish(
            mode=mode, seen=tuple(seen), without=tuple(without), onto_protected=onto_protected, here=here
        )
        async with self._drives.landing.moving(run.id):
            return await self._drives.landing.accept(await self.run(run.id), wish)

    async def rebase(self, run_id: str) -> Run:
        """Have a Run follow its branch, which moved: at work, or where its result waits for review."""
        run = await self.run(run_id)
        if run.state in LIVE_RUN:
            await self._drives.ask(run, Letter(verb="rebase"))
            return await self.run(run.id)
        async with self._drives.landing.moving(run.id):
            overlays = self.todos.overlays(Path(run.repository))
            return await self._drives.landing.rebase(await self.run(run.id), overlays)

    async def undo(self, run_id: str) -> Run:
        """Move the user's branch back, or on to commits that revert the Run's."""
        run = await self.run(run_id)
        async with self._drives.landing.moving(run.id):
            return await self._drives.landing.undo(await self.run(run.id))

    async def discard(self, run_id: str) -> Run:
        """Drop a Run's result; Salvage refs keep it."""
        run = await self.run(run_id)
        async with self._drives.landing.moving(run.id):
            return await self._drives.landing.discard(await self.run(run.id))

    async def cancel_task(self, run_id: str, task_id: str) -> None:
        """Stop one Task."""
        await self._ask_task(run_id, task_id, "cancel_task")

    async def rewind(
        self, run_id: str, task_id: str, turn: int, text: str, *, attempt: int | None = None
    ) -> None:
        """Take a Task back to a turn of an attempt, the newest by default, and on with other words."""
        run = await self.run_with(run_id, task_id)
        to = Turn(task_id, turn, _words(text), attempt)
        if self._drives.driver(run.id) != "nobody":
            await self._drives.ask(run, Letter(verb="rewind", task_id=task_id, text=as_letter(to)))
            return
        async with self._drives.landing.moving(run.id):
            run = await self._drives.landing.rewind(await self.run(run.id), to)
        self._drives.begin(await self._places.of_run(run), run, self._places.settings_of(run))

    async def tell(self, run_id: str, task_id: str, text: str) -> None:
        """Words that reach a Task's agent with its next turn."""
        await self._ask_task(run_id, task_id, "tell", _words(text))

    async def choose_course(self, run_id: str, task_id: str, course: Course) -> None:
        """What a Task does about others that it overlaps with. Raises UsageProblem."""
        waits(await self.run_with(run_id, task_id), task_id, course)
        await self._ask_task(run_id, task_id, "course", course)

    async def answer(self, run_id: str, task_id: str, text: str) -> None:
        """The answer to a Task's question."""
        run = await self.run_with(run_id, task_id)
        if run.task(task_id).question is None:
            raise UsageProblem(f"Task {task_id} asks nothing. Use tell to send it words.")
        await self._ask_task(run_id, task_id, "answer", _words(text))

    def set_key(self, key: str | None) -> None:
        """The editor's API key, kept in memory alone."""
        self._world.models.set_key(key)

    def set_editor_models(self, editor: EditorModels) -> None:
        """The editor lends its own models, where the settings name them."""
        self._world.models.set_editor(editor)

    def credential(self) -> CredentialSource:
        """Where the key came from."""
        return self._world.models.source(self._world.settings.load(None, {}).provider)

    def trust(self, folder: Path, trusted: bool) -> None:
        """Whether the user trusts what a repository's own files name."""
        root = folder.resolve()
        self._world.settings.trust(root, trusted)
        self._places.trust(root, trusted)

    async def allow_unfenced(self, folder: Path, name: str, *, allowed: bool = True) -> Path:
        """Allow commands without a Fence in a repository, whose folder's name this must be; returns its root.

        Raises UsageProblem if it is not.
        """
        root = (await self._places.of(folder)).repository.root
        await asyncio.to_thread(allow_unfenced, self._world, root, name, allowed)
        return root

    async def fence_lack(self, folder: Path) -> str:
        """What the lack of a Fence means for a folder's repository, a sentence; empty where there is one."""
        root = (await self._places.of(folder)).repository.root
        return await asyncio.to_thread(lack, self._world, root)

    def configure(self, folder: Path | None, editor_settings: Mapping[str, Any]) -> None:
        """The editor's own settings, keys in snake_case. Raises UsageProblem on a bad one."""
        self._world.settings.configure(folder.resolve() if folder else None, editor_settings)
        self._world.models.set_offline(bool(self._world.settings.load(None, {}).offline))

    async def doctor(self, folder: Path | None) -> list[Check]:
        """What is in order and what is missing."""
        return [*await examine(self._world, folder), *await self.forge.checks(folder)]

    async def warm(self) -> None:
        """Import and make what is heavy, in the background, so that the first Run does not wait for it."""
        await self._world.warm()
        await asyncio.to_thread(warm_tools)

    async def close(self) -> None:
        """Stop every drive at its next safe point; what is unfinished can be resumed."""
        await self.lookout.close()
        await self._ahead.close()
        await self._drives.close()
        await self.todos.close()
        await self._world.models.close()
        await self._world.pools.close()
        await self._world.forges.close()
        await self._world.journal.close()

    async def _ask_task(self, run_id: str, task_id: str, verb: TaskVerb, text: str = "") -> None:
        run = await self.run_with(run_id, task_id)
        if run.task(task_id).state in ENDED_TASK:
            raise UsageProblem(f"Task {task_id} is {run.task(task_id).state} already.")
        await self._drives.ask(run, Letter(verb=verb, task_id=task_id, text=text))


def _words(text: str) -> str:
    words = text.strip()
    if not words:
        raise UsageProblem("There is nothing to say: the text is empty.")
    return words

"""The application: what the language server and the command line both call. Nothing else of the engine is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec

from contextune.core import events as ev
from contextune.core.check import Check
from contextune.core.errors import ContextuneError, PlaceProblem, UsageProblem
from contextune.core.ports import Letter, Repository
from contextune.core.quote import Quote
from contextune.core.run import Run, fold
from contextune.core.settings import AcceptMode, Settings
from contextune.core.states import ENDED_TASK, LIVE_RUN
from contextune.core.todo import Todo
from contextune.core.worktree import Worktree
from contextune.engine import accept as acceptance
from contextune.engine.doctor import examine
from contextune.engine.gate import Gate
from contextune.engine.gateway import Gateway
from contextune.engine.housekeeping import clean, list_worktrees
from contextune.engine.leases import Leases
from contextune.engine.quote import Quoter, QuoteRequest, below, edited
from contextune.engine.run import RunDriver, finished
from contextune.engine.task_work import work_on
from contextune.engine.todos import TodoBoard
from contextune.engine.transcript import transcript
from contextune.engine.world import World

Listener = Callable[[Run, ev.AnyEvent], None]
Edit = Mapping[str, Any]
"""Keys: `id`, and any of `include`, `title`, `brief`."""


@dataclass(slots=True)
class _Place:
    """One repository that is in use."""

    repository: Repository
    gate: Gate


class Application:
    """Quotes, Runs, Todos and money of one user on one machine."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.todos = TodoBoard(world)
        self._places: dict[Path, _Place] = {}
        self._quotes: dict[str, tuple[Quote, Settings]] = {}
        self._runs: dict[str, Run] = {}
        self._drivers: dict[str, RunDriver] = {}
        self._drives: dict[str, asyncio.Task[None]] = {}
        self._listeners: list[Listener] = []
        self._refused: set[Path] = set()
        self._problems: dict[str, ContextuneError] = {}
        self._closing = False
        self._moving = asyncio.Lock()
        """Held by Accept, Undo and Discard, from the look at the Run's state to the event that changes it."""
        # Test suites use whole processors; more at a time than there are would only make each slower.
        self._gate_slots = asyncio.Semaphore(max(1, os.cpu_count() or 1))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call back with every event of every live Run; returns the way to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def scan(self, path: Path) -> list[Todo]:
        """The Todos below a folder or in a file, read once, without watching it. Raises PlaceProblem.

        Within a repository, paths and ids are those of the repository, whichever part of it is asked for.
        """
        path = path.resolve()
        if not path.exists():
            raise PlaceProblem(f"{path} does not exist. Give the folder of a project.")
        try:
            root = (await self._place(path)).repository.root
        except PlaceProblem:
            root = path if path.is_dir() else path.parent
        settings = self._world.settings.load(root, {})
        found = await asyncio.to_thread(
            self._world.scanner.scan,
            root,
            markers=settings.markers,
            exclude=settings.exclude,
            overlays={},
        )
        return below(found, root, path)

    async def quote(
        self,
        request: QuoteRequest,
        *,
        on_stage: Callable[[str], None] = lambda _: None,
        overrides: Mapping[str, Any] = {},
    ) -> Quote:
        """Plan and price. Spends at most what planning costs. Raises ContextuneError."""
        place = await self._place(request.folder)
        root = place.repository.root
        if root in self._refused:
            raise PlaceProblem(f"{root} is not trusted. Trust the workspace to let agents work in it.")
        settings = self._world.settings.load(root, overrides)
        if not settings.offline and self._world.models.source == "none":
            raise PlaceProblem(
                "There is no API key. Set ANTHROPIC_API_KEY, or use the offline model with --offline."
            )
        # The import of the model's SDK takes seconds; the Gate on the Base runs meanwhile.
        warming = asyncio.create_task(self._world.warm(), name="warm")
        quoter = Quoter(
            self._world,
            place.repository,
            settings,
            gate=Gate(place.repository, timeout=settings.gate_timeout, slots=self._gate_slots),
            gateway=lambda: self._gateway(settings),
            on_stage=on_stage,
        )
        try:
            quote = await quoter.make(request, self.todos.overlays(root))
        finally:
            await asyncio.wait([warming])
        self._quotes[quote.id] = (quote, settings)
        return quote

    async def start(
        self,
        quote_id: str,
        *,
        edits: Sequence[Edit] = (),
        budget: Decimal | None = None,
        agents: int | None = None,
    ) -> Run:
        """Approve a Quote. The Run is journalled and returned at once; the work goes on by itself."""
        known = self._quotes.pop(quote_id, None)
        if known is None:
            raise UsageProblem(f"There is no quote {quote_id}. It was started already, or never made.")
        quote, settings = known
        try:
            quote = edited(quote, {str(edit["id"]): edit for edit in edits})
        except UsageProblem:
            self._quotes[quote_id] = known
            raise
        settings = msgspec.structs.replace(
            settings,
            budget=settings.budget if budget is None else budget,
            agents=agents or settings.agents,
        )
        place = await self._place(Path(quote.repository))
        await asyncio.to_thread(
            place.repository.set_ref, f"refs/contextune/base/{quote.id}", quote.base.commit
        )
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
        )
        run = await self._record(created)
        self._drive(place, run, settings)
        return run

    async def run(self, run_id: str) -> Run:
        """A Run by its id or a unique beginning of it. Raises UsageProblem."""
        if run_id in self._drivers:
            return self._drivers[run_id].run
        run = fold(await self._world.journal.read(run_id))
        if run is None:
            ids = await self._world.journal.runs(None)
            matching = [known for known in ids if known.startswith((run_id, f"r_{run_id}"))]
            if len(matching) != 1:
                said = "is not unique" if matching else "is no run"
                raise UsageProblem(f"{run_id!r} {said}. `contextune runs` lists them.")
            return await self.run(matching[0])
        self._runs[run.id] = run
        return run

    async def runs(self, folder: Path | None) -> list[Run]:
        """Runs of one repository or of all, newest first."""
        root = str((await self._place(folder)).repository.root) if folder else None
        return [await self.run(run_id) for run_id in await self._world.journal.runs(root)]

    async def wait(self, run_id: str) -> Run:
        """Wait until a Run's drive in this process ends; returns the Run as it then stands."""
        drive = self._drives.get(run_id)
        if drive is not None:
            await asyncio.shield(drive)
        return await self.run(run_id)

    def problem(self, run_id: str) -> ContextuneError | None:
        """What ended the last drive of a Run in this process before its time; None if nothing did."""
        return self._problems.get(run_id)

    def is_driven_elsewhere(self, run_id: str) -> bool:
        """Whether another process drives a Run."""
        return run_id not in self._drives and self._world.mailbox.is_owned(run_id)

    async def pause(self, run_id: str) -> None:
        """Take no further turn until the Run resumes."""
        await self._ask(run_id, Letter(verb="pause"))

    async def resume(self, run_id: str, budget: Decimal | None = None) -> None:
        """Go on with a paused, parked or interrupted Run."""
        run = await self.run(run_id)
        if run.state not in LIVE_RUN:
            raise UsageProblem(f"Run {run.id} is {run.state}; there is nothing to resume.")
        if run.id in self._drivers or self._world.mailbox.is_owned(run.id):
            await self._ask(run.id, Letter(verb="resume", text=str(budget) if budget is not None else ""))
            return
        place = await self._place(Path(run.repository))
        if budget is not None or run.state != "running":
            at = self._world.clock.now()
            new = run.budget if budget is None else budget
            run = await self._record(ev.RunResumed(run_id=run.id, at=at, budget=new))
        self._drive(place, run, self._settings_of(run))

    async def cancel(self, run_id: str) -> None:
        """Stop a Run."""
        run = await self.run(run_id)
        if run.id not in self._drivers and not self._world.mailbox.is_owned(run.id):
            if run.state in LIVE_RUN:
                await self._cancel_idle(run)
            return
        await self._ask(run.id, Letter(verb="cancel"))

    async def accept(self, run_id: str, mode: AcceptMode) -> Run:
        """Move the user's branch once. Raises MergeRefused if that would lose anything."""
        async with self._moving:
            return await self._accept(await self.run(run_id), mode)

    async def undo(self, run_id: str) -> Run:
        """Move the user's branch back."""
        async with self._moving:
            run = await self.run(run_id)
            place = await self._place(Path(run.repository))
            return await self._record(await acceptance.undo(run, place.repository, self._world.clock))

    async def discard(self, run_id: str) -> Run:
        """Drop a Run's result; Salvage refs keep it."""
        async with self._moving:
            run = await self.run(run_id)
            place = await self._place(Path(run.repository))
            leases = Leases(self._world, place.repository, run.id, self._settings_of(run))
            event = await acceptance.discard(run, place.repository, self._world.clock, leases)
            await self._note(run.id, leases.problems)
            return await self._record(event)

    async def cancel_task(self, run_id: str, task_id: str) -> None:
        """Stop one Task."""
        await self._ask_task(run_id, task_id, "cancel_task")

    async def retry_task(self, run_id: str, task_id: str) -> None:
        """Do an ended Task again."""
        run = await self._with_task(run_id, task_id)
        task = run.task(task_id)
        if task.state not in ENDED_TASK or task.state == "accepted":
            raise UsageProblem(f"Task {task_id} is {task.state}; only a Task that ended can be done again.")
        if run.state in ("accepted", "undone", "discarded"):
            raise UsageProblem(f"Run {run.id} is {run.state}; start a new one for this Todo.")
        if run.id in self._drivers or self._world.mailbox.is_owned(run.id):
            await self._ask(run.id, Letter(verb="retry_task", task_id=task_id))
            return
        at = self._world.clock.now()
        run = await self._record(ev.TaskRetried(run_id=run.id, at=at, task_id=task_id))
        self._drive(await self._place(Path(run.repository)), run, self._settings_of(run))

    async def tell(self, run_id: str, task_id: str, text: str) -> None:
        """Words that reach a Task's agent with its next turn."""
        await self._ask_task(run_id, task_id, "tell", _words(text))

    async def answer(self, run_id: str, task_id: str, text: str) -> None:
        """The answer to a Task's question."""
        run = await self._with_task(run_id, task_id)
        if run.task(task_id).question is None:
            raise UsageProblem(f"Task {task_id} asks nothing. Use tell to send it words.")
        await self._ask_task(run_id, task_id, "answer", _words(text))

    async def transcript(self, run_id: str, task_id: str, attempt: int | None = None) -> str:
        """What a Task's agents were told and did, as Markdown."""
        run = await self._with_task(run_id, task_id)
        return transcript(run.task(task_id), await self._world.journal.read(run.id), attempt)

    async def file_at(
        self, run_id: str, task_id: str | None, path: str, side: Literal["before", "after"]
    ) -> bytes | None:
        """One side of a diff: of the whole Run, or of one Task's own commit."""
        run = await self.run(run_id)
        commit: str | None
        if task_id is None:
            commit = run.base.commit if side == "before" else run.ghost
        else:
            task = (await self._with_task(run_id, task_id)).task(task_id)
            commit = (task.start if side == "before" else task.commit) or None
        if commit is None:
            return None
        place = await self._place(Path(run.repository))
        return await asyncio.to_thread(place.repository.read_file, commit, path)

    async def diff(self, run_id: str, task_id: str | None = None) -> str:
        """The unified diff of a Run, or of one Task."""
        run = await self.run(run_id)
        place = await self._place(Path(run.repository))
        before, after = run.base.commit, run.ghost
        if task_id is not None:
            task = (await self._with_task(run_id, task_id)).task(task_id)
            before, after = task.start or before, task.commit
        if after is None:
            return ""
        return await asyncio.to_thread(place.repository.diff, before, after)

    def set_key(self, key: str | None) -> None:
        """The editor's API key, kept in memory alone."""
        self._world.models.set_key(key)

    def credential(self) -> Literal["editor", "environment", "offline", "none"]:
        """Where the key came from."""
        return self._world.models.source

    def trust(self, folder: Path, trusted: bool) -> None:
        """Whether the user trusts what a repository's own files name."""
        root = folder.resolve()
        self._world.settings.trust(root, trusted)
        if trusted:
            self._refused.discard(root)
        else:
            self._refused.add(root)

    def configure(self, folder: Path | None, editor_settings: Mapping[str, Any]) -> None:
        """The editor's own settings, keys in snake_case. Raises UsageProblem on a bad one."""
        self._world.settings.configure(folder.resolve() if folder else None, editor_settings)
        self._world.models.set_offline(bool(self._world.settings.load(None, {}).offline))

    async def doctor(self, folder: Path | None) -> list[Check]:
        """What is in order and what is missing."""
        return await examine(self._world, folder)

    async def worktrees(self, folder: Path | None) -> list[Worktree]:
        """The worktrees of Tasks, of one repository or of all that have Runs."""
        return await list_worktrees(self._world, await self.runs(folder))

    async def clean_worktrees(
        self, folder: Path | None, *, dry_run: bool
    ) -> tuple[list[Worktree], list[str]]:
        """Remove, or only tell, the worktrees that no live Run needs, and the refs that keep their work."""
        return await clean(self._world, await self.runs(folder), dry_run=dry_run)

    async def warm(self) -> None:
        """Import what is heavy, in the background, so that the first Run does not wait for it."""
        await self._world.warm()

    async def close(self) -> None:
        """Stop every drive at its next safe point; what is unfinished can be resumed."""
        self._closing = True
        for driver in list(self._drivers.values()):
            await driver.stop()
        if self._drives:
            await asyncio.wait(self._drives.values())
        await self.todos.close()
        await self._world.models.close()
        await self._world.journal.close()

    async def _place(self, folder: Path) -> _Place:
        folder = folder.resolve()
        place = self._places.get(folder)
        if place is None:
            repository = await asyncio.to_thread(self._world.open_repository, folder)
            settings = self._world.settings.load(repository.root, {})
            gate = Gate(repository, timeout=settings.gate_timeout, slots=self._gate_slots)
            place = self._places.setdefault(repository.root, _Place(repository, gate))
            self._places[folder] = place
        return place

    async def _gateway(self, settings: Settings) -> Gateway:
        model = await self._world.models.get(offline=settings.offline)
        return Gateway(model, self._world.prices, self._world.clock)

    def _settings_of(self, run: Run) -> Settings:
        settings = self._world.settings.load(Path(run.repository), {})
        return msgspec.structs.replace(
            settings,
            budget=run.budget,
            agents=run.agents,
            ladder=run.ladder,
            accept=run.accept,
            offline=run.offline,
        )

    def _drive(self, place: _Place, run: Run, settings: Settings) -> None:
        self._problems.pop(run.id, None)
        self._drives[run.id] = asyncio.create_task(self._driven(place, run, settings), name=f"drive {run.id}")

    async def _driven(self, place: _Place, run: Run, settings: Settings) -> None:
        with self._world.mailbox.own(run.id) as owned:
            try:
                if not owned:
                    raise UsageProblem(f"Another process drives run {run.id} already.")
                gateway = await self._gateway(settings)
                if self._closing:
                    return
                driver = RunDriver(
                    self._world,
                    place.repository,
                    run,
                    settings=settings,
                    gateway=gateway,
                    gate=place.gate,
                    listener=self._heard,
                    work=work_on,
                )
                self._drivers[run.id] = driver
                post = asyncio.create_task(self._post(driver), name=f"post {run.id}")
                try:
                    await driver.drive()
                finally:
                    post.cancel()
                    await asyncio.wait([post])
                    self._drivers.pop(run.id, None)
                await self._conclude(driver.run)
            except ContextuneError as problem:
                self._problems[run.id] = problem
                if owned:
                    at, why = self._world.clock.now(), str(problem)
                    await self._record(ev.RunPaused(run_id=run.id, at=at, state="paused", reason=why))
            finally:
                self._drives.pop(run.id, None)

    async def _conclude(self, run: Run) -> None:
        """Accept by itself where the user asked for that, and say how the Run ended."""
        if run.state in LIVE_RUN:
            return
        if run.state == "review" and run.accept != "none":
            try:
                async with self._moving:
                    run = await self._accept(run, run.accept)
            except ContextuneError as problem:
                at = self._world.clock.now()
                run = await self._record(ev.Noted(run_id=run.id, at=at, text=str(problem)))
        await self._record(finished(run, self._world.clock.now()))

    async def _cancel_idle(self, run: Run) -> None:
        """Cancel a Run that no process drives."""
        at = self._world.clock.now()
        for task in run.tasks:
            if task.state not in ENDED_TASK:
                await self._record(
                    ev.TaskEnded(
                        run_id=run.id,
                        at=at,
                        task_id=task.id,
                        state="cancelled",
                        reason="The Run was cancelled.",
                    )
                )
        await self._record(finished(await self._record(ev.RunCancelled(run_id=run.id, at=at)), at))

    async def _accept(self, run: Run, mode: AcceptMode) -> Run:
        place = await self._place(Path(run.repository))
        event = await acceptance.accept(run, place.repository, self._world.clock, mode)
        run = await self._record(event)
        leases = Leases(self._world, place.repository, run.id, self._settings_of(run))
        try:
            for returned in await acceptance.release(run, place.repository, self._world.clock, leases):
                run = await self._record(returned)
        except ContextuneError as problem:
            leases.problems.append(str(problem))
        # The branch has moved: what is left behind is told, and is no failure of Accept.
        return await self._note(run.id, leases.problems) or run

    async def _note(self, run_id: str, problems: Sequence[str]) -> Run | None:
        """Record sentences as notes of a Run; returns it as it then stands, or None if there are none."""
        run: Run | None = None
        for problem in problems:
            run = await self._record(ev.Noted(run_id=run_id, at=self._world.clock.now(), text=problem))
        return run

    async def _post(self, driver: RunDriver) -> None:
        async for letter in self._world.mailbox.letters(driver.run.id):
            try:
                await deliver(driver, letter)
            except ContextuneError as problem:
                # Whoever wrote has gone on: the Run itself says why nothing came of it.
                at = self._world.clock.now()
                await driver.emit(ev.Noted(run_id=driver.run.id, at=at, text=str(problem)))

    async def _ask(self, run_id: str, letter: Letter) -> None:
        run = await self.run(run_id)
        driver = self._drivers.get(run.id)
        if driver is not None:
            await deliver(driver, letter)
        elif self._world.mailbox.is_owned(run.id):
            self._world.mailbox.send(run.id, letter)
        else:
            raise UsageProblem(f"Run {run.id} is {run.state} and nobody drives it; resume it first.")

    async def _ask_task(
        self, run_id: str, task_id: str, verb: Literal["cancel_task", "tell", "answer"], text: str = ""
    ) -> None:
        run = await self._with_task(run_id, task_id)
        if run.task(task_id).state in ENDED_TASK:
            raise UsageProblem(f"Task {task_id} is {run.task(task_id).state} already.")
        await self._ask(run.id, Letter(verb=verb, task_id=task_id, text=text))

    async def _with_task(self, run_id: str, task_id: str) -> Run:
        run = await self.run(run_id)
        if all(task.id != task_id for task in run.tasks):
            known = ", ".join(task.id for task in run.tasks)
            raise UsageProblem(f"Run {run.id} has no task {task_id!r}. Tasks: {known}.")
        return run

    async def _record(self, event: ev.AnyEvent) -> Run:
        """Journal an event of a Run that nobody drives, and fold it."""
        await self._world.journal.append([event])
        run = fold(await self._world.journal.read(event.run_id))
        if run is None:
            raise ContextuneError(f"The journal lost run {event.run_id}.")
        self._heard(run, event)
        return run

    def _heard(self, run: Run, event: ev.AnyEvent) -> None:
        self._runs[run.id] = run
        for listener in list(self._listeners):
            listener(run, event)


async def deliver(driver: RunDriver, letter: Letter) -> None:
    """Do what a letter asks."""
    match letter:
        case Letter(verb="pause"):
            await driver.pause()
        case Letter(verb="resume"):
            await driver.resume(Decimal(letter.text) if letter.text else None)
        case Letter(verb="cancel"):
            await driver.cancel()
        case Letter(verb="cancel_task", task_id=str(task_id)):
            await driver.cancel_task(task_id)
        case Letter(verb="retry_task", task_id=str(task_id)):
            await driver.retry(task_id)
        case Letter(verb="tell" | "answer", task_id=str(task_id)):
            await driver.tell(task_id, letter.text)
        case _:
            raise UsageProblem(f"Nothing is known of {letter.verb} without a Task.")


def _words(text: str) -> str:
    words = text.strip()
    if not words:
        raise UsageProblem("There is nothing to say: the text is empty.")
    return words

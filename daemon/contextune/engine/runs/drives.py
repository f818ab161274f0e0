"""The Runs that this process drives: who owns them, what is asked of them, how they end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

from contextune.core.errors import ContextuneError, UsageProblem
from contextune.core.ports import Overlays
from contextune.core.process_ports import Letter, place_of
from contextune.core.runs import events as ev
from contextune.core.runs.endings import RunCancelled, RunFinished
from contextune.core.runs.run import Run, advance, is_unfinished
from contextune.core.runs.wish import AcceptWish
from contextune.core.settings import Settings
from contextune.core.states import ENDED_TASK, LIVE_RUN, Driver
from contextune.engine.drive.change import read_change
from contextune.engine.drive.recovery import interrupted, left_open, settle_abandoned
from contextune.engine.drive.run import RunDriver
from contextune.engine.forge.forging import Forging
from contextune.engine.money.records import unrecorded
from contextune.engine.repositories.places import Place, Places
from contextune.engine.runs.commenting import heed
from contextune.engine.runs.following import follow_base
from contextune.engine.runs.landing import Landing
from contextune.engine.runs.ownership import alive
from contextune.engine.runs.rewinding import read_letter, rewind
from contextune.engine.runs.samples import Samples
from contextune.engine.surroundings.wakefulness import Wakefulness
from contextune.engine.surroundings.world import World
from contextune.engine.tasks.courses import choose
from contextune.engine.tasks.pausing import all_resumed, paused, resumed
from contextune.engine.tasks.task_work import work_on
from contextune.engine.worktrees.leases import Leases, worktrees_folder
from contextune.engine.worktrees.room import make_room

Listener = Callable[[Run, ev.AnyEvent], None]


class Drives:
    """Begins, steers and ends drives; journals what happens to Runs that nobody drives."""

    def __init__(self, world: World, places: Places) -> None:
        self._world = world
        self._places = places
        self.drivers: dict[str, RunDriver] = {}
        self.overlays: Callable[[Path], Overlays] = lambda _: {}
        """The user's unsaved buffers below a folder."""
        self._drives: dict[str, asyncio.Task[None]] = {}
        self._endings: dict[str, asyncio.Task[None]] = {}
        """The same until what comes after a drive has been seen to: room on the disk, the samples begun."""
        self._listeners: list[Listener] = []
        self._problems: dict[str, ContextuneError] = {}
        self._closing = False
        self._swept = False
        self.samples = Samples(world, places, record=self.record, retry=self.retry)
        self._newest: dict[str, Run] = {}
        self.forging = Forging(
            world,
            places,
            newest=self.newest,
            append=self.append,
            is_elsewhere=lambda run_id: self.driver(run_id) == "elsewhere",
        )
        """What writes issues and pull requests."""
        self.landing = Landing(world, places, record=self.record, note=self.note, forging=self.forging)
        """What brings results to the user's branch, and back."""

    async def settle_abandoned(self) -> None:
        """Bill what dead processes left open, once in the life of this one."""
        if not self._swept:
            self._swept = True
            await settle_abandoned(self._world)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call back with every event of every live Run; returns the way to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def problem(self, run_id: str) -> ContextuneError | None:
        """What ended the last drive of a Run in this process before its time; None if nothing did."""
        return self._problems.get(run_id)

    def driver(self, run_id: str) -> Driver:
        """Which process drives a Run, or makes its samples."""
        if run_id in self._drives or self.samples.is_making(run_id):
            return "here"
        return "elsewhere" if self._world.mailbox.is_owned(run_id) else "nobody"

    async def newest(self, run_id: str) -> Run | None:
        """A Run as it stands by the Journal; None if there is none. Only what is not known yet is read."""
        driver = self.drivers.get(run_id)
        if driver is not None:
            return driver.run
        run = self._newest.get(run_id)
        for event in await self._world.journal.read(run_id, run.seq if run else 0):
            run = advance(run, event)
        if run is not None:
            self._keep(run)
        return run

    def edited(self, file: Path) -> None:
        """An unsaved buffer of the user changed."""
        for driver in self.drivers.values():
            if file.is_relative_to(driver.repository.root):
                driver.radar.user_edited()

    async def wait(self, run_id: str) -> None:
        """Wait until a Run's drive in this process ends, and its samples, if any, have begun."""
        ending = self._endings.get(run_id)
        if ending is not None:
            await asyncio.shield(ending)

    async def close(self) -> None:
        """Stop every drive at its next safe point; what is unfinished can be resumed."""
        self._closing = True
        for driver in list(self.drivers.values()):
            await driver.stop()
        if self._endings:
            await asyncio.wait(self._endings.values())
        await self.samples.close()
        await self.forging.close()

    async def interrupt(self, run_id: str) -> None:
        """Pause a Run that this process drives, and stop its drive: its user has called it back."""
        driver = self.drivers.get(run_id)
        if driver is not None:
            await driver.interrupt()
            await self.wait(run_id)

    def begin(self, place: Place, run: Run, settings: Settings, leases: Leases | None = None) -> None:
        """Drive a Run in the background, with the worktrees that were made for it already."""
        self._problems.pop(run.id, None)
        driven = self._driven(place, run, settings, leases)
        drive = asyncio.create_task(driven, name=f"drive {run.id}")
        self._drives[run.id] = self._endings[run.id] = drive

    async def retry(self, run_id: str, task_id: str, start: int | None = None) -> None:
        """Do an ended Task of a Run again that nobody drives, from this place on the ladder."""
        at = self._world.clock.now()
        run = await self.record(ev.TaskRetried(run_id=run_id, at=at, task_id=task_id, start=start))
        self.begin(await self._places.of_run(run), run, self._places.settings_of(run))

    async def _driven(self, place: Place, run: Run, settings: Settings, leases: Leases | None) -> None:
        try:
            concluded = await self._until_concluded(place, run, settings, leases)
            await self._keep_room(place, run.id, settings)
            if concluded is not None and not self._closing:
                self.samples.begin(place, concluded, settings)
        finally:
            if self._endings.get(run.id) is asyncio.current_task():
                del self._endings[run.id]

    async def _keep_room(self, place: Place, run_id: str, settings: Settings) -> None:
        """Give back worktrees that nobody needs where all together take more than the user allows."""
        self._world.measures.forget(worktrees_folder(self._world.home, place.repository.root) / run_id)
        try:
            said = await make_room(self._world, place.repository, settings, needed=False, record=self.record)
            await self.note(run_id, said)
        except ContextuneError as problem:
            await self.note(run_id, [str(problem)])

    async def _until_concluded(
        self, place: Place, run: Run, settings: Settings, leases: Leases | None
    ) -> Run | None:
        """Drive a Run; returns it if it was brought to an end."""
        await self._world.mailbox.freed(run.id)
        with self._world.mailbox.own(run.id) as owned:
            try:
                if not owned:
                    raise UsageProblem(f"Another process drives run {run.id} already.")
                # Another process may have gone on with it since it was looked at.
                run = await self.newest(run.id) or run
                if not is_unfinished(run):
                    return None
                gateway = await self._places.gateway(settings)
                roles = await self._world.roles(place.repository.root)
                if self._closing:
                    return None
                awake = Wakefulness(self._world.awake, wanted=settings.keep_awake)

                def heard(run: Run, event: ev.AnyEvent) -> None:
                    awake.follow(run)
                    self.tell(run, event)

                driver = RunDriver(
                    self._world,
                    place.repository,
                    run,
                    settings=settings,
                    gateway=gateway,
                    gate=place.gate,
                    listener=heard,
                    work=work_on,
                    roles=roles,
                    overlays=lambda: self.overlays(place.repository.root),
                    leases=leases,
                )
                self.drivers[run.id] = driver
                post = asyncio.create_task(self._post(driver), name=f"post {run.id}")
                try:
                    with awake:
                        awake.follow(driver.run)
                        async with alive(self._world.mailbox, run.id):
                            await driver.drive()
                finally:
                    post.cancel()
                    await asyncio.wait([post])
                    self.drivers.pop(run.id, None)
                return await self._conclude(driver.run)
            except ContextuneError as problem:
                self._problems[run.id] = problem
                if owned:
                    at, why = self._world.clock.now(), str(problem)
                    await self.record(ev.RunPaused(run_id=run.id, at=at, state="paused", reason=why))
            finally:
                self._drives.pop(run.id, None)
        return None

    async def _conclude(self, run: Run) -> Run | None:
        """Accept by itself where the user asked for that, and say how the Run ended; None if it has not."""
        if run.state in LIVE_RUN:
            return None
        if run.state == "review" and run.accept != "none":
            try:
                async with self.landing.moving(run.id):
                    run = await self.newest(run.id) or run
                    run = await self.landing.accept(run, AcceptWish(mode=run.accept))
            except ContextuneError as problem:
                at = self._world.clock.now()
                run = await self.record(ev.Noted(run_id=run.id, at=at, text=str(problem)))
        return await self.record(finished(run, self._world.clock.now()))

    async def conclude(self, run: Run) -> None:
        """Bring to its end what a process that died left undone after the work: Accept, and what follows.

        Raises UsageProblem if nothing was left.
        """
        if run.concluded and run.accepting is None:
            raise UsageProblem(f"Run {run.id} is {run.state}; there is nothing to resume.")
        if run.accepting is not None:
            async with self.landing.moving(run.id):
                run = await self.newest(run.id) or run
                if run.wish is not None and run.accepting is not None:
                    run = await self.landing.accept(run, run.wish)
        elif run.accepted is not None and run.state == "accepted":
            run = await self.landing.release(run)
        if not run.concluded:
            await self._conclude(run)

    async def cancel_idle(self, run: Run) -> None:
        """Cancel a Run that no process drives."""
        at = self._world.clock.now()
        for event in [*interrupted(run, at), *left_open(run, at)]:
            run = await self.record(event)
        for task in run.tasks:
            if task.state not in ENDED_TASK:
                run = await self.record(
                    ev.TaskEnded(
                        run_id=run.id,
                        at=at,
                        task_id=task.id,
                        state="cancelled",
                        reason="The Run was cancelled.",
                    )
                )
        for recorded in await unrecorded(self._world.journal, run, at):
            await self.record(recorded)
        await self.record(finished(await self.record(RunCancelled(run_id=run.id, at=at)), at))

    async def note(self, run_id: str, problems: Sequence[str]) -> Run | None:
        """Record sentences as notes of a Run; returns it as it then stands, or None if there are none."""
        run: Run | None = None
        for problem in problems:
            run = await self.record(ev.Noted(run_id=run_id, at=self._world.clock.now(), text=problem))
        return run

    async def _post(self, driver: RunDriver) -> None:
        async for letter in self._world.mailbox.letters(driver.run.id):
            try:
                await deliver(driver, letter)
            except ContextuneError as problem:
                # Whoever wrote has gone on: the Run itself says why nothing came of it.
                at = self._world.clock.now()
                await driver.emit(ev.Noted(run_id=driver.run.id, at=at, text=str(problem)))

    async def ask(self, run: Run, letter: Letter) -> None:
        """Ask whoever drives a Run for something. Raises UsageProblem if nobody does."""
        driver = self.drivers.get(run.id)
        if driver is not None:
            await deliver(driver, letter)
        elif run.id in self._drives or self._world.mailbox.is_owned(run.id):
            # Its driver here may be about to be made: it reads its letters first.
            self._world.mailbox.send(run.id, letter)
        else:
            raise UsageProblem(f"Run {run.id} is {run.state} and nobody drives it; resume it first.")

    async def record(self, *events: ev.AnyEvent) -> Run:
        """Journal events of a Run that nobody drives, together, and fold them."""
        run_id = events[0].run_id
        await self._world.journal.append(events)
        run = await self.newest(run_id)
        if run is None:
            raise ContextuneError(f"The journal lost run {run_id}.")
        for event in events:
            self.tell(run, event)
        return run

    async def append(self, *events: ev.AnyEvent) -> Run:
        """Journal events of a Run that this process drives, or that nobody does."""
        driver = self.drivers.get(events[0].run_id)
        if driver is None:
            return await self.record(*events)
        await driver.emit(*events)
        return driver.run

    def tell(self, run: Run, event: ev.AnyEvent) -> None:
        """Tell all listeners what happened in a Run, wherever it did."""
        self._keep(run)
        self.forging.heard(run, event)
        for listener in list(self._listeners):
            listener(run, event)

    def _keep(self, run: Run) -> None:
        known = self._newest.get(run.id)
        if known is None or known.seq <= run.seq:
            self._newest[run.id] = run


async def deliver(driver: RunDriver, letter: Letter) -> None:
    """Do what a letter asks."""
    match letter:
        case Letter(verb="pause"):
            await driver.pause()
        case Letter(verb="resume"):
            await driver.resume(Decimal(letter.text) if letter.text else None)
            await driver.emit(*all_resumed(driver.run, driver.now()))
        case Letter(verb="adjust"):
            await driver.adjust(read_change(letter.text))
        case Letter(verb="rebase"):
            await follow_base(driver)
        case Letter(verb="cancel"):
            await driver.cancel()
        case Letter(verb="cancel_task", task_id=str(task_id)):
            await driver.cancel_task(task_id)
        case Letter(verb="pause_task", task_id=str(task_id)):
            await driver.emit(*paused(driver.run, task_id, driver.now()))
        case Letter(verb="resume_task", task_id=str(task_id)):
            await driver.emit(*resumed(driver.run, task_id, driver.now()))
        case Letter(verb="retry_task", task_id=str(task_id)):
            await driver.retry(task_id, place_of(letter))
        case Letter(verb="tell", task_id=str(task_id)):
            await driver.talk.tell(task_id, letter.text)
        case Letter(verb="course", task_id=str(task_id), text="go_on" | "wait" | "rebase" as course):
            await choose(driver, task_id, course)
        case Letter(verb="rewind", task_id=str(task_id)):
            await rewind(driver, read_letter(task_id, letter.text))
        case Letter(verb="answer", task_id=str(task_id)):
            await driver.talk.answer(task_id, letter.text)
        case Letter(verb="comment" | "remove_comment" | "send_comments"):
            await heed(driver, letter)
        case _:
            raise UsageProblem(f"Nothing is known of {letter.verb} without a Task.")


def finished(run: Run, at: int) -> RunFinished:
    """The last event of a drive."""
    accepted = run.accepted if run.state == "accepted" else None
    return RunFinished(
        run_id=run.id,
        at=at,
        state=run.state,
        tasks=run.outcomes,
        dollars=run.bill.dollars,
        at_sonnet=run.bill.at_sonnet,
        unpriced=run.bill.unpriced,
        branch=accepted.branch if accepted else None,
        commit=accepted.after if accepted else run.ghost,
    )

"""The drive of one Run: every Task from waiting to its end, then ready for review."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

from contextune.agents.roles import Roles, own_roles
from contextune.core.errors import (
    BudgetReached,
    ContextuneError,
    ModelProblem,
    PlaceProblem,
)
from contextune.core.model.budget import Cap
from contextune.core.model.conversation import ModelReply, ModelRequest
from contextune.core.model.requests import RequestReserved, RequestSettled
from contextune.core.ports import Overlays, Repository
from contextune.core.proof.evidence import Evidence
from contextune.core.runs import events as ev
from contextune.core.runs.endings import RunCancelled
from contextune.core.runs.run import Run, advance
from contextune.core.settings import Settings
from contextune.core.states import ENDED_TASK, TaskState
from contextune.engine.attempts.context_pack import ContextPacks
from contextune.engine.attempts.idle import Idle, never_idle
from contextune.engine.drive.change import Change
from contextune.engine.drive.in_order import InOrder, UnderWay
from contextune.engine.drive.looks import Looks
from contextune.engine.drive.pace import Pace
from contextune.engine.drive.recovery import interrupted
from contextune.engine.drive.seats import Seats
from contextune.engine.drive.talk import Talk
from contextune.engine.drive.turnstile import Turnstile
from contextune.engine.integration.batching import Batching
from contextune.engine.integration.ghost import Ghost, Inside, ghost_branch
from contextune.engine.integration.result import ended
from contextune.engine.money.account import Account, require_requests, require_room
from contextune.engine.money.gateway import Gateway, Keep, keep_nothing
from contextune.engine.money.priming import ROLE, Priming, about_to_begin
from contextune.engine.money.records import unrecorded
from contextune.engine.proof.gate import Gate
from contextune.engine.proof.stand import Stand
from contextune.engine.radar.radar import Radar
from contextune.engine.surroundings.world import World
from contextune.engine.worktrees.ahead import prepare_next
from contextune.engine.worktrees.leases import Leases
from contextune.engine.worktrees.room import make_room

Listener = Callable[[Run, ev.AnyEvent], None]
Prepare = Callable[[], Awaitable[Sequence[ev.AnyEvent]]]
"""Brings a Task's worktree to where it begins anew, and returns what tells of it."""
Work = Callable[["RunDriver", str], Awaitable[None]]
"""Works on one Task of a driven Run, from its Lease to its end."""


class RunDriver:
    """Drives one Run. Whoever holds it owns the Run: nobody else appends its events."""

    def __init__(
        self,
        world: World,
        repository: Repository,
        run: Run,
        *,
        settings: Settings,
        gateway: Gateway,
        gate: Gate,
        listener: Listener,
        work: Work,
        roles: Roles | None = None,
        overlays: Callable[[], Overlays] = dict,
        leases: Leases | None = None,
    ) -> None:
        """`overlays` are the user's unsaved buffers, by path; `leases`, what was made ahead for the Run."""
        self.overlays = overlays
        self.roles = roles or own_roles()
        self.world = world
        self.repository = repository
        self.looks = Looks(repository)
        self.run = run
        self.settings = settings
        self.gate = gate
        self.leases = leases or Leases.of(world, repository, run, settings)
        self.leases.room = self._make_room
        self.leases.waits = self._waits
        self.stand = Stand(repository, gate, self.leases)
        self.account = Account(run.id, run.budget, self.emit)
        self.account.repository, self.account.emit_soon = run.repository, self.emit_soon
        self.account.go_on(self.run, settings)
        self.happened = asyncio.Event()
        """Set by every event; whoever waits for a change clears it first."""
        batching = Batching(lambda: self.run, lambda: self.ghost.task_ids, self.happened)
        self.ghost = Ghost(
            repository,
            run.base.commit,
            test=self.test_ghost,
            probe=self.probe,
            settle=batching.settle,
            ref=f"refs/heads/{ghost_branch(run.id)}",
            by_syntax=settings.merge_by_syntax,
        )
        self.packs = ContextPacks(repository, world.outliner, run)
        self._gateway = gateway
        self._priming = Priming(
            self._prime,
            world.clock,
            is_full=gateway.is_full,
            coming=lambda rung: about_to_begin(self.run, rung),
        )
        self._listener = listener
        self._do = work
        self._in_order, self._under_way, self._turnstile = InOrder(), UnderWay(), Turnstile()
        self.seats = Seats(world.house, in_run=run.agents, in_all=settings.daemon_agents)
        self._pace = Pace(run.id, self.emit, world=world, root=repository.root, account=self.account)
        self.beginning: set[str] = set()
        """Tasks about to be worked on, whose rung is settled."""
        self._ended = {task.id: asyncio.Event() for task in run.tasks}
        self._work: dict[str, asyncio.Task[None]] = {}
        self.talk = Talk(run.id, self.emit, world.clock)
        self.radar = Radar(repository, lambda: self.run, emit=self.emit, clock=world.clock, overlays=overlays)
        self._numbers: dict[str, int] = {}
        self._cancelling: dict[str, str] = {}
        """Why a Task's work is being stopped for good."""
        self._stopping = self._cancelled = False
        self.halting = False
        """Whether all work is being stopped, so that nothing is to be brought to an end any more."""

    async def drive(self) -> Run:
        """Work until every Task has ended or the Run is cancelled. Returns the Run as it then stands."""
        self.stand_on_base()
        await self.emit(*interrupted(self.run, self.now()))
        self.account.go_on(self.run, self.settings)
        if self._stopping:
            return self.run  # asked to before anything was begun
        self.radar.watch_user(self.world.watcher)
        # Tasks that others wait for come first: they are the longest way to the end.
        for task in sorted(self.run.tasks, key=lambda task: -len(self.run.plan.descendants(task.id))):
            if task.state in ENDED_TASK:
                self._ended[task.id].set()
            elif task.id in self._cancelling:
                await self.end_task(task.id, "cancelled", self._cancelling.pop(task.id))
            else:
                self._begin(task.id)
        limiting = self._pace.limit_time(self.settings.run_timeout, lambda: self.run.resting)
        timing = asyncio.create_task(limiting, name=f"time of {self.run.id}")
        preparing = prepare_next(self.world, self.leases, self.run, self.stand.name, self.settings)
        ahead = asyncio.create_task(preparing, name=f"ahead {self.run.id}")
        try:
            while self._work:
                await asyncio.wait(self._work.values(), return_when=asyncio.FIRST_COMPLETED)
                await self._reap()
        finally:
            timing.cancel()
            ahead.cancel()
            await self._halt()
            await asyncio.wait([ahead])
            await self.radar.close()
            await self.leases.give_back_unused()
            self.leases.close()
        if self._cancelled:
            records = await unrecorded(self.world.journal, self.run, self.now())
            await self.emit(*records, RunCancelled(run_id=self.run.id, at=self.now()))
        elif not self._stopping:
            await self._ready()
        return self.run

    async def emit(self, *events: ev.AnyEvent, caps: Sequence[Cap] = ()) -> None:
        """Journal events, fold them, tell the listener: in this order, and in the order of the calls.

        Several callers may wait for the disk at once: it is asked to keep the events of all in one go.
        A caller that is cancelled meanwhile does not part the Journal from the fold. Raises BudgetReached,
        and records nothing, if a reservation among the events exceeds one of `caps`.
        """
        recording = asyncio.ensure_future(self._record(events, caps))
        try:
            await asyncio.shield(recording)
        except asyncio.CancelledError:
            # Nobody waits for it any more: what it met is of no use to anyone, and no bug.
            recording.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise
        # The disk keeps the events of many at once: not all of them go on in the same round of the loop.
        await self._turnstile.through()
        await self._under_way.kept(events)

    async def emit_soon(self, *events: ev.AnyEvent) -> None:
        """The same of events of a Task, without waiting: what is emitted of that Task next waits for them."""
        self._under_way.add(events[0], asyncio.ensure_future(self._record(events, soon=True)))

    async def _record(
        self, events: Sequence[ev.AnyEvent], caps: Sequence[Cap] = (), *, soon: bool = False
    ) -> None:
        appending = self.world.journal.append(events, caps=caps, soon=soon)
        await self._in_order.after(appending, lambda: self._fold(events))

    def _fold(self, events: Sequence[ev.AnyEvent]) -> None:
        for event in events:
            if isinstance(event, RequestReserved | RequestSettled) and event.run_id != self.run.id:
                continue
            self.run = advance(self.run, event)
            self.account.follow(self.run, event)
            self._listener(self.run, event)
            self.radar.heard(event)
        self.happened.set()

    async def _make_room(self) -> None:
        for said in await make_room(self.world, self.repository, self.settings, needed=True):
            await self.emit(ev.Noted(run_id=self.run.id, at=self.now(), text=said))

    async def _waits(self, worktree: str, waits: bool) -> None:
        task = next((task for task in self.run.tasks if worktree in task.leases), None)
        if task is not None:
            kind = ev.ProcessorAwaited if waits else ev.ProcessorTaken
            await self.emit(kind(run_id=self.run.id, at=self.now(), task_id=task.id, worktree=worktree))

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return self.world.clock.now()

    async def send(
        self,
        request: ModelRequest,
        *,
        role: str,
        task_id: str | None,
        attempt: int | None = None,
        keep: Keep = keep_nothing,
        idle: Idle = never_idle,
    ) -> ModelReply:
        """Send a request when the Run is not paused; at the end of its budget, park until that is raised.

        `idle` waits while its Task is paused. Raises BudgetReached where the Task alone has to wait: at the
        end of its own budget, or a request's.
        """
        while True:
            await self._pace.wait()
            if await idle():
                continue  # the Run may have been paused meanwhile
            try:
                async with self._priming.ahead_of(request):
                    return await self._gateway.send(
                        self.account, request, role=role, task_id=task_id, attempt=attempt, keep=keep
                    )
            except BudgetReached as reached:
                if task_id is not None and reached.scope in ("request", "task"):
                    raise
                await self._pace.park(reached)

    async def _prime(self, request: ModelRequest) -> ModelReply:
        return await self._gateway.send(self.account, request, role=ROLE, task_id=None)

    async def pause(self) -> None:
        """Take no further turn."""
        await self._pace.pause("Paused by the user.")

    async def resume(self, budget: Decimal | None = None) -> None:
        """Go on, with a new budget if one is given, and with those that the settings now name."""
        await self._pace.resume(budget)

    async def adjust(self, change: Change) -> None:
        """Let the Run, its Tasks and requests cost so much, so many agents work, and Tasks begin elsewhere.

        Raises UsageProblem for less than the Run has spent and holds back, or where all those have begun.
        """
        account = self.account
        require_room(self.run.id, change.budget, account.bill.dollars, account.held)
        require_requests(self.run.id, change.limits.requests, account.bill.unpriced, account.held_requests)
        event = change.event(self.run, self.now(), self.beginning)
        # More is spent once that is recorded, and not by a process that dies before; less from here on.
        self.account.expect(event)
        try:
            await self.emit(event)
        except Exception:
            self.account.forget(event, self.run)
            raise
        self.seats.allow(change.agents)

    async def cancel(self) -> None:
        """Stop every Task; what was accepted stays on the Ghost."""
        self._cancelled = True
        left = [task.id for task in self.run.tasks if task.state not in ENDED_TASK]
        # All at once: one that only waits for another must not be told that the other did not end well.
        await asyncio.gather(*(self.cancel_task(i, reason="The Run was cancelled.") for i in left))

    async def cancel_task(self, task_id: str, *, reason: str = "Cancelled by the user.") -> None:
        """Stop one Task; its worktree stays as it is."""
        work = self._work.get(task_id)
        if work is None:
            if self.run.task(task_id).state not in ENDED_TASK:
                self._cancelling[task_id] = reason  # the drive has yet to begin, and ends it then
            return
        # The drive itself ends the Task once its work has stopped, so that neither the drive nor a Task that
        # depends on this one goes on in between.
        self._cancelling[task_id] = reason
        work.cancel()
        await self._ended[task_id].wait()

    async def stop(self) -> None:
        """Stop working without ending anything, so that another process can go on."""
        self._stopping = True
        await self._halt()

    async def interrupt(self) -> None:
        """Pause the Run, then stop working: only its user goes on with it."""
        await self._pace.pause("Interrupted.")
        await self.stop()

    async def retry(self, task_id: str, start: int | None = None) -> None:
        """Do an ended Task again, from this place on the ladder."""
        await self.emit(ev.TaskRetried(run_id=self.run.id, at=self.now(), task_id=task_id, start=start))
        self._ended[task_id].clear()
        self._begin(task_id)

    def redo(self, task_id: str, prepared: Prepare) -> None:
        """Stop the work on a Task, and begin it anew from where `prepared` puts it."""
        going = self._work.get(task_id)

        async def again() -> None:
            if going is not None:
                going.cancel()
                await asyncio.wait([going])
            await self._one(task_id, prepared)

        self._ended[task_id].clear()
        self._work[task_id] = asyncio.create_task(again(), name=f"{self.run.id}/{task_id} again")

    def next_attempt(self, task_id: str) -> int:
        """A number for a new attempt, given out once."""
        known = max((attempt.number for attempt in self.run.task(task_id).attempts), default=0)
        self._numbers[task_id] = max(known, self._numbers.get(task_id, 0)) + 1
        return self._numbers[task_id]

    async def end_task(self, task_id: str, state: TaskState, reason: str) -> None:
        """A Task will not be worked on any more."""
        await self.emit(
            ev.TaskEnded(run_id=self.run.id, at=self.now(), task_id=task_id, state=state, reason=reason)
        )
        self._ended[task_id].set()

    def _begin(self, task_id: str) -> None:
        self._work[task_id] = asyncio.create_task(self._one(task_id), name=f"{self.run.id}/{task_id}")

    async def _one(self, task_id: str, prepared: Prepare | None = None) -> None:
        depends_on = self.run.task(task_id).task.depends_on
        for dependency in depends_on:
            await self._ended[dependency].wait()
        missing = [d for d in depends_on if self.run.task(d).state != "accepted"]
        try:
            if prepared is not None:
                await self.emit(*await prepared())
            if missing:
                await self.end_task(task_id, "skipped", f"It depends on {', '.join(missing)}.")
                return
            await self._do(self, task_id)
        except (PlaceProblem, ModelProblem):
            raise  # no fault of this Task: the Run stops here, and can be resumed
        except ContextuneError as problem:
            await self.end_task(task_id, "failed", str(problem))

    async def _reap(self) -> None:
        for task_id, work in list(self._work.items()):
            if not work.done():
                continue
            if not work.cancelled():
                work.result()  # a bug in our own code must not pass for a failed Task
            elif task_id in self._cancelling:
                await self.end_task(task_id, "cancelled", self._cancelling[task_id])
            self._cancelling.pop(task_id, None)
            del self._work[task_id]
            if self.run.task(task_id).state in ENDED_TASK:
                self._ended[task_id].set()

    async def _halt(self) -> None:
        self.halting = True
        left = [work for work in self._work.values() if not work.done()]
        for work in left:
            work.cancel()
        if left:
            await asyncio.wait(left)
        await self._under_way.settled()

    def stand_on_base(self) -> None:
        """Have the Ghost, and what agents are told first, be as the Run's events have them."""
        inside = [
            Inside(task.id, task.joined or "", task.start or "", frozenset(task.files))
            for task in (self.run.task(task_id) for task_id in self.run.joined)
        ]
        base = self.run.base.commit
        self.ghost.restore(base, self.run.ghost or base, inside)
        self.packs = ContextPacks(self.repository, self.world.outliner, self.run)

    async def test_ghost(self, commit: str) -> Evidence | None:
        """Test what may become the Ghost, as a whole."""
        if self.run.gate is None or self.run.baseline is None:
            return None
        tree = await asyncio.to_thread(self.repository.tree_of, commit)
        await self.emit(ev.GateStarted(run_id=self.run.id, at=self.now(), task_id=None, tree=tree))
        evidence = await self.stand.judge(commit, self.run.gate, self.run.base.commit, self.run.baseline)
        await self.emit(ev.GateFinished(run_id=self.run.id, at=self.now(), task_id=None, evidence=evidence))
        return evidence

    async def probe(self, commit: str) -> Evidence | None:
        """Test a combination of Tasks that nobody wants to join: to see who is at fault."""
        if self.run.gate is None or self.run.baseline is None:
            return None
        return await self.stand.judge(commit, self.run.gate, self.run.base.commit, self.run.baseline)

    async def _ready(self) -> None:
        if self.run.joined and self.run.ghost_evidence is None:
            # A Task was taken out of the Ghost again, and nothing has joined it since.
            await self.test_ghost(self.run.ghost or "")
        records = await unrecorded(self.world.journal, self.run, self.now())
        await self.emit(*records, *await asyncio.to_thread(ended, self.run, self.repository, self.now()))

"""A Run as the fold of its events: `advance(run, event) -> run`. Every view is read off it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from contextune.core.base import Value
from contextune.core.errors import BudgetScope
from contextune.core.forge.folding import on_forge
from contextune.core.forge.writes import (
    ForgeStarted,
    ForgeState,
    ForgeWaits,
    ForgeWritten,
    IssuesWanted,
    PullSeen,
)
from contextune.core.model.budget import Limits
from contextune.core.model.conversation import Rung
from contextune.core.model.money import Bill, CostLine, charged
from contextune.core.model.requests import CliffAvoided, RequestReserved, RequestSettled
from contextune.core.overlap.radar import LiveOverlap, OverlapFound, OverlapGone
from contextune.core.planning.plan import Overlap, Plan
from contextune.core.planning.quote import Quote
from contextune.core.proof.evidence import Baseline, Evidence
from contextune.core.runs import events as ev
from contextune.core.runs.amendments import Amended, Amendment, AmendRefused, AmendStarted
from contextune.core.runs.comments import (
    Comment,
    CommentAdded,
    CommentRemoved,
    CommentsSent,
    TaskReopened,
    with_comment,
)
from contextune.core.runs.effects import AcceptRefused, AcceptStarted, GhostRebuilt, TaskRewound
from contextune.core.runs.endings import (
    RunAccepted,
    RunCancelled,
    RunDiscarded,
    RunFinished,
    RunReady,
    RunUndone,
    TaskOutcome,
)
from contextune.core.runs.file_change import FileChange
from contextune.core.runs.held import Held
from contextune.core.runs.rest import is_at_rest, rest_text
from contextune.core.runs.task_run import TaskRun, on_task
from contextune.core.runs.terms import adjusted_task, limits_going_on
from contextune.core.runs.wish import AcceptWish
from contextune.core.settings import AcceptMode
from contextune.core.states import LIVE_RUN, RunState
from contextune.core.todos.todo import Todo
from contextune.core.worktrees.snapshot import Base


class Run(Value, frozen=True, kw_only=True):
    """One execution of a Plan."""

    id: str
    repository: str
    origin: str = ""
    """The repository's folder when the Run began, for which its worktrees are named."""
    identity: str = ""
    """Of the repository's checkout; empty if it began before there was one."""
    title: str
    state: RunState
    reason: str = ""
    parked_by: BudgetScope | None = None
    """Which budget is reached, while the Run is parked."""
    resting: bool = False
    """Whether it is paused only because every Task that is left is, or waits for one that is."""
    created_at: int
    updated_at: int
    ended_at: int | None = None
    base: Base
    plan: Plan
    waves: tuple[tuple[str, ...], ...]
    todos: tuple[Todo, ...]
    quote: Quote
    overlaps: tuple[Overlap, ...]
    baseline: Baseline | None
    gate: str | None
    budget: Decimal
    agents: int
    limits: Limits = Limits()
    """What its user bounds, in the Quote or since, in place of what the settings say."""
    accept: AcceptMode
    ladder: tuple[Rung, ...]
    offline: bool
    run_command: str | None = None
    tasks: tuple[TaskRun, ...]
    bill: Bill = Bill()
    """Planning included, once the Run has begun."""
    reserved: Decimal = Decimal(0)
    """Held back for requests in flight."""
    costs: tuple[CostLine, ...] = ()
    in_flight: tuple[RequestReserved, ...] = ()
    ghost: str | None = None
    ghost_evidence: Evidence | None = None
    joined: tuple[str, ...] = ()
    """Ids of the Tasks in the Ghost, in order."""
    candidates: tuple[str, ...] = ()
    """The same and those that the review has left without a change, in order."""
    amendments: tuple[Amendment, ...] = ()
    """What the user changed in review, in order."""
    amending: bool = False
    """Whether the Ghost is being put together anew because of that."""
    comments: tuple[Comment, ...] = ()
    """What the user said of lines, sent or not."""
    changes: tuple[FileChange, ...] = ()
    """Base against Ghost, once every Task has ended."""
    held: tuple[Held, ...] = ()
    """What the Ghost holds of each accepted Task, once every Task has ended."""
    accepting: AcceptMode | None = None
    """How the user's branch is being moved, from the intent to its outcome."""
    seen: tuple[str, ...] = ()
    """Flagged files that the user has looked at."""
    wish: AcceptWish | None = None
    """What Accept was last asked for."""
    accepted: RunAccepted | None = None
    undone: RunUndone | None = None
    """How it was last undone."""
    concluded: bool = False
    """Whether it was brought to its end and that was told, until it goes on."""
    forge: ForgeState = ForgeState()
    """Its issues and pull requests."""
    salvage: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    shadows: tuple[ev.ShadowFinished, ...] = ()
    cliffs: tuple[CliffAvoided, ...] = ()
    live_overlaps: tuple[LiveOverlap, ...] = ()
    """What the Radar sees now."""
    seq: int = 0
    """How many events were folded."""

    def task(self, task_id: str) -> TaskRun:
        """The Task with this id. Raises KeyError if there is none."""
        for task in self.tasks:
            if task.id == task_id:
                return task
        raise KeyError(task_id)

    @property
    def outcomes(self) -> tuple[TaskOutcome, ...]:
        """How each Task stands."""
        return tuple(
            TaskOutcome(id=t.id, title=t.task.title, state=t.state, dollars=t.bill.dollars)
            for t in self.tasks
        )


def fold(events: Iterable[ev.AnyEvent]) -> Run | None:
    """The Run that these events make; None if there are none."""
    run: Run | None = None
    for event in events:
        run = advance(run, event)
    return run


def is_unfinished(run: Run) -> bool:
    """Whether there is something to resume: work, or what was to follow it."""
    return run.state in LIVE_RUN or run.accepting is not None or not run.concluded


def planning_bill(quote: Quote) -> Bill:
    """What making a Quote cost."""
    total = Bill()
    for line in quote.planning:
        total = total.join(line.bill)
    return total


def advance(run: Run | None, event: ev.AnyEvent) -> Run:
    """The Run after one more event. Raises ValueError if the first event is not RunCreated."""
    if isinstance(event, ev.RunCreated):
        return _created(event)
    if run is None:
        raise ValueError(f"{type(event).__name__} before RunCreated in {event.run_id}")
    run = msgspec.structs.replace(run, updated_at=event.at, seq=run.seq + 1)
    task_id = getattr(event, "task_id", None)
    changed = _on_run(run, event)
    if task_id is not None:
        tasks = tuple(on_task(task, event) if task.id == task_id else task for task in changed.tasks)
        changed = msgspec.structs.replace(changed, tasks=tasks)
    return _rested(changed)


def _rested(run: Run) -> Run:
    change = msgspec.structs.replace
    goes_on = run.state == "running" or (run.resting and run.state == "paused")
    if goes_on and is_at_rest(run.tasks):
        return change(run, state="paused", resting=True, reason=rest_text(run.tasks))
    if run.resting and goes_on:
        return change(run, state="running", resting=False, reason="")
    return change(run, resting=False) if run.resting else run


def _created(event: ev.RunCreated) -> Run:
    return Run(
        id=event.run_id,
        repository=event.repository,
        origin=event.repository,
        identity=event.identity,
        title=event.title,
        state="running",
        created_at=event.at,
        updated_at=event.at,
        base=event.base,
        plan=event.plan,
        waves=event.plan.waves(),
        todos=event.todos,
        quote=event.quote,
        overlaps=event.quote.overlaps,
        baseline=event.baseline,
        gate=event.gate,
        budget=event.budget,
        agents=event.agents,
        limits=event.quote.limits,
        accept=event.accept,
        ladder=event.ladder,
        offline=event.offline,
        run_command=event.run_command,
        bill=planning_bill(event.quote),
        costs=event.quote.planning,
        tasks=tuple(TaskRun(id=task.id, task=task) for task in event.plan.tasks),
        seq=1,
    )


def _on_run(run: Run, event: ev.AnyEvent) -> Run:
    change = msgspec.structs.replace
    match event:
        case ev.RunMoved():
            return change(run, repository=event.repository)
        case ev.RunPaused():
            halted = change(run, state=event.state, reason=event.reason, parked_by=event.scope)
            return change(halted, resting=False)
        case ev.RunResumed():
            sent = run.bill.unpriced + sum(one.worst_case is None for one in run.in_flight)
            limits = limits_going_on(run.limits, run.parked_by, sent)
            going = change(run, state="running", reason="", parked_by=None, ended_at=None)
            return change(going, budget=event.budget, limits=limits, concluded=False)
        case ev.RunAdjusted():
            tasks = tuple(adjusted_task(task, event) for task in run.tasks)
            terms = change(run, budget=event.budget, agents=event.agents, tasks=tasks)
            return change(terms, limits=run.limits.after(event.limits))
        case RequestReserved():
            held = run.reserved + (event.worst_case or 0)
            return change(run, reserved=held, in_flight=(*run.in_flight, event))
        case RequestSettled():
            return _settled(run, event)
        case ev.GateFinished(task_id=None):
            return change(run, ghost_evidence=event.evidence)
        case ev.TaskJoined():
            joined = change(run, ghost=event.ghost, joined=(*run.joined, event.task_id))
            known = (task_id for task_id in run.candidates if task_id != event.task_id)
            return change(joined, candidates=(*known, event.task_id))
        case ev.TaskRetried() | TaskRewound():
            again = change(run, state="running", reason="", ended_at=None, concluded=False)
            return _begun_anew(again, event.task_id)
        case RunReady():
            state: RunState = "review" if run.joined else "failed"
            ready = change(run, state=state, ghost=event.ghost, changes=event.files, ended_at=event.at)
            return change(ready, held=event.held)
        case AcceptStarted():
            return change(run, accepting=event.mode, seen=event.seen, wish=_wish(event))
        case GhostRebuilt():
            return _rebuilt(run, event)
        case AcceptRefused():
            return change(run, accepting=None)
        case AmendStarted():
            return change(run, amending=True)
        case AmendRefused():
            return change(run, amending=False)
        case Amended():
            return _amended(run, event)
        case CommentAdded():
            return change(run, comments=with_comment(run.comments, event.comment))
        case CommentRemoved():
            left = (one for one in run.comments if one.sent or one.id != event.comment_id)
            return change(run, comments=tuple(left))
        case CommentsSent():
            ids = event.comment_ids
            told = (change(one, sent=True) if one.id in ids else one for one in run.comments)
            return change(run, comments=tuple(told))
        case TaskReopened():
            return _reopened(run, event)
        case RunAccepted():
            return change(run, state="accepted", accepted=event, accepting=None)
        case RunFinished():
            return change(run, concluded=True)
        case RunUndone():
            return change(run, state="undone", undone=event)
        case RunDiscarded():
            return change(run, state="discarded", salvage=event.salvage)
        case RunCancelled():
            return change(run, state="cancelled", ended_at=event.at)
        case ev.Noted():
            return change(run, notes=(*run.notes, event.text))
        case ev.ShadowFinished():
            return change(run, shadows=(*run.shadows, event))
        case OverlapFound(overlap=found) | OverlapGone(overlap=found):
            others = tuple(one for one in run.live_overlaps if one.key != found.key)
            now = (*others, found) if isinstance(event, OverlapFound) else others
            return change(run, live_overlaps=now)
        case IssuesWanted() | ForgeStarted() | ForgeWritten() | ForgeWaits() | PullSeen():
            return change(run, forge=on_forge(run.forge, event))
        case CliffAvoided():
            return change(run, cliffs=(*run.cliffs, event))
        case _:
            return run


def _wish(event: AcceptStarted) -> AcceptWish:
    return AcceptWish(
        mode=event.mode,
        seen=event.seen,
        without=event.without,
        onto_protected=event.onto_protected,
        here=event.here,
    )


def _rebuilt(run: Run, event: GhostRebuilt) -> Run:
    change = msgspec.structs.replace
    commits = {placed.task_id: placed.commit for placed in event.placed}
    return change(
        run,
        base=event.base,
        baseline=event.baseline,
        ghost=event.ghost or None,
        ghost_evidence=event.evidence or run.ghost_evidence,
        joined=tuple(commits),
        candidates=tuple(one for one in run.candidates if one in commits or one not in run.joined),
        tasks=tuple(change(t, joined=commits.get(t.id)) if t.joined else t for t in run.tasks),
    )


def _begun_anew(run: Run, task_id: str) -> Run:
    """The Run without what the review made of a Task's earlier work."""
    return msgspec.structs.replace(
        run,
        candidates=tuple(one for one in run.candidates if one != task_id),
        amendments=tuple(one for one in run.amendments if one.task_id != task_id),
    )


def _reopened(run: Run, event: TaskReopened) -> Run:
    """The Run at work again, its Ghost without the Task."""
    change = msgspec.structs.replace
    commits = dict(event.placed)
    going = change(run, state="running", reason="", ended_at=None, concluded=False)
    return change(
        _begun_anew(going, event.task_id),
        ghost=event.ghost,
        ghost_evidence=None,
        joined=tuple(commits),
        tasks=tuple(change(t, joined=commits[t.id]) if t.id in commits else t for t in run.tasks),
    )


def _amended(run: Run, event: Amended) -> Run:
    """The Run with its Tasks where the new Ghost has them."""
    change = msgspec.structs.replace
    commits = {placed.task_id: placed.commit for placed in event.placed}
    left_out = {one.task_id: one.reason for one in event.left_out}

    def placed(task: TaskRun) -> TaskRun:
        if task.id in commits:
            return change(task, state="accepted", reason="", joined=commits[task.id])
        if task.id in left_out:
            return change(task, state="cancelled", reason=left_out[task.id], joined=None)
        return task

    return change(
        run,
        amendments=event.amendments,
        amending=False,
        ghost=event.ghost,
        ghost_evidence=event.evidence,
        joined=tuple(commits),
        tasks=tuple(placed(task) for task in run.tasks),
    )


def _settled(run: Run, event: RequestSettled) -> Run:
    held = next((r.worst_case for r in run.in_flight if r.request_id == event.request_id), None)
    return msgspec.structs.replace(
        run,
        bill=run.bill.plus(event.charge),
        reserved=run.reserved - (held or 0),
        in_flight=tuple(r for r in run.in_flight if r.request_id != event.request_id),
        costs=charged(run.costs, event.role, event.rung.model, event.charge),
    )

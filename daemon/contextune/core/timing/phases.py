"""The time of each phase of a Run, measured from its Journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from contextune.core.base import Value
from contextune.core.model.requests import RequestReserved, RequestSettled
from contextune.core.runs import events as ev
from contextune.core.runs.effects import ToolCalled, ToolReturned
from contextune.core.runs.endings import RunAccepted, RunDiscarded, RunReady

PhaseName = Literal[
    "base tests",
    "planning",
    "waiting",
    "worktree",
    "seat",
    "model",
    "tools",
    "gate",
    "question",
    "agent",
    "joining",
    "together",
    "paused",
    "review",
]
MEANING: dict[PhaseName, str] = {
    "base tests": "the Gate on the Base, before the Quote",
    "planning": "requests of the planner",
    "waiting": "Tasks that wait for others that they depend on",
    "worktree": "making worktrees and their set-up",
    "seat": "waiting until an agent may work, by the setting agents",
    "model": "requests of agents",
    "tools": "commands and edits of agents",
    "gate": "the Gate of single Tasks",
    "question": "waiting for answers",
    "agent": "the rest of the time of attempts",
    "joining": "from a green Gate until the result holds the Task, tests of all together among it",
    "together": "the Gate on all Tasks together",
    "paused": "the Run, or a Task of it, waited for its user or its budget",
    "review": "the result waited for its user",
}
PEOPLES = frozenset({"question", "paused", "review"})
"""Phases that people take, which no setting makes shorter."""


class Span(NamedTuple):
    """A stretch of time in milliseconds since the epoch, and the Task that it belongs to, if any."""

    phase: PhaseName
    begin: int
    end: int
    task_id: str | None = None

    @property
    def ms(self) -> int:
        """How long it is."""
        return max(0, self.end - self.begin)


class Phase(Value, frozen=True, kw_only=True):
    """All spans of one phase of a Run."""

    name: PhaseName
    total_ms: int
    count: int
    longest_ms: int
    longest_of: str | None
    """The Task of the longest one."""


class RunTiming(Value, frozen=True, kw_only=True):
    """Where the time of one Run went. Tasks go side by side, so that phases add up to more than `wall_ms`."""

    run_id: str
    title: str
    at: int
    offline: bool
    tasks: int
    wall_ms: int
    """From the start until every Task had ended, or until now."""
    phases: tuple[Phase, ...]

    def phase(self, name: PhaseName) -> Phase | None:
        """One of its phases; None if it took no time."""
        return next((phase for phase in self.phases if phase.name == name), None)


def timing(events: Sequence[ev.AnyEvent], planning: Sequence[ev.AnyEvent] = ()) -> RunTiming | None:
    """The time of each phase. `planning` are the events of the Run's Quote. None if nothing was started."""
    created = next((event for event in events if isinstance(event, ev.RunCreated)), None)
    if created is None:
        return None
    spans = [
        *_before(created, planning),
        *_of_requests(events),
        *_of_tasks(created, events),
        *_of_run(events),
    ]
    spans += _rest(events, spans)
    ended = next((event.at for event in events if isinstance(event, RunReady)), events[-1].at)
    return RunTiming(
        run_id=created.run_id,
        title=created.title,
        at=created.at,
        offline=created.offline,
        tasks=len(created.plan.tasks),
        wall_ms=max(0, ended - created.at),
        phases=tuple(_summed(spans)),
    )


def _summed(spans: Iterable[Span]) -> Iterable[Phase]:
    by_phase: dict[PhaseName, list[Span]] = {}
    for span in spans:
        by_phase.setdefault(span.phase, []).append(span)
    for name in MEANING:
        found = by_phase.get(name, [])
        total = sum(span.ms for span in found)
        if total > 0:
            longest = max(found, key=lambda span: span.ms)
            yield Phase(
                name=name,
                total_ms=total,
                count=len(found),
                longest_ms=longest.ms,
                longest_of=longest.task_id,
            )


def _before(created: ev.RunCreated, planning: Sequence[ev.AnyEvent]) -> list[Span]:
    spans = [span._replace(phase="planning") for span in _of_requests(planning)]
    if created.baseline is not None:
        took = created.baseline.duration_ms
        spans.append(Span("base tests", created.at - took, created.at))
    return spans


def _of_requests(events: Sequence[ev.AnyEvent]) -> list[Span]:
    open_: dict[str, RequestReserved] = {}
    spans = []
    for event in events:
        if isinstance(event, RequestReserved):
            open_[event.request_id] = event
        elif isinstance(event, RequestSettled) and (begun := open_.pop(event.request_id, None)):
            spans.append(Span("model", begun.at, event.at, event.task_id))
    return spans


def _of_tasks(created: ev.RunCreated, events: Sequence[ev.AnyEvent]) -> list[Span]:
    spans: list[Span] = []
    for task in created.plan.tasks:
        own = [event for event in events if getattr(event, "task_id", None) == task.id]
        free = max(
            (
                event.at
                for event in events
                if isinstance(event, ev.TaskJoined | ev.TaskEnded) and event.task_id in task.depends_on
            ),
            default=created.at,
        )
        spans += _of_task(task.id, own, created.at, free)
    return spans


def _of_task(task_id: str, events: Sequence[ev.AnyEvent], began: int, free: int) -> list[Span]:
    spans: list[Span] = []
    calls: dict[str, int] = {}
    since: dict[PhaseName, int] = {}

    def close(phase: PhaseName, at: int) -> None:
        begin = since.pop(phase, None)
        if begin is not None:
            spans.append(Span(phase, begin, at, task_id))

    leased = begun = False
    resumed = began
    for event in events:
        match event:
            case ev.LeaseTaken() if not leased:
                leased = True
                free = min(max(free, began), event.at)
                ready = max(free, resumed)
                spans += [Span("waiting", began, free, task_id), Span("worktree", ready, event.at, task_id)]
                since["seat"] = event.at
            case ev.TaskPaused():
                close("seat", event.at)
                since["paused"] = event.at
            case ev.TaskResumed() | ev.TaskEnded():
                close("paused", event.at)
                resumed = event.at
                if leased and not begun and isinstance(event, ev.TaskResumed):
                    since["seat"] = event.at
            case ev.AttemptStarted():
                begun = True
                close("seat", event.at)
                since.pop("joining", None)
            case ToolCalled():
                calls[event.call_id] = event.at
            case ToolReturned() if event.call_id in calls:
                spans.append(Span("tools", calls.pop(event.call_id), event.at, task_id))
            case ev.GateStarted():
                since["gate"] = event.at
            case ev.GateFinished():
                close("gate", event.at)
            case ev.QuestionAsked():
                since["question"] = event.at
            case ev.AgentTold():
                close("question", event.at)
            case ev.AttemptEnded() if event.outcome == "green":
                since["joining"] = event.at
            case ev.TaskJoined() | ev.TaskBounced():
                close("joining", event.at)
            case _:
                pass
    return spans


def _of_run(events: Sequence[ev.AnyEvent]) -> list[Span]:
    spans: list[Span] = []
    since: dict[PhaseName, int] = {}
    for event in events:
        match event:
            case ev.GateStarted(task_id=None):
                since["together"] = event.at
            case ev.GateFinished(task_id=None) if "together" in since:
                spans.append(Span("together", since.pop("together"), event.at))
            case ev.RunPaused():
                since.setdefault("paused", event.at)
            case ev.RunResumed() if "paused" in since:
                spans.append(Span("paused", since.pop("paused"), event.at))
            case RunReady():
                since["review"] = event.at
            case RunAccepted() | RunDiscarded() if "review" in since:
                spans.append(Span("review", since.pop("review"), event.at))
            case _:
                pass
    return spans


def _rest(events: Sequence[ev.AnyEvent], spans: Sequence[Span]) -> list[Span]:
    """What is left of each attempt beside what is known of it: looking at files, journalling, snapshots."""
    open_: dict[tuple[str, int], int] = {}
    left = []
    for event in events:
        if isinstance(event, ev.AttemptStarted):
            open_[event.task_id, event.attempt] = event.at
        elif isinstance(event, ev.AttemptEnded):
            begun = open_.pop((event.task_id, event.attempt), None)
            if begun is not None:
                known = _covered(spans, event.task_id, begun, event.at)
                left.append(Span("agent", begun, max(begun, event.at - known), event.task_id))
    return left


def _covered(spans: Sequence[Span], task_id: str, begin: int, end: int) -> int:
    """How much of a stretch the spans of a Task cover, where they overlap once."""
    covered, reached = 0, begin
    for span in sorted((s for s in spans if s.task_id == task_id), key=lambda s: s.begin):
        first, last = max(span.begin, reached), min(span.end, end)
        if last > first:
            covered += last - first
            reached = last
    return covered

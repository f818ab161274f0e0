"""A Task while it is being done, as the fold of its events."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from contextune.core.base import Value
from contextune.core.model.conversation import Message, Rung, Text, ToolResult, said_by_user
from contextune.core.model.money import Bill
from contextune.core.model.requests import RequestSettled, TaskBudgetRaised
from contextune.core.overlap.radar import Course, CourseChosen, OverlapFound
from contextune.core.planning.plan import Task
from contextune.core.proof.evidence import Evidence
from contextune.core.runs import events as ev
from contextune.core.runs.comments import TaskReopened
from contextune.core.runs.effects import AttemptResumed, CheckoutSeen, TaskRewound
from contextune.core.runs.file_change import FileChange
from contextune.core.states import ENDED_TASK, AttemptOutcome, TaskState
from contextune.core.worktrees.checkout_look import CheckoutLook

MERGED, LEAVE_OUT = "It is merged", "Leave this Task out"
MERGE_CHOICES = (MERGED, LEAVE_OUT)
"""What the user chooses from when asked to merge by hand."""


class Question(Value, frozen=True, kw_only=True):
    """What an agent wants to know."""

    text: str
    choices: tuple[str, ...]


class Attempt(Value, frozen=True, kw_only=True):
    """One agent's try at one Task on one rung."""

    number: int
    role: str
    rung: Rung
    reason: str
    started_at: int
    ended_at: int | None = None
    turns: int = 0
    outcome: AttemptOutcome = "working"
    summary: str = ""
    remaining: str = ""
    tree: str = ""
    """What its worktree held at the end, as a tree object."""
    bill: Bill = Bill()
    evidence: Evidence | None = None
    """The last Gate that this attempt met."""
    step: int | None = None
    """The place of `rung` among those that the role climbs, from 0; None in a journal of an older version."""
    trial: int = 1
    """Which of the tries on this rung, side by side; from 1."""


class TaskRun(Value, frozen=True, kw_only=True):
    """A Task while it is being done."""

    id: str
    task: Task
    state: TaskState = "waiting"
    paused: bool = False
    """Whether no agent takes a further turn on it; its Gate may run, or its question wait, all the same."""
    reason: str = ""
    """Why the Task is in this state, when that is not plain from the state."""
    attempts: tuple[Attempt, ...] = ()
    bill: Bill = Bill()
    files: tuple[str, ...] = ()
    """Files that the worktree holds differently from its start."""
    changes: tuple[FileChange, ...] = ()
    """The committed changes of a green Task."""
    question: Question | None = None
    worktree: str | None = None
    branch: str | None = None
    port: int | None = None
    start: str | None = None
    commit: str | None = None
    """The Task's commit on its own branch."""
    joined: str | None = None
    """The Task's commit within the Ghost."""
    original: str | None = None
    """The same as its agents made it: `joined` may hold less or more of it since the review."""
    summary: str = ""
    remaining: str = ""
    bounces: int = 0
    bounced: ev.TaskBounced | None = None
    """Why it last went back to an agent."""
    merged_by: str = ""
    """The program that merged what git could not."""
    merged: tuple[str, ...] = ()
    """The files that it merged."""
    salvage: str | None = None
    told: tuple[str, ...] = ()
    """Words of the user that no turn has carried yet."""
    words: tuple[str, ...] = ()
    """All words of the user for this Task's agents, in order."""
    notices: tuple[str, ...] = ()
    """What the Radar has for this Task's agents, in order."""
    noticed: int = 0
    """How many of them a turn has carried."""
    course: Course = "go_on"
    """What it does about the Tasks that it overlaps with."""
    waits_for: tuple[str, ...] = ()
    """Those that it waits for."""
    asked_by: int | None = None
    """The number of the attempt that `question` comes from."""
    begins: int | None = None
    """The place on the ladder where the user has it begin, from 0; None for where the Quote has it."""
    lap: int = 0
    """How many attempts there were when the Task last began anew: it was bounced, or the user retried it."""
    checkout_before: CheckoutLook | None = None
    """The user's checkout before the Task was worked on."""
    checkout_after: CheckoutLook | None = None
    checkout_changed: tuple[str, ...] = ()
    """What is different after: paths, and names such as `HEAD`."""
    awaiting: tuple[str, ...] = ()
    """Names of its worktrees in which a command waits for a processor."""
    budget: Decimal | None = None
    """What the user lets this Task cost, in dollars, where that is more than the Run says of each."""
    request_budget: Decimal | None = None
    """The same of one of its requests: who lets a Task cost more lets any request need all of that."""

    @property
    def attempt(self) -> Attempt | None:
        """The attempt that counts: the one that was green, or else the newest."""
        green = [attempt for attempt in self.attempts[self.lap :] if attempt.outcome == "green"]
        newest = green or self.attempts
        return newest[-1] if newest else None

    @property
    def to_merge(self) -> tuple[str, ...]:
        """Files that the user is asked to merge by hand in its worktree."""
        asks = self.question is not None and self.question.choices == MERGE_CHOICES
        return self.bounced.conflicts if asks and self.bounced is not None else ()

    @property
    def leases(self) -> tuple[str, ...]:
        """Names of the worktrees that its attempts were given."""
        most = max((attempt.trial for attempt in self.attempts), default=1)
        return tuple(lease_name(self.id, trial) for trial in range(1, most + 1))


def lease_name(task_id: str, trial: int) -> str:
    """The worktree of one of the tries of a Task; the first one has the Task's own."""
    return task_id if trial == 1 else f"{task_id}.{trial}"


def on_task(task: TaskRun, event: ev.AnyEvent) -> TaskRun:
    """The Task after one more of its events."""
    after = _changed(task, event)
    if after.paused and after.state in ENDED_TASK:
        return msgspec.structs.replace(after, paused=False)
    if after.paused and after.state in ("waiting", "working"):
        return msgspec.structs.replace(after, state="paused")
    return after


def _changed(task: TaskRun, event: ev.AnyEvent) -> TaskRun:
    change = msgspec.structs.replace
    match event:
        case ev.TaskPaused():
            return change(task, paused=True)
        case ev.TaskResumed():
            return change(task, paused=False, state=_stood(task))
        case ev.LeaseTaken():
            return change(task, worktree=event.path, branch=event.branch, start=event.start, port=event.port)
        case ev.LeaseReturned():
            return change(task, worktree=None, salvage=event.salvage)
        case ev.AttemptStarted():
            return _started(task, event)
        case CheckoutSeen(moment="before"):
            return change(task, checkout_before=event.look)
        case CheckoutSeen():
            return change(task, checkout_after=event.look, checkout_changed=event.changed)
        case AttemptResumed():
            # What it had asked is asked again, unless the answer is there.
            return change(task, state="working", question=None, asked_by=None, awaiting=())
        case ev.MessageAdded():
            return _message(task, event)
        case RequestSettled():
            billed = change(task, bill=task.bill.plus(event.charge))
            return _on_attempt(billed, event.attempt, lambda a: change(a, bill=a.bill.plus(event.charge)))
        case ev.FilesTouched():
            return change(task, files=event.files)
        case OverlapFound() if event.told:
            return change(task, notices=(*task.notices, event.told))
        case CourseChosen():
            notices = (*task.notices, event.told) if event.told else task.notices
            return change(task, notices=notices, course=event.course, waits_for=event.waits_for)
        case ev.QuestionAsked():
            newest = task.attempts[-1].number if task.attempts else None
            return change(
                task,
                state="asking",
                question=Question(text=event.question, choices=event.choices),
                asked_by=newest if event.attempt is None else event.attempt,
            )
        case TaskBudgetRaised():
            state: TaskState = "working" if task.state == "asking" else task.state
            answered = change(task, state=state, question=None, asked_by=None)
            return change(answered, budget=event.budget, request_budget=event.budget)
        case ev.TaskDecided():
            return change(task, state="working", question=None, asked_by=None)
        case ev.AgentTold():
            return change(task, told=(*task.told, event.text), words=(*task.words, event.text))
        case ev.ProcessorAwaited():
            return change(task, awaiting=(*task.awaiting, event.worktree))
        case ev.ProcessorTaken():
            return change(task, awaiting=_without(task.awaiting, event.worktree))
        case ev.GateStarted():
            return task if task.state == "asking" else change(task, state="testing")
        case ev.GateFinished():
            tested = task if task.state == "asking" else change(task, state="working")
            return _on_attempt(tested, event.attempt, lambda a: change(a, evidence=event.evidence))
        case ev.AttemptEnded():
            return _on_attempt(
                change(
                    task, awaiting=()
                ),  # one that is stopped while it waits never says that it has its turn
                event.attempt,
                lambda a: change(
                    a,
                    outcome=event.outcome,
                    summary=event.summary,
                    remaining=event.remaining,
                    tree=event.tree,
                    ended_at=a.ended_at or event.at,
                ),
            )
        case ev.TaskCommitted():
            return change(
                task,
                state="joining",
                commit=event.commit,
                changes=event.files,
                summary=event.summary,
                remaining=event.remaining,
                files=tuple(file.path for file in event.files),
            )
        case ev.TaskJoined():
            accepted = change(task, state="accepted", reason="", joined=event.commit, original=event.commit)
            return change(accepted, merged_by=event.merged_by, merged=event.merged)
        case ev.TaskBounced():
            bounced = change(task, state="waiting", reason=event.reason, bounces=task.bounces + 1)
            return change(bounced, commit=None, lap=len(task.attempts), bounced=event)
        case TaskReopened():
            return _reopened(task, event)
        case ev.TaskEnded():
            ended = change(task, state=event.state, reason=event.reason, awaiting=())
            return change(ended, question=None, asked_by=None)
        case TaskRewound():
            back = change(task, state="waiting", reason="", question=None, asked_by=None, bounced=None)
            back = change(back, joined=None, commit=None, start=event.start)
            return change(back, lap=len(task.attempts))
        case ev.TaskRetried():
            again = change(task, state="waiting", reason="", question=None, asked_by=None, bounced=None)
            return change(again, lap=len(task.attempts), begins=event.start)
        case _:
            return task


def _stood(task: TaskRun) -> TaskState:
    """The state to which a paused Task goes back."""
    if task.state != "paused":
        return task.state
    is_begun = any(attempt.outcome == "working" for attempt in task.attempts[task.lap :])
    return "working" if is_begun else "waiting"


def _reopened(task: TaskRun, event: TaskReopened) -> TaskRun:
    back = ev.TaskBounced(
        run_id=event.run_id,
        at=event.at,
        task_id=task.id,
        reason=event.reason,
        against=(),
        handed=event.handed,
        commit=event.commit,
    )
    # It is no bounce that counts: it had fitted, and the user wants more of it.
    waiting = msgspec.structs.replace(task, state="waiting", reason=event.reason, bounced=back)
    return msgspec.structs.replace(
        waiting, commit=None, joined=None, original=None, lap=len(task.attempts), remaining=""
    )


def _without(names: tuple[str, ...], gone: str) -> tuple[str, ...]:
    return tuple(name for name in names if name != gone)


def left_unsaid(words: tuple[str, ...], message: Message) -> tuple[str, ...]:
    """The words that a message leaves unsaid: it says them by themselves, or as the answer to a question."""
    answers = {block.content for block in message.blocks if isinstance(block, ToolResult)}
    return tuple(said for said in words if said not in answers and said_by_user(said) not in message.blocks)


def carried(notices: tuple[str, ...], message: Message) -> int:
    """How many of some notices, the first ones, a message carries."""
    return sum(Text(text=notice) in message.blocks for notice in notices)


def _started(task: TaskRun, event: ev.AttemptStarted) -> TaskRun:
    attempt = Attempt(
        number=event.attempt,
        role=event.role,
        rung=event.rung,
        reason=event.reason,
        started_at=event.at,
        step=event.step,
        trial=event.trial,
    )
    open_now = {one.number for one in task.attempts if one.outcome == "working"}
    started = msgspec.structs.replace(task, reason=event.reason, attempts=(*task.attempts, attempt))
    if task.state == "asking" and task.asked_by in open_now:
        return started
    # A question of an attempt that has ended, such as one of a process that died, is nobody's any more.
    return msgspec.structs.replace(started, state="working", question=None, asked_by=None)


def _message(task: TaskRun, event: ev.MessageAdded) -> TaskRun:
    change = msgspec.structs.replace
    if all(attempt.number != event.attempt for attempt in task.attempts):
        return task
    if event.message.role == "assistant":
        return _on_attempt(task, event.attempt, lambda a: change(a, turns=event.turn))
    heard = change(task, told=left_unsaid(task.told, event.message))
    heard = change(heard, noticed=heard.noticed + carried(heard.notices[heard.noticed :], event.message))
    if task.state == "asking" and task.asked_by == event.attempt:
        return change(heard, state="working", question=None, asked_by=None)
    return heard


def _on_attempt(task: TaskRun, number: int | None, change: Callable[[Attempt], Attempt]) -> TaskRun:
    """Change the attempt with this number; the newest one where an older version told none."""
    if number is None and task.attempts:
        number = task.attempts[-1].number
    attempts = tuple(change(one) if one.number == number else one for one in task.attempts)
    return msgspec.structs.replace(task, attempts=attempts)

"""Every transition of a Run, as one event each. The Journal keeps them; a Run is their fold."""

from __future__ import annotations

from decimal import Decimal

from contextune.core.errors import BudgetScope
from contextune.core.event import Event
from contextune.core.forge.writes import ForgeStarted, ForgeWaits, ForgeWritten, IssuesWanted, PullSeen
from contextune.core.model.budget import Limits
from contextune.core.model.conversation import Message, Rung, StopReason
from contextune.core.model.requests import CliffAvoided, RequestReserved, RequestSettled, TaskBudgetRaised
from contextune.core.overlap.radar import CourseChosen, OverlapFound, OverlapGone
from contextune.core.planning.plan import Plan
from contextune.core.planning.quote import Quote
from contextune.core.planning.record import TaskRecord
from contextune.core.proof.evidence import Baseline, Evidence
from contextune.core.runs.amendments import Amended, AmendRefused, AmendStarted
from contextune.core.runs.comments import CommentAdded, CommentRemoved, CommentsSent, TaskReopened
from contextune.core.runs.effects import (
    AcceptRefused,
    AcceptStarted,
    AttemptResumed,
    CheckoutSeen,
    GhostRebuilt,
    TaskRewound,
    ToolCalled,
    ToolReturned,
    TurnKept,
)
from contextune.core.runs.endings import (
    RunAccepted,
    RunCancelled,
    RunDiscarded,
    RunFinished,
    RunReady,
    RunUndone,
)
from contextune.core.runs.file_change import FileChange
from contextune.core.settings import AcceptMode
from contextune.core.states import AttemptOutcome, RunState, TaskState
from contextune.core.todos.todo import Todo
from contextune.core.worktrees.snapshot import Base


class RunCreated(Event, frozen=True, kw_only=True):
    """The user approved a Quote."""

    repository: str
    title: str
    base: Base
    plan: Plan
    todos: tuple[Todo, ...]
    quote: Quote
    baseline: Baseline | None
    gate: str | None
    budget: Decimal
    agents: int
    accept: AcceptMode
    ladder: tuple[Rung, ...]
    offline: bool
    run_command: str | None = None
    """Starts the program from a Task's worktree, so that a person can try its result."""
    identity: str = ""
    """Of the repository's checkout, see `core.worktrees.identity`; empty before version 0.2."""


class RunMoved(Event, frozen=True, kw_only=True):
    """The Run's repository stands in another folder now; its worktrees stand where they stood."""

    repository: str


class RunPaused(Event, frozen=True, kw_only=True):
    """No further turn is taken until the Run resumes. `reason` is a sentence."""

    state: RunState
    reason: str
    scope: BudgetScope | None = None
    """Which budget is reached, if that is why."""


class RunResumed(Event, frozen=True, kw_only=True):
    """Work goes on."""

    budget: Decimal


class RunAdjusted(Event, frozen=True, kw_only=True):
    """From now on a Run may cost so many dollars in all, and so many agents may work at the same time."""

    budget: Decimal
    agents: int
    start: int | None = None
    """The place on the Run's ladder, from 0, where `task_ids` begin; None if that stays as it is."""
    task_ids: tuple[str, ...] = ()
    limits: Limits = Limits()
    """What each Task and each request may cost from now on, and how many requests without a price the Run
    may send in all; None for what stays."""


class TaskPaused(Event, frozen=True, kw_only=True):
    """The user wants no further turn taken on a Task until it resumes; the others go on."""

    task_id: str


class TaskResumed(Event, frozen=True, kw_only=True):
    """A paused Task goes on where it stood."""

    task_id: str


class LeaseTaken(Event, frozen=True, kw_only=True):
    """A worktree is ready for a Task."""

    task_id: str
    path: str
    branch: str
    start: str
    """The commit that the worktree starts from."""
    port: int


class LeaseReturned(Event, frozen=True, kw_only=True):
    """A worktree was given back; `salvage` names the ref that keeps what was uncommitted in it."""

    task_id: str
    salvage: str | None


class AttemptStarted(Event, frozen=True, kw_only=True):
    """An agent starts on a Task."""

    task_id: str
    attempt: int
    """Counts from 1 within the Task."""
    role: str
    rung: Rung
    reason: str = ""
    """Why this attempt and this rung."""
    step: int | None = None
    """The place of `rung` among those that the role climbs, from 0: for an executor, on the Ladder."""
    trial: int = 1
    """Which of the tries on this rung, side by side; from 1."""


class MessageAdded(Event, frozen=True, kw_only=True):
    """A turn of an attempt's conversation, by either side."""

    task_id: str
    attempt: int
    turn: int
    message: Message
    request_id: str | None = None
    stop_reason: StopReason | None = None
    """Why a reply ended; None of a user's turn."""
    reply_id: str | None = None


class FilesTouched(Event, frozen=True, kw_only=True):
    """What a Task's worktree now holds differently from its start."""

    task_id: str
    files: tuple[str, ...]


class QuestionAsked(Event, frozen=True, kw_only=True):
    """An agent needs an answer; other Tasks go on."""

    task_id: str
    question: str
    choices: tuple[str, ...]
    attempt: int | None = None


class TaskRecorded(Event, frozen=True, kw_only=True):
    """A Task ended; its record serves later Quotes. Changes no state."""

    task_id: str
    record: TaskRecord
    offline: bool


class ShadowFinished(Event, frozen=True, kw_only=True):
    """An accepted Task was done once more on another rung, in a worktree of its own, to compare costs."""

    task_id: str
    rung: Rung
    green: bool
    turns: int
    dollars: Decimal | None
    """None if a request of it was unpriced."""


class AgentTold(Event, frozen=True, kw_only=True):
    """Words of the user for an agent: an answer, or an instruction that reaches it with its next turn."""

    task_id: str
    text: str


class GateStarted(Event, frozen=True, kw_only=True):
    """The Gate runs. `task_id` is None when the Ghost is tested."""

    task_id: str | None
    tree: str
    attempt: int | None = None


class GateFinished(Event, frozen=True, kw_only=True):
    """The Gate saw this. `task_id` is None when the Ghost was tested."""

    task_id: str | None
    evidence: Evidence
    attempt: int | None = None


class AttemptEnded(Event, frozen=True, kw_only=True):
    """An attempt is over. `summary` is the agent's own words, or why it stopped."""

    task_id: str
    attempt: int
    outcome: AttemptOutcome
    summary: str
    remaining: str = ""
    """What a green attempt left undone."""
    tree: str = ""
    """What its worktree held at the end, as a tree object; empty if it was stopped."""


class TaskCommitted(Event, frozen=True, kw_only=True):
    """A green Task became one commit on its branch."""

    task_id: str
    commit: str
    tree: str
    files: tuple[FileChange, ...]
    summary: str
    remaining: str


class TaskJoined(Event, frozen=True, kw_only=True):
    """A Task's commit is in the Ghost, tested together with what is there."""

    task_id: str
    ghost: str
    """The Ghost's commit after it."""
    commit: str
    """The Task's own commit within the Ghost."""
    merged_by: str = ""
    """The program that merged what git could not; empty if git merged it."""
    merged: tuple[str, ...] = ()
    """The files that it merged."""


class TaskBounced(Event, frozen=True, kw_only=True):
    """A green Task did not fit the Ghost and goes back to an agent, on top of the Ghost."""

    task_id: str
    reason: str
    against: tuple[str, ...]
    """The Tasks that it does not fit together with."""
    conflicts: tuple[str, ...] = ()
    """Files that git could not merge."""
    handed: str = ""
    """What the agent that goes on with it is told."""
    commit: str = ""
    """What it came with: its own commit, whose parent is where it began."""


class TaskDecided(Event, frozen=True, kw_only=True):
    """The user has answered a question about the Task that no agent hears of."""

    task_id: str
    answer: str


class TaskEnded(Event, frozen=True, kw_only=True):
    """A Task will not be worked on any more: failed, cancelled, or skipped with what it depends on."""

    task_id: str
    state: TaskState
    reason: str


class TaskRetried(Event, frozen=True, kw_only=True):
    """The user wants an ended Task done again."""

    task_id: str
    start: int | None = None
    """The place on the Run's ladder, from 0, where it begins; None for where it began before."""


class ProcessorAwaited(Event, frozen=True, kw_only=True):
    """A command in one of a Task's worktrees, its Gate perhaps, has waited a while for a processor."""

    task_id: str
    worktree: str
    """Its name."""


class ProcessorTaken(Event, frozen=True, kw_only=True):
    """That command runs now."""

    task_id: str
    worktree: str


class Noted(Event, frozen=True, kw_only=True):
    """A fact worth telling that changes no state, such as a stale base."""

    text: str
    task_id: str | None = None


AnyEvent = (
    RunCreated
    | RunMoved
    | RunPaused
    | RunResumed
    | RunAdjusted
    | TaskPaused
    | TaskResumed
    | LeaseTaken
    | LeaseReturned
    | AttemptStarted
    | AttemptResumed
    | ToolCalled
    | ToolReturned
    | CheckoutSeen
    | AcceptStarted
    | AcceptRefused
    | GhostRebuilt
    | TurnKept
    | TaskRewound
    | AmendStarted
    | Amended
    | AmendRefused
    | CommentAdded
    | CommentRemoved
    | CommentsSent
    | TaskReopened
    | MessageAdded
    | RequestReserved
    | RequestSettled
    | CliffAvoided
    | FilesTouched
    | OverlapFound
    | OverlapGone
    | CourseChosen
    | TaskBudgetRaised
    | TaskRecorded
    | ShadowFinished
    | QuestionAsked
    | AgentTold
    | GateStarted
    | GateFinished
    | AttemptEnded
    | TaskCommitted
    | TaskJoined
    | TaskBounced
    | TaskDecided
    | TaskEnded
    | TaskRetried
    | RunReady
    | RunAccepted
    | RunUndone
    | RunDiscarded
    | RunCancelled
    | RunFinished
    | IssuesWanted
    | ForgeStarted
    | ForgeWritten
    | ForgeWaits
    | PullSeen
    | ProcessorAwaited
    | ProcessorTaken
    | Noted
)

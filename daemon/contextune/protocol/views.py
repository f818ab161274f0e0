"""What an editor sees of Runs, Quotes and money: folds of the core's values, small enough to stream.

Dollars are decimal strings; `text` beside them is the same amount for people. `*_at` are milliseconds since
the epoch, durations milliseconds.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from contextune.core.errors import BudgetScope
from contextune.core.planning.plan import Complexity, Overlap
from contextune.core.runs.comments import Comment
from contextune.core.runs.file_change import FileChange
from contextune.core.runs.halted import Halt
from contextune.core.runs.task_run import Question
from contextune.core.settings import AcceptMode
from contextune.core.states import AttemptOutcome, Driver, RunState, TaskState
from contextune.core.todos.todo import Todo
from contextune.protocol.radar_view import LiveOverlapView
from contextune.protocol.review_view import TaskReviewView
from contextune.protocol.wire import View


class BillView(View, frozen=True, kw_only=True):
    """Money that was spent."""

    dollars: Decimal
    text: str
    """Such as `$0.0123`, or `$0.0123 + 2 unpriced`."""
    at_sonnet: Decimal
    at_sonnet_text: str
    saving: str | None
    """Such as `93 %`: the same tokens at Sonnet's price; None if that cannot be told."""
    requests: int
    unpriced: int
    estimated: int
    input_tokens: int
    """All tokens of all prompts, cached ones included."""
    cache_read_tokens: int
    output_tokens: int


class PriceView(View, frozen=True, kw_only=True):
    """Money that may be spent."""

    low: Decimal | None
    likely: Decimal | None
    high: Decimal | None
    at_sonnet: Decimal | None
    text: str
    """Such as `$0.01 to $0.04, likely $0.02`, or `unpriced`."""
    likely_text: str
    at_sonnet_text: str


class RungView(View, frozen=True, kw_only=True):
    """A model and an effort; `text` is for people, such as `Haiku 5.5, low`."""

    model: str
    effort: str
    text: str


class EvidenceView(View, frozen=True, kw_only=True):
    """What the Gate saw, with the tail of its output."""

    verdict: Literal["green", "red", "unusable", "unproved"]
    """unproved: green, and no test runs any line of the change."""
    command: str
    exit_code: int
    tree: str
    duration_ms: int
    newly_failing: tuple[str, ...]
    tests_removed: tuple[str, ...]
    tests_weakened: tuple[str, ...]
    outdated: tuple[str, ...]
    """Tests that fail as they were before the change; a person looks at those."""
    rewritten: tuple[str, ...]
    output_tail: str
    whole: bool
    """False if only the tests were run that the change can affect."""
    reused: bool
    proof: str
    """Whether the tests run the changed lines, a clause without a full stop; empty if nobody looked."""


class AttemptView(View, frozen=True, kw_only=True):
    """One agent's try at a Task."""

    number: int
    role: str
    rung: RungView
    reason: str
    started_at: int
    ended_at: int | None
    turns: int
    outcome: AttemptOutcome
    summary: str
    bill: BillView
    evidence: EvidenceView | None


class TaskView(View, frozen=True, kw_only=True):
    """A Task of a Run."""

    id: str
    title: str
    brief: str
    wave: int
    """Counts from 1."""
    todo_ids: tuple[str, ...]
    depends_on: tuple[str, ...]
    state: TaskState
    halted: Halt | None
    """How its Run stands, where the Task goes on only with it, and is shown as the Run is."""
    state_text: str
    """What that state means and what to do about it, two sentences."""
    waits_for_processor: bool
    """Whether a command of it, its Gate perhaps, waits for others to end."""
    paused: bool
    """Whether no agent takes a further turn on it; its Gate may run, or its question wait, all the same."""
    is_to_begin: bool
    """Whether it waits for its first agent, so that the rung where it begins can be changed."""
    reason: str
    rung: RungView | None
    turn: int
    attempts: tuple[AttemptView, ...]
    bill: BillView
    files: tuple[str, ...]
    changes: tuple[FileChange, ...]
    evidence: EvidenceView | None
    question: Question | None
    to_merge: tuple[str, ...]
    """Files that the user is asked to merge by hand in its worktree."""
    worktree: str | None
    branch: str | None
    port: int | None
    commit: str | None
    held_text: str | None
    """Whether the Run's result holds it, a sentence; None before every Task has ended."""
    merged_text: str
    """Who merged it with the others where git could not, a sentence; empty if git did."""
    bounced_text: str
    """With which Tasks it did not fit when it was about to join them; empty if it did."""
    summary: str
    remaining: str
    salvage: str | None
    checkout_text: str | None
    """The user's own checkout before and after the work, a sentence; None before it began."""


class CostLineView(View, frozen=True, kw_only=True):
    """What one role on one model cost."""

    role: str
    model: str
    bill: BillView


class ForgeLinkView(View, frozen=True, kw_only=True):
    """An issue or a pull request."""

    number: int
    url: str
    text: str
    """Such as `Pull request #3 is open`."""


class RunView(View, frozen=True, kw_only=True):
    """A Run."""

    id: str
    repository: str
    title: str
    state: RunState
    state_text: str
    """What that state means and what to do about it, two sentences."""
    reason: str
    parked_by: BudgetScope | None
    """Which budget is reached, while the Run is parked; None for its own in older Runs."""
    created_at: int
    updated_at: int
    ended_at: int | None
    branch: str | None
    base: str
    gate: str | None
    budget: Decimal
    budget_text: str
    task_budget_text: str
    """What each Task may cost; empty if nothing bounds that."""
    request_budget_text: str
    """What one request may cost; empty if nothing bounds that."""
    max_requests: int | None
    """How many requests without a price it may send; None if nothing bounds that."""
    agents: int
    offline: bool
    run_command: str | None
    """Starts the program from a Task's worktree, on its port, so that a person can try its result."""
    waves: tuple[tuple[str, ...], ...]
    tasks: tuple[TaskView, ...]
    bill: BillView
    costs: tuple[CostLineView, ...]
    ghost: str | None
    ghost_evidence: EvidenceView | None
    changes: tuple[FileChange, ...]
    review: tuple[TaskReviewView, ...]
    """The Tasks of the result, riskiest first; some may have left it in review."""
    comments: tuple[Comment, ...]
    """What the user said of lines, sent to agents or not."""
    accepted_as: AcceptMode | None
    made_branch: str | None
    """The branch that Accept made for the result, beside a protected one."""
    pulls: tuple[ForgeLinkView, ...]
    """Its pull requests on GitHub."""
    issues: tuple[ForgeLinkView, ...]
    forge_text: str
    """What it has on GitHub, and what waits for it, in one line; empty if there is nothing."""
    forge_waits: str
    """Why something waits for GitHub, a sentence; empty if nothing does."""
    undone_text: str
    """What the newest Undo did, a sentence; empty if there was none."""
    notes: tuple[str, ...]
    live_overlaps: tuple[LiveOverlapView, ...]
    """What the Radar sees while the Run is at work."""
    can_accept: bool
    can_undo: bool
    driver: Driver
    """Which process drives it: the one that sends this, another one, or none."""
    sequence: int
    """Rises with every event; an older view never replaces a newer one."""


class TaskQuoteView(View, frozen=True, kw_only=True):
    """A Task of a Quote."""

    id: str
    title: str
    brief: str
    wave: int
    todo_ids: tuple[str, ...]
    files: tuple[str, ...]
    depends_on: tuple[str, ...]
    gate: str | None
    complexity: Complexity
    rung: RungView
    """Where it begins."""
    start: int
    """The place of that rung on the Quote's `ladder`, from 0."""
    reason: str
    """Why it begins there, a sentence; may be empty."""
    kind: str
    """What kind of Task it is, such as `tests`: what the history of the repository tells Tasks apart by."""
    explored: bool
    """Whether that rung is tried to learn about it."""
    price: PriceView
    pinned: bool = False
    """Whether the user chose that rung."""


class BaselineView(View, frozen=True, kw_only=True):
    """The Gate on the Base."""

    command: str
    exit_code: int
    duration_ms: int
    failing: tuple[str, ...]
    flaky: tuple[str, ...]
    output_tail: str
    usable: bool


class SentFileView(View, frozen=True, kw_only=True):
    """A file that a Task names: what its agent reads of it is sent."""

    path: str
    size: int | None
    """Bytes on the Base; None for a file that is yet to be made."""
    size_text: str
    """Such as `12.4 kB`, or `new`."""


class QuoteView(View, frozen=True, kw_only=True):
    """A Plan with its price, to be approved."""

    id: str
    repository: str
    title: str
    todos: tuple[Todo, ...]
    tasks: tuple[TaskQuoteView, ...]
    waves: tuple[tuple[str, ...], ...]
    overlaps: tuple[Overlap, ...]
    price: PriceView
    planning_text: str
    """What planning has cost already."""
    budget: Decimal
    budget_text: str
    agents: int
    task_budget_text: str
    """What each Task may cost before it asks, such as `$0.10`; empty if nothing bounds that."""
    request_budget_text: str
    """The same of one request."""
    max_requests: int | None
    """Requests without a price that the Run may send; None where all have one, or nothing bounds that."""
    gate: str | None
    baseline: BaselineView | None
    warnings: tuple[str, ...]
    offline: bool
    ladder: tuple[RungView, ...]
    """The rungs on which a Task may begin."""
    forecast_text: str | None
    """How earlier Quotes of this repository did, a sentence; None if there were none."""
    sent_text: str
    """What leaves this machine, and where to, a sentence."""
    left_out: tuple[str, ...]
    """Tasks that are unticked: they are in no price but their own."""
    sent_to: str = ""
    """The host of that, such as `api.anthropic.com`; empty where nothing leaves this machine."""
    sent_files: tuple[SentFileView, ...] = ()
    """Files that the ticked Tasks name, while it is open; none where nothing leaves this machine."""
    sent_files_text: str = ""
    """Such as `3 files, 12.4 kB`; empty if there are none."""
    can_restore: bool = False
    """Whether there is a change to take back."""


class MeterView(View, frozen=True, kw_only=True):
    """The status-bar meter."""

    text: str
    """Such as `$0.0123`."""
    saving: str | None
    run_id: str | None
    """The Run that is being paid for; None when idle and `text` is today's total."""
    level: Literal["idle", "running", "asking", "near_budget", "parked"]
    lines: tuple[MeterLine, ...]
    """The arithmetic behind the figure, for the tooltip."""
    today: BillView
    offline: bool
    fence_lack: str
    """What the lack of a Fence means in the open folders, a sentence; empty where there is one."""


class MeterLine(View, frozen=True, kw_only=True):
    """One line of the arithmetic: a role on a model."""

    label: str
    amount: str
    detail: str


class CheckView(View, frozen=True, kw_only=True):
    """One thing that `doctor` looked at."""

    name: str
    state: Literal["ok", "warning", "problem"]
    detail: str
    remedy: str

"""Parameters and results of the methods, by resource."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from contextune.core.overlap.radar import Course
from contextune.core.planning.rearranged import Choice
from contextune.core.settings import AcceptMode, CredentialSource
from contextune.core.todos.todo import Todo
from contextune.protocol.views import CheckView, QuoteView, RunView
from contextune.protocol.wire import Params, View


class Nothing(View, frozen=True, kw_only=True):
    """An empty answer: what was asked for is done, or goes on and streams."""


class TodoListParams(Params, frozen=True, kw_only=True):
    """Which folder; None for the first of the workspace."""

    folder: str | None = None


class TodoListResult(View, frozen=True, kw_only=True):
    """All Todos of a folder, by path and line. Also sent whenever they change."""

    folder: str
    todos: tuple[Todo, ...]


class QuoteCreateParams(Params, frozen=True, kw_only=True):
    """What to quote: Todo ids, all of them, or a Goal."""

    folder: str | None = None
    todo_ids: tuple[str, ...] = ()
    all: bool = False
    goal: str | None = None
    base: str | None = None
    """A commit to start from in place of what the user sees."""


class QuoteCreateResult(View, frozen=True, kw_only=True):
    """The Quote's id; the Quote itself follows by `contextune/quote/changed`."""

    quote_id: str


class QuoteChanged(View, frozen=True, kw_only=True):
    """How far a Quote is."""

    quote_id: str
    folder: str
    state: Literal["planning", "ready", "failed"]
    stage: str
    """What is being done, or why it failed, for people."""
    quote: QuoteView | None


class QuoteParams(Params, frozen=True, kw_only=True):
    """Which Quote."""

    quote_id: str


class QuoteArrangeParams(Params, frozen=True, kw_only=True):
    """How two Tasks of an open Quote that overlap shall run, by their ids."""

    quote_id: str
    choice: Choice
    """serialise: the second after the first, unless they are in order; reverse: so, whatever their order;
    merge: both as one Task; together: at the same time anyway."""
    first: str
    second: str


class TaskEdit(Params, frozen=True, kw_only=True):
    """A change to a quoted Task before the Run starts; absent fields stay."""

    id: str
    include: bool = True
    title: str | None = None
    brief: str | None = None
    start: int | None = None
    """The place on the Quote's ladder, from 0, where the user wants it to begin."""


class RunStartParams(Params, frozen=True, kw_only=True):
    """Approve a Quote."""

    quote_id: str
    edits: tuple[TaskEdit, ...] = ()
    budget: Decimal | None = None
    agents: int | None = None
    issues: bool | None = None
    """Whether it makes issues, where the user was asked; None for what the settings say."""


class RunStartResult(View, frozen=True, kw_only=True):
    """The Run's id; everything after that streams by `contextune/run/changed`."""

    run_id: str


class RunParams(Params, frozen=True, kw_only=True):
    """Which Run."""

    run_id: str


class RunResumeParams(Params, frozen=True, kw_only=True):
    """Which Run, and a new budget in dollars if it was parked."""

    run_id: str
    budget: Decimal | None = None


class RunAcceptParams(Params, frozen=True, kw_only=True):
    """Which Run, and how its commits reach the user's branch."""

    run_id: str
    mode: AcceptMode = "merge"
    seen: tuple[str, ...] = ()
    """Flagged files that the user has looked at; without them such a Run is not accepted."""
    without: tuple[str, ...] = ()
    """Ids of accepted Tasks that are left out."""
    onto_protected: bool = False
    """Move a protected branch itself, in place of making a branch beside it."""
    here: bool = False
    """Accept onto the branch that is checked out, even if the Run began on another one."""


class RunListParams(Params, frozen=True, kw_only=True):
    """Runs of one folder, or of all."""

    folder: str | None = None


class RunListResult(View, frozen=True, kw_only=True):
    """Runs, newest first."""

    runs: tuple[RunView, ...]


class RunChanged(View, frozen=True, kw_only=True):
    """The newest state of a Run."""

    run: RunView
    task_ids: tuple[str, ...] | None = None
    """Every Task in its order, where `run.tasks` has only those that changed since this Run was last told of;
    null where it has all. Only Contextune's own extension is told so."""


class ReviewContentParams(Params, frozen=True, kw_only=True):
    """One side of one file of a Run, or of one Task's own commit."""

    run_id: str
    task_id: str | None = None
    path: str
    side: Literal["base", "before", "after"]
    """`base` is where the Task's own commit began, which is not `before` once it went back to an agent."""


class ReviewContentResult(View, frozen=True, kw_only=True):
    """The text, or None if the file is absent on that side or is not text."""

    text: str | None
    binary: bool


class ReviewFileParams(Params, frozen=True, kw_only=True):
    """One file of one Task in the result of a Run."""

    run_id: str
    task_id: str
    path: str


class HunkView(View, frozen=True, kw_only=True):
    """A change in the result that can be rejected by itself."""

    id: str
    line: int
    """Where it begins in the Task's file, counted from 1; that after it, if the hunk only removes lines."""
    lines: int
    """How many lines it has there."""
    excerpt: str


class ReviewHunksResult(View, frozen=True, kw_only=True):
    """The hunks of a file that stand in the Task's side of its diff, in order."""

    hunks: tuple[HunkView, ...]


class ReviewRejectParams(Params, frozen=True, kw_only=True):
    """What to take out of the result: a file's change by a Task, or one hunk of it."""

    run_id: str
    task_id: str
    path: str
    hunk: str = ""
    """Its id; empty for the whole file."""


class ReviewTakeBackParams(Params, frozen=True, kw_only=True):
    """Which change that was made in review is to be taken back."""

    run_id: str
    amendment_id: str


class ReviewEditParams(Params, frozen=True, kw_only=True):
    """What a file of a Task shall hold in the result, at most 2 MB."""

    run_id: str
    task_id: str
    path: str
    text: str


class ReviewCommentParams(Params, frozen=True, kw_only=True):
    """What the user says of one line of a Task's work. The id is the editor's: the same one changes it."""

    run_id: str
    task_id: str
    path: str
    line: int
    """Counted from 1."""
    quote: str
    """That line, as the user sees it."""
    text: str
    id: str


class ReviewCommentId(Params, frozen=True, kw_only=True):
    """Which comment that was not sent yet."""

    run_id: str
    comment_id: str


class TaskParams(Params, frozen=True, kw_only=True):
    """Which Task of which Run."""

    run_id: str
    task_id: str


class TaskTextParams(Params, frozen=True, kw_only=True):
    """Words for a Task's agent."""

    run_id: str
    task_id: str
    text: str


class TaskRewindParams(Params, frozen=True, kw_only=True):
    """To which turn a Task goes back, and the words by which it goes on."""

    run_id: str
    task_id: str
    turn: int
    text: str
    attempt: int | None = None
    """Its newest attempt if none is given."""


class RadarChooseParams(Params, frozen=True, kw_only=True):
    """What a Task does about others that it overlaps with."""

    run_id: str
    task_id: str
    course: Course


class CostParams(Params, frozen=True, kw_only=True):
    """From which day to which, both included, as local dates such as `2026-11-01`; None for all time."""

    folder: str | None = None
    since: str | None = None
    until: str | None = None


class CredentialSetParams(Params, frozen=True, kw_only=True):
    """The API key, kept in memory alone; None forgets it."""

    api_key: str | None


class CredentialState(View, frozen=True, kw_only=True):
    """Whether work can be paid for, and from where the key came."""

    source: CredentialSource


class ForgeSignInParams(Params, frozen=True, kw_only=True):
    """The token of the editor's own session with GitHub, kept in memory alone; None forgets it."""

    token: str | None


class ForgeState(View, frozen=True, kw_only=True):
    """Whether somebody is signed in to GitHub, and from where the token came."""

    host: str
    source: Literal["editor", "environment", "gh", "none"]


class WorkspaceTrustParams(Params, frozen=True, kw_only=True):
    """Whether the user trusts this folder's own settings and commands."""

    folder: str
    trusted: bool


class WorkspaceAllowUnfencedParams(Params, frozen=True, kw_only=True):
    """Let agents run commands without a Fence in this folder's repository."""

    folder: str
    name: str
    """The name of the repository's folder, typed by the user."""


class ToolParams(Params, frozen=True, kw_only=True):
    """A call of a tool by an agent of the editor; the manifest lists the tools and what each takes."""

    name: str
    input: dict[str, Any]
    folder: str | None = None


class ToolPrepared(View, frozen=True, kw_only=True):
    """What the user is asked before the call; empty where the settings allow it."""

    question: str


class ToolCallParams(ToolParams, frozen=True, kw_only=True):
    """The same call, once the user has been asked."""

    confirmed: bool
    """Whether the user was shown the question and agreed."""


class ToolAnswer(View, frozen=True, kw_only=True):
    """What the tool answers, for a model."""

    text: str
    failed: bool
    """Whether the text says why nothing came of it."""


class DoctorResult(View, frozen=True, kw_only=True):
    """What was looked at."""

    checks: tuple[CheckView, ...]


class DebugBundleParams(Params, frozen=True, kw_only=True):
    """What to pack: one Run, or the newest ones if none is named. With `dry_run`, only tell what."""

    output: str
    """The `.zip` to write; it must not be there yet."""
    run_id: str | None = None
    with_content: bool = False
    """Conversations too, which quote the user's files."""
    dry_run: bool = False
    logs: str | None = None
    """The folder of the editor's log files."""
    editor: str = ""
    """The editor and its extension, with their versions."""


class BundleMemberView(View, frozen=True, kw_only=True):
    """One file of a bundle."""

    name: str
    about: str
    size_bytes: int


class DebugBundleResult(View, frozen=True, kw_only=True):
    """What is, or would be, in it."""

    path: str
    members: tuple[BundleMemberView, ...]

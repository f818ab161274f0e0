"""The one table of the `contextune/*` methods. Handlers, JSON Schema and TypeScript derive from it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from contextune.protocol import ask_views as a
from contextune.protocol import dashboard_views as d
from contextune.protocol import params as p
from contextune.protocol import todo_views as tv
from contextune.protocol import views as v
from contextune.protocol import worktree_views as w
from contextune.protocol.cost_views import ComparisonView, CostView
from contextune.protocol.model_params import ModelListResult, ModelSendParams, ModelSendResult
from contextune.protocol.quote_params import (
    QuoteChangeParams,
    QuoteMergeParams,
    QuoteMoveParams,
    QuoteTaskParams,
)
from contextune.protocol.run_params import RunAdjustParams, RunRungsParams, RunRungsResult
from contextune.protocol.task_params import (
    TaskOriginParams,
    TaskOriginResult,
    TaskRetryParams,
    TaskRungsResult,
)
from contextune.protocol.transcript_text import (
    TranscriptParams,
    TranscriptResult,
    TurnChangesParams,
    TurnChangesResult,
)
from contextune.protocol.wire import Params, View


class Method(NamedTuple):
    """One method. `params` and `result` are None where there are none; a notification has no result."""

    name: str
    direction: Literal["request", "notification", "reverse"]
    """A request goes from the editor to the daemon; a notification, and a reverse request, the other way."""
    params: type | None
    result: type[View] | type[Params] | None
    doc: str


def _request(name: str, params: type | None, result: type[View], doc: str) -> Method:
    return Method(f"contextune/{name}", "request", params, result, doc)


def _notification(name: str, params: type[View], doc: str) -> Method:
    return Method(f"contextune/{name}", "notification", params, None, doc)


def _reverse(name: str, params: type[View] | None, result: type[Params], doc: str) -> Method:
    return Method(f"contextune/{name}", "reverse", params, result, doc)


METHODS: tuple[Method, ...] = (
    _request("todo/list", p.TodoListParams, p.TodoListResult, "All Todos of a folder."),
    _request("todo/facts", tv.TodoFactsParams, tv.TodoFactsResult, "What is known beyond the comments."),
    _request("todo/preview", tv.TodoPreviewParams, tv.TodoPreview, "The code around a Todo."),
    _request("quote/create", p.QuoteCreateParams, p.QuoteCreateResult, "Plan and price; streams."),
    _request("quote/arrange", p.QuoteArrangeParams, p.QuoteChanged, "Settle what two Tasks share."),
    _request("quote/change", QuoteChangeParams, p.QuoteChanged, "Other terms, or Tasks ticked; priced anew."),
    _request("quote/merge", QuoteMergeParams, p.QuoteChanged, "Make one Task of several."),
    _request("quote/move", QuoteMoveParams, p.QuoteChanged, "Put a Task earlier or later."),
    _request("quote/split", QuoteTaskParams, p.QuoteChanged, "A Task for each Todo of a Task."),
    _request("quote/restore", p.QuoteParams, p.QuoteChanged, "Take the last change back."),
    _request("quote/leave", p.QuoteParams, p.Nothing, "Put an open Quote away."),
    _request("run/start", p.RunStartParams, p.RunStartResult, "Approve a Quote; streams."),
    _request("run/list", p.RunListParams, p.RunListResult, "Runs, newest first."),
    _request("run/get", p.RunParams, p.RunChanged, "One Run."),
    _request("run/pause", p.RunParams, p.Nothing, "Take no further turn until it resumes."),
    _request("run/resume", p.RunResumeParams, p.Nothing, "Go on, with a new budget if one is given."),
    _request(
        "run/adjust",
        RunAdjustParams,
        p.RunChanged,
        "Other budgets, number of agents, or rung.",
    ),
    _request("run/rungs", RunRungsParams, RunRungsResult, "Where waiting Tasks can begin, with prices."),
    _request("run/cancel", p.RunParams, p.Nothing, "Stop; work done so far is kept by Salvage refs."),
    _request("run/accept", p.RunAcceptParams, p.RunChanged, "Move the user's branch once."),
    _request("run/rebase", p.RunParams, p.RunChanged, "Follow the branch, which has moved."),
    _request("run/undo", p.RunParams, p.RunChanged, "Move the user's branch back."),
    _request("run/discard", p.RunParams, p.RunChanged, "Drop the result; Salvage refs keep it."),
    _request("review/content", p.ReviewContentParams, p.ReviewContentResult, "One side of one diff."),
    _request("review/hunks", p.ReviewFileParams, p.ReviewHunksResult, "What can be rejected by itself."),
    _request("review/reject", p.ReviewRejectParams, p.RunChanged, "Take a file or hunk out of the result."),
    _request("review/takeBack", p.ReviewTakeBackParams, p.RunChanged, "Undo a change made in review."),
    _request("review/edit", p.ReviewEditParams, p.RunChanged, "Change a file of the result."),
    _request("review/comment", p.ReviewCommentParams, p.RunChanged, "Keep a comment on a line."),
    _request("review/removeComment", p.ReviewCommentId, p.RunChanged, "Take an open comment back."),
    _request("review/sendComments", p.RunParams, p.RunChanged, "Tell the agents all open comments."),
    _request("task/pause", p.TaskParams, p.RunChanged, "Take no further turn on a Task until it resumes."),
    _request("task/resume", p.TaskParams, p.RunChanged, "Go on with a paused Task where it stood."),
    _request("task/cancel", p.TaskParams, p.Nothing, "Stop one Task."),
    _request("task/retry", TaskRetryParams, p.Nothing, "Do an ended Task again."),
    _request("task/rungs", p.TaskParams, TaskRungsResult, "Where it can begin again, with prices."),
    _request("task/tell", p.TaskTextParams, p.Nothing, "Words that reach the agent with its next turn."),
    _request("task/rewind", p.TaskRewindParams, p.Nothing, "Go back to a turn, and on by other words."),
    _request("task/answer", p.TaskTextParams, p.Nothing, "The answer to an agent's question."),
    _request("task/origin", TaskOriginParams, TaskOriginResult, "The turn that wrote a line."),
    _request("task/transcript", TranscriptParams, TranscriptResult, "What an agent was told and did."),
    _request("task/turnChanges", TurnChangesParams, TurnChangesResult, "What a turn of an agent changed."),
    _request("radar/choose", p.RadarChooseParams, p.Nothing, "What a Task does about an overlap."),
    _request("words/ask", a.AskParams, a.AskResult, "What plain words stand for; starts nothing."),
    _request("cost/summary", p.CostParams, CostView, "Money over time."),
    _request("cost/dashboard", d.DashboardParams, d.DashboardView, "All that the dashboard shows."),
    _request("cost/compare", d.CompareParams, ComparisonView, "Two periods, Runs or models."),
    _request("cost/export", d.DashboardParams, d.ExportResult, "Requests as a table."),
    _request("credential/set", p.CredentialSetParams, p.CredentialState, "Hand over the API key."),
    _request("forge/signIn", p.ForgeSignInParams, p.ForgeState, "Hand over the session with GitHub."),
    _request("forge/sync", p.RunParams, p.RunChanged, "Send to GitHub what waits; see what came of it."),
    _request("workspace/trust", p.WorkspaceTrustParams, p.Nothing, "The editor's workspace trust."),
    _request(
        "workspace/allowUnfenced",
        p.WorkspaceAllowUnfencedParams,
        p.Nothing,
        "Let agents run commands without a Fence where there is none.",
    ),
    _request("tool/prepare", p.ToolParams, p.ToolPrepared, "Whether the user is asked before a tool's call."),
    _request("tool/call", p.ToolCallParams, p.ToolAnswer, "Call a tool for an agent of the editor."),
    _request("doctor/check", None, p.DoctorResult, "What is in order and what is missing."),
    _request("debug/bundle", p.DebugBundleParams, p.DebugBundleResult, "Pack what a bug report needs."),
    _request("worktree/list", p.TodoListParams, w.WorktreeListResult, "Worktrees of Tasks, and Salvages."),
    _request("worktree/clean", w.WorktreeCleanParams, w.WorktreeCleanResult, "Remove unneeded worktrees."),
    _request("worktree/restore", w.WorktreeRestoreParams, w.WorktreeRestoreResult, "Put a Salvage back."),
    _request("worktree/mend", w.WorktreeMendParams, w.WorktreeMendResult, "Do the repairs that are safe."),
    _reverse("model/list", None, ModelListResult, "The language models of the editor itself."),
    _reverse("model/send", ModelSendParams, ModelSendResult, "Send a request to one of them."),
    _notification("todo/changed", p.TodoListResult, "The Todos of a folder changed."),
    _notification("quote/changed", p.QuoteChanged, "A Quote made progress, is ready, or failed."),
    _notification("run/changed", p.RunChanged, "A Run changed; at most 33 a second for each Run."),
    _notification("meter/changed", v.MeterView, "The status-bar meter changed."),
)

"""Answers to plain words as views: advice as Markdown, commands as those of the editor."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import msgspec

from contextune.core.advice.advice import Advice
from contextune.core.language.intent import Intent
from contextune.core.language.kinds import kind_of
from contextune.core.language.understanding import Option
from contextune.protocol.ask_views import AskAction, AskChoice
from contextune.protocol.markdown import sentence
from contextune.protocol.words import shown


def _task(rest: Sequence[str]) -> list[object]:
    run_id, _, task_id = rest[0].rpartition("/")
    return [run_id, task_id, *rest[1:]]


OF_RUNS = {
    "show": "contextune.reviewRun",
    "accept": "contextune.acceptRun",
    "undo": "contextune.undoRun",
    "discard": "contextune.discardRun",
    "pause": "contextune.pauseRun",
    "resume": "contextune.resumeRun",
    "cancel": "contextune.cancelRun",
    "rebase": "contextune.rebaseRun",
}
OF_TASKS = {
    "retry": "contextune.retryTask",
    "pause": "contextune.pauseTask",
    "resume": "contextune.resumeTask",
    "cancel": "contextune.cancelTask",
    "tell": "contextune.tellAgent",
    "answer": "contextune.answerQuestion",
}
VIEWS = {
    "todos": "contextune.todos.focus",
    "runs": "contextune.runs.focus",
    "cost": "contextune.openDashboard",
    "doctor": "contextune.doctor",
}


def editor_command(arguments: Sequence[str], folder: str) -> tuple[str, list[object]] | None:
    """The editor's command, and its arguments, for one of the command line; None if it has none."""
    verb, *rest = arguments
    if verb in ("run", "quote"):
        return _work(rest, folder)
    if verb == "worktrees":
        return ("contextune.cleanWorktrees", []) if rest[:1] in (["clean"], ["mend"]) else None
    if verb in OF_TASKS and rest and "/" in rest[0]:
        return OF_TASKS[verb], _task(rest)
    if verb in OF_RUNS and rest:
        return OF_RUNS[verb], [{"runId": rest[0]}]
    return (VIEWS[verb], []) if verb in VIEWS else None


def _work(rest: Sequence[str], folder: str) -> tuple[str, list[object]] | None:
    match list(rest):
        case ["--goal", goal]:
            return "contextune.runGoal", [goal]
        case ["--all"]:
            return "contextune.parallelizeWorkspace", [{"folder": folder}]
        case ["--todo", *ids]:
            return "contextune.parallelizeSelection", [{"folder": folder, "todoIds": ids}]
        case _:
            return None


def action_view(title: str, arguments: Sequence[str], folder: str) -> AskAction | None:
    """A button for a command; None if the editor has no command for it."""
    found = editor_command(arguments, folder)
    if found is None:
        return None
    return AskAction(
        title=shown(title),
        command=command_text(arguments),
        effect=Intent(arguments=tuple(arguments)).effect,
        editor_command=found[0],
        arguments_json=msgspec.json.encode(found[1]).decode(),
    )


def title_of(intent: Intent) -> str:
    """What a command does, as a button says it."""
    kind = kind_of(intent)
    return shown(kind.title) if kind else command_text(intent.arguments)


def choice_view(option: Option) -> AskChoice:
    """One of several that may be meant."""
    arguments = option.intent.arguments
    return AskChoice(title=shown(option.title), command=command_text(arguments), arguments=arguments)


def command_text(arguments: Sequence[str]) -> str:
    """As a person would type it."""
    return f"contextune {shlex.join(arguments)}"


def advice_markdown(advice: Advice) -> str:
    """What a skill says; what it quotes of files and Runs has no effect on the page."""
    lines = [f"**{sentence(shown(advice.summary))}**"]
    for point in advice.points:
        lines += ["", sentence(shown(point.text))]
        lines += ["", *(f"- {sentence(shown(detail))}" for detail in point.details)] if point.details else []
    return "\n".join(lines)

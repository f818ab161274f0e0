"""What issues and pull requests say: made by code from a Run. Words of others stay inert in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contextune.core.forge.plain import LONGEST, code, inert, quoted
from contextune.core.forge.remote import permalink
from contextune.core.proof.evidence import Evidence
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun
from contextune.core.spending.wording import bill_text, count_text, dollars_text, duration_text
from contextune.core.states import ENDED_TASK
from contextune.core.todos.todo import Todo

OURS = "<!-- contextune:begin"
"""Stands in every body that this product wrote."""
BEGIN, END = OURS + " {mark} -->", "<!-- contextune:end -->"
"""What is between them is kept up to date; what people write around it stays."""

_VERDICTS: Mapping[str, str] = {
    "green": "green",
    "red": "red",
    "unusable": "not usable",
    "unproved": "green, and no test runs any line of the change",
}
_STATES: Mapping[str, str] = {
    "waiting": "waits",
    "working": "in work",
    "asking": "asks a question",
    "testing": "is tested",
    "joining": "is tested with the others",
    "paused": "is paused",
    "accepted": "done",
    "failed": "failed",
    "cancelled": "cancelled",
    "skipped": "left out",
}


def block(mark: str, text: str) -> str:
    """Our part of a body."""
    room = LONGEST - 200
    if len(text) > room:
        text = text[:room].rsplit("\n", 1)[0] + "\n\nThe rest does not fit."
    return f"{BEGIN.format(mark=mark)}\n{text.strip()}\n{END}"


def within(body: str, mark: str, text: str) -> str:
    """A body with our part replaced, or added at its end; all else stays byte for byte."""
    start = body.find(BEGIN.format(mark=mark))
    stop = body.find(END, start)
    new = block(mark, text)
    if start < 0 or stop < 0:
        return f"{body.rstrip()}\n\n{new}\n" if body.strip() else new + "\n"
    return body[:start] + new + body[stop + len(END) :]


def run_issue(run: Run, web_url: str) -> str:
    """The issue of a whole Run: its Tasks as a list that is ticked."""
    parts = [f"Contextune works on {count_text(len(run.tasks), 'Task')}.", "\n".join(_ticks(run, web_url))]
    parts += [_standing(run), _pull_line(run), _footer(run)]
    return _joined(parts)


def task_issue(run: Run, task: TaskRun, web_url: str) -> str:
    """The issue of one Task."""
    parts = [quoted(task.task.brief), "\n".join(_places(run, task, web_url)), f"**State:** {_state(task)}"]
    if task.branch and task.state not in ENDED_TASK:
        parts.append(f"**Branch:** {code(task.branch)}, on the machine of who runs it")
    parts += _result(task)
    parts += [_standing(run), _pull_line(run, task), _footer(run)]
    return _joined(parts)


def known_issue(run: Run, tasks: Iterable[TaskRun]) -> str:
    """Our part of an issue that somebody else wrote and a TODO names."""
    parts: list[str] = []
    for task in tasks:
        parts += [f"**{inert(task.task.title)}:** {_state(task)}", *_result(task)]
    return _joined([*parts, _standing(run), _pull_line(run), _footer(run)])


def pull_body(run: Run, task_ids: Iterable[str], closes: Iterable[int], web_url: str) -> str:
    """A pull request of these Tasks: Evidence, cost, what was not done, and the issues that it closes."""
    tasks = [run.task(task_id) for task_id in task_ids]
    parts = ["## What was done"]
    for task in tasks:
        lines = [f"### {inert(task.task.title)}"]
        if task.summary:
            lines.append(quoted(task.summary, 1_500))
        lines += _places(run, task, web_url)
        lines.append("\n".join(_result(task)))
        parts.append("\n\n".join(filter(None, lines)))
    if run.ghost_evidence is not None:
        parts += ["## Evidence", f"All of it together: {_evidence(run.ghost_evidence)}"]
    left = _not_done(run, tasks)
    parts += ["## Not done", "\n".join(left) if left else "Nothing of what was asked for."]
    parts.append("\n".join(f"Closes #{number}" for number in sorted(set(closes))))
    return _joined([*parts, _footer(run)])


def reply_text(task: TaskRun, commit: str) -> str:
    """The answer to a comment of a reviewer, whose Task is done."""
    return _joined([quoted(task.summary, 1_500) or "Done.", f"It is in {commit[:12]}.", *_result(task)])


def _ticks(run: Run, web_url: str) -> list[str]:
    lines = []
    for task in run.tasks:
        tick = "x" if task.state == "accepted" else " "
        lines.append(f"- [{tick}] **{inert(task.task.title)}** ({_state(task)}, {bill_text(task.bill)})")
        lines += [f"  {line}" for line in _places(run, task, web_url)]
        lines += [f"  {line}" for line in _result(task) if line.startswith("**Evidence")]
    return lines


def _places(run: Run, task: TaskRun, web_url: str) -> list[str]:
    return [f"- {_place(run, todo, web_url)}" for todo in run.todos if todo.id in task.task.todo_ids]


def _place(run: Run, todo: Todo, web_url: str) -> str:
    where = f"[{code(f'{todo.path}:{todo.line}')}]({permalink(web_url, run.base.head, todo.path, todo.line)})"
    return f"{inert(todo.marker)} {where}: {inert(todo.text)}"


def _state(task: TaskRun) -> str:
    return _STATES[task.state] + (f". {inert(task.reason)}" if task.reason else "")


def _result(task: TaskRun) -> list[str]:
    lines = []
    attempt = task.attempt
    if task.state == "accepted" and attempt is not None and attempt.evidence is not None:
        lines.append(f"**Evidence:** {_evidence(attempt.evidence)}")
    if task.bill.requests:
        models = sorted({one.rung.model for one in task.attempts})
        lines.append(f"**Cost:** {bill_text(task.bill)} on {', '.join(map(code, models))}")
    if task.remaining.strip():
        lines.append(f"**Left undone:** {inert(task.remaining)}")
    return [line if at == len(lines) - 1 else line + "  " for at, line in enumerate(lines)]


def _evidence(evidence: Evidence) -> str:
    said = [f"{code(evidence.command)} is {_VERDICTS[evidence.verdict]}", f"exit code {evidence.exit_code}"]
    said += [duration_text(evidence.duration_ms), f"on tree {code(evidence.tree[:12])}"]
    if not evidence.whole:
        said.append("the affected tests")
    return ", ".join(said) + "."


def _not_done(run: Run, tasks: list[TaskRun]) -> list[str]:
    inside = {task.id for task in tasks}
    lines = [
        f"- {inert(task.task.title)}: {_state(task)}"
        for task in run.tasks
        if task.id not in inside and task.id not in run.joined
    ]
    lines += [
        f"- {inert(task.task.title)}: {inert(task.remaining)}" for task in tasks if task.remaining.strip()
    ]
    return lines


def _standing(run: Run) -> str:
    """What became of the whole Run, where that is known."""
    pull = run.forge.pull()
    if pull is not None and pull.merged:
        return "**Merged** by the pull request."
    if pull is not None and pull.state == "closed":
        return "The pull request was closed without being merged."
    match run.state:
        case "accepted" if run.accepted is not None and run.accepted.mode in ("merge", "squash"):
            return f"**Accepted** into {code(run.accepted.branch or 'a detached HEAD')}."
        case "undone":
            return "It was accepted, and taken back."
        case "discarded" | "cancelled" | "failed":
            return f"The Run was {run.state}."
        case "review":
            return "It waits for review by who runs it."
        case _:
            return ""


def _pull_line(run: Run, task: TaskRun | None = None) -> str:
    found = (task and run.forge.find(f"pull:{task.id}")) or run.forge.find("pull")
    return f"**Pull request:** #{found.number}" if found is not None and found.number else ""


def _footer(run: Run) -> str:
    ended = run.state not in ("running", "paused", "parked")
    cost = f"So far it cost {bill_text(run.bill)}." if not ended else f"The Run cost {bill_text(run.bill)}."
    if ended and run.bill.requests and not run.bill.unpriced:
        cost += f" The same tokens at Sonnet's price: {dollars_text(run.bill.at_sonnet)}."
    offline = " The model was the offline one, which plays scripts." if run.offline else ""
    return f"---\n{cost}{offline} Made by Contextune, run {code(run.id)}."


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part)

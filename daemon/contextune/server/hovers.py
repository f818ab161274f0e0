"""Hovers: what is known of the TODO under the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types

from contextune.core.proof.evidence import Evidence
from contextune.core.proof.proof import proof_words
from contextune.core.runs.state_words import TASK_STATES
from contextune.core.todos.todo import Todo
from contextune.protocol.markdown import literal
from contextune.protocol.wording import bill_text, count_text, duration_text, saving_text
from contextune.server.marks import Mark, Marks


def hover(file: Path, position: types.Position, todos: Sequence[Todo], marks: Marks) -> types.Hover | None:
    """The hover at a position; None off the TODOs."""
    line = position.line + 1
    todo = next((todo for todo in todos if todo.line <= line <= todo.end_line), None)
    if todo is None:
        return None
    mark = marks.of(file, todo)
    text = "\n\n".join(_paragraphs(todo, mark))
    return types.Hover(contents=types.MarkupContent(kind=types.MarkupKind.Markdown, value=text))


def _paragraphs(todo: Todo, mark: Mark | None) -> list[str]:
    if mark is None:
        where = f" in `{todo.symbol}`" if todo.symbol else ""
        return [f"**{todo.marker}**{where} · not delegated"]
    task, run = mark.task, mark.run
    said = [
        f"**{todo.marker}** · {literal(mark.text)}",
        f"**{literal(task.task.title)}**",
        literal(task.task.brief),
        TASK_STATES[task.state].text,
    ]
    if task.question is not None:
        said.append(f"Asks: {literal(task.question.text)}")
    attempt = task.attempt
    if attempt is not None and attempt.evidence is not None:
        said.append(_evidence(attempt.evidence))
    saving = saving_text(run.bill.saving)
    less = f", {saving} less than all-Sonnet" if saving else ""
    said.append(f"Run “{literal(run.title)}”: {run.state}, {bill_text(run.bill)} so far{less}.")
    return said


def _evidence(evidence: Evidence) -> str:
    took = "reused" if evidence.reused else duration_text(evidence.duration_ms)
    said = [f"Gate {evidence.verdict}: `{evidence.command}`, exit code {evidence.exit_code}, {took}"]
    if not evidence.whole:
        said.append("the affected tests alone")
    if evidence.newly_failing:
        names = ", ".join(f"`{name}`" for name in evidence.newly_failing[:3])
        said.append(f"newly failing: {count_text(len(evidence.newly_failing), 'test')}, {names}")
    if evidence.tests_removed:
        said.append(f"{count_text(len(evidence.tests_removed), 'test')} removed")
    if evidence.tests_weakened:
        said.append(f"{count_text(len(evidence.tests_weakened), 'test')} weakened")
    if evidence.outdated:
        said.append(f"{count_text(len(evidence.outdated), 'test')} rewritten to fit")
    if known := proof_words(evidence.proof):
        said.append(literal(known))
    return "; ".join(said) + "."

"""Hovers: what is known of the TODO under the pointer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lsprotocol import types

from contextune.core.proof.evidence import Evidence, Verdict
from contextune.core.runs.state_words import AWAITING, TASK_STATES
from contextune.core.todos.todo import Todo
from contextune.protocol.markdown import literal
from contextune.protocol.shown import bill_shown, proof_shown
from contextune.protocol.wording import duration_text, saving_text
from contextune.protocol.words import counted, mark, meaning_text, shown, spoken, state_text, t
from contextune.server.marks import Mark, Marks

VERDICTS: Mapping[Verdict, str] = {
    "green": mark("Gate green"),
    "red": mark("Gate red"),
    "unusable": mark("Gate unusable"),
    "unproved": mark("Gate unproved"),
}


def hover(file: Path, position: types.Position, todos: Sequence[Todo], marks: Marks) -> types.Hover | None:
    """The hover at a position; None off the TODOs."""
    line = position.line + 1
    todo = next((todo for todo in todos if todo.line <= line <= todo.end_line), None)
    if todo is None:
        return None
    text = "\n\n".join(_paragraphs(todo, marks.of(file, todo)))
    return types.Hover(contents=types.MarkupContent(kind=types.MarkupKind.Markdown, value=text))


def _paragraphs(todo: Todo, found: Mark | None) -> list[str]:
    if found is None:
        marker = f"**{todo.marker}**"
        if not todo.symbol:
            return [t("{marker} · not delegated", marker=marker)]
        return [t("{marker} in `{symbol}` · not delegated", marker=marker, symbol=todo.symbol)]
    task, run = found.task, found.run
    said = [
        f"**{todo.marker}** · {literal(found.text)}",
        f"**{literal(task.task.title)}**",
        literal(task.task.brief),
        meaning_text(AWAITING if task.awaiting else TASK_STATES[task.state]),
    ]
    if task.question is not None:
        said.append(t("Asks: {question}", question=literal(shown(task.question.text))))
    attempt = task.attempt
    if attempt is not None and attempt.evidence is not None:
        said.append(_evidence(attempt.evidence))
    saving = saving_text(run.bill.saving)
    stands = {"title": literal(run.title), "state": state_text(run.state), "cost": bill_shown(run.bill)}
    said.append(
        t("Run “{title}”: {state}, {cost} so far, {saving} less than all-Sonnet.", **stands, saving=saving)
        if saving
        else t("Run “{title}”: {state}, {cost} so far.", **stands)
    )
    return said


def _evidence(evidence: Evidence) -> str:
    took = t("reused") if evidence.reused else duration_text(evidence.duration_ms)
    verdict = spoken(VERDICTS[evidence.verdict])
    said = [f"{verdict}: `{evidence.command}`, {t('exit code {code}', code=evidence.exit_code)}, {took}"]
    if not evidence.whole:
        said.append(t("the affected tests alone"))
    if failing := evidence.newly_failing:
        names = ", ".join(f"`{name}`" for name in failing[:3])
        tests = counted(len(failing), mark("newly failing: 1 test"), mark("newly failing: {count} tests"))
        said.append(f"{tests}, {names}")
    if removed := len(evidence.tests_removed):
        said.append(counted(removed, mark("1 test removed"), mark("{count} tests removed")))
    if weakened := len(evidence.tests_weakened):
        said.append(counted(weakened, mark("1 test weakened"), mark("{count} tests weakened")))
    if outdated := len(evidence.outdated):
        said.append(
            counted(outdated, mark("1 test rewritten to fit"), mark("{count} tests rewritten to fit"))
        )
    if known := proof_shown(evidence.proof):
        said.append(literal(known))
    return "; ".join(said) + "."

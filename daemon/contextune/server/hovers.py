"""Hovers: what is known of the TODO under the pointer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lsprotocol import types

from contextune.core.planning.plan import Plan, Task
from contextune.core.planning.quote import Quote
from contextune.core.proof.evidence import Evidence, Verdict
from contextune.core.todos.todo import Todo
from contextune.protocol.links import link
from contextune.protocol.markdown import literal
from contextune.protocol.shown import bill_shown, price_shown, proof_shown
from contextune.protocol.task_words import task_meaning_text
from contextune.protocol.wording import duration_text, rung_text, saving_text
from contextune.protocol.words import counted, mark, shown, spoken, state_text, t
from contextune.server.known_todos import Known
from contextune.server.marks import Mark, Marks
from contextune.server.names import WorkTarget
from contextune.server.places import uri_of

MOST_FILES = 5
"""Files that a hover names."""

VERDICTS: Mapping[Verdict, str] = {
    "green": mark("Gate green"),
    "red": mark("Gate red"),
    "unusable": mark("Gate unusable"),
    "unproved": mark("Gate unproved"),
}


def todo_at(position: types.Position, todos: Sequence[Todo]) -> Todo | None:
    """The Todo at a position; None off the TODOs."""
    line = position.line + 1
    return next((todo for todo in todos if todo.line <= line <= todo.end_line), None)


def hover(
    file: Path, folder: Path, todo: Todo, marks: Marks, *, known: Known | None = None, extension: bool = False
) -> types.Hover:
    """What is known of a Todo of a file: how it stands, what is planned, and links to what can be looked at.

    Links to commands are for our own extension, which lets just those of ours through.
    """
    mark = marks.of(file, todo)
    quoted = marks.quote_of(file, todo) if mark is None or not mark.current else None
    if quoted is not None:
        said = _of_quote(todo, *quoted)
    elif mark is not None:
        said = _of_run(todo, mark)
    else:
        said = _idle(todo)
    if (mark is None or not mark.current) and quoted is None and known is not None:
        said += _expected(known)
    if mark is not None and mark.task.worktree is not None:
        said.append(_in_worktree(todo, mark))
    if extension and (links := _links(folder, todo, mark, is_quoted=quoted is not None)):
        said.insert(1, " · ".join(links))  # an editor cuts a long hover off at its end
    text = "\n\n".join(said)
    return types.Hover(contents=types.MarkupContent(kind=types.MarkupKind.Markdown, value=text))


def _idle(todo: Todo) -> list[str]:
    marker = f"**{todo.marker}**"
    if not todo.symbol:
        return [t("{marker} · not delegated", marker=marker)]
    return [t("{marker} in `{symbol}` · not delegated", marker=marker, symbol=todo.symbol)]


def _expected(known: Known) -> list[str]:
    said = []
    if known.price:
        said.append(t("Expected: {price}, planning apart.", price=literal(known.price)))
    return [*said, *([known.doubt] if known.doubt else [])]


def _of_quote(todo: Todo, quote: Quote, task: Task) -> list[str]:
    """What an open Quote has for a Todo."""
    priced = quote.priced(task.id)
    parts = [f"**{todo.marker}**", t("left out of the Quote") if task.id in quote.left_out else t("quoted")]
    if priced is not None:
        parts += [literal(price_shown(priced.price)), literal(rung_text(priced.rung))]
    return [" · ".join(parts), *_of_task(task), *_planned(quote.plan, task)]


def _of_task(task: Task) -> list[str]:
    return [f"**{literal(task.title)}**", literal(task.brief)]


def _planned(plan: Plan, task: Task) -> list[str]:
    """Where a Task stands in its Plan, and what it may touch."""
    waves = plan.waves()
    said = []
    if len(waves) > 1:
        number = next(number for number, wave in enumerate(waves, 1) if task.id in wave)
        earlier = " ".join(f"“{literal(plan.task(one).title)}”" for one in task.depends_on)
        wave = {"number": number, "count": len(waves)}
        said.append(
            t("Wave {number} of {count}, after {tasks}.", **wave, tasks=earlier)
            if earlier
            else t("Wave {number} of {count}.", **wave)
        )
    if task.files:
        said.append(t("It may change {files}.", files=_listed([literal(path) for path in task.files])))
    return [" ".join(said)] if said else []


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_FILES
    shown = ", ".join(names[:MOST_FILES])
    return t("{names} and {count} more", names=shown, count=more) if more > 0 else shown


def _in_worktree(todo: Todo, mark: Mark) -> str:
    """Links to the files as the agent has them, which any editor can follow."""
    root = Path(mark.task.worktree or "")
    links = [f"[{literal(path)}]({uri_of(root / path)})" for path in mark.task.files or (todo.path,)]
    return t("As its agent has it: {files}.", files=_listed(links))


def _links(folder: Path, todo: Todo, mark: Mark | None, *, is_quoted: bool) -> list[str]:
    """What can be done about a Todo as it stands. None of it spends, accepts or drops anything by itself."""
    found = []
    if is_quoted:
        found.append(link("readQuote", t("Read the Quote")))
    elif mark is None or not mark.current:
        found.append(link("delegateTodo", t("Delegate"), WorkTarget(folder=str(folder), todo_ids=(todo.id,))))
    if mark is None:
        return found
    run, task = mark.run, mark.task
    if task.question is not None and mark.current:
        found.append(link("answerQuestion", t("Answer"), run.id, task.id))
    if task.attempts:
        found.append(link("openTranscript", t("Transcript"), run.id, task.id))
    if task.changes:
        found.append(link("reviewRun", t("Changes"), run.id, task.id))
    if run.state == "review":
        found.append(link("reviewRun", t("Review the Run"), run.id))
    return found


def _of_run(todo: Todo, found: Mark) -> list[str]:
    task, run = found.task, found.run
    said = [
        f"**{todo.marker}** · {literal(found.text)}",
        task_meaning_text(run, task),
    ]
    if task.question is not None:
        said.append(t("Asks: {question}", question=literal(shown(task.question.text))))
    said += [*_of_task(task.task), *_planned(run.plan, task.task)]
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

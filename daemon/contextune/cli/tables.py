"""Quotes, Runs and bills as people see them: tables that fit 80 columns, and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from contextune.core.model.budget import Limits
from contextune.core.model.money import Bill, CostLine
from contextune.core.plain_text import one_line
from contextune.core.planning.quote import Quote
from contextune.core.proof.evidence import Evidence
from contextune.core.proof.proof import proof_words
from contextune.core.runs.halted import state_seen
from contextune.core.runs.held import held_text
from contextune.core.runs.merged import merged_text
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun
from contextune.core.worktrees.checkout_look import look_text
from contextune.protocol.convert import joined_bill
from contextune.protocol.radar_view import live_overlaps, overlap_text
from contextune.protocol.wording import (
    bill_text,
    count_text,
    dollars_text,
    duration_text,
    model_text,
    rung_text,
    saving_text,
)

UNPROVED = "unproved"
"""The verdict where nothing was run, or what was run says nothing of the change."""

STYLES = {
    "working": "cyan",
    "testing": "blue",
    "joining": "blue",
    "accepted": "green",
    "failed": "red",
    "asking": "yellow",
    "paused": "yellow",
    "parked": "yellow",
    "green": "green",
    "red": "red",
    UNPROVED: "yellow",
}
"""Of states and verdicts."""


def table(*columns: str, wide: int = 0, right: Sequence[int] = ()) -> Table:
    """An empty table. Column `wide` takes the room that is left and wraps; the others never do."""
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for number, heading in enumerate(columns):
        if number == wide:
            made.add_column(heading, ratio=1, overflow="fold", min_width=12)
        else:
            made.add_column(heading, no_wrap=True, justify="right" if number in right else "left")
    return made


def cell(text: str, style: str = "") -> Text:
    """One line of a cell, safe for the terminal."""
    return Text(one_line(text), style)


def under(title: str, rows: Iterable[str]) -> Text:
    """A title and dim lines below it."""
    lines = [cell(title), *(cell(row, "dim") for row in rows if row)]
    return Text("\n").join(lines)


def quote_table(quote: Quote) -> Table:
    """The Tasks of a Quote in their waves, each with its files, where it begins and why, and its price."""
    made = table("Task", "Wave", "Begins with", "Likely", right=(1, 3))
    waves = {task_id: number for number, wave in enumerate(quote.waves, 1) for task_id in wave}
    priced = {task.task_id: task for task in quote.tasks}
    for task_id, wave in waves.items():
        task, price = quote.plan.task(task_id), priced[task_id]
        after = f"after {', '.join(task.depends_on)}" if task.depends_on else ""
        why = price.reason if price.start or price.explored else ""
        made.add_row(
            under(task.title, [", ".join(task.files), after, why]),
            str(wave),
            rung_text(price.rung),
            dollars_text(price.price.likely),
        )
    return made


def run_table(run: Run) -> Table:
    """The Tasks of a Run: state, the Gate's verdict, lines changed, dollars; below the title, who worked."""
    made = table("Task", "State", "Gate", "Lines", "Cost", right=(3, 4))
    for task in run.tasks:
        attempt = task.attempt
        verdict, took = proof(attempt.evidence) if attempt else ("", "")
        if run.gate is None and task.commit is not None:
            verdict = UNPROVED
        added = sum(change.insertions for change in task.changes)
        removed = sum(change.deletions for change in task.changes)
        state = state_seen(run, task)
        made.add_row(
            under(task.task.title, [worked(task) or _wave(run, task)]),
            Text(state, STYLES.get(state, "")),
            Text.assemble((verdict, STYLES.get(verdict, "")), f" {took}"),
            f"+{added} -{removed}" if task.changes else "",
            bill_text(task.bill) if task.attempts else "",
        )
    return made


def _wave(run: Run, task: TaskRun) -> str:
    """Such as `wave 2, after insure-a-value`; empty in a Run of one wave."""
    if len(run.waves) == 1:
        return ""
    number = next(number for number, wave in enumerate(run.waves, 1) if task.id in wave)
    after = f", after {', '.join(task.task.depends_on)}" if task.task.depends_on else ""
    return f"wave {number}{after}"


def worked(task: TaskRun) -> str:
    """Such as `Haiku 5.5, high, 7 turns, attempt 2`; empty before an agent started."""
    attempt = task.attempt
    if attempt is None:
        return ""
    turns = sum(one.turns for one in task.attempts)
    said = f"{rung_text(attempt.rung)}, {count_text(turns, 'turn')}"
    return said + (f", attempt {attempt.number}" if attempt.number > 1 else "")


def proof(evidence: Evidence | None) -> tuple[str, str]:
    """What the Gate saw, in a word, and how long that took."""
    if evidence is None:
        return "", ""
    if evidence.verdict == "unusable":
        return UNPROVED, ""
    return evidence.verdict, duration_text(evidence.duration_ms)


def proof_text(evidence: Evidence) -> str:
    """The Evidence: verdict; exit code, time, tree and what was run below it."""
    verdict, took = proof(evidence)
    part = "" if evidence.whole else ", the tests that the change can affect"
    said = f"{verdict}\n    exit code {evidence.exit_code}, {took}, tree {evidence.tree[:12]}{part}"
    for what, names in (
        ("newly failing", evidence.newly_failing),
        ("tests removed", evidence.tests_removed),
        ("tests weakened", evidence.tests_weakened),
        ("fail as they were before", evidence.outdated),
    ):
        if names:
            said += f"; {what}: {', '.join(names[:5])}"
    if known := proof_words(evidence.proof):
        said += f"\n    {one_line(known)}"
    return f"{said}\n    {one_line(evidence.command)}"


def evidence_lines(run: Run) -> list[str]:
    """What the Gate saw of each Task, and of all together."""
    if run.gate is None:
        return [
            f"  There is no Gate: the work is {UNPROVED}. Name one with the setting `gate`, or with --gate."
        ]
    said = []
    held = {one.task_id: one for one in run.held}
    for task in run.tasks:
        attempt = task.attempt
        if attempt is not None and attempt.evidence is not None:
            said.append(f"  {one_line(task.task.title)}: {proof_text(attempt.evidence)}")
        if task.checkout_before is not None:
            seen = look_text(task.checkout_before, task.checkout_after, task.checkout_changed)
            said.append(f"    {one_line(seen)}")
        if merged := merged_text(task):
            said.append(f"    {one_line(merged)}")
        if task.id in held:
            said.append(f"    {one_line(held_text(held[task.id]))}")
    if run.ghost_evidence is not None:
        said.append(f"  All together: {proof_text(run.ghost_evidence)}")
    return said


def limits_text(limits: Limits) -> str:
    """What a Run bounds beside its budget, a sentence; empty if nothing."""
    parts = [f"{dollars_text(limits.task)} a Task"] if limits.task is not None else []
    if limits.request is not None:
        parts.append(f"{dollars_text(limits.request)} a request")
    if limits.requests is not None:
        parts.append(f"{count_text(limits.requests, 'request')} without a price")
    return f"At most {', '.join(parts)}." if parts else ""


def beside_text(run: Run) -> str:
    """What there is to say where Accept made a branch beside a protected one."""
    return (
        f"{run.base.branch} is protected and has not moved. `contextune undo {run.id}`, then "
        f"`contextune accept {run.id} --onto-protected`, moves it."
    )


def task_lines(run: Run) -> list[str]:
    """What there is to say of single Tasks: why one failed, what one asks or left undone."""
    said = []
    for task in run.tasks:
        name = one_line(task.task.title)
        if task.reason and task.state in ("failed", "cancelled", "skipped"):
            said.append(f"{name}: {task.state}. {task.reason}")
        if task.question is not None:
            said.append(f"{name} asks: {task.question.text}")
        if task.remaining:
            said.append(f"{name}, left undone: {one_line(task.remaining)}")
    said += [overlap_text(run, overlap) for overlap in live_overlaps(run)]
    said += [f"Look at {one_line(change.path)}: it {change.flag}." for change in run.changes if change.flag]
    return said


def bill_table(lines: Sequence[CostLine], total: Bill, *, what: str = "Role") -> Table:
    """Money by role and model, and in all, with the same tokens at Sonnet's price beside it."""
    made = table(what, "Model", "Requests", "Cost", "On Sonnet", "Saved", right=(2, 3, 4, 5))
    for line in lines:
        made.add_row(cell(line.role), model_text(line.model), *_money(line.bill))
    made.add_row(*(Text(text, "bold") for text in ("In all", "", *_money(total))))
    return made


def _money(bill: Bill) -> tuple[str, str, str, str]:
    return (
        f"{bill.requests:,}",
        bill_text(bill),
        dollars_text(bill.at_sonnet),
        saving_text(bill.saving) or "",
    )


def spent_on_planning(quote: Quote) -> str:
    """What making a Quote cost."""
    return bill_text(joined_bill([line.bill for line in quote.planning]))

"""Whole results as they are printed: a Quote, a Run, lists of Todos and checks."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from contextune.cli.output import Output
from contextune.cli.tables import (
    bill_table,
    evidence_lines,
    proof,
    quote_table,
    run_table,
    spent_on_planning,
    task_lines,
)
from contextune.core.check import Check
from contextune.core.overlap.overlaps import overlap_text
from contextune.core.plain_text import one_line
from contextune.core.planning.quote import Quote
from contextune.core.runs.run import Run
from contextune.core.runs.state_words import RUN_STATES
from contextune.core.states import LIVE_RUN
from contextune.core.todos.todo import Todo
from contextune.protocol.convert import SAVING_METHOD, check_view, price_view, quote_view, run_view
from contextune.protocol.wording import (
    bill_text,
    count_text,
    dollars_text,
    duration_text,
    forecast_text,
    kept_text,
    saving_text,
)

OFFLINE = "Offline model: it plays scripts and is no AI. Prices are those of the models that it stands for."
STATE_WORDS = {"review": "waits for review", "failed": "failed", "undone": "was undone"}
CHECK_STYLES = {"ok": "green", "warning": "yellow", "problem": "red"}


def show_todos(todos: Sequence[Todo], out: Output) -> None:
    """The Todos, two lines each."""
    for todo in todos:
        if out.as_json:
            out.line(todo)
            continue
        symbol = f" in {one_line(todo.symbol)}" if todo.symbol else ""
        out.say(f"{todo.id}  {one_line(todo.path)}:{todo.line}{symbol}", "bold")
        owner = f"({todo.owner})" if todo.owner else ""
        out.say(f"    {todo.marker}{owner}: {one_line(todo.text)}")
    out.say(count_text(len(todos), "Todo"))


def show_quote(quote: Quote, out: Output) -> None:
    """A Quote: Tasks, waves, prices, warnings."""
    if out.as_json:
        out.tagged("quote", quote_view(quote))
        return
    tasks, waves = count_text(len(quote.tasks), "Task"), count_text(len(quote.waves), "wave")
    out.say(f"Quote: {one_line(quote.title)}, {tasks} in {waves}", "bold")
    out.show(quote_table(quote))
    out.blank()
    out.say(f"Price: {price_view(quote.price).text}. All on Sonnet: {dollars_text(quote.price.at_sonnet)}.")
    if quote.forecast is not None:
        out.say(forecast_text(quote.forecast))
    out.say(f"Planning cost {spent_on_planning(quote)}. Budget: {dollars_text(quote.budget)}.")
    if quote.gate:
        took = f", {duration_text(quote.baseline.duration_ms)} on the base" if quote.baseline else ""
        out.say(f"Gate: {one_line(quote.gate)}{took}")
    for overlap in quote.overlaps:
        out.say(f"Overlap: {one_line(overlap_text(overlap))}")
    for warning in quote.warnings:
        out.say(f"Note: {warning}", "yellow")
    if quote.offline:
        out.say(OFFLINE)
    out.blank()


def show_run(run: Run, out: Output, *, in_full: bool = False) -> None:
    """A Run for people: its Tasks and what it cost; in full, with the Evidence and the bill by role."""
    if out.as_json:
        return
    out.say(f"{one_line(run.title)}  {run.id}", "bold")
    if in_full:
        out.say(f"{run.state.capitalize()}: {RUN_STATES[run.state].text}", "dim")
    out.show(run_table(run))
    out.blank()
    for line in task_lines(run):
        out.say(line)
    if in_full:
        out.say("Evidence", "bold")
        for line in evidence_lines(run):
            out.say(line)
        out.blank()
        out.say("Bill", "bold")
        out.show(bill_table(run.costs, run.bill))
        out.blank()
        out.say(SAVING_METHOD, "dim")
        out.blank()
    elif run.ghost_evidence is not None:
        verdict, took = proof(run.ghost_evidence)
        out.say(f"All together: {verdict}, {took}.")
    out.say(_paid(run))
    if run.state not in LIVE_RUN and (kept := _kept(run)) is not None:
        out.say(kept)
    out.say(f"Run {run.id} {STATE_WORDS.get(run.state, f'is {run.state}')}. {run.reason}".rstrip())
    for note in run.notes:
        out.say(f"Note: {note}", "yellow")


def show_run_line(run: Run, out: Output) -> None:
    """A Run as one JSON object; nothing for people."""
    if out.as_json:
        out.line(run_view(run))


def show_checks(checks: Sequence[Check], out: Output) -> None:
    """What `doctor` found, with what to do about it."""
    for check in checks:
        if out.as_json:
            out.line(check_view(check))
            continue
        out.say(f"{check.state:8} {check.name}: {check.detail}", CHECK_STYLES[check.state])
        if check.remedy:
            out.say(f"         {check.remedy}")


def _kept(run: Run) -> str | None:
    """Whether the Tasks cost what was quoted for them; None where a price was unknown."""
    if any(task.bill.unpriced for task in run.tasks):
        return None
    return kept_text(run.quote.price, sum((task.bill.dollars for task in run.tasks), Decimal(0)))


def _paid(run: Run) -> str:
    saved = saving_text(run.bill.saving)
    paid = f"Cost: {bill_text(run.bill)}, planning {spent_on_planning(run.quote)} of it. "
    against = f"The same tokens on Sonnet: {dollars_text(run.bill.at_sonnet)}"
    return paid + against + (f", {saved} saved." if saved else ".")

"""Money over time as people see it in a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.text import Text

from contextune.cli.output import Output
from contextune.cli.tables import cell, table
from contextune.protocol.cost_views import ComparisonView, CostGroup, CostView, SuggestionView
from contextune.protocol.views import BillView
from contextune.protocol.wording import count_text, dollars_text, model_text

MOST_RUNS = 12
"""Runs that are shown without being asked for by `--by run`."""


def show_costs(view: CostView, out: Output) -> None:
    """All of it: Runs, roles, rates, where the money went, what a Todo costs, what could be cheaper."""
    if out.as_json:
        out.line(view)
        return
    if not view.total.requests and not view.runs:
        out.say("Nothing was spent.")
        return
    _show_runs(view, out)
    _show_roles(view, out)
    _show_rates(view, out)
    _show_facts(view, out)
    _show_todos(view, out)
    _show_suggestions(view.suggestions, out)
    if 0 < view.total.unpriced < view.total.requests:
        out.say(f"Note: + leaves out {count_text(view.total.unpriced, 'request')} without a price.", "yellow")
    for remark in view.remarks:
        out.say(f"Note: {remark}", "yellow")
    out.say(view.method, "dim")


def _show_runs(view: CostView, out: Output) -> None:
    listed = table("Run", "Started", "Cost", "On Sonnet", "Saved", "Title", wide=5, right=(2, 3, 4))
    for run in view.runs[:MOST_RUNS]:
        listed.add_row(run.run_id, _when(run.created_at), *_money(run.bill), cell(run.title))
    if view.unstarted.quotes:
        what = f"{count_text(view.unstarted.quotes, 'Quote')} not started"
        listed.add_row("", "", *_money(view.unstarted.bill), cell(what, "dim"))
    out.show(listed)
    if len(view.runs) > MOST_RUNS:
        out.say(
            f"and {count_text(len(view.runs) - MOST_RUNS, 'Run')} before: --by run lists them all.", "dim"
        )
    out.blank()


def _show_roles(view: CostView, out: Output) -> None:
    listed = table("Role", "Model", "Requests", "Cost", "On Sonnet", "Saved", right=(2, 3, 4, 5))
    for line in view.roles:
        listed.add_row(cell(line.role), model_text(line.model), f"{line.bill.requests:,}", *_money(line.bill))
    whole = ("In all", "", f"{view.total.requests:,}", *_money(view.total))
    listed.add_row(*(Text(text, "bold") for text in whole))
    out.show(listed)
    out.blank()


def _show_rates(view: CostView, out: Output) -> None:
    if not view.rates:
        return
    listed = table("Kind of Task", "Rung", "Passed", "In the long run", "Cost", right=(2, 3, 4))
    for rate in view.rates:
        listed.add_row(cell(rate.kind or "unknown"), rate.rung.text, rate.text, rate.bounds, rate.each_text)
    out.show(listed)
    out.blank()


def _show_facts(view: CostView, out: Output) -> None:
    facts = [*view.patterns, *(f"{miss.text}." for miss in view.misses)]
    if view.cliffs.avoided or view.cliffs.passed:
        facts.append(f"{view.cliffs.text}.")
    _show_list("Where it went", facts, out)


def _show_todos(view: CostView, out: Output) -> None:
    if not view.total.requests:
        return
    out.say("Each accepted Todo", "bold")
    for one in view.per_todo:
        out.say(f"{one.label}: {one.text}", indent=2)
        out.say(one.detail, "dim", indent=4)
    out.say(view.per_todo_method, "dim", indent=2)
    out.blank()


def _show_suggestions(suggestions: Sequence[SuggestionView], out: Output) -> None:
    if not suggestions:
        return
    out.say("What could be cheaper", "bold")
    for one in suggestions:
        out.say(one.sentence, indent=2)
        if one.apply is not None:
            out.say(f"Set: {one.apply.text}", "green", indent=4)
        out.say(one.computed, "dim", indent=4)
    out.blank()


def _show_list(title: str, facts: Sequence[str], out: Output) -> None:
    if facts:
        out.say(title, "bold")
        for fact in facts:
            out.say(fact, indent=2)
        out.blank()


def show_groups(by: str, groups: Sequence[CostGroup], out: Output) -> None:
    """Sums by one key."""
    if out.as_json:
        for group in groups:
            out.line(group)
        return
    if not groups:
        out.say("Nothing was spent.")
        return
    named = any(group.name for group in groups)
    headings = [by.capitalize(), *(["Title" if by in ("run", "task") else "Name"] if named else [])]
    columns = (*headings, "Requests", "Cost", "On Sonnet", "Saved")
    first = len(headings)
    listed = table(*columns, wide=first - 1, right=tuple(range(first, first + 4)))
    for group in groups:
        names = (cell(group.key), *([cell(group.name)] if named else []))
        listed.add_row(*names, f"{group.bill.requests:,}", *_money(group.bill))
    out.show(listed)


def show_comparison(view: ComparisonView, out: Output) -> None:
    """Two periods, Runs or models side by side."""
    if out.as_json:
        out.line(view)
        return
    listed = table("", view.one.name, view.other.name, "Difference", "", right=(1, 2, 3, 4))
    for what, one, other in (
        ("requests", view.one.bill.requests, view.other.bill.requests),
        ("Tasks", view.one.tasks, view.other.tasks),
        ("accepted Tasks", view.one.accepted, view.other.accepted),
    ):
        listed.add_row(what, f"{one:,}", f"{other:,}", f"{other - one:+,}", "")
    for change in view.changes:
        texts = (change.one_text, change.other_text, change.difference_text, change.relative_text)
        listed.add_row(change.measure, *texts)
    out.show(listed)
    out.blank()
    for side in (view.one, view.other):
        out.say(f"An accepted Task in {side.name}: {side.interval}")
    out.say(view.remark, "bold")


def _money(bill: BillView) -> tuple[str, str, str]:
    some = 0 < bill.unpriced < bill.requests
    cost = f"{dollars_text(bill.dollars)}+" if some else bill.text
    return cost, bill.at_sonnet_text, bill.saving or ""


def _when(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M")

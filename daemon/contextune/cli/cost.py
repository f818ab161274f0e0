"""`contextune cost`: what was spent, on what, what that bought, and what could be cheaper."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import NamedTuple

from contextune.cli.cost_csv import entry_rows, group_rows
from contextune.cli.cost_tables import show_comparison, show_costs, show_groups
from contextune.cli.output import Output
from contextune.core.errors import UsageProblem
from contextune.core.model.ledger import LedgerEntry, run_of
from contextune.core.spending.comparison import Chosen, compare
from contextune.core.spending.costs import summed
from contextune.core.spending.history import History
from contextune.engine.application import Application
from contextune.protocol.convert import bill_view
from contextune.protocol.cost_views import CostGroup
from contextune.protocol.costs import comparison_view, cost_view
from contextune.protocol.days import check_day, day_of, next_day_start, start_of, today
from contextune.protocol.wording import model_text

KEYS: dict[str, Callable[[LedgerEntry], str]] = {
    "day": lambda entry: day_of(entry.at),
    "run": lambda entry: run_of(entry.stream),
    "role": lambda entry: entry.role,
    "model": lambda entry: entry.rung.model,
    "repository": lambda entry: entry.repository,
    "task": lambda entry: (
        f"{run_of(entry.stream)}/{entry.task_id}" if entry.task_id else run_of(entry.stream)
    ),
}
"""What a request is counted under, by the words of --by."""


async def cost(app: Application, given: Namespace, out: Output) -> int:
    """The command. Raises UsageProblem naming what is wrong with an argument."""
    _check(given)
    if given.path is not None and not given.path.exists():
        raise UsageProblem(f"PATH: {given.path} does not exist. Give a folder that does.")
    since = start_of(_day(given.since, "--since")) if given.since else 0
    until = next_day_start(_day(given.until, "--until")) if given.until else None
    past = await app.costs(given.path, since=since, until=until)
    if given.compare:
        one, other = _chosen(past, given.compare)
        told = compare(past, (one.name, one.chosen), (other.name, other.chosen), model=one.kind == "model")
        show_comparison(comparison_view(told), out)
    elif given.by:
        groups = _groups(past, given.by)
        out.csv(group_rows(given.by, groups)) if given.csv else show_groups(given.by, groups, out)
    elif given.csv:
        out.csv(entry_rows(past.entries))
    else:
        show_costs(cost_view(past, day_of=day_of, today=today()), out)
    return 0


def _check(given: Namespace) -> None:
    if given.csv and given.json:
        raise UsageProblem("Give one of --csv and --json.")
    if given.compare and (given.csv or given.by):
        raise UsageProblem("--compare stands alone: leave out --by and --csv.")
    if given.compare and (given.since or given.until):
        raise UsageProblem("--compare names its own periods: leave out --since and --until.")
    if given.path is not None and given.all:
        raise UsageProblem("Give PATH or --all: --all counts every repository.")
    if given.since and given.until and _day(given.since, "--since") > _day(given.until, "--until"):
        raise UsageProblem(f"--until: {given.until} is before --since {given.since}.")


def _day(text: str, name: str) -> str:
    try:
        return check_day(text)
    except UsageProblem:
        raise UsageProblem(f"{name}: {text!r} is no date, such as 2026-11-01.") from None


def _groups(past: History, by: str) -> list[CostGroup]:
    """Sums by one key: days newest first, all others the dearest first."""
    bills = summed(past.entries, KEYS[by])
    titles = {run.id: run.title for run in past.runs}

    def name(key: str) -> str:
        if by == "model":
            return model_text(key)
        if by in ("run", "task"):
            run_id, _, task_id = key.partition("/")
            return task_id or titles.get(run_id, "a Quote that never started")
        return ""

    order = (
        sorted(bills, reverse=True) if by == "day" else sorted(bills, key=lambda k: (-bills[k].dollars, k))
    )
    return [CostGroup(key=key, name=name(key), bill=bill_view(bills[key])) for key in order]


class _Side(NamedTuple):
    kind: str
    name: str
    chosen: Chosen


def _chosen(past: History, named: Sequence[str]) -> tuple[_Side, _Side]:
    """What the two words of --compare stand for. Raises UsageProblem."""
    one, other = (_side(past, word) for word in named)
    if one.kind != other.kind:
        raise UsageProblem(
            f"--compare: {named[0]} is a {one.kind} and {named[1]} a {other.kind}. Give two of one sort."
        )
    return one, other


def _side(past: History, word: str) -> _Side:
    if word[:4].isdecimal():
        return _period(word)
    ids = sorted({run_of(entry.stream) for entry in past.entries} | {run.id for run in past.runs})
    runs = [run_id for run_id in ids if word == run_id] or [
        run_id for run_id in ids if run_id.startswith((word, f"r_{word}"))
    ]
    models = {entry.rung.model for entry in past.entries}
    meant = [m for m in models if word.casefold() in (m.casefold(), model_text(m).casefold())]
    if meant:
        return _Side("model", model_text(meant[0]), lambda entry: entry.rung.model == meant[0])
    if len(runs) == 1:
        return _Side("run", runs[0], lambda entry: run_of(entry.stream) == runs[0])
    if runs:
        raise UsageProblem(f"--compare: {word!r} is the beginning of {len(runs)} Runs. Give more of the id.")
    known = f" Models in use: {', '.join(sorted(models))}." if models else ""
    raise UsageProblem(
        f"--compare: {word!r} is no period such as 2026-11-01..2026-11-07, no Run and no model that was "
        f"used. `contextune runs` lists Runs.{known}"
    )


def _period(word: str) -> _Side:
    first, dots, last = word.partition("..")
    start = _day(first, "--compare")
    end = _day(last, "--compare") if dots else start
    if start > end:
        raise UsageProblem(f"--compare: {word} ends before it begins.")
    begun, ended = start_of(start), next_day_start(end)
    return _Side("period", word, lambda entry: begun <= entry.at < ended)

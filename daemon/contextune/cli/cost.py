"""`contextune cost`: what was spent, on what, what that bought, and what could be cheaper."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable

from contextune.cli.cost_tables import show_comparison, show_costs, show_groups
from contextune.cli.output import Output
from contextune.core.errors import UsageProblem
from contextune.core.model.ledger import LedgerEntry, run_of
from contextune.core.spending.costs import summed
from contextune.core.spending.history import History
from contextune.engine.application import Application
from contextune.protocol.compared import compared
from contextune.protocol.convert import bill_view
from contextune.protocol.cost_csv import entry_rows, group_rows
from contextune.protocol.cost_views import CostGroup
from contextune.protocol.costs import comparison_view, cost_view
from contextune.protocol.days import day_named, day_of, next_day_start, start_of, today
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
    since = start_of(day_named(given.since, "--since")) if given.since else 0
    until = next_day_start(day_named(given.until, "--until")) if given.until else None
    past = await app.costs(given.path, since=since, until=until)
    if given.compare:
        show_comparison(comparison_view(compared(past, given.compare, "--compare")), out)
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
    if given.since and given.until and day_named(given.since, "--since") > day_named(given.until, "--until"):
        raise UsageProblem(f"--until: {given.until} is before --since {given.since}.")


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

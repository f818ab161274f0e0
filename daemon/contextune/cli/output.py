"""What the command line prints: people's text, or one JSON object a line with --json."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from contextune.core.check import Check
from contextune.core.quote import Quote
from contextune.core.run import Run
from contextune.core.todo import Todo
from contextune.protocol.convert import price_view, quote_view, run_view
from contextune.protocol.wording import dollars_text, rung_text

_encode = msgspec.json.Encoder().encode


class Output:
    """stdout for results, stderr for progress."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.results = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        self.progress = Console(stderr=True, highlight=False)

    def line(self, value: Any) -> None:
        """One JSON object on a line of its own."""
        sys.stdout.buffer.write(_encode(value) + b"\n")
        sys.stdout.flush()

    def tagged(self, kind: str, value: Any) -> None:
        """One JSON object with its `kind`."""
        self.line({"kind": kind, **msgspec.to_builtins(value)})

    def say(self, text: str) -> None:
        """A line for people; nothing with --json."""
        if not self.as_json:
            self.results.print(text, markup=False)

    def note(self, text: str) -> None:
        """Progress, on stderr."""
        self.progress.print(text, markup=False, style="dim")

    def table(self, table: Table) -> None:
        """A table for people; nothing with --json."""
        if not self.as_json:
            self.results.print(table)

    def todos(self, todos: list[Todo]) -> None:
        """The Todos: a line each."""
        for todo in todos:
            if self.as_json:
                self.line(todo)
            else:
                where = f"{todo.path}:{todo.line}"
                symbol = f" in {todo.symbol}" if todo.symbol else ""
                self.say(f"{todo.id}  {where}{symbol}\n    {todo.marker}: {' '.join(todo.text.split())}")
        if not self.as_json:
            self.say(f"{len(todos)} Todos")

    def quote(self, quote: Quote) -> None:
        """A Quote: Tasks, waves, prices, warnings."""
        if self.as_json:
            self.tagged("quote", quote_view(quote))
            return
        table = Table(title=f"Quote: {quote.title}", title_justify="left", title_style="bold")
        for heading in ("Wave", "Task", "Files", "Rung"):
            table.add_column(heading)
        table.add_column("Likely", justify="right")
        waves = {task_id: n for n, wave in enumerate(quote.waves, 1) for task_id in wave}
        for task, priced in zip(quote.plan.tasks, quote.tasks, strict=True):
            table.add_row(
                str(waves[task.id]),
                task.title,
                "\n".join(task.files),
                rung_text(priced.rung),
                dollars_text(priced.price.likely),
            )
        self.table(table)
        self.say(
            f"Price: {price_view(quote.price).text}. All on Sonnet: {dollars_text(quote.price.at_sonnet)}."
        )
        spent = sum((line.bill.dollars for line in quote.planning), start=quote.budget - quote.budget)
        self.say(f"Planning cost {dollars_text(spent)}. Budget: {dollars_text(quote.budget)}.")
        if quote.gate:
            took = f", {quote.baseline.duration_ms / 1000:.1f} s on the base" if quote.baseline else ""
            self.say(f"Gate: {quote.gate}{took}")
        for warning in quote.warnings:
            self.say(f"Note: {warning}")
        if quote.offline:
            self.say(
                "Offline model: it plays scripts and is no AI. Prices are those of the models it stands for."
            )

    def run(self, run: Run) -> None:
        """A Run: its Tasks, Evidence and bill."""
        if self.as_json:
            self.line(run_view(run))
            return
        self.table(run_table(run))
        self.say(bill_line(run))
        if run.ghost_evidence is not None:
            evidence = run.ghost_evidence
            self.say(
                f"Together: {evidence.verdict}, `{evidence.command}`, exit code {evidence.exit_code}, "
                f"{evidence.duration_ms / 1000:.1f} s, tree {evidence.tree[:12]}"
            )
        self.say(f"Run {run.id} is {run.state}. {run.reason}".rstrip())
        for note in run.notes:
            self.say(f"Note: {note}")

    def checks(self, checks: list[Check]) -> None:
        """What `doctor` found."""
        for check in checks:
            if self.as_json:
                self.line(check)
            else:
                self.say(f"{check.state:8} {check.name}: {check.detail}")
                if check.remedy:
                    self.say(f"         {check.remedy}")


def run_table(run: Run) -> Table:
    """The Tasks of a Run, with Evidence and dollars."""
    table = Table(title=f"{run.title}  ({run.id})", title_justify="left", title_style="bold")
    for heading in ("Task", "State", "Rung", "Gate"):
        table.add_column(heading)
    table.add_column("+/-", justify="right")
    table.add_column("Turns", justify="right")
    table.add_column("Cost", justify="right")
    for task in run.tasks:
        attempt = task.attempt
        evidence = attempt.evidence if attempt else None
        proof = f"{evidence.verdict}, {evidence.duration_ms / 1000:.1f} s" if evidence else ""
        climbed = f" (attempt {attempt.number})" if attempt and attempt.number > 1 else ""
        table.add_row(
            task.task.title,
            task.state if task.state != "failed" else f"failed: {task.reason}",
            (rung_text(attempt.rung) if attempt else "") + climbed,
            proof,
            f"+{sum(c.insertions for c in task.changes)} -{sum(c.deletions for c in task.changes)}",
            str(sum(a.turns for a in task.attempts)),
            dollars_text(task.bill.dollars),
        )
    return table


def bill_line(run: Run) -> str:
    """What a Run cost, and the same tokens at Sonnet's price."""
    saving = run.bill.saving
    against = f" The same tokens on Sonnet: {dollars_text(run.bill.at_sonnet)}"
    against += f" ({saving:.0%} saved)." if saving is not None else "."
    unpriced = f" {run.bill.unpriced} requests are unpriced." if run.bill.unpriced else ""
    planning = sum((line.bill.dollars for line in run.quote.planning), start=run.bill.dollars * 0)
    return (
        f"Cost: {dollars_text(run.bill.dollars)}, planning {dollars_text(planning)} of it.{unpriced}{against}"
    )

"""The status-bar meter: one figure that moves while agents work, and the arithmetic behind it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from contextune.core.model.money import Bill, CostLine
from contextune.core.runs.run import Run
from contextune.core.states import LIVE_RUN
from contextune.protocol.convert import bill_view, joined_bill, joined_lines
from contextune.protocol.shown import bill_shown
from contextune.protocol.views import MeterLine, MeterView
from contextune.protocol.wording import model_text, saved_or_more
from contextune.protocol.words import counted, mark, t

Level = Literal["idle", "running", "asking", "near_budget", "parked"]

NEAR_BUDGET = Decimal("0.8")
"""The share of a Run's budget, spent or held back, from which the meter warns."""


def meter_view(runs: Sequence[Run], today: Bill, *, offline: bool, fence_lack: str = "") -> MeterView:
    """The meter over the Runs that are live; today's total when none is."""
    live = [run for run in runs if run.state in LIVE_RUN]
    bill = joined_bill([run.bill for run in live]) if live else today
    lines = joined_lines([line for run in live for line in run.costs])
    return MeterView(
        text=bill_shown(bill),
        saving=saved_or_more(bill.saving),
        run_id=max(live, key=lambda run: run.created_at).id if live else None,
        level=_level(live),
        lines=tuple(_line(line) for line in lines),
        today=bill_view(today),
        offline=any(run.offline for run in live) if live else offline,
        fence_lack=fence_lack,
    )


def _level(live: Sequence[Run]) -> Level:
    if not live:
        return "idle"
    if any(run.state == "parked" for run in live):
        return "parked"
    if any(task.state == "asking" for run in live for task in run.tasks):
        return "asking"
    if any(run.bill.dollars + run.reserved >= run.budget * NEAR_BUDGET for run in live):
        return "near_budget"
    return "running"


def _line(line: CostLine) -> MeterLine:
    usage = line.bill.usage
    requests = counted(line.bill.requests, mark("1 request"), mark("{count} requests"))
    read = counted(usage.prompt_tokens, mark("1 token in"), mark("{count} tokens in"))
    said = [requests, read, t("{count} out", count=f"{usage.output_tokens:,}")]
    if usage.prompt_tokens:
        share = usage.cache_read_tokens * 100 // usage.prompt_tokens
        said.insert(2, t("{share} % from cache", share=share))
    return MeterLine(
        label=t("{role} on {model}", role=line.role, model=model_text(line.model)),
        amount=bill_shown(line.bill),
        detail=", ".join(said),
    )

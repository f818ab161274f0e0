"""The budget suite on a few Runs: every figure that must hold does."""

from __future__ import annotations

from contextune.bench import budget
from contextune.bench.figures import Bench, Figure


async def test_no_budget_is_overshot_whatever_happens() -> None:
    figures: list[Figure] = []
    await budget.run(Bench(report=figures.append, note=lambda _: None), runs=12)
    told = {figure.metric: figure for figure in figures}
    assert told["requests in the Ledger"].value > 12
    assert told["faults met"].value > 0
    held = {name: figure.met for name, figure in told.items() if figure.reach is not None}
    assert held == {
        "largest overshoot of a budget": True,
        "settled requests that differ from the server's log": True,
        "used at the server beyond the Ledger": True,
    }

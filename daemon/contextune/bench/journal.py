"""How quick is the Journal? Events a second with 16 agents, beside SQLite alone, and the way to an editor."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from contextune.bench.figures import Against, Bench, Figure
from contextune.bench.journal_large import LARGE, SMALL, held_up
from contextune.bench.journal_live import delays
from contextune.bench.journal_plain import plain_rate
from contextune.compose import journal_at
from contextune.core.model.conversation import ToolResult
from contextune.core.ports import Journal
from contextune.core.runs.effects import ToolReturned

AGENTS = 16
EVENTS = 1_500
"""Of each agent, in one round."""
ROUNDS = 5
SIZE = 444
"""Bytes of an event, as other stores were measured with."""
RATE = 20_000
EDITOR_MS = 50.0
LATE_MS = 10.0


async def run(bench: Bench, events: int = EVENTS, rounds: int = ROUNDS, *, live: bool = True) -> None:
    """Report the rate beside SQLite's own, what one append takes, and the way to an editor."""
    rates, plain, waits = [], [], []
    for _ in range(rounds):
        with TemporaryDirectory(prefix="contextune-bench-") as folder:
            rate, taken = await _round(Path(folder) / "journal.db", events)
            plain.append(await asyncio.to_thread(plain_rate, Path(folder) / "plain.db", AGENTS, events, SIZE))
        rates.append(rate)
        waits += taken
    best = median(rates)
    against = Against(name="SQLite alone, one writer, no encoding", value=median(plain))
    bench.report(
        Figure(
            suite="journal",
            metric=f"events a second, {AGENTS} agents, {SIZE} bytes each",
            value=best,
            unit="/s",
            against=against,
            reach=RATE,
            met=best >= RATE,
        )
    )
    bench.report(Figure(suite="journal", metric="one append, median", value=median(waits) * 1000, unit="ms"))
    await _report_large(bench, rounds)
    if live:
        bench.note("A Run in the language server")
        late = await delays()
        bench.report(Figure(suite="journal", metric="events seen in an editor", value=len(late), unit=""))
        bench.report(Figure(suite="journal", metric="event to editor, median", value=median(late), unit="ms"))
        worst = quantiles(late, n=20)[-1]
        bench.report(
            Figure(
                suite="journal",
                metric="event to editor, p95",
                value=worst,
                unit="ms",
                reach=EDITOR_MS,
                met=worst <= EDITOR_MS,
            )
        )


async def _report_large(bench: Bench, rounds: int) -> None:
    with TemporaryDirectory(prefix="contextune-bench-") as folder:
        pairs = [
            (
                await held_up(Path(folder) / f"small-{turn}.db", SMALL),
                await held_up(Path(folder) / f"large-{turn}.db", LARGE),
            )
            for turn in range(rounds)
        ]
    small, large = (median(each.own for each in side) for side in zip(*pairs, strict=True))
    by_clock = [median(each.late for each in side) for side in zip(*pairs, strict=True)]
    against = "results of 400 bytes"
    bench.report(
        Figure(
            suite="journal",
            metric="event loop late while results of 4 MB are recorded, at most",
            value=large,
            unit="ms",
            against=Against(name=against, value=small),
            reach=LATE_MS,
            met=large <= LATE_MS,
        )
    )
    bench.report(
        Figure(
            suite="journal",
            metric="the same by the clock, other processes' share included",
            value=by_clock[1],
            unit="ms",
            against=Against(name=against, value=by_clock[0]),
        )
    )


async def _round(path: Path, events: int) -> tuple[float, list[float]]:
    """Events a second, and the seconds that single appends took."""
    journal = journal_at(path)
    try:
        began = time.perf_counter()
        taken = await asyncio.gather(*(_agent(journal, number, events) for number in range(AGENTS)))
        rate = AGENTS * events / (time.perf_counter() - began)
    finally:
        await journal.close()
    return rate, [seconds for one in taken for seconds in one]


async def _agent(journal: Journal, number: int, events: int) -> list[float]:
    event = ToolReturned(
        run_id=f"r_{number}",
        at=1_700_000_000_000,
        task_id="task",
        attempt=1,
        call_id="toolu_01",
        result=ToolResult(tool_use_id="toolu_01", content="x" * (SIZE - 178)),
    )
    taken = []
    for _ in range(events):
        began = time.perf_counter()
        await journal.append([event])
        taken.append(time.perf_counter() - began)
    return taken

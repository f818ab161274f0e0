"""What the product takes of its own between turns, and what memory each agent needs."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from contextune.bench.figures import Bench, Figure
from contextune.bench.turns import Measured, measured, own_times, percentile
from contextune.bench.turns_job import TurnsJob

SUITE = "loop"
AGENTS = 10
TURNS = 20
FIRST_BYTE_MS = 1_000
SPREAD_MS = 1_000
"""The model takes one to two seconds for a turn."""
QUICKER = 4
"""How much less it takes in the Run that only tells what memory more agents need."""
MEDIAN_MS, P99_MS = 5.0, 15.0
MEMORY, MEMORY_MORE = 150.0, 4.0
"""Megabytes of a daemon with that many agents, and of each further one."""


async def report_turns(
    bench: Bench,
    agents: int = AGENTS,
    turns: int = TURNS,
    first_byte_ms: int = FIRST_BYTE_MS,
    spread_ms: int = SPREAD_MS,
) -> None:
    """Report a Run of so many agents, and the memory of one of twice as many."""
    runs: list[Measured] = []
    # What an agent keeps in memory does not depend on how long its model takes: the second Run need not wait.
    for many, share in ((agents, 1), (2 * agents, QUICKER)):
        bench.note(f"{many} agents, {turns} turns each")
        with TemporaryDirectory(prefix="contextune-bench-") as name:
            job = TurnsJob(agents=many, turns=turns, spread_ms=spread_ms // share)
            runs.append(await measured(job, Path(name), first_byte_ms // share))
    few, many_more = runs
    for kind, values in own_times(few).items():
        _report(
            bench, f"own time after {kind}, median, {agents} agents", percentile(values, 50), "ms", MEDIAN_MS
        )
        _report(bench, f"own time after {kind}, p99, {agents} agents", percentile(values, 99), "ms", P99_MS)
    replies = sum(map(len, few.conversations.values()))
    _report(bench, "processor time a turn, daemon", few.process.cpu / replies * 1000, "ms")
    _report(bench, "processor time a turn, the model's server", few.server.cpu / replies * 1000, "ms")
    if few.process.memory:
        further = (many_more.process.memory - few.process.memory) / agents
        _report(bench, f"daemon with {agents} agents, at most", few.process.memory / 1e6, "MB", MEMORY)
        _report(bench, "memory of each further agent", further / 1e6, "MB", MEMORY_MORE)


def _report(bench: Bench, metric: str, value: float, unit: str, reach: float | None = None) -> None:
    met = None if reach is None else value <= reach
    bench.report(Figure(suite=SUITE, metric=metric, value=value, unit=unit, reach=reach, met=met))

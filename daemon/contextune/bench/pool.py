"""A hundred agents in one daemon at a model that takes two seconds: throughput by the ideal, loop, memory."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from contextune.bench.figures import Against, Bench, Figure
from contextune.bench.turns import Measured, measured
from contextune.bench.turns_job import TurnsJob

SUITE = "pool"
AGENTS = 100
TURNS = 20
LATENCY_MS = 2_000
THROUGHPUT = 95.0
"""Percent of what agents would do whose time is the model's alone."""
BLOCKED_MS = 20.0


async def run(bench: Bench, agents: int = AGENTS, turns: int = TURNS, latency_ms: int = LATENCY_MS) -> None:
    """Report one Run of so many agents, each with its own Task of so many turns."""
    with TemporaryDirectory(prefix="contextune-bench-") as name:
        bench.note(f"{agents} agents, {turns} turns each")
        done = await measured(TurnsJob(agents=agents, turns=turns), Path(name), latency_ms, beats=True)
    _report(bench, done, agents, turns, latency_ms / 1000)


def _report(bench: Bench, done: Measured, agents: int, turns: int, latency: float) -> None:
    def report(
        metric: str, value: float, unit: str, reach: float | None = None, against: Against | None = None
    ) -> None:
        least = unit == "%"
        met = None if reach is None else (value >= reach if least else value <= reach)
        bench.report(
            Figure(suite=SUITE, metric=metric, value=value, unit=unit, against=against, reach=reach, met=met)
        )

    asked = done.conversations.values()
    replies = sum(map(len, asked))
    # From an agent's first request to its last reply: how long its worktree took is not in it.
    seconds = sum(of_one[-1].ended - of_one[0].began for of_one in asked)
    first, last = min(of_one[0].began for of_one in asked), max(of_one[-1].ended for of_one in asked)
    ideal = agents / latency
    turned = agents * replies / seconds
    report(
        f"throughput of {agents} agents at work",
        turned / ideal * 100,
        "%",
        THROUGHPUT,
        Against(name="by the model's time alone", value=100.0),
    )
    report("turns a second, agents at work", turned, "/s", against=Against(name="the ideal", value=ideal))
    whole = last - done.process.began
    report(
        "from the Run's start to the last reply",
        whole,
        "s",
        against=Against(name="the ideal", value=turns * latency),
    )
    report("the first agent's first request, from the Run's start", first - done.process.began, "s")
    began = max(of_one[0].began for of_one in asked)
    report("the last agent's first request, from the Run's start", began - done.process.began, "s")
    late = done.process.lateness
    report("longest work of the loop between two beats", late.work, "ms", BLOCKED_MS)
    report("loop late, but for one beat in a hundred", late.own_99, "ms")
    report("loop late at most", late.own, "ms")
    report("loop late at most, by the clock", late.late, "ms")
    report("processor time a turn, daemon", done.process.cpu / replies * 1000, "ms")
    report("processor time a turn, the model's server", done.server.cpu / replies * 1000, "ms")
    if done.process.memory:
        report(f"daemon with {agents} agents, at most", done.process.memory / 1e6, "MB")

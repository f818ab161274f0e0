"""The suites of the Journal and of the Fence on a little: what they report, not how quick this machine is."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.adapters.fence.choice import find_fence
from contextune.bench import fence, journal, lease, loop, lsp, pool, scan, start
from contextune.bench import run as whole_run
from contextune.bench.figures import Bench, Figure
from contextune.compose import landlock_shell
from contextune.core.proof.evidence import Evidence
from contextune.core.runs import events as ev


def bench(figures: list[Figure]) -> Bench:
    return Bench(report=figures.append, note=lambda _: None)


async def test_the_journal() -> None:
    figures: list[Figure] = []
    await journal.run(bench(figures), events=20, rounds=1)
    told = {figure.metric: figure.value for figure in figures}
    assert told["events a second, 16 agents, 444 bytes each"] > 0
    assert told["event loop late while results of 4 MB are recorded, at most"] > 0
    assert told["events seen in an editor"] > 50
    assert 0 <= told["event to editor, median"] <= told["event to editor, p95"]


async def test_the_loop() -> None:
    figures: list[Figure] = []
    await loop.run(bench(figures), agents=2, turns=(2, 4, 20, 20))
    told = {figure.metric: figure for figure in figures}
    assert told["beats, 2 agents"].value > 100
    late = told["late at most, by the clock"]
    assert late.value >= told["late at most"].value > 0
    assert late.against is not None
    assert late.against.value > 0
    for kind in ("read", "edit"):
        half, most = (told[f"own time after {kind}, {what}, 2 agents"].value for what in ("median", "p99"))
        assert 0 < half <= most
    assert told["processor time a turn, daemon"].value > 0
    assert told["processor time a turn, the model's server"].value > 0


async def test_the_pool() -> None:
    figures: list[Figure] = []
    await pool.run(bench(figures), agents=3, turns=4, latency_ms=50)
    told = {figure.metric: figure for figure in figures}
    throughput, turned = told["throughput of 3 agents at work"], told["turns a second, agents at work"]
    assert turned.against is not None
    assert turned.against.value == 3 / 0.05
    assert throughput.value == pytest.approx(turned.value / turned.against.value * 100)
    assert 0 < throughput.value < 100
    assert throughput.met is (throughput.value >= 95)
    assert told["longest work of the loop between two beats"].value > 0
    whole = told["from the Run's start to the last reply"]
    assert whole.against is not None
    assert whole.value > whole.against.value == pytest.approx(0.2)
    first, last = (
        told[f"the {which} agent's first request, from the Run's start"] for which in ("first", "last")
    )
    assert 0 < first.value <= last.value < whole.value


async def test_the_leases() -> None:
    figures: list[Figure] = []
    await lease.run(bench(figures), files=40, size=40_000, tries=1, creations=20)
    told = {figure.metric: figure for figure in figures}
    assert told["made ahead, until it is taken, median"].value > 0
    ratio = told["made when asked for, by the copy"]
    cold = told["made when asked for, median"]
    assert cold.against is not None
    assert ratio.value == cold.value / cold.against.value
    assert told["of 20 made and given back, 16 at once: failures"].value == 0


async def test_a_whole_run() -> None:
    figures: list[Figure] = []
    await whole_run.run(bench(figures), tries=1, latency_ms=50)
    told = {figure.metric: figure for figure in figures}
    assert len(told) == len(figures) == 5
    apart, included = (
        told[metric].value
        for metric in ("approved to review, Gates apart, median", "the same, Gates included")
    )
    assert 0 < apart < included
    times = told["one after the other, by all at the same time"]
    assert times.against is not None
    assert times.value == times.against.value / told["all at the same time, median"].value


def test_gates_at_the_same_time_count_once() -> None:
    spans = ((1_000, 1_400), (1_200, 1_500), (2_000, 2_100), (2_010, 2_050))
    assert whole_run.gate_seconds([gate(began, ended) for began, ended in spans]) == 0.6
    assert whole_run.gate_seconds([]) == 0


def gate(began: int, ended: int) -> ev.GateFinished:
    evidence = Evidence(
        command="true", exit_code=0, tree="t", duration_ms=ended - began, output="", verdict="green"
    )
    return ev.GateFinished(run_id="r", at=ended, task_id=None, evidence=evidence)


async def test_the_start() -> None:
    figures: list[Figure] = []
    await start.run(bench(figures), rounds=1)
    told = {figure.metric: figure for figure in figures}
    assert len(told) == len(figures) == 6
    assert all(figure.value > 0 for figure in figures)
    replied = told["process started to `initialize` answered"]
    assert replied.against is not None
    assert told["the same, by that of the bare server"].value == replied.value / replied.against.value


async def test_the_language_server() -> None:
    figures: list[Figure] = []
    await lsp.run(bench(figures), files=660, marked=66, questions=60)
    *times, events = figures
    assert [figure.metric.rpartition(", ")[2] for figure in times] == ["p50", "p99", "at most"]
    half, most, longest = times
    assert 0 < half.value <= most.value <= longest.value
    for figure in times:
        assert figure.against is not None
        assert figure.against.value > 0
    assert (half.reach, most.reach, longest.reach) == (1, 5, None)
    assert events.value > 0


async def test_the_scan() -> None:
    figures: list[Figure] = []
    await scan.run(bench(figures), files=700, marked=7, tries=2, saves=2)
    told = {figure.metric: figure for figure in figures}
    assert len(told) == len(figures) == 9
    listed = told["first list, 700 files, median"]
    assert listed.against is not None
    assert told["first list, by ripgrep alone"].value == listed.value / listed.against.value
    for who in ("saved in the editor", "written by another program"):
        assert told[f"{who}, to the view, median"].value > 0


async def test_the_fence(tmp_path: Path) -> None:
    figures: list[Figure] = []
    await fence.run(bench(figures), tries=3)
    told = {figure.metric: figure.value for figure in figures}
    assert told["`true`, bare bash, median"] > 0
    name = find_fence().name
    if name == "none":
        pytest.skip("no Fence works here")
    assert {f"{name}, over bare bash", f"{name}, with limits, over bare bash"} <= set(told)
    beside = {figure.metric: figure for figure in figures if figure.metric.startswith("landlock")}
    if name == "bubblewrap" and landlock_shell(tmp_path, tmp_path) is not None:
        (one,) = beside.values()
        assert (one.reach, one.met, one.value > 0) == (None, None, True)

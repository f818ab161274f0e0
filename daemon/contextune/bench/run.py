"""What does the product take for a whole Run, and what is gained by Tasks at the same time?"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from contextune.bench.figures import Against, Bench, Figure
from contextune.bench.model_process import model_server
from contextune.bench.run_job import TASKS, plan, script, settings, write_repository
from contextune.bench.served import Served
from contextune.compose import compose
from contextune.core.errors import ContextuneError
from contextune.core.runs import events as ev
from contextune.engine.quotes.quote import QuoteRequest

SUITE = "run"
TRIES = 5
LATENCY_MS = 1_000
"""Of the slower model: until the first byte of a reply."""
OWN_SECONDS = 1.5
TIMES = 3.0
PATIENCE = 180.0
"""Seconds for one Run."""


class Took(NamedTuple):
    """Seconds of one job."""

    quote: float
    """From the request for a Quote, its Plan given, to the Quote."""
    run: float
    """From the approval to the review."""
    gates: float
    """In which some Gate's command ran."""


async def run(bench: Bench, tries: int = TRIES, latency_ms: float = LATENCY_MS) -> None:
    """Report five Todos at a model without latency; and at a slower one, all at once beside one by one."""
    at_once = [await _job(0, TASKS) for _ in range(tries + 1)][1:]  # the first fills the system's caches
    own = median(took.run - took.gates for took in at_once)
    _report(bench, "approved to review, Gates apart, median", own, "s", OWN_SECONDS)
    _report(bench, "the same, Gates included", median(took.run for took in at_once), "s")
    _report(bench, "Quote of a given Plan, median", median(took.quote for took in at_once), "s")
    bench.note(f"{tries} pairs of Runs at a model of {latency_ms / 1000:g} s")
    beside: list[float] = []
    after: list[float] = []
    for _ in range(tries):
        beside.append((await _job(latency_ms, TASKS)).run)
        after.append((await _job(latency_ms, 1)).run)
    many, single = median(beside), median(after)
    times = single / many
    bench.report(
        Figure(
            suite=SUITE,
            metric="one after the other, by all at the same time",
            value=times,
            unit="times",
            against=Against(name="seconds, one after the other", value=single),
            reach=TIMES,
            met=times >= TIMES,
        )
    )
    _report(bench, "all at the same time, median", many, "s")


def _report(bench: Bench, metric: str, value: float, unit: str, reach: float | None = None) -> None:
    met = None if reach is None else value <= reach
    bench.report(Figure(suite=SUITE, metric=metric, value=value, unit=unit, reach=reach, met=met))


async def _job(latency_ms: float, agents: int) -> Took:
    """The job in a repository and a state folder of its own; the model's server is another process."""
    with TemporaryDirectory(prefix="contextune-bench-") as name:
        place = Path(name)
        await asyncio.to_thread(write_repository, place / "job")
        async with model_server(script(), latency_ms) as server:
            took = await asyncio.wait_for(_worked(place, server.url, agents), PATIENCE)
        if server.said.unused:
            raise ContextuneError(f"The job was not done as written. Not asked for: {server.said.unused[0]}.")
        return took


async def _worked(place: Path, url: str, agents: int) -> Took:
    app = await compose(offline=True, home=place / "home", models=Served(url), unfenced=True)
    events: list[ev.AnyEvent] = []
    app.subscribe(lambda _, event: events.append(event))
    try:
        request = QuoteRequest(folder=place / "job", plan=plan())
        began = time.perf_counter()
        quote = await app.quote(request, overrides=settings(agents))
        quoted = time.perf_counter()
        run = await app.wait((await app.start(quote.id)).id)
        ended = time.perf_counter()
        problem = app.problem(run.id)
    finally:
        await app.close()
    if problem is not None:
        raise problem
    if run.state != "review" or any(task.state != "accepted" for task in run.tasks):
        raise ContextuneError(f"The job was not done as written: its Run ended as {run.state}.")
    return Took(quoted - began, ended - quoted, gate_seconds(events))


def gate_seconds(events: list[ev.AnyEvent]) -> float:
    """How long at least one Gate's command ran."""
    spans = sorted(
        (event.at - event.evidence.duration_ms, event.at)
        for event in events
        if isinstance(event, ev.GateFinished) and not event.evidence.reused
    )
    total, until = 0, 0
    for began, ended in spans:
        total += max(0, ended - max(began, until))
        until = max(until, ended)
    return total / 1000

"""Does anything hold up the event loop? A Run of sixteen agents, with a heartbeat beside it.

The application is in a process of its own, the model's server in this one. A third process does nothing but
beat meanwhile: what the machine itself does to any process.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from contextune.bench.figures import Against, Bench, Figure
from contextune.bench.heartbeat import Lateness, beating, lateness
from contextune.bench.loop_job import first_request, plan, script, settings, write_repository
from contextune.bench.loop_turns import report_turns
from contextune.bench.served import Served
from contextune.compose import compose
from contextune.core.base import Value
from contextune.core.errors import ContextuneError
from contextune.engine.quotes.quote import QuoteRequest
from contextune.offline.server import OfflineModel

SUITE = "loop"
AGENTS = 16
LATE_MS = 10.0
PATIENCE = 300.0
"""Seconds for the whole Run."""


class Part(Value, frozen=True, kw_only=True):
    """What the process of the Run is given."""

    home: str
    repository: str
    url: str
    agents: int
    said: str
    """The file for its Lateness."""


async def run(bench: Bench, agents: int = AGENTS, turns: tuple[int, ...] = ()) -> None:
    """Report how late the loop was while the agents worked, and what lies between turns.

    `turns` are numbers for `report_turns` in place of its own.
    """
    context = multiprocessing.get_context("spawn")
    with TemporaryDirectory(prefix="contextune-bench-") as name:
        folder = Path(name)
        await asyncio.to_thread(write_repository, folder / "parts", agents)
        server = OfflineModel([script(agents)])
        url = await server.start()
        try:
            busy, idle = await _measured(context, folder, url, agents)
        finally:
            await server.close()
    _report(bench, busy, idle, agents)
    await report_turns(bench, *turns)


async def _measured(context: SpawnContext, folder: Path, url: str, agents: int) -> tuple[Lateness, Lateness]:
    said, beside = folder / "said", folder / "beside"
    part = Part(
        home=str(folder / "home"),
        repository=str(folder / "parts"),
        url=url,
        agents=agents,
        said=str(said),
    )
    over = context.Event()
    run, idle = (
        context.Process(target=work_through, args=(part,)),
        context.Process(target=sit_beside, args=(str(beside), over)),
    )
    idle.start()
    run.start()
    try:
        await asyncio.to_thread(run.join, PATIENCE)
        if run.exitcode != 0:
            raise ContextuneError(f"The Run's process ended with {run.exitcode}.")
    finally:
        over.set()
        run.kill()
        await asyncio.to_thread(idle.join)
    return (
        msgspec.json.decode(said.read_bytes(), type=Lateness),
        msgspec.json.decode(beside.read_bytes(), type=Lateness),
    )


def _report(bench: Bench, busy: Lateness, idle: Lateness, agents: int) -> None:
    def report(metric: str, value: float, idle_value: float, reach: float | None = None) -> None:
        bench.report(
            Figure(
                suite=SUITE,
                metric=metric,
                value=value,
                unit="ms",
                against=Against(name="a process that does nothing", value=idle_value),
                reach=reach,
                met=None if reach is None else value <= reach,
            )
        )

    bench.report(Figure(suite=SUITE, metric=f"beats, {agents} agents", value=busy.beats, unit=""))
    report("longest work of the loop between two beats", busy.work, idle.work, LATE_MS)
    report("late, but for one beat in a hundred", busy.own_99, idle.own_99, LATE_MS)
    report("late at most", busy.own, idle.own)
    report("late at most, by the clock", busy.late, idle.late)


def work_through(part: Part) -> None:
    """Do the job, and note how late the loop was from its start to its end."""
    asyncio.run(_work_through(part))


async def _work_through(part: Part) -> None:
    models = Served(part.url)
    model = await models.get(offline=True)
    await model.send(first_request())
    app = await compose(offline=True, home=Path(part.home), models=models, unfenced=True)
    try:
        request = QuoteRequest(folder=Path(part.repository), plan=plan(part.agents))
        quote = await app.quote(request, overrides=settings(part.agents))
        with beating() as beats:
            run = await app.wait((await app.start(quote.id)).id)
        problem = app.problem(run.id)
    finally:
        await app.close()
    if problem is not None:
        raise problem
    if any(task.state != "accepted" for task in run.tasks):
        raise ContextuneError("The job was not done as written.")
    await asyncio.to_thread(Path(part.said).write_bytes, msgspec.json.encode(lateness(beats)))


def sit_beside(said: str, over: Event) -> None:
    """Do nothing but beat until the Run is over."""
    asyncio.run(_sit_beside(said, over))


async def _sit_beside(said: str, over: Event) -> None:
    with beating() as beats:
        await asyncio.to_thread(over.wait)
    await asyncio.to_thread(Path(said).write_bytes, msgspec.json.encode(lateness(beats)))

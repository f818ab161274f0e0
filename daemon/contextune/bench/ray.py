"""Do Tasks on a Ray cluster get on as fast as here, what does a killed worker cost, and where do more end?"""

from __future__ import annotations

import asyncio
import os
import resource
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from contextune.bench.counted import usage_of
from contextune.bench.figures import Against, Bench, Figure
from contextune.bench.ray_job import (
    AGENTS,
    HELD,
    LATENCY_MS,
    NAMES,
    SETTINGS,
    TURNS,
    plan,
    script,
    write_repository,
)
from contextune.bench.ray_simulation import Measured, report_simulation
from contextune.bench.served import Served
from contextune.compose import make_world, price_list
from contextune.core.pool_name import LOCAL, RAY
from contextune.core.runs import events as ev
from contextune.core.runs.effects import ToolCalled, ToolReturned
from contextune.core.runs.run import Run
from contextune.engine.application import Application
from contextune.engine.quotes.quote import QuoteRequest
from contextune.offline.pace import Latency
from contextune.offline.server import OfflineModel

SUITE = "ray"
NODES = 2
PAIRS = 5
PATIENCE = 180.0
UNDER_WAY = 2.0
"""Seconds after which a command that was called is under way."""
SHARE = 90.0
RESUMED = 5.0
"""Seconds from the death of a worker to the end of the Task's next command on another one."""


async def run(bench: Bench) -> None:
    """Report Tasks on two nodes beside the same Tasks here, a worker killed, and a simulation."""
    if find_spec("ray") is None:
        bench.note("ray: left out, for Ray is not installed: pip install 'contextune[ray]'")
        return
    with _cluster(), TemporaryDirectory(prefix="contextune-bench-") as folder:
        desk = await _Desk.open(Path(folder))
        try:
            await desk.finish(RAY, NAMES)  # workers, clones and caches are there from then on
            await _throughput(bench, desk)
            await _killed(bench, desk)
        finally:
            await desk.close()


@contextmanager
def _cluster() -> Iterator[None]:
    """Nodes on this machine that let in nobody without the token; stopped at the end."""
    kept = dict(os.environ)
    os.environ |= {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    ray: Any = import_module("ray")
    kind: Any = import_module("ray.cluster_utils").Cluster
    head = {"num_cpus": 0, "include_dashboard": False}
    cluster = kind(initialize_head=True, head_node_args=head)
    try:
        for _ in range(NODES):
            cluster.add_node(num_cpus=AGENTS // NODES)
        ray.init(address=cluster.address, log_to_driver=False, logging_level="CRITICAL")
        yield
    finally:
        ray.shutdown()
        cluster.shutdown()
        os.environ.clear()
        os.environ.update(kept)


class Came(NamedTuple):
    """A Run of the job."""

    run: Run
    seconds: float
    """From its start to its review."""
    own: float
    """Seconds of this process's processor time meanwhile, the offline model's server among them."""
    git: float
    """Of its children."""


@dataclass(slots=True)
class _Desk:
    """One user at one repository, at a model that takes its time."""

    root: Path
    server: OfflineModel
    app: Application
    world: Any

    @classmethod
    async def open(cls, folder: Path) -> _Desk:
        root, home = folder / "job", folder / "home"
        home.mkdir()
        await asyncio.to_thread(write_repository, root)
        server = OfflineModel([script()], latency=Latency(first_byte_ms=LATENCY_MS))
        url = await server.start()
        world = await asyncio.to_thread(make_world, home=home, models=Served(url), unfenced=True)
        return cls(root, server, Application(world), world)

    async def finish(self, pool: str, names: tuple[str, ...]) -> Came:
        """A Run of the Tasks, to its review."""
        run_id, began = await self.start(pool, names), time.perf_counter()
        own, git = time.process_time(), _children()
        run = await asyncio.wait_for(self.app.wait(run_id), PATIENCE)
        seconds = time.perf_counter() - began
        if run.state != "review":
            raise RuntimeError(f"The Run on {pool} ended as {run.state}: {run.reason}")
        return Came(run, seconds, time.process_time() - own, _children() - git)

    async def start(self, pool: str, names: tuple[str, ...]) -> str:
        """A Run of the Tasks, begun; its id."""
        self.app.configure(None, {"pool": pool})
        request = QuoteRequest(folder=self.root, plan=plan(names))
        quote = await self.app.quote(request, overrides=SETTINGS)
        return (await self.app.start(quote.id)).id

    async def close(self) -> None:
        """Everything of it."""
        await self.app.close()
        await self.server.close()


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _throughput(bench: Bench, desk: _Desk) -> None:
    there: list[Came] = []
    shares: list[float] = []
    for number in range(PAIRS):
        order = (RAY, LOCAL) if number % 2 else (LOCAL, RAY)
        came = {pool: await desk.finish(pool, NAMES) for pool in order}
        there.append(came[RAY])
        shares.append(100 * came[LOCAL].seconds / came[RAY].seconds)
        bench.note(f"ray: pair {number + 1} of {PAIRS}: {shares[-1]:.0f} %")
    share, rate = median(shares), median(len(NAMES) / one.seconds * 60 for one in there)
    bench.report(
        Figure(
            suite=SUITE,
            metric=f"throughput of {NODES} nodes, of the local pool's at {AGENTS} slots, median",
            value=share,
            unit="%",
            against=Against(name="the local pool", value=100.0),
            reach=SHARE,
            met=share >= SHARE,
        )
    )
    bench.report(Figure(suite=SUITE, metric=f"Tasks on {NODES} nodes", value=rate, unit="a minute"))
    turns = len(NAMES) * TURNS
    measured = Measured(
        daemon=median(one.own for one in there) / turns,
        git=median(one.git for one in there) / turns,
        lease=await asyncio.to_thread(_lease_seconds, desk),
        turns=TURNS,
    )
    report_simulation(bench, SUITE, measured)


def _lease_seconds(desk: _Desk) -> float:
    """How long the repository is busy with one worktree, made and removed. Blocking."""
    repository = desk.world.open_repository(desk.root)
    taken = []
    for number in range(9):
        path, began = desk.root.parent / "leases" / f"t{number}", time.perf_counter()
        repository.add_worktree(path, f"contextune/bench/t{number}", "HEAD")
        repository.remove_worktree(path, f"refs/contextune/salvage/bench/t{number}")
        taken.append(time.perf_counter() - began)
    return median(taken)


async def _killed(bench: Bench, desk: _Desk) -> None:
    """Kill the worker on which a command is under way; see when the Task is at work elsewhere; its bill."""
    desk.server.log.clear()
    called, back, died = asyncio.Event(), asyncio.Event(), 0.0
    calls: list[str] = []

    def hear(_: Run, event: ev.AnyEvent) -> None:
        if isinstance(event, ToolCalled) and event.name == "bash":
            calls.append(event.call_id)
            called.set()
        if isinstance(event, ToolReturned) and event.call_id in calls[1:]:
            back.set()

    silent = desk.app.subscribe(hear)
    run_id = await desk.start(RAY, (HELD,))
    await asyncio.wait_for(called.wait(), PATIENCE)
    await asyncio.sleep(UNDER_WAY)
    worker = await asyncio.to_thread(_worker_at, desk)
    died = time.perf_counter()
    os.kill(worker, signal.SIGKILL)
    await asyncio.wait_for(back.wait(), PATIENCE)
    seconds = time.perf_counter() - died - LATENCY_MS / 1000
    run = await asyncio.wait_for(desk.app.wait(run_id), PATIENCE)
    silent()
    used, prices = Decimal(0), price_list()
    for row in desk.server.log:
        price = prices.price(row.model or "")
        if row.path == "/v1/messages" and row.usage is not None and price is not None:
            used += price.cost(usage_of(row))
    wrong = abs(used - run.bill.dollars)
    is_done = run.state == "review"
    resumed = "a worker killed: until its Task's next command has ended elsewhere, the model apart"
    bill = "dollars of that Run, away from the server's own count"
    rows: tuple[tuple[str, float, str, float, bool], ...] = (
        (resumed, seconds, "s", RESUMED, is_done and seconds <= RESUMED),
        (bill, float(wrong), "USD", 0.0, wrong == 0),
    )
    for metric, value, unit, reach, met in rows:
        bench.report(Figure(suite=SUITE, metric=metric, value=value, unit=unit, reach=reach, met=met))


def _worker_at(desk: _Desk) -> int:
    """The process of the worker that has the held Task. Blocking."""
    return int(desk.world.pools.of(RAY).process_of(HELD))

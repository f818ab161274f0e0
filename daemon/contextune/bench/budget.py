"""Can a budget be overshot? Random Runs meet random faults, budgets and kills; the server's own log is judge.

Each Run is driven by the product's own drive, gateway and journal in a process of its own, which is killed in
the midst of it and followed by another. The server is the offline model, in this process, so that its log
survives every kill: it tells what was really used, request by request.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import subprocess
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from contextune.bench.budget_runs import MOST_TURNS, Batch, settings_of, work_through
from contextune.bench.counted import usage_of
from contextune.bench.figures import Bench, Figure
from contextune.compose import journal_at, price_list
from contextune.core.model.ledger import LedgerEntry
from contextune.core.model.money import Usage
from contextune.core.runs.run import Run, fold
from contextune.core.settings import Settings
from contextune.offline.faults import Fault
from contextune.offline.log import LoggedRequest
from contextune.offline.script import Script, parse_script
from contextune.offline.server import OfflineModel

RUNS = 1_000
BATCH = 50
SEED = 20261122
FAULTS = (
    *(Fault(kind="overloaded"), Fault(kind="rate_limit", retry_after=1), Fault(kind="api_error")),
    *(Fault(kind="cut"), Fault(kind="stream_error"), Fault(kind="malformed"), Fault(kind="cut", after=1)),
    *(Fault(kind="slow", delay_ms=60), Fault(kind="max_tokens"), Fault(kind="refusal")),
)
MOST_KILLS = 6
"""Of the processes of one batch."""


class Found(NamedTuple):
    """What one batch came to."""

    requests: int
    exact: int
    """Settled by the reply's own usage."""
    estimated: int
    different: int
    """Settled requests that the server's log does not have, to the token."""
    uncovered: Decimal
    """Dollars that the server used beyond what the Ledger counts."""
    overshoot: Decimal
    """Dollars used beyond the budget of a request, a Task, a Run or the day; the largest."""
    parked: int
    kills: int
    faults: int


async def run(bench: Bench, runs: int = RUNS) -> None:
    """Report overshoot, and the Ledger against the server's log."""
    context = multiprocessing.get_context("forkserver")
    # Names alone: the fork server imports once what every process would.
    context.set_forkserver_preload(
        ["contextune.bench.budget_runs", "contextune.adapters.models.anthropic_model"]
    )
    chance = Random(SEED)  # noqa: S311 a seeded draw keeps no secret
    found: list[Found] = []
    for first in range(0, runs, BATCH):
        ids = tuple(f"run-{number:04d}." for number in range(first, min(first + BATCH, runs)))
        with TemporaryDirectory(prefix="contextune-bench-") as folder:
            day = _day_budget(chance) if first // BATCH % 3 == 1 else None
            found.append(await _batch(Path(folder), ids, chance, context.Process, day))
        bench.note(f"{first + len(ids)} Runs, {sum(one.kills for one in found)} kills")
    _report(bench, runs, found)


def _report(bench: Bench, runs: int, found: Sequence[Found]) -> None:
    def tell(metric: str, value: float, unit: str, reach: float | None = None) -> None:
        met = None if reach is None else value <= reach
        bench.report(Figure(suite="budget", metric=metric, value=value, unit=unit, reach=reach, met=met))

    tell("Runs", runs, "")
    tell("processes killed", sum(one.kills for one in found), "")
    tell("faults met", sum(one.faults for one in found), "")
    tell("times parked by a budget", sum(one.parked for one in found), "")
    tell("requests in the Ledger", sum(one.requests for one in found), "")
    tell("of them settled by the reply's usage", sum(one.exact for one in found), "")
    tell("of them estimated at their worst", sum(one.estimated for one in found), "")
    tell("largest overshoot of a budget", float(max(one.overshoot for one in found)), "USD", 0)
    tell("settled requests that differ from the server's log", sum(one.different for one in found), "", 0)
    tell("used at the server beyond the Ledger", float(sum(one.uncovered for one in found)), "USD", 0)


async def _batch(
    folder: Path, ids: tuple[str, ...], chance: Random, process: type[BaseProcess], day: Decimal | None
) -> Found:
    repository, home = folder / "repository", folder / "home"
    for command in (["init", "-q", str(repository)], ["-C", str(repository), *_COMMIT]):
        await asyncio.to_thread(subprocess.run, ["git", *command], check=True, capture_output=True)
    killer = _Killer()
    server = OfflineModel([_script(ids, chance)], on_log=killer.heard)
    faults = _inject(server, ids, chance)
    batch = Batch(
        home=str(home),
        repository=str(repository),
        url=await server.start(),
        seed=chance.randrange(2**32),
        run_ids=ids,
        day_budget=day,
    )
    try:
        for left in reversed(range(chance.randint(0, MOST_KILLS) + 1)):
            child = process(target=work_through, args=(batch,))
            killer.aim(child, chance.randint(1, len(ids)) if left else None)
            child.start()
            await asyncio.to_thread(child.join)
            if not left and child.exitcode != 0:
                raise RuntimeError(f"The Runs' process ended with {child.exitcode}.")
    finally:
        await server.close()
    pending = sum(injected.fault.times for injected in server.pending_faults())
    return await _judge(batch, server.log, killer.kills, faults - pending)


def _day_budget(chance: Random) -> Decimal:
    """Less than the Runs of a batch would use, so that they meet it."""
    return Decimal(str(round(chance.uniform(0.02, 0.15), 4)))


_COMMIT = ("-c", "user.name=b", "-c", "user.email=b@localhost", "commit", "-q", "--allow-empty", "-m", "b")


class _Killer:
    """Kills a process when the server has answered so many requests."""

    def __init__(self) -> None:
        self.kills = 0
        self._left: int | None = None
        self._child: BaseProcess | None = None

    def aim(self, child: BaseProcess, after: int | None) -> None:
        self._child, self._left = child, after

    def heard(self, logged: LoggedRequest) -> None:
        del logged
        if self._left is None:
            return
        self._left -= 1
        if self._left <= 0 and self._child is not None:
            # Whether it lives is not asked: that would read the status for which another thread waits.
            self._child.kill()
            self.kills += 1
            self._left = None


def _script(ids: Sequence[str], chance: Random) -> Script:
    conversations = [
        {
            "name": run_id,
            "when": {"user": run_id},
            "turn": [{"text": "word " * chance.randint(1, 350)} for _ in range(MOST_TURNS)],
        }
        for run_id in ids
    ]
    return parse_script("budget", {"conversation": conversations})


def _inject(server: OfflineModel, ids: Sequence[str], chance: Random) -> int:
    count = 0
    for run_id in ids:
        for turn in range(1, MOST_TURNS + 1):
            if chance.random() < 0.35:
                server.inject(chance.choice(FAULTS), conversation=run_id, turn=turn)
                count += 1
    return count


async def _judge(batch: Batch, log: Sequence[LoggedRequest], kills: int, faults: int) -> Found:
    journal = journal_at(Path(batch.home) / "journal.db")
    try:
        entries = await journal.ledger()
        told = [await journal.read(run_id) for run_id in batch.run_ids]
    finally:
        await journal.close()
    runs = [found for events in told if (found := fold(events)) is not None]
    parked = [event for events in told for event in events if _is_park(event)]
    used = [row for row in log if row.path == "/v1/messages" and row.usage is not None]
    different, uncovered, overshoot = 0, Decimal(0), Decimal(0)
    for one in runs:
        mine = [entry for entry in entries if entry.stream == one.id]
        rows = [row for row in used if row.conversation == one.id]
        missing, beyond = _compare(mine, rows)
        different += missing
        uncovered += beyond
        excess = _excess_within(mine, settings_of(batch, one.id))
        overshoot = max(overshoot, _dollars(rows) - one.budget, _ledger_excess(one), excess)
    if batch.day_budget is not None:
        overshoot = max(overshoot, _dollars(used) - batch.day_budget)
    estimated = sum(entry.estimated for entry in entries)
    exact = sum(entry.settled and not entry.estimated and entry.error is None for entry in entries)
    return Found(len(entries), exact, estimated, different, uncovered, overshoot, len(parked), kills, faults)


def _is_park(event: object) -> bool:
    return getattr(event, "state", None) == "parked"


def _ledger_excess(run: Run) -> Decimal:
    return run.bill.dollars + run.reserved - run.budget


def _excess_within(entries: Sequence[LedgerEntry], settings: Settings) -> Decimal:
    """Dollars by which a Task, or a single request, passed the budget of its kind."""
    excess = Decimal(0)
    if settings.task_budget is not None:
        for task_id in {entry.task_id for entry in entries}:
            spent = sum((e.counted for e in entries if e.task_id == task_id), Decimal(0))
            excess = max(excess, spent - settings.task_budget)
    if settings.request_budget is not None:
        dearest = max((entry.counted for entry in entries), default=Decimal(0))
        excess = max(excess, dearest - settings.request_budget)
    return excess


def _compare(entries: Sequence[LedgerEntry], rows: Sequence[LoggedRequest]) -> tuple[int, Decimal]:
    """Settled requests that the log lacks, and dollars of the log that no entry covers."""
    left = Counter((row.model, usage_of(row)) for row in rows)
    missing = 0
    for entry in entries:
        if entry.settled and not entry.estimated and entry.usage != Usage():
            key = (entry.rung.model, entry.usage)
            missing += not left[key]
            left[key] -= 1
    beyond = sum((_cost(model, usage) * count for (model, usage), count in left.items()), Decimal(0))
    covered = sum((entry.counted for entry in entries if entry.estimated or not entry.settled), Decimal(0))
    return missing, max(Decimal(0), beyond - covered)


def _dollars(rows: Sequence[LoggedRequest]) -> Decimal:
    return sum((_cost(row.model, usage_of(row)) for row in rows), Decimal(0))


_prices = price_list()


def _cost(model: str | None, usage: Usage) -> Decimal:
    price = _prices.price(model or "")
    if price is None:
        raise ValueError(f"{model} has no price.")
    return price.cost(usage)

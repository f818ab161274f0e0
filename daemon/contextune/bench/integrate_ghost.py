"""Ten Tasks, three of which are red only together: who is named, at what price, and what else is in."""

from __future__ import annotations

import asyncio
import math
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from contextune.bench.arm import AUTHOR
from contextune.bench.figures import Bench, Figure
from contextune.bench.served import Served
from contextune.compose import make_world
from contextune.core.planning.plan import Plan, Task
from contextune.core.pool_name import LOCAL
from contextune.core.ports import Repository, Shell, Workspace
from contextune.core.proof.evidence import CommandResult
from contextune.core.proof.line_watch import LineWatch
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.core.settings import HAIKU
from contextune.core.workplaces import Pool, SetUp, Workplace
from contextune.engine.application import Application
from contextune.engine.proof.stand import NAME
from contextune.engine.quotes.quote import QuoteRequest
from contextune.engine.surroundings.world import World
from contextune.offline.script import Script, parse_script
from contextune.offline.server import OfflineModel

SUITE = "integrate"
NAMES = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet")
AT_FAULT = frozenset({"charlie", "foxtrot", "india"})
"""Any two of them are green; all three are red."""
GATE = "! { " + " && ".join(f"[ -e src/{name}.txt ]" for name in sorted(AT_FAULT)) + "; }"
SETTINGS: Mapping[str, Any] = {
    "gate": GATE,
    "gate_retries": 0,
    "ladder": [{"model": HAIKU, "effort": "low"}],
    "routing": "fixed",
    "prove": "off",
    "budget": "100",
    "agents": len(NAMES),
}
PATIENCE = 300
"""Seconds for one Run."""


class Outcome(NamedTuple):
    """What came of the Run."""

    run: Run
    named: frozenset[str]
    """Who was told to be red, and with whom."""
    gates: int
    """How often the Gate was run on combinations."""
    moved_before: int
    """How often the user's branch moved until the Run waited for review, and at Accept."""
    moved_at: int


async def report_ghost(bench: Bench) -> None:
    """Report whom the Ghost names, how often it ran the Gate for that, and what it holds in the end."""
    bench.note("Ten Tasks, three of which are red only together …")
    outcome = await play()
    joined = set(outcome.run.joined)
    innocent = len(joined - AT_FAULT)
    evidence = outcome.run.ghost_evidence
    green = evidence is not None and evidence.verdict == "green" and not joined >= AT_FAULT
    most = math.ceil(math.log2(len(NAMES))) + 2
    gates = outcome.gates / len(AT_FAULT)
    before, at_once = outcome.moved_before, outcome.moved_at
    right = len(outcome.named & AT_FAULT) - len(outcome.named - AT_FAULT)
    rows: tuple[tuple[str, float, str, float, bool], ...] = (
        ("tasks without fault in the Ghost", innocent, "tasks", 7, innocent >= 7),
        ("the Ghost is green", float(green), "yes", 1, green),
        ("tasks at fault named, less those named wrongly", right, "tasks", 3, right >= 3),
        ("runs of the Gate on combinations for each at fault", gates, "runs", most, gates <= most),
        ("moves of the user's branch before Accept", before, "moves", 0, not before),
        ("moves of the user's branch at Accept", at_once, "moves", 1, at_once == 1),
    )
    for metric, value, unit, reach, met in rows:
        bench.report(Figure(suite=SUITE, metric=metric, value=value, unit=unit, reach=reach, met=met))


async def play() -> Outcome:
    """The whole product on the job, in a temporary folder, with the offline model."""
    with TemporaryDirectory(prefix="contextune-bench-") as folder:
        home, root = Path(folder) / "home", Path(folder) / "shop"
        home.mkdir()
        await asyncio.to_thread(_write_repository, root)
        server = OfflineModel([_script()])
        try:
            return await asyncio.wait_for(_run(home, root, Served(await server.start())), PATIENCE)
        finally:
            await server.close()


async def _run(home: Path, root: Path, models: Served) -> Outcome:
    world = make_world(home=home, models=models, unfenced=True)
    counted = Counted(world)
    app = Application(replace(world, pools=counted))
    try:
        quote = await app.quote(QuoteRequest(folder=root, plan=_plan()), overrides=SETTINGS)
        at_first = await asyncio.to_thread(_moves, root)
        run = await app.start(quote.id)
        run = await app.wait(run.id)
        before = await asyncio.to_thread(_moves, root) - at_first
        told = [event async for event in app.events(run.id) if isinstance(event, ev.TaskBounced)]
        named = frozenset(name for event in told for name in (event.task_id, *event.against))
        await app.accept(run.id, "merge")
        moved_at = await asyncio.to_thread(_moves, root) - at_first - before
        return Outcome(run, named, counted.gates, before, moved_at)
    finally:
        await app.close()


class Counted:
    """The pools of a world; counts the Gate's runs on combinations."""

    def __init__(self, world: World) -> None:
        self._pools = world.pools
        self.gates = 0

    def of(self, name: str) -> Pool:
        """core.workplaces.Pools.of: this one, whatever its name."""
        del name
        return self

    def workplace(self, worktree: Path, repository: Repository, set_up: SetUp | None) -> Workplace:
        """core.workplaces.Pool.workplace."""
        place = self._pools.of(LOCAL).workplace(worktree, repository, set_up)
        return _Counted(
            place.files,
            _CountedShell(self, worktree, place.shell),
            place.setup_shell,
            place.line_watch,
        )

    async def close(self) -> None:
        """Nothing was begun."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """core.workplaces.Workplace whose commands are counted."""

    files: Workspace
    shell: Shell
    setup_shell: Shell
    line_watch: LineWatch | None
    waited: float = 0.0

    async def leave(self) -> None:
        """Nothing stays elsewhere."""


class _CountedShell:
    """core.ports.Shell around another."""

    def __init__(self, counted: Counted, worktree: Path, shell: Shell) -> None:
        self._counted = counted
        self._worktree = worktree
        self._shell = shell

    async def run(
        self,
        command: str,
        *,
        cwd: Path,
        timeout: float,
        environment: Mapping[str, str],
        output_limit: int = 30_000,
    ) -> CommandResult:
        """Run it as the other would."""
        self._counted.gates += command == GATE and self._worktree.name == NAME
        return await self._shell.run(
            command, cwd=cwd, timeout=timeout, environment=environment, output_limit=output_limit
        )


def _write_repository(root: Path) -> None:
    (root / "src").mkdir(parents=True)
    (root / "src" / "base.txt").write_text("base\n")
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), (*AUTHOR, "commit", "-q", "-m", "The job")):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True, timeout=60)
    for key, value in (("user.name", "Contextune bench"), ("user.email", "bench@localhost")):
        subprocess.run(["git", "config", key, value], cwd=root, check=True, timeout=60)


def _moves(root: Path) -> int:
    """How often the user's branch has moved, by its own log."""
    log = subprocess.run(["git", "reflog", "main"], cwd=root, check=True, capture_output=True, timeout=60)
    return len(log.stdout.splitlines())


def _plan() -> Plan:
    return Plan(
        tasks=tuple(
            Task(id=name, title=f"{name} of ten", brief=f"Do {name}.", files=(f"src/{name}.txt",))
            for name in NAMES
        )
    )


def _script() -> Script:
    """Each agent writes its file; one that is sent back has nothing to add, so that its Task fails."""
    return parse_script("integrate", {"conversation": [_conversation(name) for name in NAMES]})


def _conversation(name: str) -> dict[str, Any]:
    write = {"name": "write", "input": {"files": [{"path": f"src/{name}.txt", "content": f"{name}\n"}]}}
    finish = {"name": "finish", "input": {"summary": "Done."}}
    return {"name": name, "when": {"user": [f"# Task: {name} of ten"]}, "turn": [{"tool": [write, finish]}]}

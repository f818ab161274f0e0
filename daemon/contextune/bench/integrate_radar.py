"""The Radar at ten live worktrees: pairs of changes with a known outcome, and how soon each is told."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from contextune.bench.figures import Bench, Figure
from contextune.bench.integrate_pairs import Pair, pairs
from contextune.bench.integrate_run import radar_run
from contextune.bench.integrate_sources import repository
from contextune.compose import make_world
from contextune.core.model.budget import Cap
from contextune.core.overlap.radar import OverlapFound
from contextune.core.ports import Repository
from contextune.core.runs import events as ev
from contextune.core.runs.run import advance
from contextune.engine.radar.radar import Radar

PAIRS = 200
WORKTREES = 10
SEED = 20261126
LATEST_MS = 1_000.0
FOUND, FALSE = 80.0, 10.0
"""Percent of semantic breaks to be found, and of what is told that may be false."""
EXTRA = {"200 files": 0, "5,000 files": 4_900}
"""Files that nothing touches, by how large the repository then is."""
WRITES = 20
LESS = 4
"""Into how many parts the pairs are divided for one of the larger sizes."""


class _Judged(NamedTuple):
    """What was told of a pair, and after how many milliseconds."""

    pair: Pair
    kinds: Counter[str]
    symbols: frozenset[str]
    took: float

    @property
    def is_found(self) -> bool:
        return self.pair.symbol in self.symbols


async def report_radar(bench: Bench, count: int = PAIRS, sizes: Mapping[str, int] = EXTRA) -> None:
    """Report what is found of so many pairs, and how soon at each size of repository."""
    with TemporaryDirectory(prefix="contextune-bench-") as folder:
        for number, (name, extra) in enumerate(sizes.items()):
            async with _Field(Path(folder) / str(number), extra) as field:
                # What is found does not depend on files that nothing touches: at larger sizes time counts.
                judged = await _judged(bench, field, count if number == 0 else count // LESS)
                if number == 0:
                    _report_pairs(bench, judged)
                _report_times(bench, name, judged)
                await _report_writes(bench, name, field)


async def _judged(bench: Bench, field: _Field, count: int) -> list[_Judged]:
    judged = []
    for number, pair in enumerate(pairs(count, SEED)):
        judged.append(await field.judge(pair, number))
        if number % 50 == 49:
            bench.note(f"{number + 1} pairs")
    return judged


def _report_pairs(bench: Bench, judged: Sequence[_Judged]) -> None:
    def tell(metric: str, value: float, unit: str, reach: float, *, met: bool) -> None:
        bench.report(Figure(suite="integrate", metric=metric, value=value, unit=unit, reach=reach, met=met))

    right = sum((one.kinds["textual"] > 0) == (one.pair.outcome == "textual") for one in judged)
    tell(
        "pairs judged right as to whether git can merge them",
        right,
        "",
        len(judged),
        met=right == len(judged),
    )
    breaks = [one for one in judged if one.pair.outcome == "semantic"]
    found = 100 * sum(one.is_found for one in breaks) / len(breaks)
    tell("semantic breaks found", found, "%", FOUND, met=found >= FOUND)
    told = [one for one in judged if one.kinds["semantic"]]
    false = 100 * sum(not one.is_found for one in told if one.pair.outcome != "textual") / max(len(told), 1)
    tell("semantic overlaps told that are none", false, "%", FALSE, met=false <= FALSE)
    fine = [one for one in judged if one.pair.outcome in ("disjoint", "clean")]
    alarms = 100 * sum(one.kinds.total() > 0 for one in fine) / len(fine)
    tell("pairs that fit and are told not to", alarms, "%", FALSE, met=alarms <= FALSE)
    missed = Counter(one.pair.variant for one in breaks if not one.is_found)
    bench.note(f"Missed: {', '.join(f'{name} ({times})' for name, times in missed.items()) or 'nothing'}")


def _report_times(bench: Bench, name: str, judged: Sequence[_Judged]) -> None:
    times = [one.took for one in judged if one.pair.outcome == "textual"]
    what = f"write to overlap told, {name}"
    latest = max(times)
    bench.report(Figure(suite="integrate", metric=f"{what}, median", value=median(times), unit="ms"))
    bench.report(
        Figure(
            suite="integrate",
            metric=f"{what}, at most",
            value=latest,
            unit="ms",
            reach=LATEST_MS,
            met=latest <= LATEST_MS,
        )
    )


async def _report_writes(bench: Bench, name: str, field: _Field) -> None:
    """What one write costs: its snapshot, and, where ten that all clash come at once, until all is told."""
    snapshots, whole = await field.write_all(WRITES)
    for metric, values in (
        ("snapshot of a write", snapshots),
        ("ten clashing writes at once, all told", whole),
    ):
        bench.report(
            Figure(suite="integrate", metric=f"{metric}, {name}, median", value=median(values), unit="ms")
        )


class _Field:
    """A generated repository with ten live worktrees, and the Radar over them."""

    def __init__(self, folder: Path, extra: int) -> None:
        self._folder = folder
        self._extra = extra
        self._told: list[tuple[float, OverlapFound]] = []
        self._repository: Repository

    async def __aenter__(self) -> _Field:
        root = self._folder / "repository"
        await asyncio.to_thread(_make, root, repository(self._extra))
        world = make_world(offline=True, home=self._folder / "home")
        self._clock, self._journal = world.clock, world.journal
        self._repository = world.open_repository(root)
        base = await asyncio.to_thread(self._repository.take_base, {}, None)
        self._start = base.commit
        self._run = radar_run(root, base, WORKTREES)
        self._radar = Radar(self._repository, lambda: self._run, emit=self._emit, clock=world.clock)
        self._names = [task.id for task in self._run.tasks]
        for name in self._names:
            path = self._path(name)
            await asyncio.to_thread(self._repository.add_worktree, path, f"contextune/r/{name}", base.commit)
            self._radar.heard(await self._lease(name))
        for name in self._names:
            # Nobody is idle: each has work of its own, and so is really compared.
            await self._write(name, {f"own/{name}.py": f"def own_{name}():\n    return 1\n"})
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._radar.close()
        await self._journal.close()

    async def judge(self, pair: Pair, number: int) -> _Judged:
        """Have two of the agents make the changes, one after the other."""
        first, second = self._names[number % WORKTREES], self._names[(number * 3 + 1) % WORKTREES]
        if first == second:
            second = self._names[(number * 3 + 2) % WORKTREES]
        self._told.clear()
        await self._write(first, pair.first)
        began = time.perf_counter()
        await self._write(second, pair.second)
        ended = time.perf_counter()
        times = [at for at, _ in self._told]
        overlaps = [event.overlap for _, event in self._told]
        took = 1000 * ((min(times) if times else ended) - began)
        for name in (first, second):
            await self._anew(name)
        kinds = Counter(overlap.kind for overlap in overlaps)
        symbols = frozenset(overlap.symbol for overlap in overlaps if overlap.symbol)
        return _Judged(pair, Counter({str(kind): count for kind, count in kinds.items()}), symbols, took)

    async def write_all(self, writes: int) -> tuple[list[float], list[float]]:
        """All agents write the same file at once, over and over: milliseconds of each."""
        snapshots, whole = [], []
        for number in range(writes):
            began = time.perf_counter()
            for place, name in enumerate(self._names):
                text = f"value = {number}\n" + "\n" * 30 + f"other = {place}\n"
                self._put(name, "shop/m0.py", text)
            await asyncio.gather(*(self._radar.settle(name) for name in self._names))
            snapshots.append(1000 * (time.perf_counter() - began) / WORKTREES)
            await self._radar.compared()
            whole.append(1000 * (time.perf_counter() - began))
        return snapshots, whole

    async def _write(self, name: str, changes: Mapping[str, str | None]) -> None:
        for path, text in changes.items():
            self._put(name, path, text)
        await self._radar.settle(name)
        await self._radar.compared()

    def _put(self, name: str, path: str, text: str | None) -> None:
        file = self._path(name) / path
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self._radar.wrote(name, [path])

    async def _anew(self, name: str) -> None:
        """Give an agent a worktree as it was at the start, with its own work in it."""
        ended = ev.TaskEnded(run_id="r", at=0, task_id=name, state="cancelled", reason="")
        self._run = advance(self._run, ended)
        self._radar.heard(ended)
        await asyncio.to_thread(self._repository.reset_worktree, self._path(name), self._start)
        self._radar.heard(await self._lease(name))
        await self._write(name, {f"own/{name}.py": f"def own_{name}():\n    return 1\n"})

    async def _lease(self, name: str) -> ev.LeaseTaken:
        path = str(self._path(name))
        event = ev.LeaseTaken(
            run_id="r", at=0, task_id=name, path=path, branch=name, start=self._start, port=0
        )
        self._run = advance(self._run, event)
        return event

    def _path(self, name: str) -> Path:
        return self._folder / "worktrees" / name

    async def _emit(self, *events: ev.AnyEvent, caps: Sequence[Cap] = ()) -> None:
        del caps
        for event in events:
            self._run = advance(self._run, event)
            if isinstance(event, OverlapFound):
                self._told.append((time.perf_counter(), event))


def _make(root: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    who = ("-c", "user.name=Bench", "-c", "user.email=bench@localhost")
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", str(root), *command], check=True, capture_output=True)

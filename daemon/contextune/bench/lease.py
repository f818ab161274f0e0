"""How long does a worktree take: made ahead, made when asked for, and beside a plain copy of its bytes?"""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from contextune.bench.arm import AUTHOR
from contextune.bench.figures import Against, Bench, Figure
from contextune.compose import make_world
from contextune.core.errors import ContextuneError
from contextune.engine.worktrees.leases import Leases

FILES = 4_500
SIZE = 93_000_000
"""Files and bytes of the tree: about those of cpython."""
TRIES = 7
CREATIONS = 1_000
AT_ONCE = 16
WARM_MS = 40.0
COLD_RATIO = 1.4
SEED = 20261127


async def run(
    bench: Bench, files: int = FILES, size: int = SIZE, tries: int = TRIES, creations: int = CREATIONS
) -> None:
    """Report both kinds of Leases at one commit, one after the other, and many small ones side by side."""
    with TemporaryDirectory(prefix="contextune-bench-") as name:
        place = Path(name)
        await asyncio.to_thread(_write_tree, place / "large", files, size)
        await _one_by_one(bench, place / "large", place, tries)
        await asyncio.to_thread(_write_tree, place / "small", 3, 300)
        await _side_by_side(bench, place / "small", place / "other home", creations)


async def _one_by_one(bench: Bench, root: Path, place: Path, tries: int) -> None:
    world = make_world(home=place / "home", offline=True, unfenced=True)
    repository = world.open_repository(root)
    head = repository.resolve("HEAD") or ""
    leases = Leases(world, repository, "r_bench", world.settings.load(None, {}))
    taken: dict[str, list[float]] = {"warm": [], "cold": [], "copy": []}
    for number in range(tries + 1):
        await leases.prepare(f"warm{number}", head)
        for kind in ("warm", "cold"):
            began = time.perf_counter()
            await leases.take(f"{kind}{number}", head)
            taken[kind].append(time.perf_counter() - began)
        began = time.perf_counter()
        await asyncio.to_thread(_copy, root, place / "copy")
        taken["copy"].append(time.perf_counter() - began)
        await asyncio.to_thread(shutil.rmtree, place / "copy")
        for kind in ("warm", "cold"):
            await leases.give_back(f"{kind}{number}")
    leases.close()
    await world.journal.close()
    # The first round fills caches of the system and of the process.
    warm, cold, copy = (median(taken[kind][1:]) * 1000 for kind in ("warm", "cold", "copy"))
    against = Against(name="a plain copy of the same bytes", value=copy)
    bench.report(
        Figure(
            suite="lease",
            metric="made ahead, until it is taken, median",
            value=warm,
            unit="ms",
            against=against,
            reach=WARM_MS,
            met=warm <= WARM_MS,
        )
    )
    bench.report(
        Figure(suite="lease", metric="made when asked for, median", value=cold, unit="ms", against=against)
    )
    bench.report(
        Figure(
            suite="lease",
            metric="made when asked for, by the copy",
            value=cold / copy,
            unit="times",
            reach=COLD_RATIO,
            met=cold / copy <= COLD_RATIO,
        )
    )


async def _side_by_side(bench: Bench, root: Path, home: Path, creations: int) -> None:
    world = make_world(home=home, offline=True, unfenced=True)
    repository = world.open_repository(root)
    head = repository.resolve("HEAD") or ""
    settings = world.settings.load(None, {})
    # Those of as many Runs: one makes no more of its own at once than there are processors, and some.
    leases = [Leases(world, repository, f"r_bench{n}", settings) for n in range(AT_ONCE)]
    room, failed = asyncio.Semaphore(AT_ONCE), Counter[str]()

    async def one(number: int) -> None:
        async with room:
            try:
                of_one = leases[number % AT_ONCE]
                await of_one.take(f"t{number}", head)
                await of_one.give_back(f"t{number}")
            except ContextuneError as problem:
                failed[str(problem)] += 1

    began = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(creations)))
    took = time.perf_counter() - began
    for of_one in leases:
        of_one.close()
    await world.journal.close()
    for problem, times in failed.most_common(3):
        bench.note(f"{times} times: {problem}")
    failures = failed.total()
    bench.report(
        Figure(
            suite="lease",
            metric=f"of {creations} made and given back, {AT_ONCE} at once: failures",
            value=failures,
            unit="leases",
            reach=0,
            met=failures == 0,
        )
    )
    bench.report(
        Figure(
            suite="lease", metric="one of those, of the whole time", value=took / creations * 1000, unit="ms"
        )
    )


def _write_tree(root: Path, files: int, size: int) -> None:
    """A repository with one commit: files of many sizes, lines of words, so that they pack as sources do."""
    chance = random.Random(SEED)  # noqa: S311 - the same tree each time
    words = [f"word{number}" for number in range(2_000)]
    weights = [chance.lognormvariate(0, 1.5) for _ in range(files)]
    for number, weight in enumerate(weights):
        file = root / f"package{number % 90}" / f"module{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        length = max(1, round(size * weight / sum(weights)))
        text = " ".join(chance.choices(words, k=length // 9 + 1))
        file.write_text(text[: length - 1].replace(" word7", "\n") + "\n", encoding="utf-8")
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), (*AUTHOR, "commit", "-q", "-m", "The tree")):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True, timeout=600)


def _copy(source: Path, target: Path) -> None:
    """A plain copy, without git's own folder."""
    target.mkdir()
    entries = [entry for entry in source.iterdir() if entry.name != ".git"]
    subprocess.run(["cp", "-a", *entries, target], check=True, timeout=600)

"""What does the Fence cost? The same command bare and fenced, one after the other, many times."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from contextune.bench.crash_job import write_repository
from contextune.bench.figures import Against, Bench, Figure
from contextune.compose import fenced_shell, landlock_shell, make_world, unfenced_shell
from contextune.core.ports import Shell

TRIES = 150
COMMAND = "true"
MOST_MS = 8.0
BESIDE = "landlock, where bubblewrap is not to be had"


async def run(bench: Bench, tries: int = TRIES) -> None:
    """Report bare bash, the Fence in force here, Landlock beside it, and what each adds."""
    with TemporaryDirectory(prefix="contextune-bench-") as name:
        root, home = Path(name) / "shop", Path(name) / "home"
        await asyncio.to_thread(write_repository, root)
        world = make_world(home=home, offline=True, unfenced=True)
        tree = Path(name) / "tree"
        repository = world.open_repository(root)
        await asyncio.to_thread(repository.add_worktree, tree, "contextune/bench/one", "HEAD")
        kinds: dict[str, Shell] = {"bare bash": unfenced_shell()}
        for label, limits in (("fenced", False), ("fenced, with limits", True)):
            kind, shell = await asyncio.to_thread(fenced_shell, root, home, limits=limits)
            if kind != "none":
                kinds[f"{kind}{', with limits' if limits else ''}"] = shell
            else:
                bench.note(f"No Fence works here, so that {label} is not measured.")
        kind, shell = await asyncio.to_thread(fenced_shell, root, home, limits=True, hosts=("example.com",))
        if kind == "bubblewrap":  # no other has a door to it
            kinds[f"{kind}, with limits and an allowed host"] = shell
        below = landlock_shell(root, home)
        if below is None:
            bench.note("Landlock can't be had here, so that it is not measured.")
        elif not any(label.startswith("landlock") for label in kinds):
            kinds[BESIDE] = below
        taken: dict[str, list[float]] = {label: [] for label in kinds}
        for _ in range(tries):
            for label, shell in kinds.items():
                began = time.perf_counter()
                await shell.run(COMMAND, cwd=tree, timeout=60, environment={})
                taken[label].append((time.perf_counter() - began) * 1000)
        await world.journal.close()
    bare = median(taken["bare bash"])
    for label, times in taken.items():
        bench.report(
            Figure(suite="fence", metric=f"`{COMMAND}`, {label}, median", value=median(times), unit="ms")
        )
        if label != "bare bash":
            over = median(times) - bare
            bench.report(
                Figure(
                    suite="fence",
                    metric=f"{label}, over bare bash",
                    value=over,
                    unit="ms",
                    against=Against(name="bare bash", value=bare),
                    reach=None if label == BESIDE else MOST_MS,
                    met=None if label == BESIDE else over <= MOST_MS,
                )
            )

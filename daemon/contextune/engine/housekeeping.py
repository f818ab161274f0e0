"""The worktrees of all Runs: which there are, which are still needed, and their removal after Salvage."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from contextune.core import events as ev
from contextune.core.ports import Repository
from contextune.core.run import Run
from contextune.core.states import LIVE_RUN
from contextune.core.worktree import Worktree
from contextune.engine.leases import Leases, worktrees_folder
from contextune.engine.world import World

NEEDED = LIVE_RUN | {"review"}
"""States in which a Run's worktrees are still of use to someone."""


async def list_worktrees(world: World, runs: Sequence[Run]) -> list[Worktree]:
    """Every worktree folder of these Runs' repositories, also those that no Run knows."""
    return await asyncio.to_thread(_list, world, runs)


async def clean(
    world: World, runs: Sequence[Run], *, dry_run: bool, record: Callable[[ev.AnyEvent], Awaitable[Run]]
) -> tuple[list[Worktree], list[str]]:
    """Remove the worktrees that nobody needs, each after its work is in a Salvage ref."""
    removable = [tree for tree in await list_worktrees(world, runs) if tree.removable]
    if dry_run:
        return removable, []
    by_id = {run.id: run for run in runs}
    kept = []
    for tree in removable:
        run = by_id.get(tree.run_id or "")
        if run is None or tree.task_id is None:
            continue
        root = Path(run.repository)
        repository = await asyncio.to_thread(world.open_repository, root)
        leases = Leases(world, repository, run.id, world.settings.load(root, {}))
        salvage = await leases.give_back(tree.task_id)
        if salvage is not None:
            kept.append(salvage)
        if any(task.id == tree.task_id for task in run.tasks):
            at = world.clock.now()
            await record(ev.LeaseReturned(run_id=run.id, at=at, task_id=tree.task_id, salvage=salvage))
    return removable, kept


def _list(world: World, runs: Sequence[Run]) -> list[Worktree]:
    by_id = {run.id: run for run in runs}
    found = []
    for root in sorted({run.repository for run in runs}):
        folder = worktrees_folder(world.home, Path(root))
        if not folder.is_dir():
            continue
        repository = world.open_repository(Path(root)) if Path(root).is_dir() else None
        for path in sorted(folder.glob("*/*")):
            if (path / ".git").exists():
                run = by_id.get(path.parent.name)
                in_use = run is not None and (run.state in NEEDED or world.mailbox.is_owned(run.id))
                found.append(_worktree(path, run, repository, in_use=in_use))
    return found


def _worktree(path: Path, run: Run | None, repository: Repository | None, *, in_use: bool) -> Worktree:
    task = next((t for t in run.tasks if t.id == path.name), None) if run else None
    dirty = False
    if repository is not None:
        head = repository.resolve(f"refs/heads/contextune/{path.parent.name}/{path.name}")
        dirty = head is None or repository.worktree_tree(path) != repository.tree_of(head)
    return Worktree(
        path=str(path),
        branch=task.branch if task else None,
        run_id=path.parent.name,
        task_id=path.name,
        dirty=dirty,
        in_use=in_use,
        size_bytes=_size(path),
        removable=run is not None and not in_use,
    )


def _size(path: Path) -> int:
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 a join of strings is quicker
    return total

"""Runs whose repository stands in another folder than it did: recognised, and taken along."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from contextune.core.errors import GitProblem, PlaceProblem
from contextune.core.ports import Repository
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.core.worktrees.identity import Identity
from contextune.engine.surroundings.world import World
from contextune.engine.worktrees.housekeeping import known_runs
from contextune.engine.worktrees.leases import worktrees_folder


async def take_along(world: World, repository: Repository) -> None:
    """If a repository was moved, have its Runs belong to the folder in which it stands now.

    Their worktrees stay where they are, and lead to it again. What the repository's files may do must be
    trusted anew: trust is in a folder.
    """
    identity = await asyncio.to_thread(repository.recognise)
    if identity is None or identity.moved_from is None:
        return
    await asyncio.to_thread(_relink, world, repository, Path(identity.moved_from))
    is_whole = True
    for run in (await known_runs(world, identity.moved_from)).values():
        if not await asyncio.to_thread(_is_of, run, identity, repository):
            continue
        with world.mailbox.own(run.id) as owned:
            if owned:
                at, root = world.clock.now(), str(repository.root)
                await world.journal.append([ev.RunMoved(run_id=run.id, at=at, repository=root)])
            is_whole = is_whole and owned
    if is_whole:
        await asyncio.to_thread(repository.settle)


def require_same(run: Run, repository: Repository) -> None:
    """Raise PlaceProblem if another repository stands where a Run's own stood."""
    if not run.identity:
        return
    identity = repository.recognise()
    if identity is None or identity.id != run.identity:
        raise PlaceProblem(
            f"Another repository stands at {run.repository} than the one of run {run.id}. If that was moved, "
            "open it where it is now: its Runs go with it."
        )


def _is_of(run: Run, identity: Identity, repository: Repository) -> bool:
    if run.identity:
        return run.identity == identity.id
    return repository.resolve(run.base.commit) is not None


def _relink(world: World, repository: Repository, moved_from: Path) -> None:
    """Have the worktrees lead to where the repository is; those that cannot be are listed with the reason."""
    own = worktrees_folder(world.home, moved_from)
    for tree in repository.upkeep.facts(own.parent, own).trees:
        if tree.has_entry and tree.has_folder and tree.pointer in ("missing", "elsewhere"):
            with suppress(GitProblem):
                repository.upkeep.relink(Path(tree.path))

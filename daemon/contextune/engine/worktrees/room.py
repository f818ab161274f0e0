"""Keeps worktrees within the disk that the user gives them: the oldest that nobody needs go first."""

from __future__ import annotations

import asyncio
from pathlib import Path

from contextune.core.check import Check
from contextune.core.errors import ContextuneError, PlaceProblem
from contextune.core.ports import Repository
from contextune.core.runs.events import AnyEvent
from contextune.core.settings import Settings
from contextune.core.sizes import size_text
from contextune.core.worktrees.worktree import Worktree
from contextune.engine.surroundings.limits import short_of_disk
from contextune.engine.surroundings.measures import ROUGH
from contextune.engine.surroundings.world import World
from contextune.engine.worktrees.housekeeping import Record, Survey, give_back, known_runs, survey
from contextune.engine.worktrees.leases import worktrees_folder


async def make_room(
    world: World,
    repository: Repository,
    settings: Settings,
    *,
    needed: bool,
    record: Record | None = None,
) -> list[str]:
    """Give back worktrees that nobody needs until all are within `worktree_disk`; what was done, in words.

    The oldest clean ones go first, then, after their Salvage, those with unfinished work. Raises PlaceProblem
    if room is `needed` for one more and those in use alone take too much.
    """
    bound = settings.worktree_disk

    async def journalled(event: AnyEvent) -> None:
        await world.journal.append([event])

    if await asyncio.to_thread(_fits, world, repository, bound, one_more=needed):
        return []
    async with world.measures.one_at_a_time:
        runs = await known_runs(world)
        found = await asyncio.to_thread(survey, world, repository, runs, at_most=ROUGH)
        total, said = found.size_bytes, []
        for tree in sorted((tree for tree in found.worktrees if tree.removable), key=_order):
            if total <= bound - _largest(found) * needed and bound > 0:
                break
            try:
                run = runs.get(tree.run_id or "")
                salvage, problems = await give_back(world, found, tree, run, settings, record or journalled)
            except ContextuneError as problem:
                said.append(f"The worktree {tree.path} could not be given back: {problem}")
                continue
            total -= tree.size_bytes
            kept = f" Its work is kept in {salvage}." if salvage else ""
            said += [
                f"To keep within {size_text(bound)}, the worktree {tree.path} was given back.{kept}",
                *problems,
            ]
    if needed and 0 < bound < total:
        raise PlaceProblem(
            f"The worktrees of {repository.root} that are in use take {size_text(total)}; the setting "
            f"`worktree_disk` allows {size_text(bound)}. Accept or discard Runs that wait for review, or "
            "raise the setting."
        )
    return said


async def has_room(world: World, repository: Repository, settings: Settings) -> bool:
    """Whether there is room for one more worktree as things are."""
    if await short_of_disk(world.home):
        return False
    return await asyncio.to_thread(_fits, world, repository, settings.worktree_disk, one_more=True)


async def worktrees_check(world: World, folder: Path) -> Check:
    """What the worktrees of a repository take, and what is to mend. Raises ContextuneError."""
    repository = await asyncio.to_thread(world.open_repository, folder)
    bound = world.settings.load(repository.root, {}).worktree_disk
    found = await asyncio.to_thread(survey, world, repository, await known_runs(world), at_most=ROUGH)
    findings = [*(one for tree in found.worktrees for one in tree.findings), *found.findings]
    able = sum(finding.repair is not None for finding in findings)
    detail = f"{len(found.worktrees)} take {size_text(found.size_bytes)} of {size_text(bound)}"
    if able:
        detail += f"; {able} things to mend"
        remedy = "See what it would do: contextune worktrees mend"
        return Check(name="Worktrees", state="warning", detail=detail, remedy=remedy)
    return Check(name="Worktrees", state="ok", detail=detail)


def _fits(world: World, repository: Repository, bound: int, *, one_more: bool) -> bool:
    folder = worktrees_folder(world.home, repository.root)
    paths = [path for path in folder.glob("*/*") if path.is_dir()]
    upkeep = repository.upkeep
    sizes = [world.measures.of(path, upkeep, world.clock, at_most=ROUGH).size_bytes for path in paths]
    return sum(sizes) + max(sizes, default=0) * one_more <= bound


def _largest(found: Survey) -> int:
    return max((tree.size_bytes for tree in found.worktrees), default=0)


def _order(tree: Worktree) -> tuple[bool, int]:
    return tree.dirty, tree.changed_at

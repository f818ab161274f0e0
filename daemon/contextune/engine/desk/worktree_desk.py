"""What a person does with worktrees: list, clean, diagnose, mend, and restore what went."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from contextune.core.base import Value
from contextune.core.errors import ContextuneError, PlaceProblem, UsageProblem
from contextune.core.ports import Repository
from contextune.core.runs.run import Run
from contextune.core.worktrees.findings import RESTORED
from contextune.core.worktrees.worktree import Finding, Repair, SalvageRef, Worktree
from contextune.engine.repositories.places import Places
from contextune.engine.surroundings.world import World
from contextune.engine.worktrees.housekeeping import (
    ENGAGED,
    NEEDED,
    Record,
    Survey,
    began_with,
    give_back,
    given_up,
    known_runs,
    salvage_ref,
    survey,
)
from contextune.engine.worktrees.leases import worktrees_folder

ORDER: tuple[Repair, ...] = ("drop_lock", "unlock", "relink", "remove", "drop_branch")
"""What opens the way for what comes after it stands first."""


class Overview(Value, frozen=True, kw_only=True):
    """The worktrees of one repository, or of all, with what they take."""

    worktrees: tuple[Worktree, ...]
    findings: tuple[Finding, ...]
    """Of branches and locks; those of a worktree are with it."""
    size_bytes: int
    bound_bytes: int | None
    """What the setting `worktree_disk` allows; None where several repositories are told of."""

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Those of worktrees first."""
        return (*(finding for tree in self.worktrees for finding in tree.findings), *self.findings)


class Mended(Value, frozen=True, kw_only=True):
    """What came of one repair."""

    finding: Finding
    done: bool
    text: str
    """What was done, or why it was not."""


class Restored(Value, frozen=True, kw_only=True):
    """A Salvage that stands in a worktree again."""

    path: str
    branch: str
    ref: str


class WorktreeDesk:
    """Looks after the worktrees of all repositories that have Runs, or of one."""

    def __init__(self, world: World, places: Places, record: Record) -> None:
        self._world = world
        self._places = places
        self._record = record

    async def overview(self, folder: Path | None) -> Overview:
        """All worktrees, what is wrong with them, and what they take."""
        runs = await known_runs(self._world)
        found = await self._surveys(folder, runs)
        bound = self._world.settings.load(found[0].repository.root, {}).worktree_disk if folder else None
        return Overview(
            worktrees=tuple(tree for one in found for tree in one.worktrees),
            findings=tuple(finding for one in found for finding in one.findings),
            size_bytes=sum(one.size_bytes for one in found),
            bound_bytes=bound,
        )

    async def worktree(self, folder: Path | None, name: str) -> Worktree:
        """The worktree of this name: a path, `run/task` or a Task's id; the newest. Raises UsageProblem."""
        every = (await self.overview(folder)).worktrees
        found = [tree for tree in every if name in _names(Path(tree.path))]
        if not found:
            raise UsageProblem(f"No worktree is called {name!r}. `contextune worktrees` lists them.")
        return max(found, key=lambda tree: (tree.in_use, tree.changed_at))

    async def clean(
        self, folder: Path | None, *, dry_run: bool, names: Sequence[str] = ()
    ) -> tuple[list[Worktree], list[str]]:
        """Remove the worktrees that nobody needs, or those named, after Salvage; they and the refs.

        Raises UsageProblem for a name that is none, or whose worktree somebody needs.
        """
        runs = await known_runs(self._world)
        found = await self._surveys(folder, runs)
        chosen = _chosen(found, names)
        if dry_run:
            return [tree for _, tree in chosen], []
        removed, kept = [], []
        for of, tree in chosen:
            settings = self._world.settings.load(of.repository.root, {})
            run = runs.get(tree.run_id or "")
            salvage, _ = await give_back(self._world, of, tree, run, settings, self._record)
            removed.append(tree)
            if salvage is not None:
                kept.append(salvage)
        return removed, kept

    async def mend(self, folder: Path | None, *, dry_run: bool) -> list[Mended]:
        """Do what code can do about the findings without losing a byte, or only tell what that is."""
        runs = await known_runs(self._world)
        mended = []
        for of in await self._surveys(folder, runs):
            found = [*(finding for tree in of.worktrees for finding in tree.findings), *of.findings]
            able = [finding for finding in found if finding.repair is not None]
            for finding in sorted(able, key=lambda one: ORDER.index(one.repair or "remove")):
                if dry_run:
                    mended.append(Mended(finding=finding, done=False, text=finding.remedy))
                else:
                    mended.append(await self.repair(of, finding, finding.repair or "remove", runs))
        return mended

    async def repair_named(self, finding: Finding, how: Repair) -> Mended:
        """Do a repair that somebody chose for a finding of a worktree. A worktree that is needed stays."""
        runs = await known_runs(self._world)
        for of in await self._surveys(None, runs):
            for tree in of.worktrees:
                if tree.path == finding.place:
                    if how == "remove" and not given_up(tree):
                        return Mended(finding=finding, done=False, text=f"It stays: {_why_it_stays(tree)}")
                    return await self.repair(of, finding, how, runs)
        return Mended(finding=finding, done=False, text="It is not there any more.")

    async def repair(self, of: Survey, finding: Finding, how: Repair, runs: dict[str, Run]) -> Mended:
        """Do one repair. What cannot be done is told, and nothing is lost by it."""
        try:
            text = await asyncio.to_thread(self._repaired, of, finding, how, runs)
        except ContextuneError as problem:
            return Mended(finding=finding, done=False, text=str(problem))
        return Mended(finding=finding, done=True, text=text)

    async def salvages(self, folder: Path | None) -> tuple[list[SalvageRef], int]:
        """All Salvages, newest first, and what they take on the disk."""
        found, size = [], 0
        for place in await self._repositories(folder, await known_runs(self._world)):
            found += await asyncio.to_thread(place.upkeep.salvages)
            size += await asyncio.to_thread(place.upkeep.salvage_bytes)
        return sorted(found, key=lambda one: -one.at), size

    async def drop_salvages(self, folder: Path | None, *, older_ms: int, dry_run: bool) -> list[SalvageRef]:
        """Remove the Salvages that are older than so many milliseconds, for good, or only tell which.

        Those of Runs that still need their worktrees stay.
        """
        runs, before, going = await known_runs(self._world), self._world.clock.now() - older_ms, []

        def may_go(one: SalvageRef) -> bool:
            run = runs.get(one.run_id)
            return one.at < before and (run is None or run.state not in NEEDED)

        for repository in await self._repositories(folder, runs):
            salvages = await asyncio.to_thread(repository.upkeep.salvages)
            here = [one for one in salvages if may_go(one)]
            going += here
            if not dry_run:
                staying = {one.run_id for one in salvages if one not in here}
                attempts = await asyncio.to_thread(repository.upkeep.attempts)
                # What attempts came to is of use as long as something else of their Run is kept.
                here += [one for one in attempts if may_go(one) and one.run_id not in staying]
                for one in here:
                    await asyncio.to_thread(repository.set_ref, one.ref, None)
        return going

    async def restore(self, folder: Path | None, name: str, into: Path | None = None) -> Restored:
        """Put a Salvage into a new worktree: commits on a branch of its own, the rest as it was.

        `name` is a ref, `run/task` or a Task's id; the newest of several.
        """
        for repository in await self._repositories(folder, await known_runs(self._world)):
            every = await asyncio.to_thread(repository.upkeep.salvages)
            found = next((one for one in every if name in _called(one)), None)
            if found is None:
                continue
            title = f"{found.run_id}-{found.name}".replace("/", "-")
            home = worktrees_folder(self._world.home, repository.root) / RESTORED
            taken = await asyncio.to_thread(_free_name, home, title, repository.resolve)
            path, branch = into.absolute() if into else home / taken, f"contextune/{RESTORED}/{taken}"
            await asyncio.to_thread(repository.upkeep.restore, found.ref, path, branch)
            return Restored(path=str(path), branch=branch, ref=found.ref)
        raise UsageProblem(f"No Salvage is called {name!r}. `contextune worktrees list` shows them.")

    def _repaired(self, of: Survey, finding: Finding, how: Repair, runs: dict[str, Run]) -> str:
        upkeep, path = of.repository.upkeep, Path(finding.place)
        match how:
            case "relink":
                upkeep.relink(path)
                return "Its .git file is written anew."
            case "unlock":
                upkeep.unlock(path)
                return "Its lock is removed."
            case "drop_lock":
                upkeep.drop_lock(path)
                return "The lock file is removed."
            case "drop_branch":
                run_id, name = finding.place.split("/")[-2:]
                ref = f"refs/contextune/salvage/{run_id}/branch-{name}"
                upkeep.drop_branch(finding.place, ref)
                return f"The branch is removed; its commits are kept in {ref}."
            case "remove":
                run = runs.get(path.parent.name)
                kept = upkeep.remove(path, salvage_ref(path), began_with(run, path.name))
                self._world.measures.forget(path)
                _drop_empty(path.parent)
                return f"Removed; its work is kept in {kept}." if kept else "Removed; it held no work."

    async def _surveys(self, folder: Path | None, runs: dict[str, Run]) -> list[Survey]:
        repositories = await self._repositories(folder, runs)
        return [await asyncio.to_thread(survey, self._world, one, runs) for one in repositories]

    async def _repositories(self, folder: Path | None, runs: dict[str, Run]) -> list[Repository]:
        if folder is not None:
            return [(await self._places.of(folder)).repository]
        found = []
        for root in sorted({run.repository for run in runs.values()}):
            try:
                found.append((await self._places.of(Path(root))).repository)
            except PlaceProblem:
                continue  # it was moved or removed: where it is now, git's books tell of its worktrees
        return found


def _chosen(found: Sequence[Survey], names: Sequence[str]) -> list[tuple[Survey, Worktree]]:
    every = [(of, tree) for of in found for tree in of.worktrees]
    if not names:
        return [(of, tree) for of, tree in every if tree.removable]
    chosen = []
    for name in names:
        named = [(of, tree) for of, tree in every if name in _names(Path(tree.path))]
        free = [(of, tree) for of, tree in named if given_up(tree)]
        if not named:
            raise UsageProblem(f"No worktree is called {name!r}. `contextune worktrees` lists them.")
        if not free:
            raise UsageProblem(f"The worktree {name} stays: {_why_it_stays(named[0][1])}")
        chosen += [one for one in free if one not in chosen]
    return chosen


def _why_it_stays(tree: Worktree) -> str:
    """Why a worktree that was not given up is not removed, a sentence."""
    if tree.in_use:
        return f"run {tree.run_id} needs it."
    return " ".join(f"{found.text} {found.remedy}" for found in tree.findings if found.kind in ENGAGED)


def _called(one: SalvageRef) -> tuple[str, ...]:
    return one.ref, f"{one.run_id}/{one.name}", one.name


def _names(path: Path) -> tuple[str, ...]:
    return str(path), f"{path.parent.name}/{path.name}", path.name


def _free_name(home: Path, title: str, resolve: Callable[[str], str | None]) -> str:
    name, count = title, 1
    while (home / name).exists() or resolve(f"refs/heads/contextune/{RESTORED}/{name}"):
        count += 1
        name = f"{title}-{count}"
    return name


def _drop_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()

"""The worktrees of a repository: which there are, what is wrong with them, their removal after Salvage."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from contextune.core.model.ledger import PLANNING
from contextune.core.ports import Repository
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run, fold
from contextune.core.settings import Settings
from contextune.core.states import LIVE_RUN
from contextune.core.worktrees.findings import RESTORED, Standing, of_measure, of_repository, of_tree
from contextune.core.worktrees.worktree import Finding, FindingKind, Worktree
from contextune.engine.surroundings.measures import FRESH
from contextune.engine.surroundings.world import World
from contextune.engine.worktrees.leases import Leases, worktrees_folder

NEEDED = LIVE_RUN | {"review"}
"""States in which a Run's worktrees are still of use to someone."""

ENGAGED: frozenset[FindingKind] = frozenset({"locked", "claimed", "in_use"})
"""What keeps a worktree from being removed: somebody else's hand is on it."""

Record = Callable[[ev.AnyEvent], Awaitable[object]]


class Survey(NamedTuple):
    """What there is of one repository."""

    repository: Repository
    worktrees: tuple[Worktree, ...]
    findings: tuple[Finding, ...]
    """Of branches and locks; those of a worktree are with it."""

    @property
    def size_bytes(self) -> int:
        """Of all worktrees together."""
        return sum(tree.size_bytes for tree in self.worktrees)


async def known_runs(world: World, repository: str | None = None) -> dict[str, Run]:
    """Every Run of the Journal, or of one repository, by its id, as its milestones tell."""
    events: dict[str, list[ev.AnyEvent]] = {}
    for event in await world.journal.milestones(repository):
        events.setdefault(event.run_id, []).append(event)
    begun = {run_id: own for run_id, own in events.items() if isinstance(own[0], ev.RunCreated)}
    return {run_id: run for run_id, own in begun.items() if (run := fold(own)) is not None}


def survey(world: World, repository: Repository, runs: Mapping[str, Run], *, at_most: int = FRESH) -> Survey:
    """Look at all worktrees of a repository; sizes may be `at_most` so many milliseconds old. Blocking."""
    upkeep, now = repository.upkeep, world.clock.now()
    folder = worktrees_folder(world.home, repository.root)
    facts = upkeep.facts(folder.parent, folder)

    def standing(run_id: str) -> Standing:
        run = runs.get(run_id)
        if world.mailbox.is_owned(run_id) or world.mailbox.is_owned(PLANNING + run_id):
            return "needed"
        if run is None:
            return "unknown"
        return "needed" if run.state in NEEDED else "ended"

    found = []
    for tree in facts.trees:
        path = Path(tree.path)
        stands = standing(path.parent.name)
        measure = world.measures.of(path, upkeep, world.clock, at_most=at_most)
        findings = (*of_tree(tree, stands, now), *of_measure(tree.path, measure))
        run = runs.get(path.parent.name)
        is_free = not ENGAGED & {finding.kind for finding in findings}
        task = next((task for task in run.tasks if path.name in task.leases), None) if run else None
        found.append(
            Worktree(
                path=tree.path,
                branch=tree.branch or tree.start_branch,
                run_id=path.parent.name,
                task_id=path.name,
                dirty=upkeep.is_dirty(path),
                in_use=stands == "needed",
                size_bytes=measure.size_bytes,
                removable=stands == "ended" and is_free,
                state=run.state if run else None,
                title=task.task.title if task else None,
                changed_at=tree.changed_at,
                findings=findings,
                stays=stands == "needed" or not is_free,
            )
        )
    return Survey(repository, tuple(found), of_repository(facts, standing, now))


def given_up(tree: Worktree) -> bool:
    """Whether a worktree goes when the user names it: nobody needs it, nobody has locked it."""
    return not tree.stays


async def give_back(
    world: World, of: Survey, tree: Worktree, run: Run | None, settings: Settings, record: Record
) -> tuple[str | None, list[str]]:
    """Remove one worktree after all of it is in a Salvage; the ref, and what went wrong beside that."""
    path, repository = Path(tree.path), of.repository
    problems: list[str] = []
    root = Path(run.origin) if run is not None else repository.root
    if path.parent.parent == worktrees_folder(world.home, root) and path.parent.name != RESTORED:
        leases = Leases(world, repository, path.parent.name, settings, origin=root)
        salvage = await leases.give_back(path.name)
        problems = leases.problems
    else:
        ref = salvage_ref(path)
        salvage = await asyncio.to_thread(repository.upkeep.remove, path, ref, began_with(run, path.name))
    world.measures.forget(path)
    if run is not None and any(task.id == path.name for task in run.tasks):
        at = world.clock.now()
        await record(ev.LeaseReturned(run_id=run.id, at=at, task_id=path.name, salvage=salvage))
    return salvage, problems


def salvage_ref(path: Path) -> str:
    """Where the work of a worktree is kept when it goes."""
    return f"refs/contextune/salvage/{path.parent.name}/{path.name}"


def began_with(run: Run | None, name: str) -> str | None:
    """The commit that a worktree began with, as far as its Run knows."""
    if run is None:
        return None
    task = next((task for task in run.tasks if name in task.leases), None)
    return (task.start if task else None) or run.base.commit

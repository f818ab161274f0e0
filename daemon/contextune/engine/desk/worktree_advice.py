"""Asks the worktree-manager about findings that code has no name for, on a small budget of its own."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from contextune.agents.worktree_manager import ROLE, Advice, Puzzle, advise, request
from contextune.core.worktrees.worktree import Finding, Repair, Worktree
from contextune.engine.desk.questions import Questions
from contextune.engine.desk.worktree_desk import Overview
from contextune.engine.repositories.places import Places
from contextune.engine.surroundings.world import World
from contextune.engine.worktrees.housekeeping import ENGAGED

BUDGET = Decimal("0.05")
"""The most that one such question may cost, in dollars."""

MOST = 10
"""Findings of one question."""


def puzzles(overview: Overview) -> list[Puzzle]:
    """What code has no name for, with the repairs that lose nothing there."""
    found = [_puzzle(finding, tree) for tree in overview.worktrees for finding in tree.findings]
    return [one for one in found if one is not None][:MOST]


def _puzzle(finding: Finding, tree: Worktree) -> Puzzle | None:
    if finding.kind != "unknown":
        return None
    closed = tree.in_use or any(other.kind in ENGAGED for other in tree.findings)
    repairs: tuple[Repair, ...] = ("relink",) if closed else ("relink", "remove")
    return Puzzle(finding=finding, worktree=tree, repairs=repairs)


class WorktreeAdvice:
    """Puts findings to the worktree-manager, journalled as planning is, under a stream of its own."""

    def __init__(self, world: World, places: Places) -> None:
        self._world = world
        self._questions = Questions(world, places, kind="w", budget=BUDGET)

    def price(self, asked: Sequence[Puzzle]) -> Decimal | None:
        """The most that it can cost, in dollars; None if the model is unpriced."""
        return self._questions.price(request(asked))

    async def ask(self, folder: Path, asked: Sequence[Puzzle]) -> list[Advice]:
        """What is likely wrong, and what to do. Raises ContextuneError, BudgetReached before it is sent."""
        async with self._questions.asking(folder, ROLE) as asking:
            return await advise(asked, send=asking.send, roles=await self._world.roles(asking.root))

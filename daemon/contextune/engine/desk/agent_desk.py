"""The agents that there are, what each came to, and one that is asked by hand."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

from contextune.agents import errand
from contextune.agents.role_pool import examined
from contextune.agents.roles import Role, Roles
from contextune.core.errors import PlaceProblem, UsageProblem
from contextune.engine.desk.questions import Questions
from contextune.engine.desk.suite_runs import SuiteRuns
from contextune.engine.desk.timings import Timings
from contextune.engine.repositories.places import Places
from contextune.engine.surroundings.world import World

BUDGET = Decimal("0.25")
"""The most that one question to an agent may cost, in dollars."""


class AgentDesk:
    """Lists agents, and asks those that answer in one piece. What they cost is journalled as planning is."""

    def __init__(self, world: World, places: Places) -> None:
        self._world = world
        self._places = places
        self._questions = Questions(world, places, kind="a", budget=BUDGET)
        self.suites = SuiteRuns(world, places)
        """What the test-runner does by code."""
        self.timings = Timings(world)
        """What the performance-analyzer does by code."""

    async def roles(self, folder: Path | None) -> Roles:
        """The agents that there are for the repository of a folder; outside of one, those of the user."""
        root = None
        if folder is not None:
            try:
                root = (await self._places.of(folder)).repository.root
            except PlaceProblem:
                root = None
        return await self._world.roles(root)

    async def examine(self, place: Path) -> tuple[list[Role], tuple[str, ...]]:
        """The roles of one file or folder, and a sentence for each file that is wrong.

        Raises UsageProblem if there is no such place.
        """
        if not place.exists():
            raise UsageProblem(f"NAME: {place} does not exist. Give a role's file, or a folder of them.")
        return examined(await asyncio.to_thread(self._world.role_files.at, str(place)))

    def price(self, who: Role, words: str) -> Decimal | None:
        """The most that a question can cost, in dollars; None if the model is unpriced."""
        return self._questions.price(errand.request(who, words))

    async def ask(
        self, folder: Path, who: Role, words: str, *, overrides: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The answer to one question. Raises ContextuneError, BudgetReached before anything is sent."""
        async with self._questions.asking(folder, who.name, overrides) as asking:
            return await errand.ask(who, words, send=asking.send)

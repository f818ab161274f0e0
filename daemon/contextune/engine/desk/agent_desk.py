"""The agents that there are, what each came to, and one that is asked by hand."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from contextune.agents import errand
from contextune.agents.roles import Role, Roles
from contextune.core.errors import PlaceProblem
from contextune.core.model.budget import Cap
from contextune.core.model.conversation import ModelReply, ModelRequest
from contextune.core.model.ledger import PLANNING
from contextune.core.runs.events import AnyEvent
from contextune.engine.desk.suite_runs import SuiteRuns
from contextune.engine.desk.timings import Timings
from contextune.engine.money.account import Account, budgets_of
from contextune.engine.money.prompt_length import PromptLengths
from contextune.engine.repositories.places import Places
from contextune.engine.surroundings.world import World

BUDGET = Decimal("0.25")
"""The most that one question to an agent may cost, in dollars."""


class AgentDesk:
    """Lists agents, and asks those that answer in one piece. What they cost is journalled as planning is."""

    def __init__(self, world: World, places: Places) -> None:
        self._world = world
        self._places = places
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

    def price(self, who: Role, words: str) -> Decimal | None:
        """The most that a question can cost, in dollars; None if the model is unpriced."""
        wanted = errand.request(who, words)
        price = self._world.prices.price(wanted.rung.model)
        return price.worst_case(PromptLengths().bound(wanted), wanted.max_tokens) if price else None

    async def ask(
        self, folder: Path, who: Role, words: str, *, overrides: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The answer to one question. Raises ContextuneError, BudgetReached before anything is sent."""
        root = (await self._places.of(folder)).repository.root
        settings = self._world.settings.load(root, overrides or {})
        if not settings.offline:
            self._world.models.require(settings.provider)
        stream = f"{PLANNING}a_{secrets.token_hex(4)}"

        async def journal(*events: AnyEvent, caps: Sequence[Cap] = ()) -> None:
            await self._world.journal.append(events, caps=caps)

        account = Account(
            stream,
            min(BUDGET, settings.budget),
            journal,
            repository=str(root),
            budgets=budgets_of(settings),
        )
        gateway = await self._places.gateway(settings)

        async def send(wanted: ModelRequest) -> ModelReply:
            return await gateway.send(account, wanted, role=who.name, task_id=None)

        with self._world.mailbox.own(stream):
            return await errand.ask(who, words, send=send)

"""Questions that a person puts to an agent outside of any Run, journalled as planning is."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from contextune.agents.loop import Send
from contextune.core.model.budget import Cap
from contextune.core.model.conversation import ModelReply, ModelRequest
from contextune.core.model.ledger import PLANNING
from contextune.core.runs.events import AnyEvent
from contextune.engine.money.account import Account, budgets_of
from contextune.engine.money.price_books import prices_under
from contextune.engine.money.prompt_length import PromptLengths
from contextune.engine.repositories.places import Places
from contextune.engine.surroundings.world import World


class Asking(NamedTuple):
    """What one question needs: where it is asked, and the way to the model."""

    root: Path
    send: Send
    account: Account
    """What it costs."""


class Questions:
    """Questions of one kind: each has a stream and a small budget of its own."""

    def __init__(self, world: World, places: Places, *, kind: str, budget: Decimal | None) -> None:
        """`kind` marks their streams; `budget` is the most that one may cost, in dollars.

        None for what the setting `ask_budget` says.
        """
        self._world = world
        self._places = places
        self._kind = kind
        self._budget = budget

    def price(self, wanted: ModelRequest) -> Decimal | None:
        """The most that a request can cost, in dollars; None if its model is unpriced."""
        prices = prices_under(self._world.settings.load(None, {}), self._world.prices)
        price = prices.price(wanted.rung.model)
        return price.worst_case(PromptLengths().bound(wanted), wanted.max_tokens) if price else None

    @asynccontextmanager
    async def asking(
        self, folder: Path, role: str, overrides: Mapping[str, Any] | None = None
    ) -> AsyncIterator[Asking]:
        """The way to the model for one question to a role, from the repository of a folder.

        Raises ContextuneError; what it sends raises BudgetReached before anything leaves.
        """
        root = (await self._places.of(folder)).repository.root
        self._places.require_trust(root)
        settings = self._world.settings.load(root, overrides or {})
        if not settings.offline:
            self._world.models.require(settings.provider)
        stream = f"{PLANNING}{self._kind}_{secrets.token_hex(4)}"
        account = Account(
            stream,
            min(settings.ask_budget if self._budget is None else self._budget, settings.budget),
            self._journal,
            repository=str(root),
            budgets=budgets_of(settings),
        )
        gateway = await self._places.gateway(settings)

        async def send(wanted: ModelRequest) -> ModelReply:
            return await gateway.send(account, wanted, role=role, task_id=None)

        with self._world.mailbox.own(stream):
            yield Asking(root, send, account)

    async def _journal(self, *events: AnyEvent, caps: Sequence[Cap] = ()) -> None:
        await self._world.journal.append(events, caps=caps)

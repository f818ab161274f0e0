"""The Plan of a Quote: made by the orchestrator or by code, then put in order where its Tasks collide."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from contextune.agents import dependency_analyzer
from contextune.agents.orchestrator import ROLE as ORCHESTRATOR
from contextune.agents.orchestrator import make_plan, plan_by_code
from contextune.agents.planning_facts import PlanInput
from contextune.agents.roles import own_roles
from contextune.core.errors import BudgetReached, ContextuneError, PlanRejected
from contextune.core.model.budget import Cap
from contextune.core.model.conversation import ModelReply, ModelRequest
from contextune.core.model.ledger import PLANNING
from contextune.core.model.money import CostLine, charged
from contextune.core.model.requests import RequestSettled
from contextune.core.overlap.overlaps import find_overlaps, serialised, with_order
from contextune.core.overlap.touches import TaskFacts
from contextune.core.planning.plan import Overlap, Plan
from contextune.core.ports import Repository
from contextune.core.runs.events import AnyEvent
from contextune.core.settings import Settings
from contextune.core.todos.todo import Todo
from contextune.engine.money.account import Account, budgets_of
from contextune.engine.money.gateway import Gateway
from contextune.engine.quotes.independence import read_facts
from contextune.engine.quotes.task_ids import renamed
from contextune.engine.surroundings.world import World


class Arrangement(NamedTuple):
    """A Plan whose Tasks are in order, and what is known of what they share."""

    plan: Plan
    facts: tuple[TaskFacts, ...]
    overlaps: tuple[Overlap, ...]


class Planning:
    """Plans for one Quote. What its requests cost is journalled under a stream of their own."""

    def __init__(
        self,
        world: World,
        repository: Repository,
        settings: Settings,
        quote_id: str,
        gateway: Callable[[], Any],
    ) -> None:
        self._world = world
        self._repository = repository
        self._settings = settings
        self._gateway = gateway
        self._account = Account(
            PLANNING + quote_id,
            settings.budget,
            self._journal,
            repository=str(repository.root),
            budgets=budgets_of(settings),
        )
        self.roles = own_roles()
        """The agents that there are."""
        self.costs: tuple[CostLine, ...] = ()
        """What was spent so far, by role and model."""
        self.problems: list[str] = []
        """What the user should know, a sentence each."""

    async def plan(self, given: PlanInput) -> Plan:
        """The orchestrator's Plan; that of code where its own cannot be had for Todos."""
        try:
            return renamed(
                await make_plan(
                    given,
                    rung=self._settings.orchestrator,
                    send=self._sender(ORCHESTRATOR),
                    roles=self.roles,
                )
            )
        except (BudgetReached, PlanRejected) as problem:
            if given.goal:
                raise
            self.problems.append(f"{problem} So this plan is by code alone: a Task for each Todo.")
            return renamed(await asyncio.to_thread(plan_by_code, given))

    async def arrange(
        self, plan: Plan, todos: Sequence[Todo], files: Sequence[str], commit: str, *, settle: bool
    ) -> Arrangement:
        """Find what Tasks share, ask where facts are silent, and put one after the other where they collide.

        Unless `settle`: a Plan that the user brought stays as it is, its overlaps told and nothing asked.
        """
        facts: tuple[TaskFacts, ...] = ()
        found: tuple[Overlap, ...] = ()
        if len(plan.tasks) > 1:
            facts, found = await asyncio.to_thread(self._compared, plan, todos, files, commit)
        if not settle:
            return Arrangement(plan, facts, tuple(_allowed(one) for one in found))
        plan = serialised(plan, found)
        judged = await self._judged(plan, todos, facts, found)
        plan = serialised(plan, judged)
        return Arrangement(plan, facts, with_order(plan, (*found, *judged)))

    def _compared(
        self, plan: Plan, todos: Sequence[Todo], files: Sequence[str], commit: str
    ) -> tuple[tuple[TaskFacts, ...], tuple[Overlap, ...]]:
        facts = read_facts(self._repository, commit, files, self._world.outliner, plan, todos)
        return facts, find_overlaps(plan, facts)

    async def _judged(
        self, plan: Plan, todos: Sequence[Todo], facts: Sequence[TaskFacts], found: Sequence[Overlap]
    ) -> tuple[Overlap, ...]:
        """What the dependency-analyzer adds; nothing, and a warning, where it cannot be asked."""
        asked = dependency_analyzer.doubts(plan, todos, facts, found)
        if not asked:
            return ()
        try:
            send = self._sender(dependency_analyzer.ROLE)
            model = self._settings.ladder[0].model
            return await dependency_analyzer.judge(
                plan, todos, asked, model=model, send=send, roles=self.roles
            )
        except ContextuneError as problem:
            self.problems.append(f"{problem} So what Tasks need of one another is told by facts alone.")
            return ()

    def _sender(self, role: str) -> Callable[[ModelRequest], Any]:
        async def send(wanted: ModelRequest) -> ModelReply:
            gateway: Gateway = await self._gateway()
            return await gateway.send(self._account, wanted, role=role, task_id=None)

        return send

    async def _journal(self, *events: AnyEvent, caps: Sequence[Cap] = ()) -> None:
        await self._world.journal.append(events, caps=caps)
        for event in events:
            if isinstance(event, RequestSettled):
                self.costs = charged(self.costs, event.role, event.rung.model, event.charge)


def _allowed(overlap: Overlap) -> Overlap:
    """An overlap of a Plan that the user made: Tasks without an order are meant to have none."""
    return msgspec.structs.replace(overlap, allowed=not overlap.in_order)

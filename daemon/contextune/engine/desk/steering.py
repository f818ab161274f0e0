"""What a person changes of a Run while it goes on: its budget, and how many agents work at the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

from contextune.core.errors import UsageProblem
from contextune.core.process_ports import Letter
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.core.settings import MOST_AGENTS
from contextune.core.states import CLOSED_RUN
from contextune.engine.money.account import require_room
from contextune.engine.runs.drives import Drives
from contextune.engine.surroundings.world import World


class Steering:
    """Changes Runs under way, wherever they are driven."""

    def __init__(self, world: World, drives: Drives, run: Callable[[str], Awaitable[Run]]) -> None:
        self._world = world
        self._drives = drives
        self._run = run

    async def adjust(self, run_id: str, *, budget: Decimal | None = None, agents: int | None = None) -> Run:
        """Give a Run another budget in dollars, or another number of agents; what is None stays.

        A parked Run stays so until it is resumed; one that has ended may have a Task done again. Raises
        UsageProblem.
        """
        run = await self._run(run_id)
        if run.state in CLOSED_RUN:
            raise UsageProblem(f"Run {run.id} is {run.state}: nothing of it can be changed any more.")
        if budget is None and agents is None:
            raise UsageProblem("There is nothing to change: give a budget, or a number of agents.")
        if agents is not None and not 1 <= agents <= MOST_AGENTS:
            raise UsageProblem(f"agents: {agents} was given; expected 1 to {MOST_AGENTS}.")
        if budget is not None and budget <= 0:
            raise UsageProblem(f"budget: {budget} was given; expected dollars above 0, such as 2.00.")
        wanted = run.budget if budget is None else budget
        require_room(run.id, wanted, run.bill.dollars, run.reserved)
        number = agents or run.agents
        if self._drives.driver(run.id) == "nobody":
            at = self._world.clock.now()
            return await self._drives.record(
                ev.RunAdjusted(run_id=run.id, at=at, budget=wanted, agents=number)
            )
        await self._drives.ask(run, Letter(verb="adjust", text=f"{wanted} {number}"))
        return await self._run(run.id)

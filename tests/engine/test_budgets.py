"""Budgets across Runs, Quotes and processes: what a dead process left open, what a day has left."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contextune.adapters.journal.mailbox import FolderMailbox
from contextune.adapters.machine.clock import SystemClock
from contextune.core.errors import BudgetReached
from contextune.core.model.conversation import Rung
from contextune.core.model.requests import RequestReserved
from contextune.engine.quotes.quote import QuoteRequest
from tests.engine.conftest import MakeDesk
from tests.engine.world import Desk, finish, plays, task, turn, write

TASK = task("more code", "calc/more.py")
ADD = write("calc/more.py", "MORE = 1\n")


def reserved(stream: str, worst: str) -> RequestReserved:
    return RequestReserved(
        run_id=stream,
        at=SystemClock().now(),
        request_id=f"q_{stream}",
        task_id=None,
        role="orchestrator",
        rung=Rung(model="claude-sonnet-5-5", effort="low"),
        prompt_tokens=100,
        worst_case=Decimal(worst),
    )


async def entries(here: Desk) -> dict[str, tuple[bool, Decimal | None, bool]]:
    found = await here.journal.ledger()
    return {one.stream: (one.settled, one.dollars, one.estimated) for one in found}


async def test_planning_that_died_is_billed_at_its_worst_by_the_next_process(desk: MakeDesk) -> None:
    here = await desk()
    await here.journal.append([reserved("plan_r_dead", "0.25"), reserved("plan_r_alive", "0.5")])
    with FolderMailbox(here.home / "runs").own("plan_r_alive") as owned:
        assert owned
        await here.quote(TASK)
    assert await entries(here) == {
        "plan_r_dead": (True, Decimal("0.25"), True),
        "plan_r_alive": (False, None, False),
    }


async def test_the_budget_of_a_day_parks_a_run_until_it_is_raised(desk: MakeDesk) -> None:
    here = await desk(plays("more code", turn(ADD, finish())))
    here.set_up(f"{here.settings_text}day_budget = 0.30\n")
    await here.journal.append([reserved("r_other", "0.2999")])
    run = await here.start(TASK)
    parked = await here.until(lambda run: run.state == "parked")
    assert parked.reason.startswith("The budget of the day, $0.30, is reached: $0.2999 spent or held back")
    assert "/v1/messages" not in {one.path for one in here.server.log}
    await here.app.close()
    here.set_up(f"{here.settings_text}day_budget = 0.40\n")
    other = here.open()
    await other.resume(run.id)
    done = await here.wait(run.id, other)
    assert (done.state, done.joined) == ("review", ("more",))
    await other.close()


async def test_planning_counts_for_the_day(desk: MakeDesk) -> None:
    here = await desk()
    here.set_up(f"{here.settings_text}day_budget = 0.30\n")
    await here.journal.append([reserved("r_other", "0.2999")])
    with pytest.raises(BudgetReached, match="The budget of the day"):
        await here.app.quote(QuoteRequest(folder=here.place.root, goal="anything"))
    assert "r_other" in await entries(here)
    assert "/v1/messages" not in {one.path for one in here.server.log}

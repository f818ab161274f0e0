"""An ended Task done again from a rung that the user chooses, priced before and within the Run's budget."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contextune.core.errors import UsageProblem
from contextune.core.runs import events as ev
from contextune.core.runs.ladder import PINNED
from contextune.core.runs.run import Run
from tests.engine.conftest import MakeDesk
from tests.engine.world import AREA, GATE, Desk, ask, edit, finish, plays, task, turn

ONE = task(AREA, "calc/area.py")
TWO_RUNGS = f"""
gate = {GATE!r}
gate_retries = 0
ladder = [{{model = "claude-haiku-5-5", effort = "low"}}, {{model = "claude-opus-5-5", effort = "medium"}}]
"""


MENDED = turn(edit("calc/area.py", "w * h", "h * w"), finish())
ON_OPUS = plays(AREA, MENDED, model="claude-opus-5-5")


async def cancelled(desk: MakeDesk, *scripts: dict[str, Any], budget: str = "2.00") -> tuple[Desk, Run]:
    """A Run whose only Task was cancelled while its agent on Haiku asked something."""
    asks = plays(AREA, turn(ask("Which way round?")), model="claude-haiku-5-5")
    here = await desk(asks, *scripts, settings=TWO_RUNGS)
    run = await here.start(ONE, budget=Decimal(budget))
    await here.until(lambda run: run.tasks[0].state == "asking")
    await here.app.cancel_task(run.id, "refuse")
    return here, await here.wait(run.id)


async def test_it_begins_on_the_rung_that_was_chosen(desk: MakeDesk) -> None:
    here, run = await cancelled(desk, ON_OPUS)
    offer = await here.app.retrying.rungs(run.id, "refuse")
    assert [(one.start, one.rung.model, one.tried) for one in offer.rungs] == [
        (0, "claude-haiku-5-5", True),
        (1, "claude-opus-5-5", False),
    ]
    low, high = (one.price.likely for one in offer.rungs)
    assert low is not None
    assert high is not None
    assert low < high
    assert offer.room == run.budget - run.bill.dollars
    await here.app.retrying.retry(run.id, "refuse", 1)
    done = await here.wait(run.id)
    assert (done.state, done.tasks[0].state, done.tasks[0].begins) == ("review", "accepted", 1)
    last = done.tasks[0].attempts[-1]
    assert (last.rung.model, last.outcome, last.reason) == ("claude-opus-5-5", "green", PINNED)


async def test_a_rung_that_most_likely_costs_more_than_is_left_is_refused(desk: MakeDesk) -> None:
    here, run = await cancelled(desk, budget="0.01")
    with pytest.raises(UsageProblem, match=r"On Opus 5\.5, medium it most likely costs .* left\. Raise"):
        await here.app.retrying.retry(run.id, "refuse", 1)
    assert (await here.app.run(run.id)).tasks[0].state == "cancelled"
    await here.app.steering.adjust(run.id, budget=Decimal("2.00"))


@pytest.mark.parametrize("start", [-1, 2])
async def test_an_unknown_rung_is_named_with_those_there_are(desk: MakeDesk, start: int) -> None:
    here, run = await cancelled(desk)
    with pytest.raises(UsageProblem, match=r"Rungs: 0 Haiku 5\.5, low, 1 Opus 5\.5, medium\."):
        await here.app.retrying.retry(run.id, "refuse", start)


async def test_only_an_ended_task_has_rungs_to_begin_again_on(desk: MakeDesk) -> None:
    here, run = await cancelled(desk, ON_OPUS)
    await here.app.retrying.retry(run.id, "refuse", 1)
    await here.event(ev.TaskJoined, task_id="refuse")
    with pytest.raises(UsageProblem, match="only a Task that ended can be done again"):
        await here.app.retrying.rungs(run.id, "refuse")
    await here.wait(run.id)

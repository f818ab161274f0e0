"""Another budget, or another number of agents, while a Run goes on."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from contextune.core.errors import UsageProblem
from contextune.core.runs import events as ev
from tests.engine.conftest import MakeDesk
from tests.engine.world import finish, plays, task, turn, waits_for, write


def works(title: str, flag: Path) -> dict[str, object]:
    name = title.split(maxsplit=1)[0]
    return plays(title, turn(waits_for(flag)), turn(write(f"{name}.txt", "x\n"), finish()))


async def test_more_agents_begin_at_once_and_fewer_let_those_at_work_go_on(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flags = {name: tmp_path / name for name in ("one", "two", "three")}
    here = await desk(*(works(f"{name} work", flag) for name, flag in flags.items()))
    run = await here.start(*(task(f"{name} work") for name in flags), agents=1)
    first = await here.event(ev.AttemptStarted)
    await here.event(ev.MessageAdded, turn=1)
    assert len(here.told(ev.AttemptStarted)) == 1
    changed = await here.app.steering.adjust(run.id, agents=3)
    assert (changed.agents, changed.budget) == (3, run.budget)
    await here.until(lambda run: sum(t.state == "working" for t in run.tasks) == 3)
    await here.app.steering.adjust(run.id, agents=1)
    assert sum(t.state == "working" for t in (await here.app.run(run.id)).tasks) == 3
    for flag in flags.values():
        flag.touch()
    done = await here.wait(run.id)
    assert (done.state, done.agents) == ("review", 1)
    assert isinstance(first, ev.AttemptStarted)


async def test_a_higher_budget_is_spent_and_a_lower_one_parks(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(works("one work", flag), unplayed=True)
    run = await here.start(task("one work"))
    await here.event(ev.MessageAdded, turn=1)
    spent = (await here.app.run(run.id)).bill.dollars
    await here.app.steering.adjust(run.id, budget=spent + Decimal("0.000001"))
    flag.touch()
    parked = await here.until(lambda run: run.state == "parked")
    assert parked.parked_by == "run"
    assert parked.bill.dollars == spent
    # A parked Run stays so until it is resumed.
    raised = await here.app.steering.adjust(run.id, budget=Decimal("1.50"))
    assert (raised.state, raised.budget) == ("parked", Decimal("1.50"))
    await here.app.resume(run.id)
    done = await here.wait(run.id)
    assert (done.state, done.budget) == ("review", Decimal("1.50"))


async def test_what_is_spent_cannot_be_taken_back(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(works("one work", flag))
    run = await here.start(task("one work"))
    await here.event(ev.MessageAdded, turn=1)
    with pytest.raises(
        UsageProblem, match=r"has spent \$0\.\d{4} and holds back .*give a budget of at least"
    ):
        await here.app.steering.adjust(run.id, budget=Decimal("0.00001"))
    for budget, agents in ((None, None), (None, 0), (None, 101), (Decimal(0), None), (Decimal("-1"), None)):
        with pytest.raises(UsageProblem):
            await here.app.steering.adjust(run.id, budget=budget, agents=agents)
    assert not here.told(ev.RunAdjusted)
    flag.touch()
    done = await here.wait(run.id)
    assert done.state == "review"
    # One of its Tasks may be done again, and need room.
    assert (await here.app.steering.adjust(run.id, budget=Decimal(3))).budget == 3
    await here.app.discard(run.id)
    with pytest.raises(UsageProblem, match="is discarded: nothing of it can be changed"):
        await here.app.steering.adjust(run.id, agents=2)


async def test_a_run_that_nobody_drives_keeps_what_it_was_given(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(works("one work", flag))
    run = await here.start(task("one work"))
    await here.event(ev.MessageAdded, turn=1)
    await here.app.close()
    flag.touch()
    here.app = here.open()
    changed = await here.app.steering.adjust(run.id, budget=Decimal("3.25"), agents=2)
    assert (changed.budget, changed.agents) == (Decimal("3.25"), 2)
    await here.app.resume(run.id)
    done = await here.wait(run.id)
    assert (done.state, done.budget, done.agents) == ("review", Decimal("3.25"), 2)

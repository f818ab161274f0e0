"""Tasks that wait for their first agent begin on another rung, priced before and within the Run's budget."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from contextune.core.errors import UsageProblem
from contextune.core.runs import events as ev
from contextune.core.runs.ladder import PINNED
from contextune.core.runs.run import Run
from tests.engine.conftest import MakeDesk
from tests.engine.world import GATE, Desk, finish, plays, task, turn, waits_for, write

HAIKU, SONNET, OPUS = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"
LADDER = f"""
gate = {GATE!r}
gate_retries = 0
ladder = [
    {{model = {HAIKU!r}, effort = "low"}},
    {{model = {OPUS!r}, effort = "medium"}},
    {{model = {SONNET!r}, effort = "medium", tries = 2}},
]
"""


TITLES = ("a work", "b work", "c work")


class Queue(NamedTuple):
    """A Run with one place: who has it, and who waits for it, in the Plan's order."""

    here: Desk
    run: Run
    busy: str
    one: str
    two: str

    def rungs(self, run: Run) -> list[set[str]]:
        """The models that worked on the Tasks that waited."""
        return [{one.rung.model for one in run.task(name).attempts} for name in (self.one, self.two)]


async def waiting(desk: MakeDesk, flag: Path, **terms: Any) -> Queue:
    """Whoever has the place keeps it until there is a flag."""
    scripts = (
        plays(title, turn(waits_for(flag)), turn(write(f"{title[0]}.txt", "x\n"), finish()), model=model)
        for title in TITLES
        for model in (HAIKU, OPUS, SONNET)
    )
    here = await desk(*scripts, settings=LADDER, unplayed=True)
    run = await here.start(*map(task, TITLES), agents=1, **terms)
    first = await here.event(ev.MessageAdded, turn=1)
    assert isinstance(first, ev.MessageAdded)
    one, two = (one.id for one in run.tasks if one.id != first.task_id)
    return Queue(here, run, first.task_id, one, two)


async def test_one_begins_on_the_rung_that_was_chosen_while_it_waited_for_a_place(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flag = tmp_path / "go on"
    queue = await waiting(desk, flag)
    steering, run = queue.here.app.steering, queue.run
    offer = await steering.rungs(run.id, [queue.one])
    assert [(one.start, one.rung.model, one.chosen, one.lack) for one in offer.rungs] == [
        (0, HAIKU, True, ""),
        (1, OPUS, False, ""),
        (2, SONNET, False, ""),
    ]
    low, high = (one.price.likely for one in offer.rungs[:2])
    assert low is not None
    assert high is not None
    assert low < high
    now = await queue.here.app.run(run.id)
    assert offer.room == now.budget - now.bill.dollars - now.reserved
    changed = await steering.adjust(run.id, start=1, task_ids=[queue.one])
    assert {t.id: t.begins for t in changed.tasks} == {queue.busy: None, queue.one: 1, queue.two: None}
    assert (changed.budget, changed.agents) == (run.budget, 1)
    flag.touch()
    ended = await queue.here.wait(run.id)
    assert (ended.state, queue.rungs(ended)) == ("review", [{OPUS}, {HAIKU}])
    assert ended.task(queue.one).attempts[0].reason == PINNED


async def test_all_that_wait_begin_there_and_what_has_begun_keeps_its_rung(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flag = tmp_path / "go on"
    queue = await waiting(desk, flag)
    steering, run = queue.here.app.steering, queue.run
    single = await steering.rungs(run.id, [queue.two])
    both = await steering.rungs(run.id)
    assert both.task_ids == (queue.one, queue.two)
    # Two alike cost twice as much.
    assert both.rungs[1].price.likely == 2 * (single.rungs[1].price.likely or 0)
    await steering.adjust(run.id, start=1)
    # What costs less than it would is taken as well, and back again.
    await steering.adjust(run.id, start=0)
    await steering.adjust(run.id, start=1)
    words = f"Task {queue.busy} is working: only one that waits for its first agent"
    with pytest.raises(UsageProblem, match=words):
        await steering.adjust(run.id, start=1, task_ids=[queue.busy])
    flag.touch()
    ended = await queue.here.wait(run.id)
    assert queue.rungs(ended) == [{OPUS}, {OPUS}]
    with pytest.raises(UsageProblem, match=f"No Task of run {run.id} waits for its first agent"):
        await steering.rungs(run.id)


async def test_what_the_budget_does_not_hold_is_refused_with_the_sum(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    queue = await waiting(desk, flag)
    steering, run = queue.here.app.steering, queue.run
    offer = await steering.rungs(run.id)
    spent = run.budget - offer.room
    dear = offer.rungs[1].price.likely or Decimal(0)
    budget = spent + dear - Decimal("0.0001")
    await steering.adjust(run.id, budget=budget)
    words = (
        r"With all of it on Opus 5\.5, medium, what waits most likely costs \$0\.\d+, and the budget of run "
        rf"{run.id} has \$0\.\d+ left\. Raise it first\."
    )
    with pytest.raises(UsageProblem, match=words):
        await steering.adjust(run.id, start=1)
    # A budget that is lowered with the same change counts as it is to be.
    with pytest.raises(UsageProblem, match=words):
        await steering.adjust(run.id, start=1, budget=budget - Decimal("0.0001"))
    assert [bool(one.lack) for one in (await steering.rungs(run.id)).rungs] == [False, True, False]
    # One alone fits, the other one as it was.
    await steering.adjust(run.id, start=1, task_ids=[queue.one])
    with pytest.raises(UsageProblem, match=f"With “{queue.two} work” on Opus"):
        await steering.adjust(run.id, start=1, task_ids=[queue.two])
    # Where nothing fits any more, what is cheaper than before is never refused.
    await steering.adjust(run.id, budget=spent + Decimal("0.0002"))
    await steering.adjust(run.id, start=0, task_ids=[queue.one])
    # With a higher budget in the same change it fits.
    await steering.adjust(run.id, start=1, budget=Decimal("2.00"))
    await steering.adjust(run.id, start=0)
    flag.touch()
    assert (await queue.here.wait(run.id)).state == "review"


async def test_a_rung_of_several_tries_takes_the_place_that_was_waited_for(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flag = tmp_path / "go on"
    queue = await waiting(desk, flag)
    await queue.here.app.steering.adjust(queue.run.id, start=2, task_ids=[queue.one])
    flag.touch()
    ended = await queue.here.wait(queue.run.id)
    assert (ended.state, queue.rungs(ended)) == ("review", [{SONNET}, {HAIKU}])


async def test_a_paused_one_and_one_whose_run_nobody_drives(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    queue = await waiting(desk, flag)
    here, run = queue.here, queue.run
    await here.app.steering.pause_task(run.id, queue.one)
    await here.app.steering.adjust(run.id, start=1, task_ids=[queue.one])
    await here.app.close()
    flag.touch()
    here.app = here.open()
    await here.app.steering.adjust(run.id, start=1, task_ids=[queue.two])
    await here.app.resume(run.id)
    await here.until(lambda run: run.resting)
    await here.app.steering.resume_task(run.id, queue.one)
    ended = await here.wait(run.id)
    assert (ended.state, queue.rungs(ended)) == ("review", [{OPUS}, {OPUS}])


async def test_one_with_which_an_agent_is_about_to_begin_keeps_its_rung(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flag = tmp_path / "go on"
    queue = await waiting(desk, flag)
    driver = queue.here.app._drives.drivers[queue.run.id]
    driver.beginning.add(queue.one)
    words = f"An agent has begun with {queue.one} already: it keeps its rung"
    with pytest.raises(UsageProblem, match=words):
        await queue.here.app.steering.adjust(queue.run.id, start=1, task_ids=[queue.one])
    assert not queue.here.told(ev.RunAdjusted)
    # Of all that wait, the others begin there.
    await queue.here.app.steering.adjust(queue.run.id, start=1)
    (adjusted,) = queue.here.told(ev.RunAdjusted)
    assert isinstance(adjusted, ev.RunAdjusted)
    assert adjusted.task_ids == (queue.two,)
    flag.touch()
    ended = await queue.here.wait(queue.run.id)
    assert (ended.state, driver.beginning, queue.rungs(ended)) == ("review", set(), [{HAIKU}, {OPUS}])


@pytest.mark.parametrize("start", [-1, 3])
async def test_an_unknown_rung_is_named_with_those_there_are(
    desk: MakeDesk, tmp_path: Path, start: int
) -> None:
    queue = await waiting(desk, tmp_path / "never")
    steering = queue.here.app.steering
    with pytest.raises(UsageProblem, match=r"There is no rung .*Rungs: 0 Haiku 5\.5, low, 1 Opus 5\.5"):
        await steering.adjust(queue.run.id, start=start)
    with pytest.raises(UsageProblem, match="has no task 'nope'"):
        await steering.adjust(queue.run.id, start=0, task_ids=["nope"])
    await queue.here.app.cancel(queue.run.id)
    await queue.here.wait(queue.run.id)

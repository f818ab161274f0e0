"""Shadow samples: which Tasks, on whose account, and that nobody waits for them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contextune.core.model.conversation import Rung
from contextune.core.model.money import PriceRange
from contextune.core.planning.record import TaskRecord
from contextune.core.runs import events as ev
from contextune.core.runs.endings import RunFinished
from contextune.core.runs.run import Run
from contextune.core.states import TaskState
from contextune.engine.runs.shadow import CONTROLS, due
from tests.engine.conftest import MakeDesk
from tests.engine.world import (
    GATE,
    PATIENCE,
    Desk,
    bash,
    edit,
    finish,
    plays,
    task,
    turn,
    waits_for,
    write,
)
from tests.protocol import samples as s

TASK = task("more code", "calc/more.py")
ADD = write("calc/more.py", "MORE = 1\n")
SAMPLED = f"gate = {GATE!r}\nshadow = 1\nladder = [{{model = 'claude-haiku-5-5', effort = 'low'}}]\n"
HAIKU, SONNET, OPUS = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"
OWN = plays("more code", turn(ADD, finish()), model=HAIKU)


async def sampled(here: Desk, run_id: str) -> Run:
    await asyncio.wait_for(here.app.sampled(run_id), PATIENCE)
    return await here.app.run(run_id)


async def spent(here: Desk, stream: str) -> Decimal:
    return sum((one.counted for one in await here.journal.ledger() if one.stream == stream), Decimal(0))


async def test_an_accepted_task_is_done_again_on_both_controls_on_an_account_of_its_own(
    desk: MakeDesk,
) -> None:
    here = await desk(
        OWN,
        plays("more code", turn(ADD), turn(finish()), model=SONNET),
        # Red, and red again: a sample has its Gate and its retry as any attempt.
        plays(
            "more code",
            turn(edit("calc/area.py", "w * h", "w + h + 10"), finish()),
            turn(finish(), expect=["The Gate is red"]),
            model=OPUS,
        ),
        settings=SAMPLED,
    )
    ended = await here.finish(TASK)
    before = ended.bill
    run = await sampled(here, ended.id)
    told = [(one.task_id, one.rung, one.green, one.turns) for one in run.shadows]
    assert told == [("more", CONTROLS[0], True, 2), ("more", CONTROLS[1], False, 2)]
    assert (run.state, run.bill, run.costs, run.notes) == ("review", before, ended.costs, ())
    assert len(run.tasks[0].attempts) == 1
    assert run.tasks[0] == ended.tasks[0]
    # Every dollar of a sample is in the Ledger, under a name of its own.
    paid = [one.dollars for one in run.shadows if one.dollars is not None]
    assert await spent(here, f"shadow_{run.id}") == sum(paid, Decimal(0)) > 0
    assert await spent(here, run.id) == before.dollars
    # The user heard the result before the first sample began.
    kinds = [type(event) for event in here.heard]
    assert kinds.index(RunFinished) < kinds.index(ev.ShadowFinished)
    # The worktree is gone, and what was in it is kept as anything is.
    left = sorted(file.parent.name for file in here.home.rglob(".git") if run.id in file.parts)
    assert left == ["ghost", "more"]
    assert f"refs/contextune/salvage/{run.id}/more.shadow" in here.refs()
    assert await here.journal.shadows(run.repository, offline=False) == list(reversed(run.shadows))
    assert await here.journal.shadows(run.repository, offline=True) == []


async def test_without_the_setting_nothing_is_sampled(desk: MakeDesk) -> None:
    here = await desk(OWN, settings=SAMPLED.replace("shadow = 1", "shadow = 0"))
    run = await here.finish(TASK)
    assert (await sampled(here, run.id)).shadows == ()
    assert not here.app.is_sampling(run.id)


async def test_the_user_accepts_meanwhile(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        OWN,
        plays("more code", turn(waits_for(flag), ADD), turn(finish()), model=SONNET),
        plays("more code", turn(ADD, finish()), model=OPUS),
        settings=SAMPLED,
    )
    ended = await here.finish(TASK)
    assert here.app.is_sampling(ended.id)
    assert (await here.app.accept(ended.id, "merge")).state == "accepted"
    cleaned, _ = await here.app.desk.clean(here.place.root, dry_run=True)
    assert cleaned == []  # a sample is at work in one
    flag.touch()
    run = await sampled(here, ended.id)
    assert (run.state, [one.green for one in run.shadows]) == ("accepted", [True, True])
    assert (here.place.root / "calc/more.py").read_text() == "MORE = 1\n"


async def test_their_budget_ends_them_and_is_noted(desk: MakeDesk) -> None:
    here = await desk(OWN, settings=SAMPLED + "shadow_budget = 0.001\n")
    ended = await here.finish(TASK)
    run = await sampled(here, ended.id)
    (note,) = run.notes
    assert note.startswith("The shadow samples end here. The budget of $0.001 is reached")
    assert (run.state, run.shadows) == ("review", ())
    assert await spent(here, f"shadow_{run.id}") == 0


async def test_the_day_counts_them_too(desk: MakeDesk) -> None:
    here = await desk(OWN, settings=SAMPLED + "day_budget = 0.01\n")
    ended = await here.finish(TASK)
    run = await sampled(here, ended.id)
    assert run.state == "review"
    assert "The budget of the day" in run.notes[0]


async def test_a_problem_of_a_sample_is_noted_and_fails_nothing(desk: MakeDesk) -> None:
    here = await desk(OWN, settings=SAMPLED)  # there is no script for what the sample asks
    ended = await here.finish(TASK)
    run = await sampled(here, ended.id)
    assert run.state == "review"
    assert run.notes[0].startswith(
        "A shadow sample could not be made: The model's server refuses the request (400)"
    )
    assert run.shadows == ()  # that says nothing of the rung


@pytest.mark.parametrize("how", ["pause", "cancel", "close"])
async def test_whatever_the_user_asks_of_the_run_stops_them(desk: MakeDesk, tmp_path: Path, how: str) -> None:
    pipe = tmp_path / "pipe"
    here = await desk(OWN, plays("more code", turn(waits_at(pipe)), model=SONNET), settings=SAMPLED)
    run = await here.finish(TASK)
    async with held(pipe):
        if how == "close":
            await here.app.close()
            here.app = here.open()
        else:
            await (here.app.pause if how == "pause" else here.app.cancel)(run.id)
        after = await sampled(here, run.id)
    assert (after.state, after.shadows, after.notes) == ("review", (), ())
    assert not here.app.is_sampling(run.id)
    assert not [file for file in here.home.rglob(".git") if file.parent.name == "more.shadow"]


async def test_doing_a_task_again_goes_before_them(desk: MakeDesk, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    red, mended = edit("calc/area.py", "w * h", "w + h + 10"), edit("calc/area.py", "w + h + 10", "h * w")
    earlier = "# Earlier attempt"
    here = await desk(
        OWN,
        plays("bad code", turn(red, finish()), unless=[earlier], model=HAIKU),
        plays("bad code", turn(mended, finish()), user=[earlier], model=HAIKU),
        plays("more code", turn(waits_at(pipe), ADD, finish()), model=SONNET),
        plays("more code", turn(ADD, finish()), model=OPUS),
        plays("bad code", turn(ADD, finish()), model=SONNET),
        plays("bad code", turn(ADD, finish()), model=OPUS),
        settings=SAMPLED + "gate_retries = 0\n",
    )
    run = await here.finish(TASK, task("bad code"))
    assert (run.state, run.task("bad").state) == ("review", "failed")
    async with held(pipe):
        await here.app.retrying.retry(run.id, "bad")
        pipe.unlink()
        pipe.write_text("Go on.")
        await here.event(ev.TaskJoined, task_id="bad")
    await here.until(lambda run: len(run.shadows) == 4)
    done = await sampled(here, run.id)
    assert sorted(done.joined) == ["bad", "more"]
    assert sorted({one.task_id for one in done.shadows}) == ["bad", "more"]


def waits_at(pipe: Path) -> dict[str, Any]:
    """A command of the sample's agent that lasts as long as the test holds the pipe."""
    os.mkfifo(pipe)
    return bash(f"cat '{pipe}'")


@asynccontextmanager
async def held(pipe: Path) -> AsyncIterator[None]:
    """Wait until the sample's agent is at its command, and keep it there."""
    with await asyncio.wait_for(asyncio.to_thread(pipe.open, "wb"), PATIENCE):
        yield


def record(run_id: str, task_id: str, state: TaskState = "accepted") -> TaskRecord:
    return TaskRecord(
        run_id=run_id,
        task_id=task_id,
        at=1,
        kind="",
        complexity="standard",
        state=state,
        steps=(),
        dollars=Decimal(1),
        at_sonnet=Decimal(1),
        unpriced=0,
        quoted=PriceRange(low=None, likely=None, high=None, at_sonnet=None),
    )


def shadow(run_id: str, task_id: str) -> ev.ShadowFinished:
    return ev.ShadowFinished(
        run_id=run_id,
        at=1,
        task_id=task_id,
        rung=Rung(model="m", effort="low"),
        green=True,
        turns=1,
        dollars=None,
    )


FIRST, SECOND = "round-up", "add-kilos"
OLD = [record("r_0", name) for name in ("d", "c", "b", "a")]


@pytest.mark.parametrize(
    ("history", "shadows", "every", "chosen"),
    [
        ([], [], 0, []),
        ([], [], 1, [FIRST, SECOND]),
        ([], [], 2, [SECOND]),
        ([], [], 3, []),
        (OLD[:1], [], 3, [SECOND]),
        (OLD, [], 5, [FIRST]),
        (OLD, [shadow("r_0", "d")], 2, [SECOND]),
        (OLD, [shadow("r_0", "c")], 2, [FIRST]),
        (OLD, [shadow("r_0", "c"), shadow("r_0", "c")], 3, [SECOND]),
        ([record("r_0", "e", "failed"), *OLD[:1]], [], 3, [SECOND]),
        # Records of the Run itself are not counted beside its Tasks, nor one Task twice.
        ([record("r_1", FIRST), *OLD[:1], *OLD[:1]], [], 3, [SECOND]),
        # It went on after some samples were made.
        ([], [shadow("r_1", FIRST)], 1, [SECOND]),
        ([], [shadow("r_1", FIRST)], 2, []),
    ],
)
def test_one_of_so_many_accepted_tasks_is_sampled(
    history: list[TaskRecord], shadows: list[ev.ShadowFinished], every: int, chosen: list[str]
) -> None:
    assert due(s.reviewed(), history, shadows, every) == chosen


async def test_who_waits_for_the_drive_finds_its_samples_begun(
    desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, tidying = asyncio.Event(), asyncio.Event()

    async def slow(*_: Any, **__: Any) -> list[str]:
        tidying.set()
        await go_on.wait()
        return []

    monkeypatch.setattr("contextune.engine.runs.drives.make_room", slow)
    here = await desk(OWN, settings=SAMPLED, unplayed=True)
    run = await here.start(TASK)
    await here.event(RunFinished, run_id=run.id)
    await asyncio.wait_for(tidying.wait(), PATIENCE)
    waiting = asyncio.create_task(here.app.wait(run.id))
    await asyncio.wait([waiting], timeout=0)
    assert not waiting.done()
    go_on.set()
    await asyncio.wait_for(waiting, PATIENCE)
    assert here.app.is_sampling(run.id)

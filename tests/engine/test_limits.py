"""Limits of attempts, Runs and the process: reaching one is a state with a sentence."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

import pytest

from contextune.core.model.requests import RequestReserved
from contextune.core.runs import events as ev
from contextune.engine.attempts import allowance
from contextune.engine.drive.seats import Seats
from contextune.engine.surroundings import limits
from contextune.engine.surroundings.limits import House
from tests.engine.conftest import MakeDesk
from tests.engine.world import GATE, bash, finish, plays, task, turn, waits_for, write

ONE_RUNG = 'ladder = [{model = "claude-haiku-5-5", effort = "low"}]\n'
FIRST = write("calc/first.py", "FIRST = 1\n")


class Usage(NamedTuple):
    free: int


async def test_a_run_on_a_disk_that_is_nearly_full_is_paused_and_goes_on(
    desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = limits.FLOOR - 1_000_000
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(free))
    here = await desk(plays("first file", turn(FIRST), turn(finish())), settings=f"gate = {GATE!r}\n")
    run = await here.start(task("first file"))
    paused = await here.until(lambda run: run.state == "paused")
    assert paused.reason == (
        f"The disk of {here.home} has 199.0 MB left, and 200.0 MB are left free. "
        "Free some space, then resume the run."
    )
    assert here.told(RequestReserved) == []
    await here.app.resume(run.id)
    await here.until(lambda run: len(here.told(ev.RunPaused)) == 2)
    free = limits.FLOOR
    await here.app.resume(run.id)
    assert (await here.wait(run.id)).state == "review"
    assert len(here.told(ev.RunPaused)) == 2


async def test_an_attempt_that_fills_the_disk_ends(desk: MakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowance, "LOOK_EVERY", 0)
    here = await desk(
        plays("first file", turn(bash("head -c 2000000 /dev/urandom > .big")), turn(finish())),
        settings=f"gate = {GATE!r}\ntask_disk = 1_000_000\n{ONE_RUNG}",
        unplayed=True,
    )
    run = await here.finish(task("first file"))
    (attempt,) = run.tasks[0].attempts
    assert attempt.outcome == "limit"
    assert attempt.summary.startswith("The files that it made take 2.0 MB")
    assert attempt.summary.endswith("; the setting task_disk allows 1.0 MB.")


async def test_what_was_there_before_the_agent_does_not_count(
    desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allowance, "LOOK_EVERY", 0)
    here = await desk(
        plays("first file", turn(FIRST), turn(finish())),
        settings=f"gate = {GATE!r}\ntask_disk = 1_000_000\nsetup = 'head -c 2000000 /dev/zero > .cache'\n",
    )
    assert (await here.finish(task("first file"))).state == "review"


async def test_agents_of_all_runs_together_are_bounded(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        plays("first file", turn(waits_for(flag), FIRST), turn(finish())),
        plays("second file", turn(write("calc/second.py", "SECOND = 2\n")), turn(finish())),
        settings=f"gate = {GATE!r}\ndaemon_agents = 1\n",
    )
    first = await here.start(task("first file"))
    await here.event(ev.AttemptStarted)
    second = await here.start(task("second file"))
    await here.event(ev.LeaseTaken, run_id=second.id)
    flag.touch()
    for run in (first, second):
        assert (await here.wait(run.id)).state == "review"
    kinds = [
        (event.run_id, type(event))
        for event in here.heard
        if isinstance(event, ev.AttemptStarted | ev.AttemptEnded)
    ]
    assert kinds == [
        (run.id, kind) for run in (first, second) for kind in (ev.AttemptStarted, ev.AttemptEnded)
    ]


async def test_a_place_is_given_back_by_whoever_is_stopped_while_waiting_for_the_house() -> None:
    house = House()
    one, other = (Seats(house, in_run=1, in_all=1) for _ in range(2))
    await one.take()
    waiting = asyncio.ensure_future(other.take())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    one.leave()
    await asyncio.wait_for(other.take(), 5)


async def test_all_who_wait_for_the_house_come_in_as_others_leave() -> None:
    house, inside, most = House(), 0, 0

    async def work() -> None:
        nonlocal inside, most
        await house.enter(3)
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        house.leave()

    await asyncio.wait_for(asyncio.gather(*(work() for _ in range(50))), 5)
    assert most == 3


async def test_the_house_tells_when_the_last_agent_has_left() -> None:
    rests: list[int] = []
    house = House(rested=lambda: rests.append(len(rests)))
    await house.enter(2)
    await house.enter(2)
    house.leave()
    assert rests == []
    house.leave()
    assert rests == [0]

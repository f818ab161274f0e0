"""One Task of a Run stands still until its user resumes it, while the others go on."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from contextune.core.errors import UsageProblem
from contextune.core.model.requests import RequestReserved, RequestSettled
from contextune.core.runs import events as ev
from contextune.core.runs.effects import AttemptResumed, ToolReturned
from tests.engine.conftest import MakeDesk
from tests.engine.test_resume import killed, told
from tests.engine.world import GATE, Desk, ask, finish, plays, task, turn, waits_for, write

FIRST, SECOND = write("calc/first.py", "FIRST = 1\n"), write("calc/second.py", "SECOND = 2\n")
SIDE_BY_SIDE = f"gate = {GATE!r}\nladder = [{{model = 'claude-haiku-5-5', effort = 'low', tries = 2}}]\n"


def requests(here: Desk, task_id: str) -> int:
    return len(here.told(RequestReserved, task_id=task_id))


async def test_a_paused_task_leaves_its_place_to_others_and_goes_on_where_it_stood(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        *(
            plays(f"{name} work", turn(waits_for(flag), write(f"{name}.txt", "x\n")), turn(finish("Done.")))
            for name in ("one", "two")
        )
    )
    run = await here.start(task("one work"), task("two work"), agents=1)
    begun = await here.event(ev.MessageAdded, turn=1)
    assert isinstance(begun, ev.MessageAdded)
    name = begun.task_id
    (other,) = {"one", "two"} - {name}
    paused = await here.app.steering.pause_task(run.id, name)
    assert (paused.state, paused.task(name).state, paused.task(other).state) == (
        "running",
        "paused",
        "waiting",
    )
    flag.touch()
    resting = await here.until(lambda run: run.resting)
    assert (resting.state, resting.task(other).state) == ("paused", "accepted")
    assert resting.reason == f"It waits for you to resume “{name} work”."
    assert (resting.reserved == 0, resting.in_flight, requests(here, name)) == (True, (), 1)
    assert Path(resting.task(name).worktree or "", f"{name}.txt").read_text() == "x\n"
    assert not here.awake.is_on
    # What is said meanwhile is not a turn late.
    await here.app.tell(run.id, name, "Mind the gap.")
    going = await here.app.steering.resume_task(run.id, name)
    assert (going.state, going.reason, going.task(name).state) == ("running", "", "working")
    done = await here.wait(run.id)
    assert (done.state, set(done.joined)) == ("review", {"one", "two"})
    assert [(one.outcome, one.turns) for one in done.task(name).attempts] == [("green", 2)]
    assert any("Mind the gap." in text for text in told(here))
    assert len(here.server.log) == 4


async def test_a_reply_in_flight_is_paid_and_kept(desk: MakeDesk) -> None:
    here = await desk(
        plays("first file", turn(FIRST, fault={"kind": "slow", "delay_ms": 400}), turn(finish())),
    )
    run = await here.start(task("first file"))
    await here.event(RequestReserved)
    await here.app.steering.pause_task(run.id, "first")
    await here.event(RequestSettled)
    await here.event(ToolReturned)
    still = await here.until(lambda run: run.reserved == 0)
    assert (still.state, still.resting, still.task("first").attempts[0].turns) == ("paused", True, 1)
    assert still.bill.dollars > 0
    await here.app.resume(run.id)
    done = await here.wait(run.id)
    assert (done.state, done.bill.requests, requests(here, "first")) == ("review", 2, 2)


async def test_one_that_waits_is_not_begun_and_what_depends_on_it_waits(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        plays("slow work", turn(waits_for(flag), write("slow.txt", "x\n"), finish())),
        plays("first file", turn(FIRST, finish())),
        plays("later work", turn(write("later.txt", "x\n"), finish())),
    )
    tasks = task("slow work"), task("first file", after=["slow"]), task("later work", after=["first"])
    run = await here.start(*tasks)
    await here.event(ev.MessageAdded, task_id="slow", turn=1)
    await here.app.steering.pause_task(run.id, "first")
    flag.touch()
    resting = await here.until(lambda run: run.resting)
    states = {t.id: t.state for t in resting.tasks}
    assert states == {"slow": "accepted", "first": "paused", "later": "waiting"}
    assert (resting.reason, len(here.server.log)) == ("It waits for you to resume “first file”.", 1)
    assert not resting.task("first").attempts
    # The Run goes on with what alone it can go on with.
    await here.app.resume(run.id)
    done = await here.wait(run.id)
    assert {t.state for t in done.tasks} == {"accepted"}


async def test_what_is_green_by_then_joins_the_others(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(plays("first file", turn(waits_for(flag), FIRST, finish())))
    run = await here.start(task("first file"))
    await here.event(ev.MessageAdded, turn=1)
    await here.app.steering.pause_task(run.id, "first")
    flag.touch()
    done = await here.wait(run.id)
    assert (done.state, done.task("first").state, done.task("first").paused) == ("review", "accepted", False)


async def test_what_is_red_by_then_goes_to_no_agent(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        plays(
            "first file",
            turn(waits_for(flag), write("calc/area.py", "raise ValueError\n"), finish()),
            turn(write("calc/area.py", "def area(w, h):\n    return w * h\n"), finish()),
        ),
    )
    run = await here.start(task("first file"))
    await here.event(ev.MessageAdded, turn=1)
    await here.app.steering.pause_task(run.id, "first")
    flag.touch()
    testing = await here.until(lambda run: run.task("first").state == "testing")
    assert (testing.task("first").paused, testing.state) == (True, "running")
    await here.until(lambda run: run.resting)
    assert requests(here, "first") == 1
    await here.app.steering.resume_task(run.id, "first")
    assert (await here.wait(run.id)).state == "review"


async def test_a_question_of_a_paused_task_waits_and_its_answer_is_heard_later(
    desk: MakeDesk, tmp_path: Path
) -> None:
    here = await desk(plays("first file", turn(ask("Which?")), turn(FIRST, finish())))
    run = await here.start(task("first file"))
    await here.until(lambda run: run.task("first").state == "asking")
    asking = await here.app.steering.pause_task(run.id, "first")
    assert (asking.task("first").state, asking.resting) == ("asking", False)
    await here.app.answer(run.id, "first", "This one.")
    still = await here.app.run(run.id)
    # It is heard by the agent, whose next turn waits.
    assert (still.task("first").state, requests(here, "first")) == ("asking", 1)
    await here.app.steering.resume_task(run.id, "first")
    assert (await here.wait(run.id)).state == "review"
    assert "This one." in told(here)[-1]


async def test_tries_side_by_side_all_stand_still(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        plays("first file", turn(waits_for(flag), FIRST), turn(finish())),
        settings=SIDE_BY_SIDE,
        unplayed=True,
    )
    run = await here.start(task("first file"))
    for attempt in (1, 2):
        await here.event(ev.MessageAdded, attempt=attempt, turn=1)
    await here.app.steering.pause_task(run.id, "first")
    flag.touch()
    for attempt in (1, 2):
        await here.event(ToolReturned, attempt=attempt)
    assert requests(here, "first") == 2
    await here.app.resume(run.id)
    assert (await here.wait(run.id)).state == "review"


async def test_one_alone_is_cancelled_while_it_is_paused(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(plays("first file", turn(waits_for(flag), FIRST)), unplayed=True)
    run = await here.start(task("first file"), task("second file", after=["first"]))
    await here.event(ev.MessageAdded, turn=1)
    await here.app.steering.pause_task(run.id, "first")
    flag.touch()
    await here.event(ToolReturned)
    await here.app.cancel_task(run.id, "first")
    done = await here.wait(run.id)
    assert (done.state, [t.state for t in done.tasks]) == ("failed", ["cancelled", "skipped"])
    assert not done.resting


async def test_a_resting_run_is_cancelled(desk: MakeDesk) -> None:
    here = await desk()
    run = await here.start(task("first file"), agents=1)
    await here.app.steering.pause_task(run.id, "first")
    await here.until(lambda run: run.resting)
    await here.app.cancel(run.id)
    done = await here.wait(run.id)
    assert (done.state, done.resting, done.tasks[0].state) == ("cancelled", False, "cancelled")


async def test_a_task_stays_paused_when_its_run_that_was_paused_goes_on(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        plays("first file", turn(waits_for(flag), FIRST), turn(finish())),
        plays("second file", turn(waits_for(flag), SECOND), turn(finish())),
    )
    run = await here.start(task("first file"), task("second file"))
    for name in ("first", "second"):
        await here.event(ev.MessageAdded, task_id=name, turn=1)
    await here.app.pause(run.id)
    paused = await here.app.steering.pause_task(run.id, "first")
    assert (paused.reason, paused.resting) == ("Paused by the user.", False)
    flag.touch()
    await here.app.resume(run.id)
    resting = await here.until(lambda run: run.resting)
    assert (resting.task("second").state, requests(here, "first")) == ("accepted", 1)
    # Another pause of the Run, and its end, leave what it rests on as it was.
    await here.app.pause(run.id)
    assert (await here.app.run(run.id)).reason == "Paused by the user."
    await here.app.resume(run.id)
    assert (await here.wait(run.id)).state == "review"


async def test_a_task_paused_while_its_run_is_parked_spends_nothing_once_there_is_a_budget(
    desk: MakeDesk,
) -> None:
    here = await desk(plays("first file", turn(FIRST, finish())))
    quote = await here.quote(task("first file"))
    run = await here.app.start(quote.id, budget=Decimal("0.001"))
    await here.until(lambda run: run.state == "parked")
    await here.app.steering.pause_task(run.id, "first")
    raised = await here.app.steering.adjust(run.id, budget=Decimal(1))
    assert raised.state == "parked"

    await here.app.resume(run.id)
    done = await here.wait(run.id)
    assert (done.state, here.told(ev.TaskResumed) != []) == ("review", True)


async def test_it_outlives_kill_9_and_the_reopening(desk: MakeDesk, tmp_path: Path) -> None:
    flag, other = tmp_path / "go on", tmp_path / "the other goes on"
    here = await desk(
        plays("first file", turn(FIRST, waits_for(flag)), turn(finish("First."))),
        plays("second file", turn(waits_for(other)), turn(SECOND, finish("Second."))),
        unplayed=True,
    )

    async def pause() -> None:
        (run,) = await here.app.runs(here.place.root)
        await here.app.steering.pause_task(run.id, "first")

    async def go_on() -> None:
        flag.touch()

    left = await killed(
        here,
        ["ToolCalled first", "ToolCalled first", "ToolCalled second"],
        "first file",
        "second file",
        steps=[(pause, ["TaskPaused first"]), (go_on, ["ToolReturned first"] * 2)],
    )
    first = left.task("first")
    assert (left.state, first.state, first.paused) == ("running", "paused", True)
    assert first.worktree is not None
    assert Path(first.worktree, "calc/first.py").exists()
    other.touch()
    await here.app.resume(left.id)
    resting = await here.until(lambda run: run.resting)
    assert (resting.task("second").state, requests(here, "first")) == ("accepted", 0)
    # Another window opens it: it neither goes on nor looks ended.
    await here.app.close()
    here.app = here.open()
    again = await here.app.run(left.id)
    assert (again.state, again.reason) == ("paused", "It waits for you to resume “first file”.")
    await here.app.steering.resume_task(left.id, "first")
    done = await here.wait(left.id)
    assert (done.state, set(done.joined)) == ("review", {"first", "second"})
    assert [(one.outcome, one.turns) for one in done.task("first").attempts] == [("green", 2)]
    (resumed,) = here.told(AttemptResumed, task_id="first")
    assert isinstance(resumed, AttemptResumed)
    # Both calls of its last turn were answered: none is run again, none is in doubt.
    assert (resumed.turn, resumed.uncertain) == (1, ())
    assert done.task("first").worktree is None or Path(first.worktree).exists()


async def test_another_process_pauses_and_resumes_it(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(plays("first file", turn(waits_for(flag), FIRST), turn(finish())))
    other = here.open()
    run = await here.start(task("first file"))
    await here.event(ev.MessageAdded, turn=1)
    await other.steering.pause_task(run.id, "first")
    await here.event(ev.TaskPaused)
    flag.touch()
    await here.event(ToolReturned)
    await other.steering.resume_task(run.id, "first")
    assert (await here.wait(run.id)).state == "review"
    await other.close()


async def test_a_task_of_a_run_that_nobody_drives(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        plays("first file", turn(FIRST, waits_for(flag)), turn(finish())),
        plays("second file", turn(SECOND, finish())),
        unplayed=True,
    )
    run = await here.start(task("first file"), task("second file", after=["first"]))
    await here.event(ev.MessageAdded, turn=1)
    await here.app.close()
    flag.touch()
    here.app = here.open()
    paused = await here.app.steering.pause_task(run.id, "second")
    assert (paused.state, paused.task("second").state) == ("running", "paused")
    assert await here.app.steering.pause_task(run.id, "second") == paused
    await here.app.resume(run.id)
    await here.until(lambda run: run.resting)
    await here.app.close()
    here.app = here.open()
    # To resume its only Task that is left goes on with the Run.
    await here.app.steering.resume_task(run.id, "second")
    assert (await here.wait(run.id)).joined == ("first", "second")


async def test_a_paused_run_does_not_reach_its_time_limit(desk: MakeDesk) -> None:
    here = await desk(settings=f"gate = {GATE!r}\nrun_timeout = 1\n")
    run = await here.start(task("first file"))
    await here.app.steering.pause_task(run.id, "first")
    await here.until(lambda run: run.resting)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(here.event(ev.RunPaused), 1.5)
    await here.app.cancel(run.id)
    await here.wait(run.id)


async def test_what_cannot_be_paused_or_resumed_is_said(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(plays("first file", turn(waits_for(flag), FIRST, finish())))
    run = await here.start(task("first file"))
    await here.event(ev.MessageAdded, turn=1)
    with pytest.raises(UsageProblem, match="Task first is not paused: it is working"):
        await here.app.steering.resume_task(run.id, "first")
    with pytest.raises(UsageProblem, match="has no task 'nope'"):
        await here.app.steering.pause_task(run.id, "nope")
    flag.touch()
    await here.wait(run.id)
    with pytest.raises(UsageProblem, match="Task first is accepted already"):
        await here.app.steering.pause_task(run.id, "first")
    assert not here.told(ev.TaskPaused)

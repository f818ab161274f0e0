"""What the user can do to a Run under way: pause, pay more, cancel, retry; from another process, too."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contextune.core.errors import UsageProblem
from contextune.core.model.requests import RequestReserved
from contextune.core.runs import events as ev
from contextune.core.runs.endings import RunFinished
from contextune.core.runs.run import Run
from tests.engine.conftest import MakeDesk
from tests.engine.world import (
    AREA,
    GATE,
    PATIENCE,
    ask,
    bash,
    edit,
    finish,
    plays,
    task,
    turn,
    until,
    waits_for,
    write,
)

ADD = write("calc/more.py", "MORE = 1\n")
FIRST = write("calc/first.py", "FIRST = 1\n")
TASK = task("more code", "calc/more.py")
BROKEN = edit("calc/area.py", "return w * h", "return w + h + 10")
MENDED = edit("calc/area.py", "return w + h + 10", "return h * w")
ONE_RUNG = f"""
gate = {GATE!r}
gate_retries = 0
ladder = [{{model = "claude-haiku-5-5", effort = "low"}}]
"""


def states(run: Run) -> dict[str, tuple[str, str]]:
    return {t.id: (t.state, t.reason) for t in run.tasks}


async def test_a_paused_run_takes_no_further_turn(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(plays("more code", turn(waits_for(flag), ADD), turn(finish())))
    run = await here.start(TASK)
    await here.event(ev.MessageAdded, turn=1)
    await here.app.pause(run.id)
    flag.touch()
    await here.until(lambda run: run.tasks[0].files == ("calc/more.py",))
    paused = await here.app.run(run.id)
    assert (paused.state, paused.reason) == ("paused", "Paused by the user.")
    assert len(here.told(RequestReserved)) == 1
    await here.app.resume(run.id)
    done = await here.wait(run.id)
    assert (done.state, done.reason) == ("review", "")
    kinds = [type(event) for event in here.heard]
    second = [i for i, kind in enumerate(kinds) if kind is RequestReserved][1]
    assert kinds.index(ev.RunPaused) < kinds.index(ev.RunResumed) < second


async def test_a_budget_parks_the_run_until_it_is_raised(desk: MakeDesk) -> None:
    here = await desk(plays("more code", turn(ADD, finish())))
    quote = await here.quote(TASK)
    run = await here.app.start(quote.id, budget=Decimal("0.001"))
    parked = await here.until(lambda run: run.state == "parked")
    assert parked.reason.startswith("The budget of $0.001 is reached: $0.0000 spent")
    assert here.server.log == []
    await here.app.resume(run.id, Decimal("0.5"))
    done = await here.wait(run.id)
    assert (done.state, done.budget) == ("review", Decimal("0.5"))
    assert 0 < done.bill.dollars < Decimal("0.5")


async def test_a_budget_raised_while_agents_work_is_recorded(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go"
    here = await desk(plays("more code", turn(waits_for(flag)), turn(ADD, finish())))
    run = await here.start(TASK)
    await here.event(ev.MessageAdded, task_id="more")
    await here.app.resume(run.id, Decimal("5"))
    assert (await here.app.run(run.id)).budget == 5
    flag.touch()
    assert (await here.wait(run.id)).budget == 5


async def test_a_budget_of_nothing_spends_nothing(desk: MakeDesk) -> None:
    here = await desk()
    quote = await here.quote(TASK)
    await here.app.start(quote.id, budget=Decimal(0))
    parked = await here.until(lambda run: run.state == "parked")
    assert parked.budget == 0
    assert here.server.log == []


async def test_a_parked_run_goes_on_in_another_process(desk: MakeDesk) -> None:
    here = await desk(plays("more code", turn(ADD, finish())))
    quote = await here.quote(TASK)
    run = await here.app.start(quote.id, budget=Decimal(0))
    await here.until(lambda run: run.state == "parked")
    await here.app.close()
    here.app = here.open()
    await here.app.resume(run.id, Decimal(1))
    assert (await here.wait(run.id)).state == "review"


async def test_cancelling_a_run_ends_every_task_and_says_so_last(desk: MakeDesk, tmp_path: Path) -> None:
    here = await desk(
        plays("more code", turn(ADD, finish())),
        plays("slow work", turn(waits_for(tmp_path / "never"))),
    )
    run = await here.start(TASK, task("slow work"), task("later work", after=["slow"]))
    await here.event(ev.TaskJoined, task_id="more")
    await here.event(ev.MessageAdded, task_id="slow", turn=1)
    await here.app.cancel(run.id)
    done = await here.wait(run.id)
    cancelled = ("cancelled", "The Run was cancelled.")
    assert done.state == "cancelled"
    assert states(done) == {"more": ("accepted", ""), "slow": cancelled, "later": cancelled}
    assert isinstance(here.heard[-1], RunFinished)
    assert here.heard[-1].state == "cancelled"
    assert done.task("slow").attempts[0].outcome == "cancelled"


@pytest.mark.parametrize("whole", [True, False])
async def test_cancelling_at_once_begins_nothing(desk: MakeDesk, whole: bool) -> None:
    """Before the drive has begun a Task, and before it is there at all."""
    here = await desk()
    for moments in (0, 1, 5, 20):
        run = await here.start(TASK)
        for _ in range(moments):
            await asyncio.sleep(0)
        await (here.app.cancel(run.id) if whole else here.app.cancel_task(run.id, "more"))
        done = await here.wait(run.id)
        assert done.state == ("cancelled" if whole else "failed")
        assert done.tasks[0].state == "cancelled"
    assert here.server.log == []


async def test_a_cancelled_request_is_billed_at_its_worst(desk: MakeDesk) -> None:
    here = await desk(plays("more code", turn(ADD, fault={"kind": "stall", "after": 2})), unplayed=True)
    run = await here.start(TASK)
    held = await here.event(RequestReserved)
    await here.app.cancel(run.id)
    done = await here.wait(run.id)
    assert isinstance(held, RequestReserved)
    assert done.bill.dollars == held.worst_case
    assert done.bill.estimated == 1
    assert done.reserved == 0


async def test_cancelling_a_task_skips_what_depends_on_it(desk: MakeDesk, tmp_path: Path) -> None:
    here = await desk(
        plays("more code", turn(ADD, finish())),
        plays("slow work", turn(waits_for(tmp_path / "never"))),
    )
    run = await here.start(task("slow work"), task("later work", after=["slow"]), TASK)
    await here.event(ev.MessageAdded, task_id="slow", turn=1)
    await here.app.cancel_task(run.id, "slow")
    done = await here.wait(run.id)
    assert done.state == "review"
    assert states(done) == {
        "slow": ("cancelled", "Cancelled by the user."),
        "later": ("skipped", "It depends on slow."),
        "more": ("accepted", ""),
    }


async def test_a_task_that_only_waits_can_be_cancelled(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(plays("slow work", turn(waits_for(flag), ADD, finish())))
    run = await here.start(task("slow work"), task("later work", after=["slow"]))
    await here.event(ev.MessageAdded, task_id="slow", turn=1)
    await here.app.cancel_task(run.id, "later")
    flag.touch()
    done = await here.wait(run.id)
    assert states(done) == {"slow": ("accepted", ""), "later": ("cancelled", "Cancelled by the user.")}


async def test_a_task_that_is_being_joined_is_joined_although_cancelled(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flag = tmp_path / "go on"
    # Only the combination waits: its worktree is called ghost.
    gate = f"case $PWD in */ghost) {until(flag)};; esac"
    here = await desk(
        plays("more code", turn(ADD, finish())),
        plays("second file", turn(write("calc/second.py", "SECOND = 2\n"), finish())),
    )
    run = await here.start(TASK, task("second file"), gate=gate)
    await here.event(ev.GateStarted, task_id=None)
    await here.until(lambda run: all(t.state == "joining" for t in run.tasks))
    for _ in range(10):
        await asyncio.sleep(0)  # what is told of a Task is told a few turns of the loop before it goes on
    cancelling = [asyncio.ensure_future(here.app.cancel_task(run.id, i)) for i in ("more", "second")]
    await asyncio.sleep(0)  # both are under way now: nothing in them waits before the Tasks' ends
    flag.touch()
    await asyncio.wait_for(asyncio.gather(*cancelling), PATIENCE)
    done = await here.wait(run.id)
    assert done.state == "review"
    assert sorted(done.joined) == ["more", "second"]
    assert {t.state for t in done.tasks} == {"accepted"}


async def test_a_failed_task_can_be_done_again(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, turn(BROKEN, finish()), unless=["# Earlier attempt"]),
        plays(AREA, turn(MENDED, finish()), user=["# Earlier attempt"]),
        settings=ONE_RUNG,
    )
    failed = await here.finish(task(AREA, "calc/area.py"))
    assert (failed.state, failed.tasks[0].state) == ("failed", "failed")
    await here.app.retrying.retry(failed.id, "refuse")
    done = await here.wait(failed.id)
    assert (done.state, done.tasks[0].state) == ("review", "accepted")
    assert [attempt.outcome for attempt in done.tasks[0].attempts] == ["red", "green"]
    with pytest.raises(UsageProblem, match="only a Task that ended can be done again"):
        await here.app.retrying.retry(failed.id, "refuse")


async def test_a_failed_task_can_be_done_again_while_others_work(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        plays("slow work", turn(waits_for(flag), ADD, finish())),
        plays(AREA, turn(BROKEN, finish()), unless=["# Earlier attempt"]),
        plays(AREA, turn(MENDED, finish()), user=["# Earlier attempt"]),
        settings=ONE_RUNG,
    )
    run = await here.start(task("slow work"), task(AREA, "calc/area.py"))
    await here.event(ev.TaskEnded, task_id="refuse")
    await here.app.retrying.retry(run.id, "refuse")
    await here.event(ev.TaskJoined, task_id="refuse")
    flag.touch()
    assert (await here.wait(run.id)).joined == ("refuse", "slow")


async def test_another_process_can_pause_tell_and_cancel(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        plays(
            "more code",
            turn(waits_for(flag)),
            turn(ADD, expect=["The user says: use one line"]),
            turn(waits_for(tmp_path / "never")),
        )
    )
    other = here.open()
    run = await here.start(TASK)
    await here.event(ev.MessageAdded, turn=1)
    await other.pause(run.id)
    await here.until(lambda run: run.state == "paused")
    await other.tell(run.id, "more", "use one line")
    await here.event(ev.AgentTold)
    flag.touch()
    await other.resume(run.id)
    await here.event(ev.MessageAdded, turn=3)
    await other.cancel(run.id)
    done = await here.wait(run.id)
    assert done.state == "cancelled"
    assert await other.run(run.id) == done
    await other.close()


async def test_a_run_that_nobody_drives_can_be_cancelled(desk: MakeDesk) -> None:
    here = await desk()
    quote = await here.quote(TASK)
    run = await here.app.start(quote.id, budget=Decimal(0))
    await here.until(lambda run: run.state == "parked")
    await here.app.close()
    here.app = here.open()
    with pytest.raises(UsageProblem, match="nobody drives it; resume it first"):
        await here.app.pause(run.id)
    await here.app.cancel(run.id)
    done = await here.app.run(run.id)
    assert (done.state, done.tasks[0].state) == ("cancelled", "cancelled")
    with pytest.raises(UsageProblem, match="there is nothing to resume"):
        await here.app.resume(run.id)


@pytest.mark.parametrize("trouble", ["no server", "bad key"])
async def test_trouble_with_the_server_stops_the_run_not_the_task(desk: MakeDesk, trouble: str) -> None:
    here = await desk(plays("more code", turn(ADD, finish())))
    url = here.models.url
    if trouble == "no server":
        here.models.url = "http://127.0.0.1:9"
    else:
        here.models.key = "sk-bad"
    stopped = await here.finish(TASK)
    assert stopped.state == "paused"
    said = {"no server": "No server answers at http://127.0.0.1:9", "bad key": "does not accept the API key"}
    assert said[trouble] in stopped.reason
    assert stopped.tasks[0].state not in ("failed", "cancelled")
    assert stopped.bill.dollars == 0
    await here.models.close()
    here.models.url, here.models.key = url, "sk-test"
    await here.app.resume(stopped.id)
    assert (await here.wait(stopped.id)).state == "review"


async def test_what_makes_no_sense_is_refused_in_words(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(plays("more code", turn(waits_for(flag), ADD), turn(bash("true"), finish())))
    quote = await here.quote(TASK)
    run = await here.app.start(quote.id)
    with pytest.raises(UsageProblem, match="There is no quote"):
        await here.app.start(quote.id)
    with pytest.raises(UsageProblem, match="has no task 'nope'"):
        await here.app.tell(run.id, "nope", "hello")
    with pytest.raises(UsageProblem, match="the text is empty"):
        await here.app.tell(run.id, "more", "  ")
    with pytest.raises(UsageProblem, match="asks nothing"):
        await here.app.answer(run.id, "more", "yes")
    with pytest.raises(UsageProblem, match="is no run"):
        await here.app.run("r_nothing")
    with pytest.raises(UsageProblem, match="only a Task that ended"):
        await here.app.retrying.retry(run.id, "more")
    with pytest.raises(UsageProblem, match="only a Run that waits for review"):
        await here.app.accept(run.id, "merge")
    with pytest.raises(UsageProblem, match="accept, undo or cancel it first"):
        await here.app.discard(run.id)
    flag.touch()
    done = await here.wait(run.id)
    assert await here.app.run(run.id[:6]) == done
    with pytest.raises(UsageProblem, match="is accepted already"):
        await here.app.cancel_task(run.id, "more")


@pytest.mark.parametrize("wanted", [True, False])
async def test_the_machine_is_kept_awake_while_a_run_works(desk: MakeDesk, wanted: bool) -> None:
    here = await desk(plays("first file", turn(write("calc/first.py", "FIRST = 1\n"), finish())))
    run = await here.start(task("first file"), keep_awake=wanted)
    await here.event(ev.AttemptStarted)
    assert here.awake.is_on == wanted
    await here.wait(run.id)
    assert (here.awake.is_on, here.awake.lit) == (False, int(wanted))


async def test_the_machine_may_sleep_while_a_person_is_waited_for(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        plays("first file", turn(ask("Which?")), turn(waits_for(flag), FIRST), turn(finish())),
    )
    run = await here.start(task("first file"))
    await here.until(lambda run: run.tasks[0].state == "asking")
    assert not here.awake.is_on
    await here.app.answer(run.id, "first", "This one.")
    await here.until(lambda run: run.tasks[0].state == "working")
    assert here.awake.is_on
    await here.app.pause(run.id)
    assert not here.awake.is_on
    await here.app.resume(run.id)
    assert here.awake.is_on
    flag.touch()
    await here.wait(run.id)
    assert (here.awake.is_on, here.awake.lit) == (False, 3)


async def test_tools_that_take_too_long_end_the_attempt(desk: MakeDesk) -> None:
    here = await desk(
        plays("first file", turn(bash("sleep 1.2")), turn(finish())),
        settings='task_timeout = 1\nladder = [{model = "claude-haiku-5-5", effort = "low"}]\n',
        unplayed=True,
    )
    run = await here.finish(task("first file"))
    (attempt,) = run.tasks[0].attempts
    assert (attempt.outcome, attempt.summary) == ("limit", "Its commands and tests took more than 1.0 s.")


async def test_a_run_that_takes_too_long_is_paused_and_goes_on(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        plays("first file", turn(bash(until(flag))), turn(write("calc/first.py", "FIRST = 1\n"), finish())),
        settings=f"gate = {GATE!r}\nrun_timeout = 1\n",
    )
    run = await here.start(task("first file"))
    paused = await here.until(lambda run: run.state == "paused")
    assert paused.reason == "It was at work for 1.0 s, as long as the setting run_timeout allows."
    flag.touch()
    await here.app.resume(run.id)
    assert (await here.wait(run.id)).state == "review"


@pytest.mark.parametrize("first", [[BROKEN], []])
async def test_to_finish_again_with_what_was_refused_ends_the_attempt(
    desk: MakeDesk, first: list[dict[str, Any]]
) -> None:
    here = await desk(
        plays("more code", turn(*first, finish()), turn(finish("It is right."))),
        settings=ONE_RUNG.replace("gate_retries = 0", "gate_retries = 5"),
    )
    run = await here.finish(TASK)
    (attempt,) = run.tasks[0].attempts
    assert attempt.outcome == "stuck"
    assert attempt.summary == (
        "It went round in circles: it finished again with the very files that were refused."
    )
    assert run.tasks[0].state == "failed"

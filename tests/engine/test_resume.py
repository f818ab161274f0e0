"""A process is killed in the middle of a Run, and another one brings the Run to its end."""

from __future__ import annotations

import asyncio
import fcntl
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from contextune.core import events as ev
from contextune.core.run import Run
from tests.engine.conftest import MakeDesk
from tests.engine.world import GATE, PATIENCE, Desk, finish, plays, task, turn, until, waits_for, write

REPOSITORY = Path(__file__).parents[2]
EARLIER = "# Earlier attempt"
TWO_RUNGS = f"""
gate = {GATE!r}
gate_retries = 0
ladder = [{{model = "claude-haiku-5-5", effort = "low"}}, {{model = "claude-sonnet-5-5", effort = "medium"}}]
"""


async def killed(here: Desk, lines: Sequence[str], *titles: str) -> Run:
    """Start a Run in another process and kill that once it has told these events; the Run as it was left."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.engine.other_process", str(here.place.root), str(here.home),
        here.models.url, *titles, cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    told: Counter[str] = Counter()
    try:
        async with asyncio.timeout(PATIENCE):
            while not Counter(lines) <= told:
                read = await process.stdout.readline()
                assert read, told
                told[read.decode().strip()] += 1
    finally:
        process.kill()
        await process.communicate()
    (run,) = await here.app.runs(here.place.root)
    await asyncio.wait_for(asyncio.to_thread(_until_free, here.home / "runs" / f"{run.id}.lock"), PATIENCE)
    return run


def _until_free(lock: Path) -> None:
    """A command that the process was about to start may hold the Run until it has begun."""
    with lock.open() as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)


async def test_a_killed_run_goes_on_where_it_was(desk: MakeDesk) -> None:
    here = await desk(
        plays("first file", turn(write("calc/first.py", "FIRST = 1\n"), finish("First."))),
        plays(
            "second file",
            turn(write("calc/second.py", "SECOND = 2\n")),
            turn(finish("Too late."), fault={"kind": "slow", "delay_ms": 60_000}),
            unless=[EARLIER],
        ),
        plays("second file", turn(finish("Second.")), user=[EARLIER, "+SECOND = 2"]),
        unplayed=True,
    )
    in_flight = ["TaskJoined first", "RequestReserved second", "RequestReserved second"]
    left = await killed(here, in_flight, "first file", "second file")
    assert (left.state, left.joined, left.task("second").state) == ("running", ("first",), "working")
    (request,) = left.in_flight
    assert request.worst_case == left.reserved > 0
    await here.app.resume(left.id)
    done = await here.wait(left.id)
    assert (done.state, done.joined) == ("review", ("first", "second"))
    assert len(done.task("first").attempts) == 1
    assert [a.outcome for a in done.task("second").attempts] == ["cancelled", "green"]
    # Nobody knows whether that reply was billed, so that its worst case counts.
    assert done.in_flight == ()
    assert done.reserved == 0
    assert done.bill.estimated == 1
    assert done.bill.dollars > left.bill.dollars + request.worst_case
    # Nothing is merged twice: one commit a Task, each file once.
    subjects = here.place.said("log", "--format=%s", f"{done.base.commit}..{done.ghost}").splitlines()
    assert subjects == ["second file", "first file"]
    assert [change.path for change in done.changes] == ["calc/first.py", "calc/second.py"]
    assert await here.app.run(done.id) == done


async def test_a_killed_task_goes_on_at_the_rung_it_had_reached(desk: MakeDesk) -> None:
    low, high = "claude-haiku-5-5", "claude-sonnet-5-5"
    here = await desk(
        plays("first file", turn(write("calc/area.py", "raise ValueError\n"), finish("Low.")), model=low),
        plays(
            "first file",
            turn(write("calc/first.py", "FIRST = 1\n")),
            turn(finish("Too late."), fault={"kind": "slow", "delay_ms": 60_000}),
            user=["It said: Low."],
            unless=["+FIRST = 1"],
            model=high,
        ),
        plays(
            "first file",
            turn(write("calc/area.py", "def area(w, h):\n    return w * h\n"), finish("High.")),
            user=[EARLIER, "+FIRST = 1", "+raise ValueError"],
            model=high,
        ),
        settings=TWO_RUNGS,
        unplayed=True,
    )
    in_flight = ["AttemptEnded first", *["RequestReserved first"] * 3]
    left = await killed(here, in_flight, "first file")
    assert [one.outcome for one in left.tasks[0].attempts] == ["red", "working"]
    await here.app.resume(left.id)
    done = await here.wait(left.id)
    told = [(one.step, one.outcome, one.reason) for one in done.tasks[0].attempts]
    assert told == [
        (0, "red", done.quote.tasks[0].reason),
        (1, "cancelled", "The Gate stayed red."),
        (1, "green", "The Gate stayed red."),
    ]
    assert done.state == "review"


async def test_a_task_that_was_green_is_not_done_again(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    gate = f"case $PWD in */ghost) {until(flag)};; esac; {GATE}"
    here = await desk(
        plays("first file", turn(write("calc/first.py", "FIRST = 1\n"), finish("First."))),
        settings=f"gate = {gate!r}\n",
    )
    left = await killed(here, ["GateStarted None"], "first file")
    assert (left.tasks[0].state, left.joined) == ("joining", ())
    flag.touch()
    await here.app.resume(left.id)
    done = await here.wait(left.id)
    assert (done.state, done.joined, len(done.tasks[0].attempts)) == ("review", ("first",), 1)
    assert done.tasks[0].summary == "First."
    assert len(here.server.log) == 1


async def test_a_closed_application_leaves_a_run_that_goes_on(desk: MakeDesk, tmp_path: Path) -> None:
    here = await desk(
        plays(
            "first file",
            turn(write("calc/first.py", "FIRST = 1\n")),
            turn(waits_for(tmp_path / "never")),
            unless=[EARLIER],
        ),
        plays("first file", turn(finish()), user=[EARLIER, "+FIRST = 1"]),
    )
    run = await here.start(task("first file"))
    # The second reply comes when the calls of the first one have been run.
    await here.event(ev.MessageAdded, turn=2)
    await here.app.close()
    here.app = here.open()
    left = await here.app.run(run.id)
    assert (left.state, left.tasks[0].state, left.in_flight) == ("running", "working", ())
    await here.app.resume(run.id)
    assert (await here.wait(run.id)).state == "review"


async def test_a_run_has_one_driver(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(plays("first file", turn(waits_for(flag), write("calc/first.py", ""), finish())))
    run = await here.start(task("first file"))
    await here.event(ev.MessageAdded, turn=1)
    other = here.open()
    # It is asked of the process that has the Run; nobody starts a second drive.
    await other.resume(run.id)
    flag.touch()
    done = await here.wait(run.id)
    assert (done.state, len(done.tasks[0].attempts)) == ("review", 1)
    await other.close()

"""A process is killed in the middle of a Run, and another one brings the Run to its end."""

from __future__ import annotations

import asyncio
import fcntl
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from contextune.agents.loop import UNCERTAIN
from contextune.core.runs import events as ev
from contextune.core.runs.effects import AttemptResumed, ToolCalled
from contextune.core.runs.run import Run
from tests.engine.conftest import MakeDesk
from tests.engine.told import transcript
from tests.engine.world import (
    GATE,
    PATIENCE,
    Desk,
    ask,
    bash,
    finish,
    plays,
    task,
    turn,
    until,
    waits_for,
    write,
)

REPOSITORY = Path(__file__).parents[2]
EARLIER = "# Earlier attempt"
TWO_RUNGS = f"""
gate = {GATE!r}
gate_retries = 0
ladder = [{{model = "claude-haiku-5-5", effort = "low"}}, {{model = "claude-sonnet-5-5", effort = "medium"}}]
"""


async def _nothing() -> None:
    """Nobody steers it."""


async def killed(
    here: Desk,
    lines: Sequence[str],
    *titles: str,
    steps: Sequence[tuple[Callable[[], Awaitable[None]], Sequence[str]]] = (),
) -> Run:
    """Start a Run in another process and kill that once it has told these events; the Run as it was left.

    Each of `steps` is done before, and then the events are waited for that come of it.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.engine.other_process", str(here.place.root), str(here.home),
        here.models.url, *titles, cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    told: Counter[str] = Counter()
    awaited: Counter[str] = Counter()
    try:
        async with asyncio.timeout(PATIENCE):
            for act, told_then in ((_nothing, lines), *steps):
                await act()
                awaited.update(told_then)
                while not awaited <= told:
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
            turn(finish("Second."), fault={"kind": "slow", "delay_ms": 3_000}),
        ),
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
    assert [(a.outcome, a.turns) for a in done.task("second").attempts] == [("green", 2)]
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
            turn(
                write("calc/area.py", "def area(w, h):\n    return w * h\n"),
                finish("High."),
                fault={"kind": "slow", "delay_ms": 3_000},
            ),
            user=["<said>\nLow.\n</said>"],
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
            turn(waits_for(tmp_path / "never"), text="Waiting."),
            turn(finish()),
        ),
    )
    run = await here.start(task("first file"))
    await here.event(ToolCalled, name="bash")
    await here.app.close()
    here.app = here.open()
    left = await here.app.run(run.id)
    assert (left.state, left.tasks[0].state, left.in_flight) == ("running", "working", ())
    await here.app.resume(run.id)
    done = await here.wait(run.id)
    assert (done.state, [one.outcome for one in done.tasks[0].attempts]) == ("review", ["green"])
    # The command that was stopped is told as such, and is not run again.
    assert UNCERTAIN in told(here)[-1]
    assert len(here.server.log) == 3


async def test_nothing_that_was_answered_is_asked_again_and_no_command_runs_twice(
    desk: MakeDesk, tmp_path: Path
) -> None:
    here = await desk(
        plays(
            "first file",
            turn(bash("echo 1 >> count"), bash(until(tmp_path / "go on")), bash("echo 3 >> count")),
            turn(write("calc/first.py", "FIRST = 1\n"), finish("First.")),
        ),
        unplayed=True,
    )
    left = await killed(here, ["ToolCalled first"] * 2, "first file")
    await here.app.resume(left.id)
    done = await here.wait(left.id)
    assert done.state == "review"
    assert here.file(done.ghost, "count") == "1\n3\n"
    (resumed,) = here.told(AttemptResumed)
    assert isinstance(resumed, AttemptResumed)
    assert (resumed.turn, len(resumed.uncertain)) == (1, 1)
    assert len(here.server.log) == 2
    assert "it goes on from here" in await transcript(here.app, done.id, "first")


async def test_a_question_that_was_open_is_asked_again_and_its_answer_heard(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            "first file",
            turn(write("calc/first.py", "FIRST = 1\n"), ask("Which?")),
            turn(finish("Done.")),
        ),
    )
    left = await killed(here, ["QuestionAsked first"], "first file")
    assert left.task("first").state == "asking"
    await here.app.resume(left.id)
    await here.event(ev.QuestionAsked, question="Which?")
    await here.app.answer(left.id, "first", "That one.")
    assert (await here.wait(left.id)).state == "review"
    assert len(here.server.log) == 2
    assert "That one." in told(here)[-1]


async def test_the_gates_word_on_the_same_tree_counts_after_a_kill(desk: MakeDesk, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    gate = f"case $PWD in */first) echo x >> '{ran}';; esac; {GATE}"
    here = await desk(
        plays(
            "first file",
            turn(write("calc/area.py", "raise ValueError\n"), finish("Red.")),
            turn(write("calc/area.py", "def area(w, h):\n    return w * h\n"), finish("Green.")),
        ),
        settings=f"gate = {gate!r}\n",
    )
    left = await killed(here, ["GateFinished first"], "first file")
    await here.app.resume(left.id)
    done = await here.wait(left.id)
    assert [(one.outcome, one.turns) for one in done.tasks[0].attempts] == [("green", 2)]
    assert len(ran.read_text().split()) == 2
    assert len(here.server.log) == 2


async def test_words_that_no_turn_had_carried_are_heard_once(desk: MakeDesk, tmp_path: Path) -> None:
    here = await desk(
        plays(
            "first file",
            turn(write("calc/first.py", "FIRST = 1\n"), bash(until(tmp_path / "never"))),
            turn(bash("true")),
            turn(finish("Done.")),
        ),
    )
    run = await here.start(task("first file"))
    await here.event(ToolCalled, name="bash")
    await here.app.tell(run.id, "first", "Mind the gap.")
    await here.app.close()
    here.app = here.open()
    await here.app.resume(run.id)
    assert (await here.wait(run.id)).state == "review"
    assert [text.count("Mind the gap.") for text in told(here)] == [0, 1, 0]


async def test_a_worktree_that_is_gone_begins_a_new_attempt(desk: MakeDesk, tmp_path: Path) -> None:
    here = await desk(
        plays(
            "first file",
            turn(bash(f"[ -e '{tmp_path / 'go on'}' ] || {until(tmp_path / 'go on')}")),
            turn(write("calc/first.py", "FIRST = 1\n"), finish("Done.")),
        ),
    )
    left = await killed(here, ["ToolCalled first"], "first file")
    path = left.tasks[0].worktree
    assert path is not None
    here.place.git("worktree", "remove", "--force", path)
    here.place.git("branch", "-D", f"contextune/{left.id}/first")
    (tmp_path / "go on").touch()
    await here.app.resume(left.id)
    done = await here.wait(left.id)
    assert [one.outcome for one in done.tasks[0].attempts] == ["cancelled", "green"]
    assert done.tasks[0].attempts[0].summary == "Its worktree was gone."


def told(here: Desk) -> list[str]:
    """What agents were told, turn by turn."""
    added = [event.message for event in here.heard if isinstance(event, ev.MessageAdded)]
    return [str(message.blocks) for message in added if message.role == "user"]


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

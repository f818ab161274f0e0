"""A rung with several tries: who is chosen, what is handed over, and that nobody waits for nothing."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from contextune.core.proof.evidence import Evidence
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run, fold
from contextune.core.states import AttemptOutcome
from contextune.engine.attempts.attempt import Done
from contextune.engine.tasks.best_of import GREEN_ALREADY, Questions, Tried, choose
from tests.engine.conftest import MakeDesk
from tests.engine.test_resume import killed
from tests.engine.world import (
    AREA,
    GATE,
    PATIENCE,
    Desk,
    ask,
    bash,
    edit,
    finish,
    plays,
    task,
    turn,
    until,
    write,
)

EARLIER = "# Earlier attempt"
TASK = task(AREA, "calc/area.py")
SMALL = "sed -i '/TODO/d' calc/area.py"
BIG = f"{SMALL}; printf 'ONE = 1\\nTWO = 2\\n' >> calc/area.py"
RED = "sed -i 's/w . h$/w + h + 10/' calc/area.py"
REDDER = f'{RED}; sed -i \'s/"hi " + name/"hi"/\' calc/names.py'


def best_of(tries: int, *, retries: int = 0) -> str:
    return f"""
gate = {GATE!r}
gate_retries = {retries}
ladder = [
    {{model = "claude-haiku-5-5", effort = "low", tries = {tries}}},
    {{model = "claude-sonnet-5-5", effort = "medium"}},
]
"""


def each(first: str, *others: str) -> dict[str, object]:
    """One command for all tries: every Lease tells its name, so that each of them does something else."""
    arms = "".join(f"*.{number}) {command};; " for number, command in enumerate(others, start=2))
    return bash(f"case $CONTEXTUNE_TASK in {arms}*) {first};; esac")


def outcomes(run: Run) -> dict[int, str]:
    return {one.trial: one.outcome for one in run.tasks[0].attempts if one.step == 0}


def worktrees(here: Desk, run: Run) -> list[str]:
    return sorted(file.parent.name for file in here.home.rglob(".git") if run.id in file.parts)


async def test_the_smallest_green_diff_is_chosen(desk: MakeDesk) -> None:
    here = await desk(plays(AREA, turn(each(BIG, SMALL, RED), finish("Done."))), settings=best_of(3))
    run = await here.finish(TASK)
    (done,) = run.tasks
    assert (run.state, done.state) == ("review", "accepted")
    assert outcomes(run) == {1: "outdone", 2: "green", 3: "red"}
    assert done.attempt is not None
    assert done.attempt.trial == 2
    assert here.file(run.ghost, "calc/area.py") == "def area(w, h):\n    return w * h\n"
    # The others' worktrees are gone, and what they did is kept.
    assert worktrees(here, run) == ["ghost", "refuse"]
    salvage = f"refs/contextune/salvage/{run.id}"
    kept = f"refs/contextune/kept/{run.id}/refuse/not-{done.attempt.number}"
    assert {f"{salvage}/refuse.2", f"{salvage}/refuse.3", kept} <= set(here.refs())
    assert "TWO = 2" in here.file(kept, "calc/area.py")
    assert "w + h + 10" in here.file(f"{salvage}/refuse.3", "calc/area.py")
    # Each attempt has the bill, the Evidence and the conversation of its own.
    assert [one.turns for one in done.attempts] == [1, 1, 1]
    assert sum((one.bill.dollars for one in done.attempts), Decimal(0)) == done.bill.dollars
    assert {one.bill.requests for one in done.attempts} == {1}
    verdicts = {one.trial: one.evidence.verdict for one in done.attempts if one.evidence}
    assert verdicts == {1: "green", 2: "green", 3: "red"}
    assert fold(await here.journal.read(run.id)) == run


async def test_of_equal_diffs_the_cheaper_one_is_chosen(desk: MakeDesk) -> None:
    here = await desk(plays(AREA, turn(each(SMALL, SMALL), finish())), settings=best_of(2))
    run = await here.finish(TASK)
    (done,) = run.tasks
    assert done.attempt is not None
    assert done.attempt.bill.dollars == min(one.bill.dollars for one in done.attempts)
    assert sorted(outcomes(run).values()) == ["green", "outdone"]


def tried(
    number: int, outcome: AttemptOutcome, lines: int, dollars: int = 1, failing: tuple[str, ...] = ()
) -> Tried:
    red = Evidence(
        command="x", exit_code=1, tree="t", duration_ms=1, output="", verdict="red", newly_failing=failing
    )
    done = Done(outcome, "", evidence=red if outcome == "red" else None, attempt=number)
    return Tried(number, done, lines, Decimal(dollars))


@pytest.mark.parametrize(
    ("tries", "chosen"),
    [
        ([tried(1, "green", 9), tried(2, "green", 5), tried(3, "red", 1)], 2),
        ([tried(1, "green", 5, 2), tried(2, "green", 5, 1)], 2),
        ([tried(2, "green", 5), tried(1, "green", 5)], 1),
        ([tried(1, "red", 1, failing=("a", "b")), tried(2, "red", 9, failing=("a",))], 2),
        ([tried(1, "red", 9, failing=("a",)), tried(2, "red", 3, failing=("a",))], 2),
        # A Gate that names no test, or that was not met, says nothing of how near it was.
        ([tried(1, "red", 1), tried(2, "red", 9, failing=("a", "b"))], 2),
        ([tried(1, "limit", 1), tried(2, "red", 9, failing=("a", "b"))], 2),
        ([tried(1, "refused", 0), tried(2, "limit", 0)], 1),
    ],
)
def test_the_gate_chooses_then_the_diff_then_the_price(tries: list[Tried], chosen: int) -> None:
    assert choose(tries).trial == chosen


async def test_when_all_are_red_the_nearest_to_green_is_handed_over(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, turn(each(REDDER, RED, REDDER), finish("I added.")), unless=[EARLIER]),
        plays(
            AREA,
            turn(edit("calc/area.py", "w + h + 10", "h * w"), finish()),
            user=[EARLIER, "I added.", "+    return w + h + 10", "Newly failing"],
            unless=["calc/names.py b/calc/names.py"],
            model="claude-sonnet-5-5",
        ),
        settings=best_of(3),
    )
    run = await here.finish(TASK)
    (done,) = run.tasks
    assert outcomes(run) == {1: "red", 2: "red", 3: "red"}
    assert [one.outcome for one in done.attempts if one.step == 1] == ["green"]
    assert [change.path for change in run.changes] == ["calc/area.py"]
    assert here.file(run.ghost, "calc/area.py").endswith("return h * w\n")


async def test_fewer_places_than_tries_make_them_queue(desk: MakeDesk) -> None:
    here = await desk(plays(AREA, turn(each(RED, SMALL, BIG), finish())), settings=best_of(3))
    run = await here.finish(TASK, agents=1)
    # The third one did not begin: one is green already.
    assert outcomes(run) == {1: "red", 2: "green"}
    assert run.state == "review"


async def test_a_try_that_needs_more_turns_than_the_green_one_is_stopped_between_them(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flag = tmp_path / "go on"
    late = f"{until(flag)}; {RED}"
    here = await desk(plays(AREA, turn(each(BIG, late), finish())), settings=best_of(2, retries=1))
    await here.start(TASK)
    await here.event(ev.AttemptEnded, outcome="green")
    flag.touch()
    run = await here.until(lambda run: run.state == "review")
    late_one = next(one for one in run.tasks[0].attempts if one.trial == 2)
    assert (late_one.outcome, late_one.summary, late_one.turns) == ("cancelled", GREEN_ALREADY, 1)
    assert late_one.bill.estimated == 0
    assert run.tasks[0].bill.requests == 2


async def test_words_of_the_user_reach_every_try(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        plays(
            AREA,
            turn(bash(until(flag))),
            turn(each(BIG, SMALL), finish(), expect=["The user says: keep it short"]),
        ),
        settings=best_of(2),
    )
    run = await here.start(TASK)
    await here.until(lambda run: [one.turns for one in run.tasks[0].attempts] == [1, 1])
    await here.app.tell(run.id, "refuse", "keep it short")
    flag.touch()
    done = await here.wait(run.id)
    assert (done.state, done.tasks[0].told) == ("review", ())
    assert done.tasks[0].bill.requests == 4


async def test_if_all_ask_the_first_question_is_put(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, turn(ask("Raise or clamp?")), turn(each(SMALL, SMALL), finish(), expect=["clamp"])),
        settings=best_of(2),
    )
    run = await here.start(TASK, agents=1)
    asking = await here.until(lambda run: run.tasks[0].state == "asking")
    assert len(here.told(ev.QuestionAsked)) == 1
    asker = asking.tasks[0].asked_by
    await here.app.answer(run.id, "refuse", "clamp")
    done = await here.wait(run.id)
    assert done.state == "review"
    ended = {one.number: (one.outcome, one.summary) for one in done.tasks[0].attempts}
    assert asker is not None
    assert ended.pop(asker)[0] == "green"
    assert list(ended.values()) == [("limit", "It wanted to ask: Raise or clamp?")]


async def test_one_that_ends_without_a_question_spares_the_user_the_others() -> None:
    questions = Questions(3)
    asking = [asyncio.create_task(questions.may_ask(trial)) for trial in (1, 2)]
    await asyncio.sleep(0)
    assert not any(one.done() for one in asking)
    questions.over()
    assert await asyncio.wait_for(asyncio.gather(*asking), PATIENCE) == [False, False]
    assert await questions.may_ask(3) is False


async def test_who_speaks_for_all_may_ask_again() -> None:
    questions = Questions(2)
    other = asyncio.create_task(questions.may_ask(2))
    await asyncio.sleep(0)
    assert await questions.may_ask(1) is False
    assert await asyncio.wait_for(other, PATIENCE) is True
    questions.over()
    assert await questions.may_ask(2) is True


async def test_a_killed_round_repeats_what_was_cut_and_no_more(desk: MakeDesk, tmp_path: Path) -> None:
    never = f"echo 'FIRST = 1' > calc/first.py; {until(tmp_path / 'never')}"
    here = await desk(
        plays(
            "first file",
            turn(each(never, "echo 'raise ValueError' > calc/area.py"), finish("Red.")),
            turn(finish("First.")),
        ),
        settings=best_of(2),
    )
    left = await killed(here, ["AttemptEnded first"], "first file")
    assert {one.trial: one.outcome for one in left.tasks[0].attempts} == {1: "working", 2: "red"}
    await here.app.resume(left.id)
    done = await here.wait(left.id)
    assert done.state == "review"
    ended = sorted((one.step, one.trial, one.outcome) for one in done.tasks[0].attempts)
    assert ended == [(0, 1, "green"), (0, 2, "red")]
    assert here.file(done.ghost, "calc/first.py") == "FIRST = 1\n"
    assert worktrees(here, done) == ["first", "ghost"]


async def test_a_killed_round_with_a_green_one_is_not_paid_again(desk: MakeDesk, tmp_path: Path) -> None:
    never = until(tmp_path / "never")
    small = "echo 'FIRST = 1' > calc/first.py"
    here = await desk(
        plays("first file", turn(each(never, small), finish("First.", remaining="The second."))),
        settings=best_of(2),
    )
    left = await killed(here, ["AttemptEnded first"], "first file")
    await here.app.resume(left.id)
    done = await here.wait(left.id)
    assert done.state == "review"
    assert {one.trial: one.outcome for one in done.tasks[0].attempts} == {1: "cancelled", 2: "green"}
    assert (done.tasks[0].summary, done.tasks[0].remaining) == ("First.", "The second.")
    assert here.file(done.ghost, "calc/first.py") == "FIRST = 1\n"


async def test_cancelling_a_task_stops_every_try(desk: MakeDesk, tmp_path: Path) -> None:
    never = bash(until(tmp_path / "never"))
    here = await desk(
        plays(AREA, turn(write("calc/more.py", "MORE = 1\n")), turn(never)), settings=best_of(3)
    )
    run = await here.start(TASK)
    await here.until(lambda run: [one.turns for one in run.tasks[0].attempts] == [2, 2, 2])
    await here.app.cancel(run.id)
    done = await here.wait(run.id)
    assert outcomes(done) == {1: "cancelled", 2: "cancelled", 3: "cancelled"}
    await here.app.discard(run.id)
    assert worktrees(here, done) == []
    kept = {ref.rpartition("/")[2] for ref in here.refs(f"refs/contextune/salvage/{run.id}")}
    assert {"refuse", "refuse.2", "refuse.3"} <= kept

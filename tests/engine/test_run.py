"""A Run from its start to review: the Gate's word, the Ladder, questions and words of the user."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.core.runs import events as ev
from contextune.core.runs.run import fold
from tests.engine.conftest import MakeDesk
from tests.engine.told import transcript
from tests.engine.world import (
    AREA,
    GATE,
    NAMES,
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

TODO = "    # TODO: refuse negative sizes\n"
GUARD = edit("calc/area.py", TODO, '    if min(w, h) < 0:\n        raise ValueError("negative size")\n')
BROKEN = edit("calc/area.py", TODO + "    return w * h", "    return w + h + 10")
MENDED = edit("calc/area.py", "return w + h + 10", "return max(0, w) * max(0, h)")
TASK = task(AREA, "calc/area.py")
EARLIER = "# Earlier attempt"

TWO_RUNGS = f"""
gate = {GATE!r}
gate_retries = 0
ladder = [{{model = "claude-haiku-5-5", effort = "low"}}, {{model = "claude-sonnet-5-5", effort = "medium"}}]
"""


async def test_a_green_task_waits_for_review_on_the_ghost(desk: MakeDesk) -> None:
    here = await desk(plays(AREA, turn(GUARD), turn(finish("Sizes below zero are refused."))))
    run = await here.finish(TASK)
    (done,) = run.tasks
    assert (run.state, done.state, run.joined) == ("review", "accepted", ("refuse",))
    assert "ValueError" in here.file(run.ghost, "calc/area.py")
    assert [change.path for change in run.changes] == ["calc/area.py"]
    assert done.attempt is not None
    assert done.attempt.outcome == "green"
    assert done.attempt.evidence is not None
    assert (done.attempt.evidence.verdict, done.attempt.evidence.command) == ("green", GATE)
    message = here.place.said("log", "-1", "--format=%B", str(run.ghost))
    assert message.startswith(AREA)
    assert "Sizes below zero are refused." in message
    assert f"Contextune-Run: {run.id}" in message


async def test_the_journal_folds_to_the_run_that_was_driven(desk: MakeDesk) -> None:
    here = await desk(plays(AREA, turn(GUARD), turn(finish())))
    await here.finish(TASK)
    last = await here.until(lambda run: run.state == "review")
    assert fold(here.heard) == last
    assert await here.app.run(last.id) == last
    assert last.bill.requests == len(here.server.log) == 2
    assert last.reserved == 0
    assert last.in_flight == ()


async def test_a_red_gate_goes_back_to_the_agent(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            AREA,
            turn(BROKEN, finish("Done.")),
            turn(MENDED, finish("Now it holds."), expect=["The Gate is red", "test_area"]),
        )
    )
    run = await here.finish(TASK)
    (attempt,) = run.tasks[0].attempts
    assert (run.state, attempt.outcome, attempt.turns) == ("review", "green", 2)
    verdicts = [event.evidence.verdict for event in here.heard if isinstance(event, ev.GateFinished)]
    assert verdicts[:2] == ["red", "green"]


async def test_a_task_climbs_and_hands_over_what_it_has(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, turn(BROKEN, finish("I added.")), unless=[EARLIER], model="claude-haiku-5-5"),
        plays(
            AREA,
            turn(MENDED, finish("I multiply again.")),
            user=[EARLIER, "I added.", "+    return w + h + 10", "test_area"],
            model="claude-sonnet-5-5",
        ),
        settings=TWO_RUNGS,
    )
    run = await here.finish(TASK)
    low, high = run.tasks[0].attempts
    assert (low.outcome, high.outcome) == ("red", "green")
    assert high.reason == "The Gate stayed red."
    assert "max(0, w)" in here.file(run.ghost, "calc/area.py")


async def test_at_the_end_of_the_ladder_a_task_fails_with_a_sentence(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, turn(BROKEN, finish()), unless=[EARLIER]),
        plays(AREA, turn(finish("It is right as it is.")), user=[EARLIER]),
        settings=TWO_RUNGS,
    )
    run = await here.finish(TASK)
    assert (run.state, run.tasks[0].state, run.tasks[0].reason) == (
        "failed",
        "failed",
        "The Gate stayed red.",
    )
    assert (run.ghost, run.joined, run.changes) == (None, (), ())


async def test_a_finish_without_a_change_is_no_finish(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, turn(finish("All is well.")), turn(GUARD, finish(), expect=["Nothing was changed yet"]))
    )
    run = await here.finish(TASK)
    assert run.state == "review"


async def test_a_turn_without_a_call_counts_as_finish(desk: MakeDesk) -> None:
    here = await desk(plays(AREA, turn(GUARD), turn(text="That is all.")))
    run = await here.finish(TASK)
    assert (run.state, run.tasks[0].summary) == ("review", "That is all.")


async def test_a_declined_task_climbs(desk: MakeDesk) -> None:
    refusal = {"fault": {"kind": "refusal"}}
    here = await desk(
        plays(AREA, refusal, model="claude-haiku-5-5"),
        plays(AREA, turn(GUARD, finish()), model="claude-sonnet-5-5"),
        settings=TWO_RUNGS,
    )
    run = await here.finish(TASK)
    first, second = run.tasks[0].attempts
    assert (first.outcome, second.outcome) == ("refused", "green")
    assert "declined" in second.reason


async def test_an_attempt_that_uses_up_its_turns_climbs(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, turn(bash("true")), turn(GUARD), unless=[EARLIER]),
        plays(AREA, turn(finish()), user=[EARLIER, "2 turns are used up"]),
        settings=TWO_RUNGS + "max_turns = 2\n",
    )
    run = await here.finish(TASK)
    assert [attempt.outcome for attempt in run.tasks[0].attempts] == ["limit", "green"]


async def test_a_question_waits_for_its_answer(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            AREA,
            turn(bash("true"), ask("Raise or clamp?", "raise", "clamp")),
            turn(GUARD, finish(), expect=["raise, please"]),
        )
    )
    run = await here.start(TASK)
    asking = await here.until(lambda run: run.tasks[0].state == "asking")
    question = asking.tasks[0].question
    assert question is not None
    assert (question.text, question.choices) == ("Raise or clamp?", ("raise", "clamp"))
    await here.app.answer(run.id, "refuse", "raise, please")
    done = await here.wait(run.id)
    assert (done.state, done.tasks[0].question, done.tasks[0].told) == ("review", None, ())
    assert len(done.tasks[0].attempts) == 1


async def test_a_task_that_asks_leaves_its_place_to_others(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, turn(ask("Raise or clamp?")), turn(GUARD, finish())),
        plays(NAMES, turn(ask("How polite?")), turn(edit("calc/names.py", '"hi "', '"Dear "'), finish())),
    )
    run = await here.start(TASK, task(NAMES, "calc/names.py"), agents=1)
    await here.until(lambda run: all(task.state == "asking" for task in run.tasks))
    await here.app.answer(run.id, "refuse", "raise")
    await here.app.answer(run.id, "greet", "very")
    assert (await here.wait(run.id)).state == "review"


async def test_words_of_the_user_reach_the_next_turn_once(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        plays(
            AREA,
            turn(waits_for(flag), bash("echo waiting")),
            turn(GUARD, expect=["The user says: waiting"]),
            turn(finish()),
        )
    )
    run = await here.start(TASK)
    await here.event(ev.MessageAdded, turn=1)
    # The output holds the same word; the user's own must get through all the same.
    await here.app.tell(run.id, "refuse", "waiting")
    flag.touch()
    done = await here.wait(run.id)
    assert (done.state, done.tasks[0].told) == ("review", ())
    said = await transcript(here.app, run.id, "refuse")
    assert said.count("The user says: waiting") == 1


@pytest.mark.parametrize("before_the_gate", [True, False])
async def test_words_that_come_while_the_agent_finishes_are_not_lost(
    desk: MakeDesk, tmp_path: Path, *, before_the_gate: bool
) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        plays(
            AREA,
            turn(*([waits_for(flag)] if before_the_gate else []), GUARD, finish("Done.")),
            turn(write("calc/note.py", "NOTE = 1\n"), finish(), expect=["The user says: add a note"]),
        ),
    )
    # This gate passes on the base and, after the change, only once the test lets it.
    slow = f"grep -q TODO calc/area.py || {until(flag)}"
    held = {} if before_the_gate else {"gate": slow}
    run = await here.start(TASK, **held)
    if before_the_gate:
        await here.event(ev.MessageAdded, turn=1)
    else:
        await here.event(ev.GateStarted, task_id="refuse")
    await here.app.tell(run.id, "refuse", "add a note")
    flag.touch()
    done = await here.wait(run.id)
    assert [change.path for change in done.changes] == ["calc/area.py", "calc/note.py"]


async def test_removed_tests_keep_a_task_red(desk: MakeDesk) -> None:
    cheat = write("tests/test_calc.py", "import unittest\n")
    here = await desk(
        plays(
            AREA,
            turn(BROKEN, cheat, finish()),
            turn(finish("I insist."), expect=["must not disappear", "test_area"]),
        ),
        settings=f"gate = {GATE!r}\nladder = [{{model = 'claude-haiku-5-5', effort = 'low'}}]\n",
    )
    run = await here.finish(TASK)
    assert (run.state, run.tasks[0].reason) == ("failed", "The Gate stayed red.")


async def test_without_a_gate_the_work_is_unproven(desk: MakeDesk) -> None:
    here = await desk(
        plays("note", turn(write("note.txt", "hello\n"), finish())),
        files={"readme.txt": "nothing to test\n"},
        settings="agents = 2\n",
    )
    run = await here.finish(task("note"))
    assert (run.state, run.gate, run.baseline) == ("review", None, None)
    assert here.file(run.ghost, "note.txt") == "hello\n"
    assert here.told(ev.GateFinished) == []

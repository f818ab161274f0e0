"""Runs that are measured from their Journal."""

from __future__ import annotations

import json

import pytest

from contextune.agents.digest import run_words
from contextune.core.errors import UsageProblem
from contextune.core.timing.phases import timing
from tests.engine.conftest import MakeDesk
from tests.engine.world import ask, bash, edit, finish, plays, task, turn

AREA = edit("calc/area.py", "    # TODO: refuse negative sizes\n", "")
NAMES = edit("calc/names.py", "    # TODO: greet politely\n", "")


async def test_every_phase_of_a_run_is_measured(desk: MakeDesk) -> None:
    made = await desk(
        plays(
            "area first", turn(bash("sleep 0.05")), turn(ask("Which?", "one", "two")), turn(AREA, finish())
        ),
        plays("names next", turn(NAMES, finish())),
    )
    run = await made.start(
        task("area first", "calc/area.py"), task("names next", "calc/names.py", after=["area"])
    )
    await made.until(lambda run: run.task("area").question is not None)
    await made.app.answer(run.id, "area", "a")
    run = await made.wait(run.id)
    await made.app.accept(run.id, "merge")
    found = (await made.app.agents.timings.of(run)).run
    measured = {phase.name: phase for phase in found.phases}
    assert {"base tests", "waiting", "worktree", "model", "tools", "gate", "joining"} <= set(measured)
    assert measured["waiting"].longest_of == "names"
    assert measured["tools"].total_ms >= 50
    assert 0 < measured["tools"].longest_ms <= found.wall_ms
    of_one = [
        p
        for p in found.phases
        if p.name in ("worktree", "seat", "model", "tools", "gate", "question", "agent")
    ]
    assert sum(phase.total_ms for phase in of_one) <= 2 * found.wall_ms


async def test_a_run_is_compared_with_those_before_it_alone(desk: MakeDesk) -> None:
    made = await desk(plays("area now", turn(AREA, finish())), plays("names now", turn(NAMES, finish())))
    first = await made.finish(task("area now", "calc/area.py"))
    second = await made.finish(task("names now", "calc/names.py"))
    assert (await made.app.agents.timings.of(first)).earlier == 0
    found = await made.app.agents.timings.of(second)
    assert found.earlier == 1
    rows = {row.name: row for row in found.rows}
    assert rows["gate"].baseline_ms is not None
    assert rows["gate"].baseline_ms > 0
    assert sum(row.share for row in found.rows) == pytest.approx(1)


def test_nothing_is_measured_before_anything_began() -> None:
    assert timing([]) is None


STEPS = {
    "summary": "All is well.",
    "steps": [{"task": "area", "action": "accept", "why": "It is green."}],
    "question": "",
}


async def test_the_merge_coordinator_is_told_of_a_run(desk: MakeDesk) -> None:
    asked = {
        "name": "coordinator",
        "when": {"system": "You are the merge-coordinator", "user": ['"id":"area"', '"state":"accepted"']},
        "turn": [{"text": json.dumps(STEPS)}],
    }
    made = await desk(plays("area now", turn(AREA, finish())), asked)
    run = await made.finish(task("area now", "calc/area.py"))
    who = (await made.app.agents.roles(None)).get("merge-coordinator")
    assert await made.app.agents.ask(made.place.root, who, run_words(run)) == STEPS
    with pytest.raises(UsageProblem):
        await made.app.run("r_nothing")

"""A conversation that has grown too long is handed over; one that is too long from the start is told."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.engine.conftest import MakeDesk
from tests.engine.test_no_cliff import PAGES, reads
from tests.engine.world import AREA, FILES, GATE, edit, finish, plays, task, turn, write

EARLIER = "# Earlier attempt"
OUTGROWN = "until its conversation had grown too long"
TASK = task(AREA, "calc/area.py")
ONE = write("calc/one.py", "ONE = 1\n")
GUARD = edit("calc/area.py", "    # TODO: refuse negative sizes\n", "")
LADDER = f"""
gate = {GATE!r}
gate_retries = 1
ladder = [{{model = "claude-haiku-5-5", effort = "high"}}, {{model = "claude-sonnet-5-5", effort = "medium"}}]
"""


def thinks(count: int, first: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Turns that read every page. What was thought binds the conversation, so that it can't be pruned."""
    turns = [reads(f"Look {number}.") | {"thinking": "Where is it?"} for number in range(count)]
    if first is not None:
        turns[0]["tool"] = [first, *turns[0]["tool"]]
    return turns


async def test_a_fresh_conversation_goes_on_on_the_same_rung(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, *thinks(6, ONE), unless=[EARLIER]),
        plays(
            AREA,
            turn(GUARD, finish("Done.")),
            user=[EARLIER, OUTGROWN, "<said>\nLook 4.\n</said>", "+ONE = 1"],
            unless=["on a lower rung"],
            model="claude-haiku-5-5",
        ),
        files=FILES | PAGES,
        settings=LADDER,
        unplayed=True,
    )
    run = await here.finish(TASK)
    (done,) = run.tasks
    assert [(one.outcome, one.step) for one in done.attempts] == [("handed_over", 0), ("green", 0)]
    assert done.attempts[1].reason == "The conversation before it had grown too long."
    assert [change.path for change in run.changes] == ["calc/area.py", "calc/one.py"]
    assert [(one.attempt, one.how) for one in run.cliffs] == [(1, "handed_over")]
    assert sum(one.bill.requests for one in done.attempts) == done.bill.requests == run.bill.requests


async def test_the_evidence_is_handed_over_too(desk: MakeDesk) -> None:
    broken = edit("calc/area.py", "return w * h", "return w + h + 10")
    first, *others = thinks(6)
    red = {"tool": [broken, finish("I added.")], "thinking": "Add."}
    here = await desk(
        plays(AREA, red, first, *others, unless=[EARLIER]),
        plays(
            AREA,
            turn(edit("calc/area.py", "w + h + 10", "h * w"), finish()),
            user=[EARLIER, OUTGROWN, "The Gate is red", "test_area", "+    return w + h + 10"],
        ),
        files=FILES | PAGES,
        settings=LADDER,
        unplayed=True,
    )
    run = await here.finish(TASK)
    assert [one.outcome for one in run.tasks[0].attempts] == ["handed_over", "green"]


async def test_a_task_whose_conversations_keep_growing_climbs(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, *thinks(6), model="claude-haiku-5-5"),
        plays(AREA, turn(GUARD, finish()), model="claude-sonnet-5-5"),
        files=FILES | PAGES,
        settings=LADDER,
        unplayed=True,
    )
    run = await here.finish(TASK)
    (done,) = run.tasks
    told = [(one.outcome, one.step) for one in done.attempts]
    assert told == [("handed_over", 0)] * 4 + [("green", 1)]
    assert done.attempts[-1].reason == "The conversations about it kept growing too long."


async def test_what_is_too_long_from_the_start_fails_with_a_sentence(desk: MakeDesk) -> None:
    here = await desk()
    run = await here.finish(msgspec.structs.replace(TASK, brief="word " * 90_000))
    (done,) = run.tasks
    assert (run.state, done.state) == ("failed", "failed")
    assert done.reason.startswith("Task refuse: what its agent is told first is 11")
    assert "at most 100,000 are sent to this model. Split the Task" in done.reason
    assert [one.outcome for one in done.attempts] == ["failed"]
    assert "/v1/messages" not in {one.path for one in here.server.log}

"""Requests that the model's server refuses for what they are: no fault of the rung that sent them."""

from __future__ import annotations

from typing import Any

from contextune.core.routing.trials import trials
from contextune.core.runs import events as ev
from contextune.core.spending.rates import climbs, visits
from tests.engine.conftest import MakeDesk
from tests.engine.test_run import EARLIER, GUARD, TASK, TWO_RUNGS
from tests.engine.world import AREA, bash, finish, plays, turn

HAIKU, SONNET = "claude-haiku-5-5", "claude-sonnet-5-5"
LOW = f'ladder = [{{model = "{HAIKU}", effort = "low"}}, '
SAME_MODEL_TWICE = TWO_RUNGS.replace(LOW, f'{LOW}{{model = "{HAIKU}", effort = "high"}}, ')


def refuses(status: int) -> dict[str, Any]:
    """A turn that is answered with this HTTP status, in the words of the server."""
    return {"text": "Never said.", "fault": {"kind": "billing", "status": status, "times": 9}}


async def test_a_refused_request_ends_its_task_in_the_words_of_the_server(desk: MakeDesk) -> None:
    here = await desk(plays(AREA, refuses(400)), settings=TWO_RUNGS, unplayed=True)
    run = await here.finish(TASK)
    (done,) = run.tasks
    (attempt,) = done.attempts
    words = "The model's server refuses the request (400): There is a problem with your billing"
    assert (run.state, done.state, attempt.outcome) == ("failed", "failed", "failed")
    assert done.reason.startswith(words)
    assert attempt.summary == done.reason


async def test_an_account_without_credit_stops_the_run_and_no_task(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, turn(bash("true")), {**turn(GUARD, finish()), "fault": {"kind": "billing"}}),
        settings=TWO_RUNGS,
    )
    stopped = await here.finish(TASK)
    assert (stopped.state, stopped.reason) == (
        "paused",
        "The model's server takes no request of this account: There is a problem with your billing or "
        "payment information. Put that right, then resume the run.",
    )
    assert [(one.turns, one.outcome) for one in stopped.tasks[0].attempts] == [(1, "working")]
    await here.app.resume(stopped.id)
    run = await here.wait(stopped.id)
    assert (run.state, [one.outcome for one in run.tasks[0].attempts]) == ("review", ["green"])


async def test_a_request_refused_in_the_midst_of_the_work_ends_its_task_too(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, turn(bash("true")), turn(GUARD, expect=["nothing that it was told"])),
        settings=TWO_RUNGS,
        unplayed=True,
    )
    run = await here.finish(TASK)
    assert [(one.turns, one.outcome) for one in run.tasks[0].attempts] == [(1, "failed")]
    assert "nothing that it was told" in run.tasks[0].reason


async def test_a_refused_request_says_nothing_of_its_rung(desk: MakeDesk) -> None:
    here = await desk(plays(AREA, refuses(400)), settings=TWO_RUNGS, unplayed=True)
    run = await here.finish(TASK)
    events = await here.journal.read(run.id)
    records = [event.record for event in events if isinstance(event, ev.TaskRecorded)]
    assert [record.state for record in records] == ["failed"]
    assert [visit.passed for visit in visits(records)] == [None]
    assert (trials(records), climbs(records)) == ((), ())


async def test_a_model_that_the_server_does_not_know_is_left_for_another_one(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, refuses(404), model=HAIKU),
        plays(AREA, turn(GUARD, finish()), model=SONNET, unless=[EARLIER]),
        settings=SAME_MODEL_TWICE,
        unplayed=True,
    )
    run = await here.finish(TASK)
    first, second = run.tasks[0].attempts
    assert (first.outcome, first.rung.model) == ("failed", HAIKU)
    assert (second.outcome, second.rung.model) == ("green", SONNET)
    assert second.reason.startswith("The model's server refuses the request (404)")


async def test_where_no_model_is_known_the_task_ends(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, refuses(404), model=HAIKU),
        plays(AREA, refuses(404), model=SONNET),
        settings=TWO_RUNGS,
        unplayed=True,
    )
    run = await here.finish(TASK)
    assert [one.outcome for one in run.tasks[0].attempts] == ["failed", "failed"]
    assert "(404)" in run.tasks[0].reason


async def test_a_conversation_that_the_server_finds_too_long_goes_on_afresh(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, turn(GUARD), refuses(413), unless=[EARLIER]),
        plays(AREA, turn(finish()), user=[EARLIER, "until its conversation had grown too long"]),
        settings=TWO_RUNGS,
        unplayed=True,
    )
    run = await here.finish(TASK)
    told = [(one.rung.model, one.outcome) for one in run.tasks[0].attempts]
    assert told == [(HAIKU, "handed_over"), (HAIKU, "green")]


async def test_a_first_request_that_is_too_long_ends_its_task(desk: MakeDesk) -> None:
    here = await desk(plays(AREA, refuses(413)), settings=TWO_RUNGS, unplayed=True)
    run = await here.finish(TASK)
    assert [one.outcome for one in run.tasks[0].attempts] == ["failed"]
    assert "(413)" in run.tasks[0].reason

"""Every ended Task leaves one record, and the next Quote learns from those of its repository."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import cycle

import msgspec
import pytest

from contextune.adapters.git.repository import open_repository
from contextune.core.errors import UsageProblem
from contextune.core.model.conversation import Rung
from contextune.core.planning.plan import Task
from contextune.core.planning.record import Forecast, TaskRecord
from contextune.core.routing.router import THIN
from contextune.core.runs import events as ev
from contextune.core.runs.endings import RunReady
from contextune.core.settings import DEFAULT_LADDER, HAIKU
from contextune.engine.money.records import history
from contextune.engine.quotes import quote as quoting
from tests.core import past as p
from tests.engine.conftest import MakeDesk
from tests.engine.world import AREA, GATE, Desk, edit, finish, plays, task, turn, write

ADD = write("calc/more.py", "MORE = 1\n")
MORE = task("more code", "calc/more.py")
BROKEN = edit("calc/area.py", "return w * h", "return w + h + 10")
MENDED = edit("calc/area.py", "return w + h + 10", "return h * w")
ONE_RUNG = f"""
gate = {GATE!r}
gate_retries = 0
ladder = [{{model = "claude-haiku-5-5", effort = "low"}}]
"""


async def records(here: Desk) -> tuple[TaskRecord, ...]:
    return await history(here.journal, open_repository(here.place.root), offline=False)


def recorded(here: Desk) -> list[str]:
    return [event.task_id for event in here.told(ev.TaskRecorded) if isinstance(event, ev.TaskRecorded)]


async def remember(here: Desk, *known: TaskRecord) -> None:
    """Earlier Runs of this repository, the last given one newest, in its real journal."""
    for number, one in enumerate(known):
        run_id = f"r_past{number}"
        record = msgspec.structs.replace(one, run_id=run_id)
        told = ev.TaskRecorded(run_id=run_id, at=number, task_id=record.task_id, record=record, offline=False)
        await here.journal.append([p.created(run_id, repository=str(here.place.root)), told])


async def test_a_run_leaves_a_record_and_the_next_quote_tells_how_this_one_did(desk: MakeDesk) -> None:
    here = await desk(plays("more code", turn(ADD, finish())))
    assert (await here.quote(MORE)).forecast is None
    run = await here.finish(MORE)
    (done,) = run.tasks
    (record,) = await records(here)
    assert (record.run_id, record.task_id, record.kind) == (run.id, "more", "one file")
    assert (record.state, record.complexity, record.explored) == ("accepted", "standard", False)
    assert (record.dollars, record.at_sonnet, record.unpriced) == (done.bill.dollars, done.bill.at_sonnet, 0)
    assert record.quoted == run.quote.tasks[0].price
    assert record.commit == done.joined
    (step,) = record.steps
    assert (step.rung, step.outcome, step.turns) == (DEFAULT_LADDER[0], "green", 1)
    assert step.dollars == done.bill.dollars
    quote = await here.quote(MORE)
    assert quote.forecast is not None
    assert quote.forecast.tasks == 1
    # The record is there before the Run is ready: a process that dies in between loses none.
    kinds = [type(event) for event in here.heard]
    assert kinds.index(ev.TaskRecorded) < kinds.index(RunReady)


async def test_a_task_that_is_done_again_is_recorded_again_and_counts_once(desk: MakeDesk) -> None:
    here = await desk(
        plays(AREA, turn(BROKEN, finish()), unless=["# Earlier attempt"]),
        plays(AREA, turn(MENDED, finish()), user=["# Earlier attempt"]),
        plays("more code", turn(ADD, finish())),
        settings=ONE_RUNG,
    )
    failed = await here.finish(task(AREA, "calc/area.py"), MORE)
    assert sorted(recorded(here)) == ["more", "refuse"]
    await here.app.retrying.retry(failed.id, "refuse")
    await here.wait(failed.id)
    assert sorted(recorded(here)) == ["more", "refuse", "refuse"]
    by_task = {record.task_id: record for record in await records(here)}
    assert len(await records(here)) == 2
    assert [step.outcome for step in by_task["refuse"].steps] == ["red", "green"]
    assert by_task["refuse"].state == "accepted"


async def test_a_cancelled_run_records_what_it_did(desk: MakeDesk) -> None:
    here = await desk(unplayed=True)
    quote = await here.quote(MORE)
    run = await here.app.start(quote.id, budget=Decimal(0))
    await here.until(lambda run: run.state == "parked")
    await here.app.cancel(run.id)
    await here.wait(run.id)
    (record,) = await records(here)
    assert (record.state, record.steps[0].outcome) == ("cancelled", "cancelled")
    assert (await here.quote(MORE)).forecast is None


async def test_a_run_that_nobody_drives_is_recorded_when_it_is_cancelled(desk: MakeDesk) -> None:
    here = await desk(unplayed=True)
    quote = await here.quote(MORE)
    run = await here.app.start(quote.id, budget=Decimal(0))
    await here.until(lambda run: run.state == "parked")
    await here.app.close()
    here.app = here.open()
    await here.app.cancel(run.id)
    assert [record.state for record in await records(here)] == ["cancelled"]


async def test_what_the_user_takes_back_counts_as_a_failure(desk: MakeDesk) -> None:
    here = await desk(plays("more code", turn(ADD, finish())))
    run = await here.finish(MORE)
    await here.app.accept(run.id, "merge")
    assert [record.reverted for record in await records(here)] == [False]
    joined = run.tasks[0].joined
    assert joined is not None
    here.place.git("revert", "--no-edit", joined)
    assert [record.reverted for record in await records(here)] == [True]


async def test_an_undone_run_counts_as_a_failure(desk: MakeDesk) -> None:
    here = await desk(plays("more code", turn(ADD, finish())))
    run = await here.finish(MORE)
    await here.app.accept(run.id, "merge")
    await here.app.undo(run.id)
    assert [record.reverted for record in await records(here)] == [True]


def green(*, dollars: str = "0.02") -> TaskRecord:
    return p.record(p.step(DEFAULT_LADDER[0], "green", dollars), kind="one file", complexity="standard")


async def test_a_quote_says_why_by_the_history_of_its_repository(desk: MakeDesk) -> None:
    here = await desk()
    await remember(here, *(green() for _ in range(19)), green(dollars="0.05"))
    quote = await here.quote(MORE)
    (found,) = quote.tasks
    assert (found.start, found.kind) == (0, "one file")
    assert found.reason == "20 of 20 Tasks of kind one file passed on Haiku 5.5, low here."
    assert quote.forecast == Forecast(tasks=20, hits=19)


async def test_a_hard_task_says_where_it_begins(desk: MakeDesk) -> None:
    here = await desk()
    quote = await here.quote(hard("more code"))
    (found,) = quote.tasks
    assert (found.start, found.rung) == (1, DEFAULT_LADDER[1])
    assert found.reason == "Hard Tasks begin on Haiku 5.5, high until this repository has a history."


def hard(title: str) -> Task:
    return task(title, "calc/more.py", complexity="hard")


def opus(number: int) -> Sequence[TaskRecord]:
    """Extreme Tasks that passed on Opus, where they usually begin."""
    step = p.step(DEFAULT_LADDER[3], "green", "0.60")
    return [p.record(step, kind="one file", complexity="extreme") for _ in range(number)]


async def test_a_quote_may_explore_and_an_offline_one_does_not(
    desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = cycle([0.5])
    monkeypatch.setattr(quoting, "chance_of", lambda quote_id: lambda: next(numbers))
    here = await desk()
    extreme = task("more code", "calc/more.py", complexity="extreme")
    await remember(here, *opus(4 * THIN))
    (found,) = (await here.quote(extreme)).tasks
    assert (found.start, found.explored) == (0, True)
    assert found.reason == "Tries Haiku 5.5, low, to learn about Tasks of kind one file."
    (fixed,) = (await here.quote(extreme, routing="fixed")).tasks
    assert (fixed.start, fixed.explored) == (3, False)
    (offline,) = (await here.quote(extreme, offline=True)).tasks
    assert (offline.start, offline.explored) == (3, False)


async def test_the_user_pins_where_a_task_begins(desk: MakeDesk) -> None:
    here = await desk(plays("more code", turn(ADD, finish()), model="claude-sonnet-5-5"))
    quote = await here.quote(MORE)
    assert quote.ladder == DEFAULT_LADDER
    for wrong in (-1, 4, "high", True):
        with pytest.raises(
            UsageProblem, match=r"Task more cannot begin on rung .*Rungs: 0 Haiku 5\.5, low, 1"
        ):
            await here.app.start(quote.id, edits=[{"id": "more", "start": wrong}])
    run = await here.app.start(quote.id, edits=[{"id": "more", "start": 2}])
    (pinned,) = run.quote.tasks
    assert (pinned.start, pinned.rung, pinned.reason) == (2, DEFAULT_LADDER[2], "Pinned by the user.")
    assert run.quote.price == pinned.price
    assert (pinned.price.likely or 0) > (quote.tasks[0].price.likely or 0)
    done = await here.wait(run.id)
    assert [attempt.rung for attempt in done.tasks[0].attempts] == [DEFAULT_LADDER[2]]


async def test_a_task_whose_try_fails_goes_back_to_where_it_would_have_begun(
    desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quoting, "chance_of", lambda quote_id: lambda: 0.5)
    here = await desk(
        plays(AREA, turn(BROKEN, finish()), model="claude-haiku-5-5"),
        plays(AREA, turn(MENDED, finish()), model="claude-opus-5-5"),
        settings=f"gate = {GATE!r}\ngate_retries = 0\n",
    )
    await remember(here, *opus(4 * THIN))
    run = await here.finish(task(AREA, "calc/area.py", complexity="extreme"))
    assert run.quote.tasks[0].explored
    assert [attempt.rung for attempt in run.tasks[0].attempts] == [DEFAULT_LADDER[0], DEFAULT_LADDER[3]]
    newest = (await records(here))[0]
    assert (newest.explored, newest.state) == (True, "accepted")
    assert [step.outcome for step in newest.steps] == ["red", "green"]


async def test_the_climb_leaves_out_a_rung_that_never_helped_here(desk: MakeDesk) -> None:
    three = Rung(model=HAIKU, effort="low", tries=3)
    ladder = [msgspec.to_builtins(rung) for rung in (DEFAULT_LADDER[0], three, DEFAULT_LADDER[1])]
    here = await desk(
        plays(AREA, turn(BROKEN, finish()), effort="low"),
        plays(AREA, turn(MENDED, finish()), effort="high"),
        settings=f"gate = {GATE!r}\ngate_retries = 0\n",
    )
    vain = [p.step(three, "red", "0.004")] * 3
    first, last = p.step(DEFAULT_LADDER[0], "red", "0.004"), p.step(DEFAULT_LADDER[1], "green", "0.010")
    await remember(here, *(p.record(first, *vain, last, kind="one file") for _ in range(60)))
    quote = await here.quote(task(AREA, "calc/area.py", complexity="simple"), ladder=ladder)
    started = await here.app.start(quote.id, edits=[{"id": "refuse", "start": 0}])
    run = await here.wait(started.id)
    assert [str(attempt.rung) for attempt in run.tasks[0].attempts] == [
        "claude-haiku-5-5 (low)",
        "claude-haiku-5-5 (high)",
    ]
    assert run.state == "review"

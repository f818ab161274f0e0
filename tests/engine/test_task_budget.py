"""The budget of a Task, and of a request: that Task alone waits, and the user decides."""

from __future__ import annotations

from decimal import Decimal

import pytest

from contextune.core.errors import UsageProblem
from contextune.core.model.requests import TaskBudgetRaised
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.engine.quotes.terms import Terms
from contextune.engine.tasks.task_budget import amount_in
from tests.engine.conftest import MakeDesk
from tests.engine.test_resume import killed
from tests.engine.world import GATE, Desk, ask, bash, finish, plays, task, turn, write

ADD = write("calc/more.py", "MORE = 1\n")
TASK = task("more code", "calc/more.py")
OTHER = task("other code", "calc/other.py")
ONE_TURN = turn(write("calc/other.py", "OTHER = 1\n"), finish())
STOP = "Stop this Task"
TIGHT = f"gate = {GATE!r}\ntask_budget = 0.0056\n"
"""Enough for one request at its worst, whose longest reply costs $0.0041, and not for another after LONG."""
LONG = "word " * 2_400
"""Words that cost $0.0015."""


async def asked(here: Desk) -> Run:
    return await here.until(lambda run: run.task("more").state == "asking")


async def test_a_task_waits_at_its_budget_while_the_others_go_on(desk: MakeDesk) -> None:
    here = await desk(
        plays("more code", turn(ADD, text=LONG), turn(bash("true"), finish())),
        plays("other code", ONE_TURN),
        settings=TIGHT,
    )
    run = await here.start(TASK, OTHER)
    waiting = await asked(here)
    await here.event(ev.TaskJoined, task_id="other")
    question = waiting.task("more").question
    assert question is not None
    assert question.text.startswith("The Task's budget of $0.0056 is reached: $0.00")
    raise_it, stop = question.choices
    assert (raise_it[:22], stop) == ("Raise its budget to $0", STOP)
    sent = [one for one in here.server.log if one.path == "/v1/messages"]
    assert (await here.app.run(run.id)).state == "running"
    await here.app.answer(run.id, "more", raise_it)
    done = await here.wait(run.id)
    assert (done.state, sorted(done.joined)) == ("review", ["more", "other"])
    more = done.task("more")
    # The very request goes on, the same attempt with it, and the model hears nothing of all this.
    assert [one.outcome for one in more.attempts] == ["green"]
    assert more.budget == amount_in(raise_it)
    assert more.budget is not None
    assert more.budget > Decimal("0.0056")
    assert (more.question, more.told, more.words) == (None, (), ())
    assert here.told(ev.AgentTold) == []
    assert len([one for one in here.server.log if one.path == "/v1/messages"]) == len(sent) + 1


async def test_the_user_may_stop_the_task(desk: MakeDesk) -> None:
    here = await desk(
        plays("more code", turn(ADD, text=LONG)),
        plays("other code", ONE_TURN),
        settings=TIGHT,
    )
    run = await here.start(TASK, OTHER)
    await asked(here)
    await here.app.answer(run.id, "more", STOP)
    done = await here.wait(run.id)
    assert (done.state, done.joined) == ("review", ("other",))
    more = done.task("more")
    assert more.state == "failed"
    assert more.reason.startswith("The Task's budget of $0.0056 is reached")
    assert more.reason.endswith("Stopped by the user.")
    assert [one.outcome for one in more.attempts] == ["limit"]


async def test_any_other_amount_is_taken_and_words_are_not(desk: MakeDesk) -> None:
    here = await desk(plays("more code", turn(ADD, text=LONG), turn(finish())), settings=TIGHT)
    run = await here.start(TASK)
    await asked(here)
    await here.app.answer(run.id, "more", "go on, please")
    await here.until(lambda run: "'go on, please' does not let it go on" in _question(run))
    await here.app.answer(run.id, "more", "0.0001")
    again = await here.until(lambda run: "'0.0001' does not let it go on" in _question(run))
    assert "Name at least $0.0" in _question(again)
    await here.app.answer(run.id, "more", "$0.80")
    done = await here.wait(run.id)
    assert (done.state, done.task("more").budget) == ("review", Decimal("0.80"))
    raised = here.told(TaskBudgetRaised)
    assert [event.budget for event in raised if isinstance(event, TaskBudgetRaised)] == [Decimal("0.80")]


def _question(run: Run) -> str:
    question = run.task("more").question
    return question.text if question else ""


async def test_words_for_the_agent_are_no_answer_about_its_budget(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            "more code",
            turn(ADD, text=LONG),
            turn(bash("true")),
            turn(finish(), expect=["The user says: be brief"]),
        ),
        settings=TIGHT,
    )
    run = await here.start(TASK)
    await asked(here)
    await here.app.tell(run.id, "more", "be brief")
    assert (await here.app.run(run.id)).task("more").state == "asking"
    await here.app.answer(run.id, "more", "1")
    assert (await here.wait(run.id)).state == "review"


async def test_one_request_may_be_too_dear_by_itself(desk: MakeDesk) -> None:
    here = await desk(
        plays("more code", turn(ADD), turn(finish())),
        settings=f"gate = {GATE!r}\nrequest_budget = 0.001\n",
    )
    run = await here.start(TASK)
    waiting = await asked(here)
    assert _question(waiting).startswith("One request may cost $0.001, and the next one could cost $0.00")
    await here.app.answer(run.id, "more", "0.50")
    done = await here.wait(run.id)
    # All of what the user granted is the Task's, whichever of its requests needs it.
    assert (done.state, len(here.told(TaskBudgetRaised))) == ("review", 1)


async def test_a_process_that_goes_on_asks_again(desk: MakeDesk) -> None:
    here = await desk(
        plays("more code", turn(ADD, text=LONG), turn(finish())),
        settings=TIGHT,
    )
    left = await killed(here, ["QuestionAsked more"], "more code")
    assert left.task("more").state == "asking"
    await here.app.resume(left.id)
    await here.event(ev.QuestionAsked)
    await here.app.answer(left.id, "more", "0.80")
    done = await here.wait(left.id)
    assert (done.state, done.task("more").budget) == ("review", Decimal("0.80"))
    assert [one.outcome for one in done.task("more").attempts] == ["green"]


async def test_a_raised_budget_outlives_the_process(desk: MakeDesk) -> None:
    here = await desk(
        plays("more code", turn(ADD, text=LONG), turn(ask("Which?")), turn(finish())),
        settings=TIGHT,
    )
    run = await here.start(TASK)
    await asked(here)
    await here.app.answer(run.id, "more", "0.80")
    await here.event(ev.QuestionAsked, question="Which?")
    await here.app.close()
    here.app = here.open()
    here.heard.clear()
    await here.app.resume(run.id)
    await here.event(ev.QuestionAsked, question="Which?")
    await here.app.answer(run.id, "more", "This.")
    assert (await here.wait(run.id)).state == "review"
    assert here.told(TaskBudgetRaised) == []


async def test_tries_side_by_side_ask_once_and_stop_together(desk: MakeDesk) -> None:
    tries = 'ladder = [{model = "claude-haiku-5-5", effort = "low", tries = 3}]\n'
    here = await desk(settings=f"gate = {GATE!r}\ntask_budget = 0.001\n{tries}")
    run = await here.start(TASK)
    await asked(here)
    await here.app.answer(run.id, "more", "stop")
    done = await here.wait(run.id)
    assert (done.state, done.task("more").state) == ("failed", "failed")
    assert len(here.told(ev.QuestionAsked)) == 1
    outcomes = [one.outcome for one in done.task("more").attempts]
    assert len(outcomes) == 3
    assert {"limit"} <= set(outcomes) <= {"limit", "cancelled"}


async def test_the_budget_of_a_day_says_when_the_run_goes_on_and_may_be_raised(desk: MakeDesk) -> None:
    here = await desk(plays("more code", turn(ADD, finish())))
    here.set_up(f"{here.settings_text}day_budget = 0.001\n")
    run = await here.start(TASK)
    parked = await here.until(lambda run: run.state == "parked")
    assert parked.reason.endswith("A new one begins the next day.")
    assert parked.parked_by == "day"
    assert here.told(ev.QuestionAsked) == []
    here.set_up(f"{here.settings_text}day_budget = 1\n")
    await here.app.resume(run.id)
    assert (await here.wait(run.id)).state == "review"


@pytest.mark.parametrize(
    ("answer", "amount"),
    [
        ("Raise its budget to $0.02", "0.02"),
        ("raise its budget to $ 2", "2"),
        ("$0.80", "0.80"),
        (" .5 ", "0.5"),
        ("3", "3"),
        ("three", None),
        ("-1", None),
        ("1,5", None),
        ("$", None),
        ("nan", None),
        ("0.80 or so", None),
    ],
)
def test_amounts_as_people_write_them(answer: str, amount: str | None) -> None:
    assert amount_in(answer) == (None if amount is None else Decimal(amount))


async def test_what_a_task_may_cost_can_be_said_in_the_quote_and_outlives_the_process(desk: MakeDesk) -> None:
    here = await desk(plays("more code", turn(ADD, text=LONG), turn(bash("true"), finish())))
    quote = await here.quote(TASK)
    here.app.open_quotes.change(quote.id, Terms(task_budget=Decimal("0.0056")))
    run = await here.app.start(quote.id)
    waiting = await asked(here)
    question = waiting.task("more").question
    assert question is not None
    assert question.text.startswith("The Task's budget of $0.0056 is reached: $0.00")
    await here.app.close()
    here.app = here.open()
    here.heard.clear()
    await here.app.resume(run.id)
    await here.event(ev.QuestionAsked)
    await here.app.answer(run.id, "more", "0.80")
    done = await here.wait(run.id)
    assert (done.state, done.task("more").budget) == ("review", Decimal("0.80"))


async def test_what_a_request_may_cost_can_be_said_in_the_quote(desk: MakeDesk) -> None:
    here = await desk(plays("more code", turn(ADD)), unplayed=True)
    quote = await here.quote(TASK)
    for wrong in (Terms(request_budget=Decimal(0)), Terms(task_budget=Decimal("NaN"))):
        with pytest.raises(UsageProblem, match="expected dollars above 0"):
            here.app.open_quotes.change(quote.id, wrong)
    for number in (0, 100_001):
        with pytest.raises(UsageProblem, match="expected 1 to 100000"):
            here.app.open_quotes.change(quote.id, Terms(max_requests=number))
    here.app.open_quotes.change(quote.id, Terms(request_budget=Decimal("0.0001")))
    await here.app.start(quote.id)
    question = (await asked(here)).task("more").question
    assert question is not None
    assert question.text.startswith("One request may cost $0.0001, and the next one could cost $0.")

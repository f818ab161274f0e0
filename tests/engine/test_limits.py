"""What a Task and a request may cost, and how many requests a Run may send, changed while it goes on."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from contextune.core.errors import BudgetReached, UsageProblem
from contextune.core.model.budget import Limits
from contextune.core.model.requests import RequestReserved, TaskBudgetRaised
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run, fold
from contextune.engine.drive.change import Change, read_change
from contextune.engine.money.account import Account
from contextune.engine.quotes.terms import MOST_REQUESTS, Terms
from tests.engine.conftest import MakeDesk
from tests.engine.test_resume import killed
from tests.engine.world import GATE, Desk, bash, finish, plays, task, turn, waits_for, write

ADD = write("calc/more.py", "MORE = 1\n")
TASK = task("more code", "calc/more.py")
LOW, HIGH = Decimal("0.0056"), Decimal("0.80")
"""Dollars: too few for a request after LONG, whose longest reply alone costs $0.0041; and enough for many."""
LONG = "word " * 2_400
"""Words that cost $0.0015."""
EDITORS = 'provider = "vscode"\n'


def works(flag: Path) -> dict[str, object]:
    """A Task of two turns, the second of them begun once the test makes a file."""
    return plays("more code", turn(ADD, waits_for(flag), text=LONG), turn(bash("true"), finish()))


async def at_work(here: Desk) -> Run:
    run = await here.start(TASK)
    await here.event(ev.MessageAdded, turn=1)
    return run


async def asked(here: Desk, words: str = "") -> str:
    def asks(run: Run) -> bool:
        question = run.task("more").question
        return question is not None and words in question.text

    question = (await here.until(asks)).task("more").question
    assert question is not None
    return question.text


async def test_a_lower_limit_stops_the_task_with_its_question_and_a_higher_one_lets_it_go_on(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flag = tmp_path / "go on"
    here = await desk(works(flag))
    run = await at_work(here)
    lowered = await here.app.steering.adjust(run.id, limits=Limits(task=LOW))
    assert (lowered.limits, lowered.budget, lowered.agents) == (Limits(task=LOW), run.budget, run.agents)
    flag.touch()
    assert (await asked(here)).startswith("The Task's budget of $0.0056 is reached: $0.00")
    spent = (await here.app.run(run.id)).bill
    # Still not enough: it asks anew, and names the limit that holds now.
    await here.app.steering.adjust(run.id, limits=Limits(task=Decimal("0.0057")))
    await asked(here, "The Task's budget of $0.0057 is reached")
    # What has nothing to do with it lets the question be.
    questions = len(here.told(ev.QuestionAsked))
    await here.app.steering.adjust(run.id, agents=2)
    await here.app.steering.adjust(run.id, limits=Limits(task=HIGH))
    done = await here.wait(run.id)
    assert len(here.told(ev.QuestionAsked)) == questions == 2
    assert (done.state, done.limits) == ("review", Limits(task=HIGH))
    assert done.bill.requests == spent.requests + 1
    more = done.task("more")
    # The very request goes on, the same attempt with it, and its agent hears nothing of all this.
    assert [one.outcome for one in more.attempts] == ["green"]
    assert (more.question, more.told, more.words, more.budget) == (None, (), (), None)
    assert [one.limits for one in here.told(ev.RunAdjusted) if isinstance(one, ev.RunAdjusted)] == [
        Limits(task=LOW),
        Limits(task=Decimal("0.0057")),
        Limits(),
        Limits(task=HIGH),
    ]


async def test_the_newest_word_about_a_task_holds(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(works(flag), settings=f"gate = {GATE!r}\nrequest_budget = 0.001\n")
    run = await here.start(TASK)
    await asked(here, "One request may cost $0.001")
    await here.app.answer(run.id, "more", "0.80")
    raised = await here.until(lambda run: run.task("more").budget == HIGH)
    assert raised.task("more").request_budget == HIGH
    await here.event(ev.MessageAdded, turn=1)
    lowered = await here.app.steering.adjust(run.id, limits=Limits(request=Decimal("0.002")))
    assert (lowered.task("more").budget, lowered.task("more").request_budget) == (HIGH, None)
    flag.touch()
    await asked(here, "One request may cost $0.002")
    lowered = await here.app.steering.adjust(run.id, limits=Limits(request=LOW, task=LOW))
    assert lowered.task("more").budget is None
    await asked(here, "The Task's budget of $0.0056 is reached")
    # And so does an answer after that.
    await here.app.answer(run.id, "more", "0.90")
    done = await here.wait(run.id)
    assert (done.state, done.task("more").budget) == ("review", Decimal("0.90"))


async def test_tries_side_by_side_go_on_together(desk: MakeDesk) -> None:
    tries = 'ladder = [{model = "claude-haiku-5-5", effort = "low", tries = 3}]\n'
    here = await desk(
        plays("more code", turn(ADD, finish())), settings=f"gate = {GATE!r}\ntask_budget = 0.001\n{tries}"
    )
    run = await here.start(TASK)
    await asked(here)
    await here.app.steering.adjust(run.id, limits=Limits(task=HIGH))
    done = await here.wait(run.id)
    assert (done.state, len(here.told(ev.QuestionAsked))) == ("review", 1)
    assert len(done.task("more").attempts) == 3


async def test_another_process_changes_it_and_it_outlives_a_kill(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(works(flag), unplayed=True)

    async def lower() -> None:
        (run,) = await here.app.runs(here.place.root)
        await here.app.steering.adjust(run.id, limits=Limits(task=LOW, request=Decimal("0.005")))

    async def go_on() -> None:
        flag.touch()

    left = await killed(
        here,
        ["MessageAdded more"] * 2,
        "more code",
        steps=[(lower, ["RunAdjusted None"]), (go_on, ["QuestionAsked more"])],
    )
    assert left.limits == Limits(task=LOW, request=Decimal("0.005"))
    assert left.task("more").state == "asking"
    await here.app.resume(left.id)
    assert "budget of $0.0056 is reached" in await asked(here)
    await here.app.close()
    # Nobody drives it now: what is changed holds once somebody does.
    here.app = here.open()
    changed = await here.app.steering.adjust(left.id, limits=Limits(task=HIGH, request=HIGH))
    assert changed.limits == Limits(task=HIGH, request=HIGH)
    here.heard.clear()
    await here.app.resume(left.id)
    done = await here.wait(left.id)
    assert (done.state, here.told(ev.QuestionAsked)) == ("review", [])
    assert fold(await here.journal.read(left.id)) == done


async def test_requests_without_a_price_are_bounded_anew(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(
        plays("more code", turn(ADD), turn(waits_for(flag)), turn(bash("true")), turn(finish()))
    )
    here.set_up(f"{here.settings_text}{EDITORS}max_requests = 50\n")
    run = await here.start(TASK)
    await here.event(ev.MessageAdded, turn=2)
    with pytest.raises(UsageProblem, match=r"has sent 2 requests .* 0 more are under way; allow at least 2"):
        await here.app.steering.adjust(run.id, limits=Limits(requests=1))
    await here.app.steering.adjust(run.id, limits=Limits(requests=2))
    flag.touch()
    parked = await here.until(lambda run: run.state == "parked")
    assert (parked.parked_by, parked.bill.unpriced) == ("requests", 2)
    await here.app.close()
    here.app = here.open()
    # Raised by one while it waits: that holds when it goes on, whatever the settings say.
    await here.app.steering.adjust(run.id, limits=Limits(requests=3))
    await here.app.resume(run.id)
    parked = await here.until(lambda run: run.state == "parked" and run.bill.unpriced == 3)
    assert parked.limits == Limits(requests=3)
    # Who has it go on as it is has seen it: what the settings say holds from then on.
    await here.app.resume(run.id)
    done = await here.wait(run.id)
    assert (done.state, done.bill.unpriced, done.limits) == ("review", 4, Limits())


async def test_a_limit_that_would_be_none_is_refused_with_both_figures(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flag = tmp_path / "go on"
    here = await desk(works(flag))
    run = await at_work(here)
    adjust = here.app.steering.adjust
    for limits, words in (
        (Limits(task=Decimal(3)), r"A Task cannot cost \$3\.00: the budget of run r_\w+ is \$2\.00 in all"),
        (Limits(request=Decimal(3)), r"A request cannot cost \$3\.00: the budget of run r_\w+ is \$2\.00"),
        (
            Limits(request=Decimal("0.2"), task=Decimal("0.1")),
            r"A request cannot cost \$0\.20+: its Task may cost \$0\.10+ in all\. Raise that first",
        ),
        (Limits(task=Decimal(0)), "expected dollars above 0"),
        (Limits(request=Decimal("NaN")), "expected dollars above 0"),
        (Limits(requests=0), f"expected 1 to {MOST_REQUESTS}"),
        (Limits(), "There is nothing to change"),
    ):
        with pytest.raises(UsageProblem, match=words):
            await adjust(run.id, limits=limits)
    assert not here.told(ev.RunAdjusted)
    both = await adjust(run.id, budget=Decimal(4), limits=Limits(task=Decimal(3), request=Decimal(3)))
    assert (both.budget, both.limits) == (Decimal(4), Limits(task=Decimal(3), request=Decimal(3)))
    flag.touch()
    assert (await here.wait(run.id)).state == "review"


async def test_what_a_quote_bounds_is_what_a_change_begins_with(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(works(flag))
    quote = await here.quote(TASK)
    here.app.open_quotes.change(quote.id, Terms(task_budget=Decimal("0.5"), request_budget=Decimal("0.4")))
    run = await here.app.start(quote.id)
    await here.event(ev.MessageAdded, turn=1)
    changed = await here.app.steering.adjust(run.id, limits=Limits(request=Decimal("0.3")))
    assert changed.limits == Limits(task=Decimal("0.5"), request=Decimal("0.3"))
    with pytest.raises(UsageProblem, match=r"its Task may cost \$0\.50"):
        await here.app.steering.adjust(run.id, limits=Limits(request=Decimal("0.6")))
    flag.touch()
    assert (await here.wait(run.id)).state == "review"


async def test_a_reservation_keeps_to_a_change_that_is_being_recorded(desk: MakeDesk) -> None:
    here = await desk(plays("more code", turn(ADD, finish())))
    run = await here.finish(TASK)

    async def emit(*events: ev.AnyEvent, caps: object = ()) -> None:
        raise AssertionError(events)

    account = Account(run.id, run.budget, emit)
    raised = TaskBudgetRaised(run_id=run.id, at=1, task_id="more", budget=Decimal(1))
    known = fold([*await here.journal.read(run.id), raised])
    assert known is not None
    account.go_on(known, here.app._places.settings_of(run))
    await account.hold(Decimal("0.6"), "more")
    account.release(Decimal("0.6"), "more")
    limits = Limits(task=Decimal("0.5"), request=Decimal("0.1"))
    lower = ev.RunAdjusted(run_id=run.id, at=2, budget=Decimal("0.4"), agents=1, limits=limits)
    account.expect(lower)
    for wanted, scope in (("0.2", "request"), ("0.05", None)):
        lack = account.lacks(Decimal(wanted), "more")
        assert (lack.scope if lack else None) == scope
    assert account.budget == Decimal("0.4")
    # An answer that was recorded before it does not let more through until it is recorded itself.
    account.follow(known, raised)
    with pytest.raises(BudgetReached):
        await account.hold(Decimal("0.6"), "more")
    account.forget(lower, known)
    await account.hold(Decimal("0.6"), "more")
    account.release(Decimal("0.6"), "more")
    higher = ev.RunAdjusted(run_id=run.id, at=3, budget=Decimal(9), agents=1, limits=Limits(task=Decimal(8)))
    account.expect(higher)
    with pytest.raises(BudgetReached):
        await account.hold(Decimal(5), "more")
    waiting = asyncio.create_task(account.until_rebound(account.rebound))
    after = fold([*await here.journal.read(run.id), raised, higher])
    assert after is not None
    account.follow(after, higher)
    await asyncio.wait_for(waiting, 5)
    await account.hold(Decimal(5), "more")


async def test_no_request_is_reserved_beyond_what_was_recorded_before_it(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flags = [tmp_path / str(number) for number in range(4)]
    here = await desk(
        *(
            plays(f"n{number} work", turn(waits_for(flag), text=LONG), turn(finish()))
            for number, flag in enumerate(flags)
        ),
        unplayed=True,
    )
    run = await here.start(*(task(f"n{number} work") for number in range(4)), agents=4)
    await here.until(lambda run: all(t.attempts and t.attempts[0].turns == 1 for t in run.tasks))
    for flag in flags:
        flag.touch()
    await here.app.steering.adjust(run.id, limits=Limits(task=LOW))
    await here.until(lambda run: all(t.state in ("asking", "accepted") for t in run.tasks))
    events = await here.journal.read(run.id)
    for number, event in enumerate(events):
        before = fold(events[:number])
        if isinstance(event, RequestReserved) and before is not None and before.limits.task is not None:
            task_id = event.task_id or ""
            held = sum((one.worst_case or 0) for one in before.in_flight if one.task_id == task_id)
            assert before.task(task_id).bill.dollars + held + (event.worst_case or 0) <= LOW
    assert (await here.app.run(run.id)).limits == Limits(task=LOW)
    await here.app.cancel(run.id)


def test_a_change_is_read_as_it_was_written() -> None:
    some = Limits(task=Decimal("0.10"), requests=12)
    for change in (
        Change(Decimal("2.00"), 4),
        Change(Decimal("2.00"), 4, 1, ("a", "b-2")),
        Change(Decimal("2.00"), 4, limits=some),
        Change(Decimal("2.00"), 4, 0, ("a",), Limits(request=Decimal("1E-3"))),
    ):
        assert read_change(change.as_letter()) == change
    # As another version writes it.
    assert read_change("2.00 4 1 a") == Change(Decimal("2.00"), 4, 1, ("a",))

"""An open Quote on other terms, priced anew: Tasks unticked and pinned, another budget, another order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contextune.core.errors import UsageProblem
from contextune.core.planning.quote import Quote
from contextune.engine.money.pricing import in_all
from contextune.engine.quotes.quote import QuoteRequest
from contextune.engine.quotes.terms import Terms
from tests.engine.conftest import MakeDesk
from tests.engine.test_arranging import SOLO
from tests.engine.world import Desk, edit, finish, plays, task, turn

SECOND_ON_THIRD = (task("first one"), task("second one"), task("third one", after=["second"]))


async def three(desk: MakeDesk, *scripts: dict[str, Any]) -> tuple[Desk, Quote]:
    here = await desk(*scripts)
    return here, await here.quote(*SECOND_ON_THIRD)


async def test_an_unticked_task_stays_in_the_quote_and_out_of_its_price(desk: MakeDesk) -> None:
    here, quote = await three(desk)
    less = here.app.open_quotes.change(quote.id, Terms(task_id="second", include=False))
    assert [one.task_id for one in less.tasks] == [one.task_id for one in quote.tasks]
    assert less.left_out == ("second",)
    assert less.price == in_all([one.price for one in quote.tasks if one.task_id != "second"])
    assert here.app.open_quotes.change(quote.id, Terms(task_id="second", include=True)) == quote


async def test_a_run_does_what_is_ticked_on_the_terms_that_were_quoted(desk: MakeDesk) -> None:
    done = turn(edit("calc/area.py", "w * h", "h * w"), finish())
    here, quote = await three(desk, plays("first one", done))
    for unticked in ("second", "third"):
        here.app.open_quotes.change(quote.id, Terms(task_id=unticked, include=False))
    here.app.open_quotes.change(quote.id, Terms(budget=Decimal("0.75"), agents=2))
    run = await here.app.start(quote.id)
    assert [one.id for one in run.tasks] == ["first"]
    assert (run.budget, run.agents, run.quote.left_out) == (Decimal("0.75"), 2, ())
    await here.wait(run.id)


async def test_the_last_task_cannot_be_unticked(desk: MakeDesk) -> None:
    here = await desk()
    quote = await here.quote(task("first one"))
    with pytest.raises(UsageProblem, match="No task is left in the quote"):
        here.app.open_quotes.change(quote.id, Terms(task_id="first", include=False))
    assert not here.app.open_quotes.can_restore(quote.id)


async def test_words_and_starts_are_changed_while_a_task_is_unticked(desk: MakeDesk) -> None:
    here, quote = await three(desk)
    here.app.open_quotes.change(quote.id, Terms(task_id="first", include=False))
    changed = here.app.open_quotes.change(quote.id, Terms(task_id="first", brief="Swap.", start=1))
    pinned = changed.priced("first")
    assert pinned is not None
    assert (changed.plan.task("first").brief, pinned.start, changed.left_out) == ("Swap.", 1, ("first",))
    assert pinned.price != quote.tasks[0].price


async def test_each_change_can_be_taken_back_in_turn(desk: MakeDesk) -> None:
    here, quote = await three(desk)
    first = here.app.open_quotes.change(quote.id, Terms(task_id="first", include=False))
    here.app.open_quotes.change(quote.id, Terms(budget=Decimal(5)))
    assert here.app.open_quotes.restore(quote.id) == first
    assert here.app.open_quotes.restore(quote.id) == quote
    with pytest.raises(UsageProblem, match="no change to take back"):
        here.app.open_quotes.restore(quote.id)


async def test_an_order_can_be_turned_round_and_dropped(desk: MakeDesk) -> None:
    here, quote = await three(desk)
    assert quote.waves == (("first", "second"), ("third",))
    turned = here.app.open_quotes.arrange(quote.id, "reverse", "third", "second")
    assert turned.waves == (("first", "third"), ("second",))
    together = here.app.open_quotes.arrange(quote.id, "together", "second", "third")
    assert together.waves == (("first", "second", "third"),)


async def test_two_tasks_of_which_one_was_unticked_are_one_that_is_ticked(desk: MakeDesk) -> None:
    here, quote = await three(desk)
    here.app.open_quotes.change(quote.id, Terms(task_id="first", include=False))
    merged = here.app.open_quotes.arrange(quote.id, "merge", "first", "second")
    assert (len(merged.tasks), merged.left_out) == (2, ())


async def test_several_tasks_become_one_in_one_change(desk: MakeDesk) -> None:
    here, quote = await three(desk)
    # In any order that they are named in: "third" waits for "second", and stands behind it in the plan.
    merged = here.app.open_quotes.merge(quote.id, ("third", "first", "second"))
    assert [one.task_id for one in merged.tasks] == ["first"]
    assert len(merged.plan.tasks[0].brief.split("And: ")) == 3
    assert here.app.open_quotes.restore(quote.id) == quote
    for named, said in ((("first",), "two tasks or more"), (("first", "nope"), "has no task nope")):
        with pytest.raises(UsageProblem, match=said):
            here.app.open_quotes.merge(quote.id, named)


async def test_the_parts_of_an_unticked_task_are_unticked(desk: MakeDesk) -> None:
    here = await desk(SOLO)
    quote = await here.app.quote(QuoteRequest(folder=here.place.root, all=True), overrides={})
    first, second, *others = (one.id for one in quote.plan.tasks)
    here.app.open_quotes.merge(quote.id, (first, second))
    here.app.open_quotes.change(quote.id, Terms(task_id=first, include=False))
    parts = here.app.open_quotes.split(quote.id, first)
    assert others == [one.task_id for one in parts.chosen]
    assert len(parts.tasks) == len(quote.tasks)


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (Terms(task_id="nope", include=False), "has no task nope"),
        (Terms(task_id="nope", brief="x"), "has no task nope"),
        (Terms(task_id="first", brief="  "), "The brief is empty"),
        (Terms(task_id="first", start=9), "cannot begin on rung 9"),
        (Terms(budget=Decimal(0)), "expected dollars above 0"),
        (Terms(budget=Decimal("NaN")), "expected dollars above 0"),
        (Terms(agents=0), "0 agents: expected 1 to 100"),
        (Terms(agents=101), "101 agents: expected 1 to 100"),
    ],
)
async def test_impossible_terms_are_refused(desk: MakeDesk, terms: Terms, said: str) -> None:
    here, quote = await three(desk)
    with pytest.raises(UsageProblem, match=said):
        here.app.open_quotes.change(quote.id, terms)
    assert not here.app.open_quotes.can_restore(quote.id)

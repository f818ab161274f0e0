"""A Quote whose Tasks overlap: put in order by default, asked about once, changed and priced anew."""

from __future__ import annotations

from typing import Any

import pytest

from contextune.core.errors import UsageProblem
from contextune.core.planning.quote import Quote
from contextune.engine.money.pricing import in_all
from contextune.engine.quotes.quote import QuoteRequest
from tests.engine.conftest import MakeDesk
from tests.engine.world import AREA, FILES, Desk, edit, finish, plays, turn

LINKED = {
    **FILES,
    "calc/names.py": 'def greet(name):\n    # TODO: greet `area()` politely\n    return "hi " + name\n',
}
"""The Todo of names.py names what that of area.py changes."""
POLITE = "greet `area()` politely"
SOLO = {"name": "plan", "when": {"system": "You are the orchestrator"}, "turn": [{"json": {"tasks": []}}]}
KIN = {
    **FILES,
    "calc/names.py": "def greet(name):\n    # TODO: invoice greeting with postal code\n    return name\n",
    "calc/rates.py": "def price(hours):\n    # TODO: invoice needs a postal code\n    return 2 * hours\n",
}
"""Two Todos without a symbol in common, and with words in common."""


def analyzer(*turns: dict[str, Any]) -> dict[str, Any]:
    return {"name": "judge", "when": {"system": "You are the dependency-analyzer"}, "turn": list(turns)}


async def quoted(here: Desk, **overrides: Any) -> Quote:
    return await here.app.quote(QuoteRequest(folder=here.place.root, all=True), overrides=overrides)


async def test_tasks_that_collide_go_one_after_the_other(desk: MakeDesk) -> None:
    here = await desk(SOLO, files=LINKED)
    quote = await quoted(here)
    (one,) = [overlap for overlap in quote.overlaps if overlap.kind == "same_symbol"]
    assert (one.in_order, one.allowed, one.symbol) == (True, False, "area")
    assert quote.waves == (("refuse-negative-sizes", "round-up"), ("greet-area-politely",))
    # Facts told all: nobody else was asked.
    assert [line.role for line in quote.planning] == ["orchestrator"]
    assert quote.warnings == ()


async def test_what_facts_cannot_tell_is_asked_once(desk: MakeDesk) -> None:
    answer = {"pairs": [{"first": 2, "second": 1, "relation": "order", "why": "same address"}]}
    here = await desk(SOLO, analyzer({"json": answer, "expect": ["Pairs: 1-2"]}), files=KIN)
    quote = await quoted(here)
    (one,) = [overlap for overlap in quote.overlaps if overlap.kind == "related"]
    assert one.reason.endswith("first: same address.")
    assert quote.waves[1] == ("invoice-greeting-with-postal-code",)
    roles = {line.role: line.bill for line in quote.planning}
    assert roles["dependency-analyzer"].requests == 1
    assert roles["dependency-analyzer"].dollars * 10 < roles["orchestrator"].dollars


async def test_without_an_answer_the_plan_goes_on_by_facts(desk: MakeDesk) -> None:
    here = await desk(SOLO, files=KIN)  # nobody plays the dependency-analyzer: its request is refused
    quote = await quoted(here)
    assert len(quote.waves) == 1
    (warning,) = quote.warnings
    assert warning.endswith("So what Tasks need of one another is told by facts alone.")


async def test_they_run_together_where_the_user_says_so(desk: MakeDesk) -> None:
    here = await desk(SOLO, files=LINKED)
    quote = await quoted(here)
    changed = here.app.open_quotes.arrange(
        quote.id, "together", "refuse-negative-sizes", "greet-area-politely"
    )
    assert len(changed.waves) == 1
    (one,) = [overlap for overlap in changed.overlaps if overlap.kind == "same_symbol"]
    assert (one.in_order, one.allowed) == (False, True)
    run = await here.app.start(quote.id)
    # An edit at the start does not put them in order again.
    assert run.waves == changed.waves
    assert run.overlaps == changed.overlaps


async def test_two_tasks_become_one_and_are_priced_anew(desk: MakeDesk) -> None:
    # One agent does both: its first message has both Todos.
    work = turn(
        edit("calc/area.py", "    # TODO: refuse negative sizes\n", ""),
        edit("calc/names.py", '"hi "', '"Dear "'),
        finish(),
    )
    both = f"{AREA}; {POLITE}"
    here = await desk(SOLO, plays(both, work, user=[AREA, POLITE]), files=LINKED, unplayed=True)
    quote = await quoted(here)
    merged = here.app.open_quotes.arrange(quote.id, "merge", "greet-area-politely", "refuse-negative-sizes")
    assert [task.id for task in merged.plan.tasks] == ["refuse-negative-sizes", "round-up"]
    assert {overlap.kind for overlap in merged.overlaps} <= {"same_test"}
    assert len(merged.tasks) == 2
    assert merged.price.likely is not None
    assert quote.price.likely is not None
    assert merged.price.likely < quote.price.likely
    edits = [{"id": "round-up", "include": False}]
    run = await here.wait((await here.app.start(quote.id, edits=edits)).id)
    assert [(task.task.title, task.state) for task in run.tasks] == [(both, "accepted")]


async def test_a_task_left_out_leaves_the_order_of_the_others(desk: MakeDesk) -> None:
    here = await desk(SOLO, files=LINKED)
    quote = await quoted(here)
    run = await here.app.start(quote.id, edits=[{"id": "round-up", "include": False}])
    assert run.waves == (("refuse-negative-sizes",), ("greet-area-politely",))


async def test_unknown_quotes_and_tasks_are_named(desk: MakeDesk) -> None:
    here = await desk(SOLO, files=LINKED)
    quote = await quoted(here)
    with pytest.raises(UsageProblem, match=r"There is no quote q_0\."):
        here.app.open_quotes.arrange("q_0", "merge", "a", "b")
    with pytest.raises(UsageProblem, match=r"The quote has no task nobody\."):
        here.app.open_quotes.arrange(quote.id, "merge", "round-up", "nobody")
    with pytest.raises(UsageProblem, match=r"Name two different Tasks\."):
        here.app.open_quotes.arrange(quote.id, "merge", "round-up", "round-up")


async def test_a_task_of_two_todos_is_split_priced_anew_and_put_together_again(desk: MakeDesk) -> None:
    here = await desk(SOLO, files=LINKED)
    quote = await quoted(here)
    quotes = here.app.open_quotes
    merged = quotes.arrange(quote.id, "merge", "greet-area-politely", "refuse-negative-sizes")
    parts = quotes.split(quote.id, "refuse-negative-sizes")
    plan = parts.plan
    assert [task.id for task in plan.tasks] == ["refuse-negative-sizes", "greet-area-politely", "round-up"]
    assert [len(task.todo_ids) for task in plan.tasks] == [1, 1, 1]
    assert plan.task("greet-area-politely").depends_on == ("refuse-negative-sizes",)
    assert parts.waves == (("refuse-negative-sizes", "round-up"), ("greet-area-politely",))
    # Every part is priced, and the Quote's price is their sum to the last digit.
    assert [task.task_id for task in parts.tasks] == [task.id for task in plan.tasks]
    assert parts.price == in_all([task.price for task in parts.tasks], parts.forecast)
    assert quotes.restore(quote.id) == merged
    assert quotes.restore(quote.id) == quote
    with pytest.raises(UsageProblem, match=r"there is no change to take back\."):
        quotes.restore(quote.id)


async def test_a_split_that_is_impossible_changes_nothing(desk: MakeDesk) -> None:
    here = await desk(SOLO, files=LINKED)
    quote = await quoted(here)
    quotes = here.app.open_quotes
    with pytest.raises(UsageProblem, match=r"“round up” cannot be split: it does not cover several Todos\."):
        quotes.split(quote.id, "round-up")
    with pytest.raises(UsageProblem, match=r"The quote has no task nobody\."):
        quotes.split(quote.id, "nobody")
    with pytest.raises(UsageProblem, match=r"there is no change to take back\."):
        quotes.restore(quote.id)

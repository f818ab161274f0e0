"""The economy's job is the stated one, its arms differ in the cache alone, and both sides count alike."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from contextune.bench.arm import HAIKU_LOW, SONNET_MEDIUM, play
from contextune.bench.caching import Unmarked, unmarked
from contextune.bench.counted import Outcome, shape_of
from contextune.bench.job import MOST_TASKS, Agent, Job, prose, repository_files
from contextune.bench.rehearsal import rehearsed
from contextune.bench.stated import agent_cost, input_tokens, saving
from contextune.compose import price_list
from contextune.core.model.conversation import Message, ModelRequest, Text, ToolResult
from contextune.core.model.money import ModelPrice, Usage
from contextune.core.settings import HAIKU, SONNET

SMALL = Job(tasks=1, turns=3)


def priced(model: str) -> ModelPrice:
    price = price_list().price(model)
    assert price is not None
    return price


def changed(outcome: Outcome, **fields: object) -> Outcome:
    """The outcome with its first settled request told otherwise by the Ledger."""
    first, *rest = outcome.ledger
    return Outcome([msgspec.structs.replace(first, **fields), *rest], outcome.log)


async def test_one_task_of_three_turns_is_told_as_stated() -> None:
    job = await rehearsed(Job(tasks=2, turns=3))
    outcome = await play(msgspec.structs.replace(job, tasks=1), Agent(HAIKU_LOW))
    told = shape_of(outcome.log)
    assert (told.agents, told.turns, told.output_tokens) == (1, 3, 300)
    assert told.step_tokens == pytest.approx(1_500, rel=0.03)
    assert told.input_tokens == pytest.approx(input_tokens(SMALL), rel=0.03)
    assert outcome.planning == 0  # a lone Todo needs no planner
    assert outcome.differing == 0
    assert outcome.dollars == sum(priced(HAIKU).cost(entry.usage) for entry in outcome.ledger)


async def test_without_marks_nothing_is_cached_and_the_words_are_the_same() -> None:
    plain = await play(SMALL, Agent(HAIKU_LOW), wrap=Unmarked)
    usual = await play(SMALL, Agent(HAIKU_LOW))
    assert plain.usage.cache_read_tokens + plain.usage.cache_write_5m_tokens == 0
    assert shape_of(plain.log).input_tokens == shape_of(usual.log).input_tokens
    assert plain.dollars > usual.dollars


async def test_a_task_left_unfinished_is_done_again_on_sonnet() -> None:
    outcome = await play(SMALL, Agent(HAIKU_LOW, then=SONNET_MEDIUM, unfinished=1))
    assert [one.model for one in outcome.log if one.conversation] == [HAIKU] * 3 + [SONNET] * 3
    assert outcome.differing == 0


async def test_a_difference_between_ledger_and_server_is_seen() -> None:
    outcome = await play(SMALL, Agent(HAIKU_LOW))
    wrong = outcome.ledger[0].usage.plus(Usage(output_tokens=1))
    assert changed(outcome, usage=wrong).differing == 1
    assert changed(outcome, usage=Usage(), estimated=True).differing == 1
    assert Outcome(outcome.ledger[1:], outcome.log).differing == 1
    assert Outcome(outcome.ledger, outcome.log[1:]).differing == 1


def test_the_arithmetic_is_that_of_the_published_table() -> None:
    job = Job()
    assert input_tokens(job) == 270_000
    for model, uncached, rolling, primed in (
        (SONNET, ".5850", ".1404", ".1290"),
        (HAIKU, ".02925", ".00823", ".00769"),
    ):
        price = priced(model)
        for caching, stated in (("none", uncached), ("rolling", rolling), ("primed", primed)):
            cost = agent_cost(price, job, caching)  # type: ignore[arg-type]  # the literals stand right here
            assert round(cost, len(stated) - 1) == Decimal(stated)
    assert saving(Decimal(1), Decimal(4)) == Decimal("0.75")


def test_prose_has_the_size_that_is_asked_for() -> None:
    for size in (1, 40, 79, 80, 81, 4_526):
        assert len(prose(size, seed=size).encode()) == size
    assert prose(400, seed=3) == prose(400, seed=3) != prose(400, seed=4)
    assert max(map(len, prose(4_000, seed=1).splitlines())) < 80


def test_the_paths_of_the_repository_do_not_depend_on_the_number_of_tasks() -> None:
    assert set(repository_files(Job(tasks=1))) == set(repository_files(Job(tasks=MOST_TASKS)))


def test_unmarked_takes_off_the_marks_and_nothing_else() -> None:
    result = ToolResult(tool_use_id="toolu_1", content="fine")
    request = ModelRequest(
        rung=HAIKU_LOW,
        system=(Text(text="a", cache=True),),
        messages=(Message(role="user", blocks=(Text(text="b", cache=True), result)),),
        anchor=1,
    )
    assert unmarked(request) == ModelRequest(
        rung=HAIKU_LOW,
        system=(Text(text="a"),),
        messages=(Message(role="user", blocks=(Text(text="b"), result)),),
        rolling_cache=False,
    )

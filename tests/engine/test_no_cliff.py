"""No request passes its model's price cliff: the conversation is pruned, or a fresh one goes on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from contextune.compose import price_list
from contextune.core.model.requests import CliffAvoided
from contextune.engine.money.cliff import dollars_avoided
from tests.engine.conftest import MakeDesk
from tests.engine.world import AREA, Desk, finish, plays, task, turn, write

HAIKU = price_list().price("claude-haiku-5-5")
CLIFF = 100_000
"""Tokens, on Haiku 5.5."""
PAGES = {f"docs/page{n}.txt": f"{n} word " * 2_900 for n in range(4)}
"""As long as one result may be: four of them are about 24,000 tokens at four bytes each."""


def reads(text: str) -> dict[str, Any]:
    """A turn that reads every page, in an order that goes by the words: no turn is as the one before."""
    first = sum(text.encode()) % len(PAGES)
    pages = [*list(PAGES)[first:], *list(PAGES)[:first]]
    return turn(*({"name": "read", "input": {"files": [{"path": path}]}} for path in pages), text=text)


def longest(here: Desk) -> int:
    """Tokens of the longest prompt that the server was asked to read."""
    usages = [entry.usage for entry in here.server.log if entry.usage is not None]
    return max(u.input_tokens + u.cache_read_input_tokens + u.cache_creation_input_tokens for u in usages)


async def test_a_long_conversation_is_pruned_and_goes_on(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            AREA,
            *(reads(f"Look {n}.") for n in range(7)),
            turn(write("calc/more.py", "MORE = 1\n"), finish("Read and done.")),
        ),
        files={"calc/area.py": "AREA = 1\n"} | PAGES,
        settings="agents = 1\n",
    )
    run = await here.finish(task(AREA, "calc/area.py"))
    assert (run.state, len(run.tasks[0].attempts)) == ("review", 1)
    assert CLIFF * 0.7 < longest(here) <= CLIFF
    avoided = here.told(CliffAvoided)
    # Once: what is left of the conversation has room for several turns.
    assert len(avoided) == 1
    (one,) = avoided
    assert isinstance(one, CliffAvoided)
    assert (one.task_id, one.attempt, one.how, one.limit) == (run.tasks[0].id, 1, "pruned", CLIFF)
    assert one.tokens > CLIFF
    assert one.dollars == dollars_avoided(HAIKU, one.tokens, one.limit)


async def test_with_thinking_a_fresh_conversation_goes_on(desk: MakeDesk) -> None:
    thinks = [reads(f"Look {n}.") | {"thinking": "Where is it?"} for n in range(6)]
    here = await desk(
        plays(AREA, *thinks, unless=["# Earlier attempt"]),
        files={"calc/area.py": "AREA = 1\n"} | PAGES,
        settings="agents = 1\nladder = [{model = 'claude-haiku-5-5', effort = 'high'}]\n",
        unplayed=True,
    )
    run = await here.finish(task(AREA, "calc/area.py"))
    assert longest(here) <= CLIFF
    one = here.told(CliffAvoided)[0]
    assert isinstance(one, CliffAvoided)
    assert (one.attempt, one.how) == (1, "handed_over")
    assert run.tasks[0].attempts[0].summary == "Look 4."


def test_what_a_cliff_would_have_cost() -> None:
    # 101,000 tokens from the cache: $0.00505 above the cliff, $0.00101 below it.
    assert dollars_avoided(HAIKU, 101_000, 100_000) == Decimal("0.00404")
    assert dollars_avoided(None, 101_000, 100_000) is None

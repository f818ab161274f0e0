"""The plan is cheap: what planning costs, by the offline server's count and the price list."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import contextune.offline
from contextune.adapters.models.prices import PriceTable
from contextune.core.model.money import Usage
from contextune.core.settings import HAIKU
from contextune.engine.quotes.quote import QuoteRequest
from tests.engine.conftest import MakeDesk

OFFLINE = Path(contextune.offline.__file__).parent
SAMPLE = OFFLINE / "sample" / "parcel"
AGENTS, TURNS, PREFIX, GROWTH, SAID = 5, 15, 6_000, 1_500, 300
"""The Run that economics are computed with: agents, their turns, tokens shared, added and said in a turn."""
THOUGHT = 400
"""Tokens of thought before an answer at low effort, which the offline model does not spend."""
SHARE = Decimal("0.25")


def agents_bill() -> Decimal:
    """What the five agents of that Run cost on Haiku, the shared prefix written once before they start."""
    price = PriceTable().price(HAIKU)
    assert price is not None
    bill = price.cost(Usage(cache_write_5m_tokens=PREFIX))
    for turn in range(TURNS):
        read = PREFIX + turn * GROWTH
        bill += AGENTS * price.cost(
            Usage(cache_read_tokens=read, cache_write_5m_tokens=GROWTH, output_tokens=SAID)
        )
    return bill


async def test_planning_is_at_most_a_quarter_of_a_run_of_five_tasks(desk: MakeDesk) -> None:
    files = {
        path.relative_to(SAMPLE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(SAMPLE.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    script = tomllib.loads((OFFLINE / "scripts" / "parcel.toml").read_text(encoding="utf-8"))
    plans = [one for one in script["conversation"] if one["name"] == "plan"]
    here = await desk(*plans, files=files)
    found = await here.app.scan(here.place.root)
    five = tuple(todo.id for todo in found if not todo.text.startswith("round half up"))
    quote = await here.app.quote(QuoteRequest(folder=here.place.root, todo_ids=five))
    assert len(quote.plan.tasks) == AGENTS
    (line,) = quote.planning
    planning = line.bill.dollars
    (asked,) = here.server.log
    sonnet = PriceTable().price(line.model)
    assert sonnet is not None
    assert asked.usage is not None
    # One request, none of it written to the cache; the bill is the server's own count at the listed price.
    assert (asked.usage.cache_creation_input_tokens, asked.usage.cache_read_input_tokens) == (0, 0)
    assert planning == sonnet.cost(
        Usage(input_tokens=asked.usage.input_tokens, output_tokens=asked.usage.output_tokens)
    )
    thought = sonnet.cost(Usage(output_tokens=THOUGHT))
    assert planning + thought <= SHARE * (agents_bill() + planning + thought)

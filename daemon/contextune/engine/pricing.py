"""What a Task is expected to cost, before it is known."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from contextune.core.conversation import Rung
from contextune.core.money import ModelPrice, PriceRange, Usage
from contextune.core.plan import Complexity, Task
from contextune.core.ports import PriceBook
from contextune.core.quote import TaskQuote
from contextune.core.settings import SONNET

PREFIX_TOKENS = 6_000
GROWTH_TOKENS = 1_500
OUTPUT_TOKENS = 300
"""A prior for an agent's loop, per turn, until this repository has a history of its own: the loop that the
economics of the product are computed with."""
TURNS: dict[Complexity, tuple[int, int, int]] = {
    "simple": (3, 5, 10),
    "standard": (4, 8, 18),
    "hard": (6, 14, 30),
}
"""Turns of an attempt: low, likely, high."""


def task_quote(task: Task, ladder: Sequence[Rung], prices: PriceBook) -> TaskQuote:
    """The price range of a Task: few turns on its first rung, up to one climb after a long attempt."""
    first = 1 if task.complexity == "hard" and len(ladder) > 1 else 0
    price = prices.price(ladder[first].model)
    above = prices.price(ladder[min(first + 1, len(ladder) - 1)].model)
    sonnet = prices.price(SONNET)
    low, likely, high = TURNS[task.complexity]
    climb = _loop_cost(above, high)
    top = _loop_cost(price, high)
    return TaskQuote(
        task_id=task.id,
        rung=ladder[first],
        price=PriceRange(
            low=_loop_cost(price, low),
            likely=_loop_cost(price, likely),
            high=None if top is None or climb is None else top + climb,
            at_sonnet=_loop_cost(sonnet, likely),
        ),
    )


def _loop_cost(price: ModelPrice | None, turns: int) -> Decimal | None:
    """An agent's loop with a rolling cache breakpoint: each turn reads what the one before it wrote."""
    if price is None:
        return None
    total = Decimal(0)
    context = 0
    for turn in range(turns):
        new = PREFIX_TOKENS + GROWTH_TOKENS if turn == 0 else GROWTH_TOKENS
        usage = Usage(cache_read_tokens=context, cache_write_5m_tokens=new, output_tokens=OUTPUT_TOKENS)
        total += price.cost(usage)
        context += new
    return total


def in_all(ranges: Sequence[PriceRange]) -> PriceRange:
    """The price range of several Tasks together; unpriced where one of them is."""

    def add(values: Sequence[Decimal | None]) -> Decimal | None:
        known = [value for value in values if value is not None]
        return sum(known, Decimal(0)) if len(known) == len(values) else None

    return PriceRange(
        low=add([r.low for r in ranges]),
        likely=add([r.likely for r in ranges]),
        high=add([r.high for r in ranges]),
        at_sonnet=add([r.at_sonnet for r in ranges]),
    )

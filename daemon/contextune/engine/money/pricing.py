"""What a Task is expected to cost, before it is known."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from contextune.core.model.conversation import Effort, Rung
from contextune.core.model.money import ModelPrice, PriceRange, Usage
from contextune.core.planning.plan import Complexity, Task
from contextune.core.planning.quote import TaskQuote
from contextune.core.planning.record import Forecast, TaskRecord
from contextune.core.ports import PriceBook
from contextune.core.routing.calibration import HIGHEST, PRIOR, Ratio, Spread, calibrated, counted
from contextune.core.routing.kinds import kind_of
from contextune.core.routing.outlook import Leg, Outlook, cost_of
from contextune.core.routing.router import Asked, Chance, Router, Start
from contextune.core.runs.ladder import PINNED
from contextune.core.settings import SONNET, Routing
from contextune.core.todos.todo import Todo

PREFIX_TOKENS = 6_000
GROWTH_TOKENS = 1_500
OUTPUT_TOKENS = 300
"""A prior for an agent's loop, per turn, until this repository has a history of its own: the loop that the
economics of the product are computed with. The prefix is what all agents of a Run share."""
TURNS: dict[Complexity, tuple[int, int, int]] = {
    "simple": (3, 5, 10),
    "standard": (4, 8, 18),
    "hard": (6, 14, 30),
    "extreme": (8, 20, 40),
}
"""Turns of an attempt: low, likely, high."""
LOW, LIKELY, HIGH = 0, 1, 2
FINE = Decimal("0.00000001")
"""Prices are told to this part of a dollar: what lies below is the noise of an estimate."""
EFFORT_COST: dict[Effort, Decimal] = {
    "low": Decimal(1),
    "medium": Decimal("1.55"),
    "high": Decimal("2.4"),
    "max": Decimal("3.7"),
}
"""What thinking more costs: Anthropic's guide to cost and intelligence has Opus 5.5 at $0.12 a Task at low
effort and at $0.29 at high; the steps between and above are as large."""


def loop_cost(price: ModelPrice, rung: Rung, turns: int, *, sharers: int = 1) -> Decimal:
    """What one agent's loop costs, in dollars, with a rolling cache breakpoint.

    The shared prefix is written once for `sharers` agents, and each turn reads what the one before it wrote.
    """
    total = price.cost(Usage(cache_write_5m_tokens=PREFIX_TOKENS)) / sharers
    context = PREFIX_TOKENS
    for _ in range(turns):
        total += price.cost(
            Usage(cache_read_tokens=context, cache_write_5m_tokens=GROWTH_TOKENS, output_tokens=OUTPUT_TOKENS)
        )
        context += GROWTH_TOKENS
    return total * EFFORT_COST[rung.effort]


def attempt_cost(
    prices: PriceBook, rung: Rung, complexity: Complexity, *, sharers: int = 1
) -> Decimal | None:
    """The prior cost of all tries of a rung at a Task, in dollars; None if its model is unpriced."""
    price = prices.price(rung.model)
    if price is None:
        return None
    return rung.tries * loop_cost(price, rung, TURNS[complexity][LIKELY], sharers=sharers)


FINEST = Decimal("1e-8")
"""Dollars: a single token of the cheapest kind."""


def in_all(ranges: Sequence[PriceRange], forecast: Forecast | None = None) -> PriceRange:
    """The price range of several Tasks together; unpriced where one of them is.

    While nothing is known of a repository, what makes one Task dear makes all of them dear, so that the
    distances of low and high from likely add up. With n quoted Tasks behind it, the share n / (n + 10) of
    each distance is a Task's own luck, which evens out: that part adds up as the root of its squares.
    """
    known = forecast.tasks if forecast else 0
    own = Decimal(known) / (known + PRIOR)

    def apart(distances: Sequence[Decimal]) -> Decimal:
        even = sum((one * one for one in distances), Decimal(0)).sqrt()
        return ((1 - own) * sum(distances, Decimal(0)) + own * even).quantize(FINEST)

    whole = [(r.low, r.likely, r.high) for r in ranges]
    priced = [
        (low, likely, high)
        for low, likely, high in whole
        if low is not None and likely is not None and high is not None
    ]
    sonnet = [r.at_sonnet for r in ranges if r.at_sonnet is not None]
    at_sonnet = sum(sonnet, Decimal(0)) if len(sonnet) == len(ranges) else None
    if len(priced) < len(ranges):
        return PriceRange(low=None, likely=None, high=None, at_sonnet=at_sonnet)
    middle = sum((likely for _, likely, _ in priced), Decimal(0))
    return PriceRange(
        low=middle - apart([likely - low for low, likely, _ in priced]),
        likely=middle,
        high=middle + apart([high - likely for _, likely, high in priced]),
        at_sonnet=at_sonnet,
    )


class Pricer:
    """Prices the Tasks of one Plan by the history of its repository, newest first."""

    def __init__(
        self,
        ladder: Sequence[Rung],
        prices: PriceBook,
        history: Sequence[TaskRecord] = (),
        *,
        routing: Routing = "learn",
        chance: Chance | None = None,
        sharers: int = 1,
    ) -> None:
        """`chance` decides what is explored, nothing if it is None; `sharers` agents share a prefix."""
        self._prices = prices
        self._routing = routing
        self._chance = chance
        self._sharers = sharers
        self.outlook = Outlook(
            ladder, history, lambda rung, hard: attempt_cost(prices, rung, hard, sharers=sharers)
        )
        self.router = Router(self.outlook)
        self._ratios = self._seen(history)

    def quotes(self, tasks: Sequence[Task], todos: Sequence[Todo]) -> tuple[TaskQuote, ...]:
        """What each Task is expected to cost, and where it begins."""
        asked = [Asked(kind_of(task, todos), task.complexity) for task in tasks]
        starts = self.router.starts(asked, routing=self._routing, chance=self._chance)
        return tuple(
            self._quote(task.id, one, start) for task, one, start in zip(tasks, asked, starts, strict=True)
        )

    def pinned(self, quoted: TaskQuote, complexity: Complexity, index: int) -> TaskQuote:
        """The same Task begun where the user wants it. `index` is a place on the Ladder."""
        start = Start(index=index, explored=False, reason=PINNED)
        return self._quote(quoted.task_id, Asked(quoted.kind, complexity), start)

    def _quote(self, task_id: str, asked: Asked, start: Start) -> TaskQuote:
        return TaskQuote(
            task_id=task_id,
            rung=self.outlook.ladder[start.index],
            price=self._range(asked, start.index),
            start=start.index,
            reason=start.reason,
            kind=asked.kind,
            explored=start.explored,
        )

    def _range(self, asked: Asked, start: int) -> PriceRange:
        way = self.outlook.way(*asked, start)
        expected, turns = cost_of(way), TURNS[asked.complexity]
        likely = Decimal(1)
        low = high = None
        if expected:
            first = (way[0].cost or Decimal(0)) * turns[LOW] / turns[LIKELY]
            top = _climb(way) * turns[HIGH] / turns[LIKELY]
            prior = Spread(float(first / expected), 1.0, float(max(top / expected, Decimal(1))))
            spread = calibrated(prior, self._ratios, *asked)
            low, likely, high = (Decimal(multiple) for multiple in spread)
        sonnet = self._at_sonnet(way, asked.complexity)

        def amount(multiple: Decimal | None, of: Decimal | None) -> Decimal | None:
            return None if multiple is None or of is None else (multiple * of).quantize(FINE)

        return PriceRange(
            low=amount(low, expected),
            likely=amount(likely, expected),
            high=amount(high, expected),
            at_sonnet=amount(likely, sonnet),
        )

    def _at_sonnet(self, way: Sequence[Leg], complexity: Complexity) -> Decimal | None:
        """The same tokens, rung by rung, at Sonnet's price."""
        total = Decimal(0)
        for leg in way:
            there = msgspec.structs.replace(leg.rung, model=SONNET)
            alike = attempt_cost(self._prices, there, complexity, sharers=self._sharers)
            if alike is None:
                return None
            total += leg.reached * alike * self.outlook.moved(leg.rung)
        return total

    def _seen(self, history: Sequence[TaskRecord]) -> tuple[Ratio, ...]:
        """What each Task cost against what would be expected of it today."""
        found = []
        for record in counted(history):
            began = record.steps[0].rung
            if began not in self.outlook.ladder:
                continue
            way = self.outlook.way(record.kind, record.complexity, self.outlook.ladder.index(began))
            expected = cost_of(way)
            if expected and record.dollars:
                found.append(Ratio(record.kind, record.complexity, float(record.dollars / expected)))
        return tuple(found)


def _climb(way: Sequence[Leg]) -> Decimal:
    """The cost of every rung that more than a few Tasks reach."""
    return sum((leg.cost or Decimal(0) for leg in way if leg.reached > 1 - Decimal(HIGHEST)), Decimal(0))

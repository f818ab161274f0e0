"""What Tasks are expected to cost: the loop of the economics first, then what such Tasks cost here."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import msgspec
import pytest

from contextune.adapters.models.prices import PriceTable
from contextune.core.model.conversation import Rung
from contextune.core.model.money import PriceRange
from contextune.core.planning.plan import Complexity, Task
from contextune.core.planning.quote import TaskQuote
from contextune.core.planning.record import Forecast, TaskRecord
from contextune.core.settings import DEFAULT_LADDER, HAIKU
from contextune.engine.money.pricing import Pricer, attempt_cost, in_all, loop_cost
from tests.core import past as p

PRICES = PriceTable({})
COMPLEXITIES: tuple[Complexity, ...] = ("simple", "standard", "hard", "extreme")


def a_task(task_id: str = "t", complexity: Complexity = "standard", *files: str) -> Task:
    return Task(id=task_id, title="T", brief="Do it.", files=files or ("a.py",), complexity=complexity)


def quoted(pricer: Pricer, complexity: Complexity = "standard") -> TaskQuote:
    (found,) = pricer.quotes([a_task("t", complexity)], ())
    return found


def test_the_prior_is_the_loop_of_the_economics() -> None:
    """Fifteen turns, five agents that share a primed prefix: $0.00769 each at Haiku 5.5's list price."""
    haiku = PRICES.price(HAIKU)
    assert haiku is not None
    cost = loop_cost(haiku, p.LOW, 15, sharers=5)
    assert cost == pytest.approx(Decimal("0.00769"), abs=Decimal("0.000005"))
    assert loop_cost(haiku, p.LOW, 15) > cost
    assert loop_cost(haiku, p.HIGH, 15) > 2 * loop_cost(haiku, p.LOW, 15)


def test_best_of_three_costs_three_attempts() -> None:
    three = Rung(model=HAIKU, effort="low", tries=3)
    alone = attempt_cost(PRICES, p.LOW, "standard")
    assert alone is not None
    assert attempt_cost(PRICES, three, "standard") == 3 * alone
    assert attempt_cost(PRICES, Rung(model="my-own", effort="low"), "standard") is None


def amounts(price: PriceRange) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    assert price.low is not None
    assert price.likely is not None
    assert price.high is not None
    assert price.at_sonnet is not None
    return price.low, price.likely, price.high, price.at_sonnet


def test_a_range_holds_a_short_attempt_the_climbs_and_a_long_way_up() -> None:
    likely_by_complexity = []
    for complexity in COMPLEXITIES:
        low, likely, high, _ = amounts(quoted(Pricer(DEFAULT_LADDER, PRICES), complexity).price)
        assert 0 < low < likely < high
        first = attempt_cost(PRICES, quoted(Pricer(DEFAULT_LADDER, PRICES), complexity).rung, complexity)
        assert first is not None
        assert low < first <= likely
        likely_by_complexity.append(likely)
    assert likely_by_complexity == sorted(likely_by_complexity)


def test_at_sonnet_are_the_same_tokens_climbs_included() -> None:
    _, likely, _, at_sonnet = amounts(quoted(Pricer([p.LOW], PRICES)).price)
    alike = attempt_cost(PRICES, msgspec.structs.replace(p.LOW, model="claude-sonnet-5-5"), "standard")
    assert at_sonnet == pytest.approx(alike, rel=Decimal("0.001"))
    assert likely < at_sonnet / 10
    only_sonnet = amounts(quoted(Pricer([p.MIDDLE], PRICES)).price)
    assert only_sonnet[1] == only_sonnet[3]


def test_after_a_history_the_range_is_what_such_tasks_cost() -> None:
    """Costs are drawn around three times what the prior says: quote, work, record; 120 Tasks."""
    random, held = Random(3), []
    records: list[TaskRecord] = []
    fresh = Pricer(DEFAULT_LADDER, PRICES)
    expected = amounts(quoted(fresh).price)[1]
    for number in range(120):
        made = quoted(Pricer(DEFAULT_LADDER, PRICES, records))
        low, _, high, _ = amounts(made.price)
        dollars = expected * Decimal(3 * random.lognormvariate(0, 0.4))
        held.append(low <= dollars <= high)
        step = p.step(made.rung, "green", str(dollars))
        record = p.record(step, kind="one file", complexity="standard", run_id=f"r_{number}")
        records.insert(0, msgspec.structs.replace(record, quoted=made.price))
    late = held[40:]
    assert 0.75 <= sum(late) / len(late) <= 0.97
    low, likely, high, _ = amounts(quoted(Pricer(DEFAULT_LADDER, PRICES, records)).price)
    assert likely == pytest.approx(3 * expected * Decimal("1.08"), rel=Decimal("0.2"))
    before = amounts(quoted(fresh).price)
    assert high / low < before[2] / before[0]


def test_a_pinned_task_is_priced_where_it_begins() -> None:
    pricer = Pricer(DEFAULT_LADDER, PRICES)
    made = quoted(pricer)
    pinned = pricer.pinned(made, "standard", 3)
    assert (pinned.rung, pinned.start, pinned.reason) == (p.TOP, 3, "Pinned by the user.")
    assert (pinned.kind, pinned.task_id, pinned.explored) == (made.kind, made.task_id, False)
    assert amounts(pinned.price)[1] > amounts(made.price)[1]
    assert pricer.pinned(pinned, "standard", 0).price == made.price


def test_the_same_quote_explores_the_same() -> None:
    records = [
        p.record(p.step(p.TOP, "green", "0.3"), complexity="extreme", kind="one file") for _ in range(30)
    ]
    found = [
        Pricer(DEFAULT_LADDER, PRICES, records, chance=Random("q").random).quotes(
            [a_task(str(n), "extreme") for n in range(4)], ()
        )
        for _ in range(2)
    ]
    assert found[0] == found[1]
    assert any(one.explored for one in found[0])
    assert not any(
        one.explored for one in Pricer(DEFAULT_LADDER, PRICES, records).quotes([a_task("t", "extreme")], ())
    )


def test_a_total_narrows_as_tasks_prove_to_be_each_their_own() -> None:
    one = PriceRange(low=Decimal(1), likely=Decimal(2), high=Decimal(5), at_sonnet=Decimal(10))
    four = [one] * 4
    assert in_all(four) == PriceRange(
        low=Decimal(4), likely=Decimal(8), high=Decimal(20), at_sonnet=Decimal(40)
    )
    # Half of each distance evens out: 4 x 0.5 x 3 + 0.5 x 2 x 3 above, a third of that below.
    known = in_all(four, Forecast(tasks=10, hits=8))
    assert known == PriceRange(low=Decimal(5), likely=Decimal(8), high=Decimal(17), at_sonnet=Decimal(40))
    assert in_all([one], Forecast(tasks=1000, hits=900)) == one
    unpriced = PriceRange(low=None, likely=None, high=None, at_sonnet=Decimal(1))
    assert in_all([one, unpriced]).likely is None

"""Where Tasks begin: as usual at first, then where it is cheapest, never for more than 5 % of the cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextune.core.model.conversation import Rung
from contextune.core.planning.plan import Complexity
from contextune.core.planning.record import TaskRecord
from contextune.core.routing.outlook import Outlook, cost_of, cost_of_acceptance
from contextune.core.routing.router import LEAST, MOST, THIN, UNWEIGHED, Asked, Router, Start, usual_start
from contextune.core.settings import DEFAULT_LADDER, HAIKU
from tests.core import past as p

THREE = Rung(model=HAIKU, effort="low", tries=3)
COSTS = {p.LOW: "0.004", p.HIGH: "0.010", p.MIDDLE: "0.10", p.TOP: "0.20", THREE: "0.012"}
COMPLEXITIES: tuple[Complexity, ...] = ("simple", "standard", "hard", "extreme")
TESTS, HARD, EXTREME = Asked("tests", "simple"), Asked("tests", "hard"), Asked("tests", "extreme")


def cost(rung: Rung, complexity: Complexity) -> Decimal | None:
    del complexity
    return Decimal(COSTS[rung]) if rung in COSTS else None


def router(records: Sequence[TaskRecord] = (), ladder: Sequence[Rung] = DEFAULT_LADDER) -> Router:
    return Router(Outlook(ladder, records, cost))


def begun(made: Router, asked: Asked = TESTS, *, chance: Callable[[], float] | None = None) -> Start:
    (start,) = made.starts([asked], routing="learn", chance=chance)
    return start


def went(
    *rungs: Rung, green: bool = True, kind: str = "tests", complexity: Complexity = "simple"
) -> TaskRecord:
    """A Task that went up these rungs, and passed on the last of them."""
    steps = [p.step(rung, "red", COSTS[rung]) for rung in rungs[:-1]]
    return p.record(
        *steps,
        p.step(rungs[-1], "green" if green else "red", COSTS[rungs[-1]]),
        kind=kind,
        complexity=complexity,
    )


def test_the_usual_start_rises_with_the_complexity() -> None:
    assert [usual_start(DEFAULT_LADDER, one) for one in COMPLEXITIES] == [0, 0, 1, 3]
    assert [usual_start([p.LOW], one) for one in COMPLEXITIES] == [0, 0, 0, 0]
    assert usual_start([p.LOW, p.MIDDLE], "extreme") == 1


def test_without_a_history_tasks_begin_as_usual_and_say_so() -> None:
    said = [begun(router(), Asked("tests", one), chance=Random(1).random) for one in COMPLEXITIES]
    assert [(one.index, one.explored) for one in said] == [(0, False), (0, False), (1, False), (3, False)]
    assert said[0].reason == "Tasks begin on Haiku 5.5, low until this repository has a history."
    assert said[2].reason == "Hard Tasks begin on Haiku 5.5, high until this repository has a history."
    assert said[3].reason == "Extreme Tasks begin on Opus 5.5, medium until this repository has a history."


def test_routing_can_be_fixed() -> None:
    green = [went(p.LOW, complexity="extreme") for _ in range(30)]
    (start,) = router(green).starts([EXTREME], routing="fixed", chance=Random(1).random)
    assert start == Start(index=3, explored=False, reason="The setting `routing` is `fixed`.")


def test_without_a_price_nothing_is_preferred() -> None:
    own = Rung(model="my-own", effort="low")
    made = router([went(p.LOW) for _ in range(30)], (own, *DEFAULT_LADDER))
    assert begun(made, chance=Random(1).random) == Start(index=0, explored=False, reason=UNWEIGHED)


def test_what_serves_is_kept_and_the_reason_counts() -> None:
    start = begun(router([*(went(p.LOW) for _ in range(19)), went(p.LOW, p.HIGH)]))
    assert start.index == 0
    assert start.reason == "19 of 20 Tasks of kind tests passed on Haiku 5.5, low here."
    other = begun(router([went(p.LOW) for _ in range(19)]), Asked("docs", "simple"))
    assert other.reason == "No Task of kind docs was tried on Haiku 5.5, low here yet."


def test_rungs_that_never_pass_are_left_out() -> None:
    """Only Opus ever passes: to begin there saves what three rungs cost in vain."""
    records = [went(*DEFAULT_LADDER) for _ in range(60)]
    # Until so much was spent, an attempt of Opus in vain could cost more than a twentieth of it.
    assert begun(router(records[:30])).index == 0
    start = begun(router(records))
    assert start.index == 3
    assert not start.explored
    assert start.reason == (
        "60 of 60 Tasks of kind tests passed on Opus 5.5, medium here, 0 of 60 on Haiku 5.5, low."
    )


def test_hard_tasks_begin_lower_where_that_was_seen_to_pass() -> None:
    usual = [went(p.HIGH, complexity="hard") for _ in range(10)]
    assert begun(router(usual), HARD).index == 1
    tried = [went(p.LOW, complexity="hard") for _ in range(5)]
    assert begun(router([*tried, *usual]), HARD).index == 0
    # What passes on simple Tasks does not say that it does on hard ones.
    assert begun(router([*(went(p.LOW) for _ in range(30)), *usual]), HARD).index == 1


def test_work_that_was_taken_back_teaches_to_begin_higher() -> None:
    def past(reverted: bool) -> list[TaskRecord]:
        step = p.step(p.LOW, "green", COSTS[p.LOW])
        low = [p.record(step, complexity="hard", reverted=reverted) for _ in range(12)]
        return [*low, *(went(p.HIGH, complexity="hard") for _ in range(30))]

    assert begun(router(past(reverted=False)), HARD).index == 0
    assert begun(router(past(reverted=True)), HARD).index == 1


def test_a_lower_rung_is_tried_for_its_lesson_and_gives_back_to_the_usual_one() -> None:
    records = [went(p.TOP, complexity="extreme") for _ in range(20)]
    start = begun(router(records), EXTREME, chance=Random(1).random)
    assert (start.index, start.explored) == (0, True)
    assert start.reason == "Tries Haiku 5.5, low, to learn about Tasks of kind tests."
    assert router(records).next_rung(EXTREME, [0], explored=True) == 3
    assert router(records).next_rung(EXTREME, [0]) == 1
    assert begun(router(records), EXTREME).index == 3  # without chance there is nothing to explore


def test_the_climb_is_in_order_while_the_history_is_thin_and_ends() -> None:
    ladder = (p.LOW, THREE, p.HIGH)
    assert router(ladder=ladder).next_rung(TESTS, [0]) == 1
    assert router([went(p.LOW, THREE, p.HIGH)], ladder).next_rung(TESTS, [0]) == 1
    assert router(ladder=ladder).next_rung(TESTS, [0, 1]) == 2
    assert router(ladder=ladder).next_rung(TESTS, [0, 1, 2]) is None


def test_best_of_three_is_left_out_of_the_climb_where_it_never_helps() -> None:
    ladder = (p.LOW, THREE, p.HIGH)
    steps = [p.step(THREE, "red", "0.004")] * 3
    never = [
        p.record(p.step(p.LOW, "red", "0.004"), *steps, p.step(p.HIGH, "green", "0.010")) for _ in range(60)
    ]
    assert router(never, ladder).next_rung(TESTS, [0]) == 2
    better = [
        p.step(THREE, "green", "0.004"),
        p.step(THREE, "outdone", "0.004"),
        p.step(THREE, "red", "0.004"),
    ]
    helps = [p.record(p.step(p.LOW, "red", "0.004"), *better, state="accepted") for _ in range(60)]
    assert router(helps, ladder).next_rung(TESTS, [0]) == 1


def test_best_of_three_costs_three_and_passes_more_often() -> None:
    way = Outlook((THREE,), (), cost).way("tests", "standard", 0)
    alone = Outlook((p.LOW,), (), cost).way("tests", "standard", 0)
    assert cost_of(way) == 3 * (cost_of(alone) or 0)
    assert way[0].passes > alone[0].passes


def test_the_expected_cost_has_the_climbs_in_it() -> None:
    way = Outlook(DEFAULT_LADDER, (), cost).way("tests", "standard", 0)
    first, second = way[0], way[1]
    assert first.reached == 1
    assert second.reached == pytest.approx(1 - first.passes)
    assert cost_of(way[:2]) == pytest.approx(Decimal("0.004") + second.reached * Decimal("0.010"))
    all_in, accepted = cost_of(way), cost_of_acceptance(way)
    assert all_in is not None
    assert accepted is not None
    assert accepted > all_in  # some Tasks fail on every rung, and are paid for too


def test_what_attempts_cost_here_replaces_what_was_thought() -> None:
    dear = [p.record(p.step(p.LOW, "green", "0.012")) for _ in range(60)]
    outlook = Outlook(DEFAULT_LADDER, dear, cost)
    assert outlook.cost(p.LOW, "simple") == pytest.approx(Decimal("0.0116"), rel=Decimal("0.05"))
    assert outlook.cost(p.HIGH, "simple") == Decimal("0.010")


def records_of(draw: st.DrawFn) -> list[TaskRecord]:
    made = []
    for _ in range(draw(st.integers(THIN, 30))):
        complexity = draw(st.sampled_from(COMPLEXITIES))
        start = draw(st.integers(0, 3))
        end = draw(st.integers(start, 3))
        made.append(
            went(
                *DEFAULT_LADDER[start : end + 1],
                green=draw(st.booleans()),
                complexity=complexity,
                kind="docs",
            )
        )
    return made


@given(data=st.data(), complexity=st.sampled_from(COMPLEXITIES), seed=st.integers(0, 1000))
def test_nothing_is_risked_beyond_the_balance(data: st.DataObject, complexity: Complexity, seed: int) -> None:
    """Whatever the history: the worst of a start that is not the usual one lies within what may be risked."""
    records = data.draw(st.composite(records_of)())
    made, asked = router(records), Asked("docs", complexity)
    start, usual = begun(made, asked, chance=Random(seed).random), usual_start(DEFAULT_LADDER, complexity)
    outlook = Outlook(DEFAULT_LADDER, records, cost)
    costs = [outlook.cost(rung, complexity) or Decimal(0) for rung in DEFAULT_LADDER]
    if start.index > usual:
        worst = MOST * costs[start.index] + sum(costs[start.index + 1 :]) - LEAST * costs[usual]
        assert worst <= made.balance
    elif start.index < usual:
        below = costs[start.index : start.index + 1] if start.explored else costs[start.index : usual]
        assert MOST * sum(below) <= made.balance
    if made.balance < 0:
        assert start.index == usual
        assert made.next_rung(asked, [usual]) == (usual + 1 if usual < 3 else None)


def test_learning_hardly_ever_costs_more_than_a_twentieth() -> None:
    """In 100 histories of two kinds and 80 Tasks, at any rates: at no time more than 1.05 of the usual cost.

    What rungs that were left out would have done can only be believed, so that one of them may go beyond.
    """
    worst = sorted(_most_beyond_usual(Random(seed)) for seed in range(100))
    assert worst[-2] <= Decimal("1.05")
    assert worst[-1] <= Decimal("1.10")


def _most_beyond_usual(random: Random) -> Decimal:
    """What was spent at the worst time of a history, of what the usual Ladder would have cost by then.

    Each Task passes on the same rungs for both, and attempts cost what is expected of them.
    """
    rates = [[random.random() ** random.choice((1, 3)) for _ in range(4)] for _ in range(2)]
    mix = [random.choice(COMPLEXITIES) for _ in range(random.randint(1, 3))]
    records: list[TaskRecord] = []
    spent = usually = worst = Decimal(0)
    for _ in range(80):
        kind = random.randrange(2)
        asked = Asked(("tests", "docs")[kind], random.choice(mix))
        passes = [random.random() < rate for rate in rates[kind]]
        made = router(records)
        start = begun(made, asked, chance=random.random)
        path = [start.index]
        while not passes[path[-1]]:
            following = made.next_rung(asked, path, explored=start.explored)
            if following is None:
                break
            path.append(following)
        rungs = [DEFAULT_LADDER[place] for place in path]
        records.insert(0, went(*rungs, green=passes[path[-1]], kind=asked.kind, complexity=asked.complexity))
        spent += records[0].dollars
        for place in range(usual_start(DEFAULT_LADDER, asked.complexity), 4):
            usually += Decimal(COSTS[DEFAULT_LADDER[place]])
            if passes[place]:
                break
        worst = max(worst, spent / usually)
    return worst

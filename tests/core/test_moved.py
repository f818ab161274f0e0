"""Tasks put earlier or later: what waits for what then, and that nothing ever waits for itself."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from contextune.core.overlap.moved import Spot, moved, one_step
from contextune.core.planning.plan import Overlap, Plan, Task


def plan(**waits: str) -> Plan:
    """Tasks by their ids, in order, with the ids of those that each waits for."""
    return Plan(
        tasks=tuple(
            Task(id=one, title=one.upper(), brief="Do it.", depends_on=tuple(before.split()))
            for one, before in waits.items()
        )
    )


def strong(first: str, second: str) -> Overlap:
    return Overlap(first=first, second=second, path="a.py", strong=True)


def test_within_a_wave_only_the_order_changes() -> None:
    after = moved(plan(a="", b="", c="a"), "b", Spot(1, "a"), [])
    assert after.waves() == (("b", "a"), ("c",))
    assert after.task("c").depends_on == ("a",)


def test_an_earlier_wave_is_waited_for_no_more() -> None:
    after = moved(plan(a="", b="a", c="a b"), "c", Spot(2), [])
    assert after.waves() == (("a",), ("b", "c"))
    assert after.task("c").depends_on == ("a",)


def test_in_a_later_wave_it_waits_for_all_of_the_wave_before() -> None:
    after = moved(plan(a="", b="", c=""), "a", Spot(2), [])
    assert after.waves() == (("b", "c"), ("a",))
    assert after.task("a").depends_on == ("b", "c")


def test_who_waited_for_it_does_so_no_more_where_it_goes_behind_them() -> None:
    after = moved(plan(a="", b="a"), "a", Spot(3), [])
    assert after.waves() == (("b",), ("a",))


def test_tasks_that_collide_change_places() -> None:
    ordered = plan(a="", b="a")
    assert moved(ordered, "b", Spot(1, "a"), [strong("a", "b")]).waves() == (("b",), ("a",))
    assert moved(ordered, "a", Spot(2, "b"), [strong("a", "b")]).waves() == (("b",), ("a",))
    # Without a collision they are side by side, in the order that was asked for.
    assert moved(ordered, "b", Spot(1, "a"), []).waves() == (("b", "a"),)


def test_steps_go_from_wave_to_wave() -> None:
    one = plan(a="", b="", c="b")
    assert one_step(one, "b", "up") == Spot(1, "a")
    assert one_step(one, "a", "down") == Spot(1, None)
    assert one_step(one, "c", "up") == Spot(1)
    assert one_step(one, "b", "down") == Spot(2, "c")
    with pytest.raises(ValueError, match=r"“A” is the first Task already\."):
        one_step(one, "a", "up")
    with pytest.raises(ValueError, match=r"“C” is the last Task already\."):
        one_step(one, "c", "down")


def test_there_is_no_place_beyond_a_new_last_wave() -> None:
    with pytest.raises(ValueError, match=r"There is no wave 4: name one of 1 to 3\."):
        moved(plan(a="", b="a"), "a", Spot(4), [])
    with pytest.raises(ValueError, match=r"Wave 1 has no task b\."):
        moved(plan(a="", b="a"), "a", Spot(1, "b"), [])


def test_every_task_to_every_place_of_every_small_plan_makes_no_cycle() -> None:
    ids = "abcd"
    # Each waits for any of those before it.
    waits_of = [
        [" ".join(some) for size in range(place + 1) for some in combinations(ids[:place], size)]
        for place in range(len(ids))
    ]
    collisions = [strong("a", "b"), strong("c", "b"), strong("b", "d")]
    for waits in product(*waits_of):
        given = plan(**dict(zip(ids, waits, strict=True)))
        waves = given.waves()
        for task_id, number in product(ids, range(1, len(waves) + 2)):
            befores = [None, *(waves[number - 1] if number <= len(waves) else ())]
            for before in befores:
                after = moved(given, task_id, Spot(number, before), collisions)
                assert sorted(one for wave in after.waves() for one in wave) == list(ids)
                orders = after.orders()
                assert all(
                    one.first in orders[one.second] or one.second in orders[one.first] for one in collisions
                )

"""The search for those with whom a Task turns the Gate red, over all that can be at fault."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from contextune.engine.integration.partners import Member, most_tests, partners


class Combinations:
    """A Gate that is red where all those at fault are together, and where what one needs is missing."""

    def __init__(self, at_fault: frozenset[int], needs: Sequence[int]) -> None:
        self.at_fault = at_fault
        self.needs = needs
        self.tested: list[Sequence[int]] = []

    async def __call__(self, places: Sequence[int]) -> bool:
        self.tested.append(places)
        assert list(places) == sorted(set(places))
        for place in places:
            assert set(range(self.needs[place])) <= set(places), "tested without what it needs"
        return self.at_fault <= set(places)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 10])
async def test_whoever_is_at_fault_is_named_and_nobody_else(count: int) -> None:
    members = [Member(str(place), 0) for place in range(count)]
    for size in range(min(count, 2) + 1):
        for at_fault in itertools.combinations(range(count), size):
            gate = Combinations(frozenset(at_fault), [0] * count)
            assert await partners(members, 0, gate) == tuple(map(str, at_fault))
            assert len(gate.tested) <= most_tests(count)


async def test_what_one_is_built_on_comes_along() -> None:
    needs = [0, 1, 0, 3, 0, 2]
    members = [Member(str(place), own) for place, own in enumerate(needs)]
    for one in range(len(needs)):
        gate = Combinations(frozenset({one}), needs)
        # Whoever comes along anyway need not be named.
        assert await partners(members, 2, gate) == (() if one < 2 else (str(one),))


async def test_a_search_that_takes_too_long_names_who_is_known() -> None:
    count = 64
    members = [Member(str(place), 0) for place in range(count)]
    gate = Combinations(frozenset(range(0, count, 4)), [0] * count)
    found = await partners(members, 0, gate)
    assert len(gate.tested) <= most_tests(count) == 16
    assert found
    assert {int(one) % 4 for one in found[1:]} == {0}

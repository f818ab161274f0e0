"""With whom a Task turns the Gate red that is green by itself: found by testing combinations."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

IsRed = Callable[[Sequence[int]], Awaitable[bool]]
"""Whether the Gate is red for the Task with the accepted ones at these places, in this order, alone."""


@dataclass(frozen=True, slots=True)
class Member:
    """A Task in the Ghost, as the search sees it."""

    task_id: str
    needs: int
    """How many of those before it its work began on top of: it is never tested without them."""


def most_tests(count: int) -> int:
    """How often the Gate is run at most to name a Task's partners among so many others."""
    return 2 * math.ceil(math.log2(count + 1)) + 2


async def partners(members: Sequence[Member], needs: int, is_red: IsRed) -> tuple[str, ...]:
    """The fewest members without which a Task would be green; itself alone if there are none.

    All members together with it are red, and without it green. `needs` is how many of the first of them its
    own work began on top of. What cannot be put together counts as green: it lacks something. Stops after
    `most_tests`, with those that are known by then.
    """
    left = most_tests(len(members))
    found: list[int] = []

    async def red_with(first: int) -> bool:
        nonlocal left
        left -= 1
        within = {*range(max(first, needs))}
        for place in found:
            within |= {place, *range(members[place].needs)}
        return await is_red(sorted(within))

    bound = len(members)
    while left > 0 and not await red_with(0):
        # A prefix of `green` with those found is green, one of `bound` is red: its last member is one.
        green = 0
        while bound - green > 1 and left > 0:
            middle = (green + bound) // 2
            if await red_with(middle):
                bound = middle
            else:
                green = middle
        bound -= 1
        found.append(bound)
    return tuple(members[place].task_id for place in sorted(found))

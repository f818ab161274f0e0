"""Who is next when a server takes no more requests: those that others have begun to wait for come first."""

from __future__ import annotations

import asyncio

HELD_BACK = 30_000
"""Milliseconds for which a request that begins something lets those pass that go on with something."""


class Place:
    """A request's place in a line."""

    def __init__(self, since: int, *, begins: bool) -> None:
        self.since = since
        self.begins = begins
        self.first = asyncio.Event()
        """Set while it is the first."""

    def lets_pass(self, now: int) -> bool:
        """Whether it waits for what goes on already."""
        return self.begins and now - self.since < HELD_BACK


class WaitingLine:
    """First come, first served; but what begins an agent's work lets those pass that are at theirs.

    An agent at work holds a worktree and a prompt in the cache, and soon needs neither any more. Where all
    took turns, a hundred that begin at the same time would all be late; where few are taken, none would end.
    """

    def __init__(self) -> None:
        self._places: list[Place] = []

    def join(self, now: int, *, begins: bool) -> Place:
        """Stand in line from `now` (milliseconds) on; at its end, or before those that let others pass."""
        place = Place(now, begins=begins)
        at = len(self._places)
        if not begins:
            at = next((n for n, other in enumerate(self._places) if other.lets_pass(now)), at)
        self._places.insert(at, place)
        self._call()
        return place

    def leave(self, place: Place) -> None:
        """Stand in line no more."""
        self._places.remove(place)
        self._call()

    def _call(self) -> None:
        for place in self._places[:2]:  # who was first before is second now, if anything
            if place is self._places[0]:
                place.first.set()
            else:
                place.first.clear()

"""Agents that go on at the same moment do so one in each round of the event loop."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from contextune.engine.drive.turnstile import Turnstile


async def rounds(turnstile: Turnstile, count: int, *, cancel: int | None = None) -> dict[int, int]:
    """In which round of the loop each of some that come together went through."""
    now, went = 0, dict[int, int]()

    async def go(number: int) -> None:
        await turnstile.through()
        went[number] = now

    tasks = [asyncio.create_task(go(number)) for number in range(count)]
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0)
        now += 1
        if cancel is not None and now == 1:
            tasks[cancel].cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
    return went


async def test_each_has_a_round_of_its_own_in_order() -> None:
    went = await rounds(Turnstile(), 10)
    assert list(went) == list(range(10))
    assert len(set(went.values())) == 10


async def test_who_comes_alone_does_not_wait() -> None:
    turnstile = Turnstile()
    for _ in range(3):
        coming = turnstile.through()
        with suppress(StopIteration):
            coming.send(None)
            raise AssertionError("it waits")
        await asyncio.sleep(0)


async def test_who_is_cancelled_holds_up_nobody() -> None:
    turnstile = Turnstile()
    assert list(await rounds(turnstile, 5, cancel=2)) == [0, 1, 3, 4]
    assert list(await rounds(turnstile, 2)) == [0, 1]

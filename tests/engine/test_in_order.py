"""Many wait at once, and what follows comes in the order in which they came."""

from __future__ import annotations

import asyncio

import pytest

from contextune.engine.drive.in_order import InOrder


async def test_none_overtakes_and_all_wait_at_once() -> None:
    order, done = InOrder(), list[int]()
    gates = [asyncio.Event() for _ in range(3)]
    begun = [asyncio.Event() for _ in range(3)]

    async def wait(number: int) -> None:
        begun[number].set()
        await gates[number].wait()

    tasks = [asyncio.create_task(order.after(wait(n), lambda n=n: done.append(n))) for n in range(3)]  # type: ignore[misc]
    for event in begun:
        await event.wait()  # the later ones do not wait for the first to begin
    gates[2].set()
    gates[1].set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert done == []
    gates[0].set()
    await asyncio.gather(*tasks)
    assert done == [0, 1, 2]


async def test_one_that_fails_holds_up_nobody() -> None:
    order, done = InOrder(), list[str]()

    async def fail() -> None:
        raise OSError("full")

    async def succeed() -> None:
        pass

    first = asyncio.create_task(order.after(fail(), lambda: done.append("first")))
    await order.after(succeed(), lambda: done.append("second"))
    with pytest.raises(OSError, match="full"):
        await first
    assert done == ["second"]

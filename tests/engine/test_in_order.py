"""Many wait at once, and what follows comes in the order in which they came."""

from __future__ import annotations

import asyncio

import pytest

from contextune.core.runs import events as ev
from contextune.engine.drive.in_order import InOrder, UnderWay


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


async def test_what_is_told_of_a_task_waits_for_what_is_under_way_of_it_alone() -> None:
    way = UnderWay()
    loop = asyncio.get_running_loop()
    first, other = loop.create_future(), loop.create_future()
    way.add(told("one"), first)
    way.add(told("two"), other)
    waiting = asyncio.create_task(way.kept([told("one")]))
    await asyncio.sleep(0)
    assert not waiting.done()
    first.set_result(None)
    await waiting
    await way.kept([told("one")])
    other.set_exception(OSError("full"))
    with pytest.raises(OSError, match="full"):
        await way.kept([told("three"), told("two")])
    await way.settled()


def told(task_id: str) -> ev.AgentTold:
    return ev.AgentTold(run_id="r", at=1, task_id=task_id, text="Go on.")

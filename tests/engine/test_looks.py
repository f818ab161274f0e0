"""Looks at the checkout: shared by who asks at once, and never older than the question."""

from __future__ import annotations

import asyncio
import threading
from typing import cast

from contextune.core.errors import GitProblem
from contextune.core.ports import Repository
from contextune.core.worktrees.checkout_look import CheckoutLook
from contextune.engine.drive.looks import Looks


class Looked:
    """A repository that is looked at when the test lets it."""

    def __init__(self) -> None:
        self.begun = 0
        self.first = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.may = threading.Event()
        self.problem = False

    def look(self) -> CheckoutLook:
        self.begun += 1
        mine = str(self.begun)
        self._loop.call_soon_threadsafe(self.first.set)
        assert self.may.wait(10)
        if self.problem:
            raise GitProblem("no")
        return CheckoutLook(tree=mine, parts={})


async def test_who_asks_at_once_shares_a_look_and_who_asks_later_gets_another() -> None:
    looked = Looked()
    looks = Looks(cast(Repository, looked))
    first = [asyncio.create_task(looks.look()) for _ in range(3)]
    await looked.first.wait()
    later = asyncio.create_task(looks.look())
    looked.may.set()
    assert [look.tree for look in await asyncio.gather(*first, later)] == ["1", "1", "1", "2"]


async def test_a_problem_reaches_all_and_the_next_look_is_a_new_one() -> None:
    looked = Looked()
    looked.problem = True
    looked.may.set()
    looks = Looks(cast(Repository, looked))
    both = await asyncio.gather(looks.look(), looks.look(), return_exceptions=True)
    assert all(isinstance(one, GitProblem) for one in both)
    looked.problem = False
    assert (await looks.look()).tree == "2"

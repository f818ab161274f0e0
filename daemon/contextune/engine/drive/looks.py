"""Looks at the user's checkout, shared by the Tasks that begin or end at the same moment."""

from __future__ import annotations

import asyncio

from contextune.core.ports import Repository
from contextune.core.worktrees.checkout_look import CheckoutLook


class Looks:
    """One look for all who ask before it begins: none is older than the question, and git is asked once."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._next: asyncio.Task[CheckoutLook] | None = None

    async def look(self) -> CheckoutLook:
        """The checkout as it is from now on. Raises GitProblem."""
        if self._next is None:
            self._next = asyncio.create_task(self._begin())
            # Nobody may be left to hear of its problem: those who asked may have been cancelled.
            self._next.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(self._next)

    async def _begin(self) -> CheckoutLook:
        await asyncio.sleep(0)
        self._next = None
        return await asyncio.to_thread(self._repository.look)

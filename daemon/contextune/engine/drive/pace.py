"""Whether a Run goes on: paused by its user, parked at a budget, held up by its time or the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Literal

from contextune.core.errors import BudgetReached, BudgetScope, UsageProblem
from contextune.core.runs import events as ev
from contextune.core.spending.wording import duration_text
from contextune.engine.money.account import GOES_ON, Account, Emit
from contextune.engine.surroundings.limits import short_of_disk
from contextune.engine.surroundings.world import World

LOOK_EVERY = 1_000
"""Milliseconds for which a disk that has room is taken to have it: every request would look otherwise."""


class Pace:
    """Of one driven Run: nothing of it is sent to a model while it waits."""

    def __init__(self, run_id: str, emit: Emit, *, world: World, root: Path, account: Account) -> None:
        """`root` is the user's checkout, whose settings hold when the Run goes on."""
        self._run_id = run_id
        self._emit = emit
        self._world = world
        self._root = root
        self._account = account
        self._go = asyncio.Event()
        self._go.set()
        self._roomy_until = 0

    async def wait(self) -> None:
        """Return when something may be sent; pauses the Run if the disk is all but full."""
        while True:
            await self._go.wait()
            now = self._world.clock.now()
            if now >= self._roomy_until or now < self._roomy_until - LOOK_EVERY:
                lack = await short_of_disk(self._world.home)
                if lack:
                    await self.pause(lack)
                else:
                    self._roomy_until = now + LOOK_EVERY
            if self._go.is_set():
                return

    async def pause(
        self, reason: str, *, state: Literal["paused", "parked"] = "paused", scope: BudgetScope | None = None
    ) -> None:
        """Send nothing more until the Run is resumed. Does nothing if it waits already."""
        if self._go.is_set():
            self._go.clear()
            at = self._world.clock.now()
            await self._emit(
                ev.RunPaused(run_id=self._run_id, at=at, state=state, reason=reason, scope=scope)
            )

    async def park(self, reached: BudgetReached) -> None:
        """Wait for a higher budget."""
        reason = f"{reached} {GOES_ON.get(reached.scope, '')}".rstrip()
        await self.pause(reason, state="parked", scope=reached.scope)

    async def resume(self, budget: Decimal | None = None) -> None:
        """Go on, with a new budget if one is given, and with those that the settings now name."""
        if budget is None and self._go.is_set():
            return
        allowed = self._account.budget if budget is None else budget
        await self._emit(ev.RunResumed(run_id=self._run_id, at=self._world.clock.now(), budget=allowed))
        with suppress(UsageProblem):  # a bad value is told where it is edited; what held before still does
            self._account.bound(self._world.settings.load(self._root, {}))
        self._go.set()

    async def limit_time(self, most: int | None, rests: Callable[[], bool]) -> None:
        """Pause the Run each time that it was at work for so many seconds; None for no limit.

        `rests` tells whether all that is left of it is paused: then it waits for its user already.
        """
        while most is not None:
            await self._go.wait()
            await asyncio.sleep(most)
            if rests():
                continue
            took = duration_text(most * 1000)
            await self.pause(f"It was at work for {took}, as long as the setting run_timeout allows.")

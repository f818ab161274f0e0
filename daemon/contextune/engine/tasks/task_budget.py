"""The end of a Task's budget, or of a request's: only this Task waits, and the user decides."""

from __future__ import annotations

import asyncio
import re
from decimal import ROUND_UP, Decimal

from contextune.core.errors import BudgetReached
from contextune.core.model.conversation import ModelReply, ModelRequest
from contextune.core.model.requests import TaskBudgetRaised
from contextune.core.runs.events import TaskDecided
from contextune.engine.attempts.idle import Idle
from contextune.engine.drive.run import RunDriver
from contextune.engine.drive.seats import Seat
from contextune.engine.money.account import ZERO
from contextune.engine.money.gateway import Keep

STOP = "Stop this Task"
RAISE = "Raise its budget to $"
CHANGED = "The budgets of the Run were changed."
"""What is recorded in place of an answer."""
CENT = Decimal("0.01")
_AMOUNT = re.compile(rf"(?:{re.escape(RAISE)}|\$)?\s*(\d+(?:\.\d+)?|\.\d+)\s*", re.IGNORECASE)


class TaskBudget:
    """Sends the requests of one Task; the user is asked when its budget is reached."""

    def __init__(self, driver: RunDriver, task_id: str) -> None:
        self._driver = driver
        self._task_id = task_id
        self._asking = asyncio.Lock()
        """Held while the user decides: tries side by side reach the budget together and ask once."""
        self._raised = 0
        self._stopped: BudgetReached | None = None

    async def send(
        self, request: ModelRequest, *, role: str, attempt: int, seat: Seat, keep: Keep, idle: Idle
    ) -> ModelReply:
        """Send a request, the same one again when the budget was raised; `idle` waits while it is paused.

        Raises BudgetReached if the user stops the Task.
        """
        while True:
            raised, bound = self._raised, self._driver.account.rebound
            try:
                return await self._driver.send(
                    request,
                    role=role,
                    task_id=self._task_id,
                    attempt=attempt,
                    keep=keep,
                    idle=idle,
                )
            except BudgetReached as reached:
                await seat.outside(self._decided(reached, attempt, raised, bound))

    async def _decided(self, reached: BudgetReached, attempt: int, raised: int, bound: int) -> None:
        """Wait until the Task may go on, or the Run bounds its Tasks otherwise than when that was `bound`."""
        async with self._asking:
            if self._stopped is not None:
                raise self._stopped
            if self._raised != raised:
                return
            least, offer = self._amounts(reached)
            question = str(reached)
            while True:
                choices = (f"{RAISE}{offer}", STOP)
                answer = await self._answered(question, choices, attempt, bound)
                if answer is None:
                    return
                if answer.strip().rstrip(".").lower() in (STOP.lower(), "stop"):
                    said = f"{reached} Stopped by the user."
                    self._stopped = BudgetReached(said, scope=reached.scope, needed=reached.needed)
                    raise self._stopped
                amount = amount_in(answer)
                if amount is not None and amount >= least:
                    await self._raise(amount)
                    return
                wanted = f"Name at least ${_cents(least)}, such as {offer}, or stop the Task."
                question = f"{answer.strip()!r} does not let it go on. {reached} {wanted}"

    async def _raise(self, budget: Decimal) -> None:
        driver, at = self._driver, self._driver.now()
        await driver.emit(TaskBudgetRaised(run_id=driver.run.id, at=at, task_id=self._task_id, budget=budget))
        self._raised += 1

    async def _answered(
        self, question: str, choices: tuple[str, ...], attempt: int, bound: int
    ) -> str | None:
        """What the user says; None once the Run bounds its Tasks otherwise, which says it as well."""
        driver, account = self._driver, self._driver.account
        asking = asyncio.ensure_future(driver.talk.decide(self._task_id, question, choices, attempt=attempt))
        changing = asyncio.ensure_future(account.until_rebound(bound))
        try:
            await asyncio.wait((asking, changing), return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                return asking.result()
        finally:
            asking.cancel()
            changing.cancel()
            await asyncio.wait((asking, changing))
        await driver.emit(
            TaskDecided(run_id=driver.run.id, at=driver.now(), task_id=self._task_id, answer=CHANGED)
        )
        self._raised += 1
        return None

    def _amounts(self, reached: BudgetReached) -> tuple[Decimal, Decimal]:
        """The least that lets the request go, and what to offer: twice that, so as not to ask every turn."""
        account = self._driver.account
        least = reached.needed
        if reached.scope == "request":
            least += account.task_spent.get(self._task_id, ZERO)
        allowed = account.task_budgets.get(self._task_id, account.budgets.task) or ZERO
        return least, _cents(max(2 * least, allowed))


def amount_in(answer: str) -> Decimal | None:
    """The dollars that an answer names: an offered choice, `$0.80` or `0.80`; None if it names none."""
    found = _AMOUNT.fullmatch(answer.strip())
    return Decimal(found.group(1)) if found else None


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_UP)

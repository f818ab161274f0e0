"""The one gateway: no request reaches a model but through `Gateway.send`, which reserves, sends, settles."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable
from decimal import Decimal

import msgspec

from contextune.core.conversation import ModelReply, ModelRequest
from contextune.core.errors import BudgetReached, ContextuneError, ModelProblem, ModelRefusal
from contextune.core.events import AnyEvent, RequestReserved, RequestSettled
from contextune.core.money import Bill, Charge, Usage
from contextune.core.ports import Clock, Model, PriceBook
from contextune.core.settings import SONNET

TRIES = 8
"""How often one request is sent while the server is overloaded; the SDK's own retries are off."""
FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
"""Seconds between tries: doubling from the first to the longest, with jitter."""


class Account:
    """The money of one Run, or of one Quote before there is a Run."""

    def __init__(self, stream: str, budget: Decimal, emit: Callable[[AnyEvent], Awaitable[None]]) -> None:
        self.stream = stream
        """The id under which the Journal keeps the requests."""
        self.budget = budget
        self.bill = Bill()
        self.held = Decimal(0)
        self.emit = emit
        self._settled = asyncio.Event()

    async def hold(self, worst_case: Decimal | None) -> None:
        """Hold back a request's worst case, if need be after others have settled below theirs.

        Raises BudgetReached, and holds nothing, if it does not fit even then.
        """
        wanted = worst_case or Decimal(0)
        while self.bill.dollars + self.held + wanted > self.budget:
            if self.held and self.bill.dollars + wanted <= self.budget:
                self._settled.clear()
                await self._settled.wait()
                continue
            raise BudgetReached(
                f"The budget of ${self.budget} is reached: ${self.bill.dollars:.4f} spent, "
                f"${self.held:.4f} held back, and the next request could cost ${wanted:.4f}."
            )
        self.held += wanted

    def settle(self, worst_case: Decimal | None, charge: Charge) -> None:
        """Give back what was held and bill what was used."""
        self.held -= worst_case or Decimal(0)
        self.bill = self.bill.plus(charge)
        self._settled.set()


class Gateway:
    """Sends requests for accounts."""

    def __init__(
        self,
        model: Model,
        prices: PriceBook,
        clock: Clock,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._model = model
        self._prices = prices
        self._clock = clock
        self._sleep = sleep

    async def send(
        self, account: Account, request: ModelRequest, *, role: str, task_id: str | None
    ) -> ModelReply:
        """Send one request, again while the server is overloaded. Raises BudgetReached before sending."""
        for attempt in range(TRIES):
            try:
                return await self._once(account, request, role, task_id)
            except ModelRefusal:
                raise
            except ModelProblem as problem:
                if attempt == TRIES - 1:
                    raise
                await self._sleep(_wait(attempt, problem.retry_after))
        raise ModelProblem("The model's server stays overloaded.")

    async def _once(
        self, account: Account, request: ModelRequest, role: str, task_id: str | None
    ) -> ModelReply:
        price = self._prices.price(request.rung.model)
        prompt_tokens = prompt_bound(request)
        worst = price.worst_case(prompt_tokens, request.max_tokens) if price else None
        await account.hold(worst)
        request_id = "q_" + secrets.token_hex(6)
        sent = settled = False

        async def settle(usage: Usage, *, estimated: bool, error: str | None) -> None:
            nonlocal settled
            settled = True
            charge = self._charge(request.rung.model, usage)
            if estimated:
                charge = Charge(usage=usage, dollars=worst, at_sonnet=worst, estimated=True)
            account.settle(worst, charge)
            await account.emit(
                RequestSettled(
                    run_id=account.stream,
                    at=self._clock.now(),
                    request_id=request_id,
                    task_id=task_id,
                    role=role,
                    rung=request.rung,
                    charge=charge,
                    error=error,
                )
            )

        try:
            await account.emit(
                RequestReserved(
                    run_id=account.stream,
                    at=self._clock.now(),
                    request_id=request_id,
                    task_id=task_id,
                    role=role,
                    rung=request.rung,
                    prompt_tokens=prompt_tokens,
                    worst_case=worst,
                )
            )
            sent = True
            reply = await self._model.send(request)
            await settle(reply.usage, estimated=False, error=None)
        except ContextuneError as problem:
            # A reply that broke off midway was begun, so it is billed; one refused at the door is not.
            begun = isinstance(problem, ModelProblem) and problem.begun
            await settle(Usage(), estimated=begun, error=str(problem))
            raise
        finally:
            if not settled:
                await asyncio.shield(settle(Usage(), estimated=sent, error="The request was cut off."))
        return reply

    def _charge(self, model: str, usage: Usage) -> Charge:
        price, sonnet = self._prices.price(model), self._prices.price(SONNET)
        dollars = price.cost(usage) if price else None
        return Charge(usage=usage, dollars=dollars, at_sonnet=sonnet.cost(usage) if sonnet else None)


def prompt_bound(request: ModelRequest) -> int:
    """More tokens than the prompt can have: no token is shorter than a byte of its JSON."""
    return len(msgspec.json.encode((request.system, request.tools, request.messages, request.output_schema)))


def _wait(attempt: int, hint: float | None) -> float:
    if hint is not None:
        return hint + random.uniform(0, 0.25)  # noqa: S311 spreads retries, keeps no secret
    doubled: float = FIRST_WAIT * 2**attempt
    return min(LONGEST_WAIT, doubled) * random.uniform(0.75, 1.25)  # noqa: S311 as above

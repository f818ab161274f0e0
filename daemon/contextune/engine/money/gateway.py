"""The one gateway: no request reaches a model but through `Gateway.send`, which reserves, sends, settles."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from contextune.core.errors import (
    BudgetReached,
    ContextuneError,
    ModelProblem,
    ModelRefusal,
    PromptTooLong,
)
from contextune.core.model.conversation import ModelReply, ModelRequest
from contextune.core.model.money import CacheMiss, Charge, ModelPrice, Usage, UsagePart
from contextune.core.model.requests import RequestReserved, RequestSettled
from contextune.core.ports import Clock, Model, PriceBook
from contextune.core.runs.events import AnyEvent, Noted
from contextune.core.settings import SONNET
from contextune.engine.money.account import Account
from contextune.engine.money.prompt_length import PromptLengths
from contextune.engine.money.throttle import Throttle

Reserving = asyncio.Task[RequestReserved]
ROUNDS = 2
"""Of the event loop, until a reservation is on its way to the Journal."""
NEVER_SENT = "It was never sent."

Keep = Callable[[ModelReply], Sequence[AnyEvent]]
"""The events that keep a reply. They are recorded with its bill, so that none is paid for and lost."""


def keep_nothing(reply: ModelReply) -> Sequence[AnyEvent]:  # noqa: ARG001
    """The reply is of use to this process alone."""
    return ()


class Gateway:
    """Sends requests for accounts."""

    def __init__(
        self,
        model: Model,
        prices: PriceBook,
        clock: Clock,
        *,
        throttle: Throttle,
    ) -> None:
        self._model = model
        self._prices = prices
        self._clock = clock
        self._throttle = throttle
        self._lengths = PromptLengths()

    @property
    def is_full(self) -> bool:
        """Whether the server counts tokens, writes its cache ahead and explains cache misses."""
        return self._model.is_full

    async def send(
        self,
        account: Account,
        request: ModelRequest,
        *,
        role: str,
        task_id: str | None,
        attempt: int | None = None,
        keep: Keep = keep_nothing,
    ) -> ModelReply:
        """Send one request when the server is likely to take it, and again until it is answered.

        Raises BudgetReached or PromptTooLong before anything is sent, ModelProblem if all tries came to
        nothing.
        """

        async def tell(sentence: str) -> None:
            await account.emit(Noted(run_id=account.stream, at=self._clock.now(), text=sentence))

        bound = self._lengths.bound(request)
        passage = self._throttle.passage(
            request.rung.model,
            prompt_tokens=bound,
            stream=account.stream,
            tell=tell,
            begins=task_id is not None and request.previous_id is None,
        )
        while True:
            try:
                async with passage:
                    return passage.answered(
                        await self._once(account, request, bound, role, task_id, attempt, keep)
                    )
            except ModelRefusal:
                raise
            except ModelProblem as problem:
                await passage.again(problem)

    async def _once(
        self,
        account: Account,
        request: ModelRequest,
        bound: int,
        role: str,
        task_id: str | None,
        attempt: int | None,
        keep: Keep,
    ) -> ModelReply:
        price = self._prices.price(request.rung.model)
        reserving = asyncio.ensure_future(
            self._reserve(account, request, bound, price, role, task_id, attempt)
        )
        left = settled = False

        async def leave() -> None:
            nonlocal left
            await reserving
            left = True

        try:
            for _ in range(ROUNDS):
                await asyncio.sleep(0)
            # The request is made ready while its reservation is on its way to the disk.
            reply = await self._model.send(request, leave=leave)
            reserved = reserving.result()
            miss = reply.miss or self._lengths.miss(request, reply)
            self._lengths.keep(reply)
            settled = True
            charge = self._charge(request.rung.model, reply)
            await self._settle(account, reserved, charge, miss=miss, kept=keep(reply))
        except ContextuneError as problem:
            reserved = await reserving  # its own problem is the one that counts
            if not settled:
                settled = True
                charge = self._broken(request, price, reserved.worst_case, problem)
                await self._settle(account, reserved, charge, error=str(problem))
            raise
        finally:
            if not settled:
                await asyncio.shield(self._cut_off(account, reserving, left=left))
        return reply

    async def _cut_off(self, account: Account, reserving: Reserving, *, left: bool) -> None:
        """Settle a request of which nobody will hear any more, or have it never reserved."""
        if not reserving.done():
            reserving.cancel()
            await asyncio.wait([reserving])
        if reserving.cancelled() or reserving.exception() is not None:
            return  # nothing is held back for it
        worst = reserving.result().worst_case
        charge = _at_worst(Usage(), worst) if left else _nothing(worst)
        error = "The request was cut off." if left else NEVER_SENT
        await self._settle(account, reserving.result(), charge, error=error)

    async def _settle(
        self,
        account: Account,
        reserved: RequestReserved,
        charge: Charge,
        *,
        error: str | None = None,
        miss: CacheMiss | None = None,
        kept: Sequence[AnyEvent] = (),
    ) -> None:
        account.settle(reserved.worst_case, charge, reserved.task_id)
        # A reply to an agent is in the Journal before anything comes of it: that waits for it.
        emit = account.emit_soon if kept and reserved.task_id else account.emit
        await emit(
            RequestSettled(
                run_id=account.stream,
                at=self._clock.now(),
                request_id=reserved.request_id,
                task_id=reserved.task_id,
                role=reserved.role,
                rung=reserved.rung,
                charge=charge,
                error=error,
                attempt=reserved.attempt,
                miss=miss,
            ),
            *kept,
        )

    async def _reserve(
        self,
        account: Account,
        request: ModelRequest,
        bound: int,
        price: ModelPrice | None,
        role: str,
        task_id: str | None,
        attempt: int | None,
    ) -> RequestReserved:
        """Hold back the worst case and journal the intent: in memory first, then for the day and month.

        The prompt is bounded by what the replies before told, plus the bytes of what is new; the server
        counts it where that bound alone would pass the price cliff or a budget.
        """
        tokens, counted = bound, False
        while True:
            beyond = price is not None and price.cliff is not None and tokens > price.cliff
            worst = price.worst_case(tokens, request.max_tokens) if price else None
            if (beyond or self._may_fit(account, request, price, worst, task_id)) and not counted:
                tokens, counted = min(tokens, await self._count(request, tokens)), True
                continue
            if beyond and price is not None:
                raise PromptTooLong(
                    f"A prompt of {tokens:,} tokens is beyond {price.cliff:,}, where {request.rung.model} "
                    "costs more for every token. It was not sent.",
                    tokens=tokens,
                    limit=price.cliff or 0,
                )
            await account.hold(worst, task_id)
            at = self._clock.now()
            reserved = RequestReserved(
                run_id=account.stream,
                at=at,
                request_id="q_" + secrets.token_hex(6),
                task_id=task_id,
                role=role,
                rung=request.rung,
                prompt_tokens=tokens,
                worst_case=worst,
                attempt=attempt,
                repository=account.repository,
            )
            try:
                with account.trying() as since:
                    await account.emit(reserved, caps=account.caps(self._clock, at))
            except BudgetReached:
                account.release(worst, task_id)
                if not counted:
                    tokens, counted = min(tokens, await self._count(request, tokens)), True
                elif not await account.may_have_room(since):
                    raise
            except asyncio.CancelledError:
                # Whether the intent was recorded is not known here; that nothing left, is.
                account.recorded()
                nothing = _nothing(reserved.worst_case)
                await asyncio.shield(self._settle(account, reserved, nothing, error=NEVER_SENT))
                raise
            except BaseException:
                account.release(worst, task_id)
                raise
            else:
                account.recorded()
                return reserved

    @staticmethod
    def _may_fit(
        account: Account,
        request: ModelRequest,
        price: ModelPrice | None,
        worst: Decimal | None,
        task_id: str | None,
    ) -> bool:
        """Whether a budget is too small for this bound of the prompt, but not for the reply alone."""
        if price is None or account.lacks(worst or Decimal(0), task_id) is None:
            return False
        return account.lacks(price.worst_case(0, request.max_tokens), task_id) is None

    async def _count(self, request: ModelRequest, bound: int) -> int:
        """The server's own count, or the bound where it does not count. Free of charge."""
        if not self._model.is_full:
            return bound
        try:
            return _with_margin(await self._model.count(request))
        except ModelProblem:
            return bound

    def _charge(self, model: str, reply: ModelReply) -> Charge:
        """What a reply costs, part by part: each at the price of its own model and prompt."""
        parts = reply.parts or (UsagePart(model=model, usage=reply.usage),)
        sonnet = self._prices.price(SONNET)
        dollars: Decimal | None = Decimal(0)
        for part in parts:
            price = self._prices.price(part.model)
            cost = price.cost_of(part) if price else None
            dollars = None if dollars is None or cost is None else dollars + cost
        at_sonnet = sum((sonnet.cost(part.usage) for part in parts), Decimal(0)) if sonnet else None
        return Charge(usage=reply.usage, dollars=dollars, at_sonnet=at_sonnet)

    @staticmethod
    def _broken(
        request: ModelRequest, price: ModelPrice | None, worst: Decimal | None, problem: ContextuneError
    ) -> Charge:
        """A request that was refused at the door costs nothing; one that broke off on its way is billed.

        Its prompt as the reply told before it broke off, its output at the longest: how much of that the
        server made before it noticed is not known.
        """
        if not (isinstance(problem, ModelProblem) and (problem.begun or problem.uncertain)):
            return _nothing(worst)
        if problem.usage is None or price is None or worst is None:
            return _at_worst(Usage(), worst)
        longest = msgspec.structs.replace(problem.usage, output_tokens=request.max_tokens)
        return _at_worst(problem.usage, min(price.cost(longest), worst))


def _nothing(worst_case: Decimal | None) -> Charge:
    """What was refused, or never left, costs nothing; without a price it counts as a request all the same."""
    free = None if worst_case is None else Decimal(0)
    return Charge(usage=Usage(), dollars=free, at_sonnet=free)


def _at_worst(usage: Usage, dollars: Decimal | None) -> Charge:
    """An estimate claims no saving: the same amount stands for Sonnet."""
    return Charge(usage=usage, dollars=dollars, at_sonnet=dollars, estimated=True)


def _with_margin(counted: int) -> int:
    """The server calls its own count an estimate (platform.claude.com, "Token counting")."""
    return counted + counted // 50 + 64

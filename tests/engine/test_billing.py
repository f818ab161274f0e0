"""What the gateway bills for the replies that it is given, and never above the budget."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextune.adapters.machine.clock import SystemClock
from contextune.adapters.models.prices import PriceTable
from contextune.core.errors import (
    BudgetReached,
)
from contextune.core.model.budget import Cap
from contextune.core.model.conversation import Message, ModelReply, ModelRequest, Rung, Text
from contextune.core.model.money import CacheMiss, ModelPrice, Rates, Usage, UsagePart
from contextune.core.model.requests import RequestSettled
from contextune.core.ports import Leave, at_once
from contextune.core.runs import events as ev
from contextune.engine.money.account import Account
from contextune.engine.money.gateway import Gateway
from contextune.engine.money.prompt_length import prompt_bound
from tests.engine.waiting import wide_open

HAIKU = Rung(model="claude-haiku-5-5", effort="low")
REQUEST = ModelRequest(
    rung=HAIKU,
    system=(Text(text="Be brief."),),
    messages=(Message(role="user", blocks=(Text(text="Say a word."),)),),
    max_tokens=1000,
)


async def test_what_the_cache_forgot_is_told_as_expired() -> None:
    usage = Usage(cache_write_5m_tokens=9_000, output_tokens=5)
    cold = Usage(cache_write_5m_tokens=9_100, output_tokens=5)
    events: list[ev.AnyEvent] = []

    async def emit(*told: ev.AnyEvent, caps: Sequence[Cap] = ()) -> None:
        events.extend(told)

    gateway = Gateway(Played([usage, cold]), PriceTable({}), SystemClock(), throttle=wide_open())
    account = Account("r_1", Decimal(1), emit)
    reply = await gateway.send(account, REQUEST, role="executor", task_id="t")
    going_on = msgspec.structs.replace(
        REQUEST, messages=(*REQUEST.messages, reply.message), anchor=1, previous_id=reply.id
    )
    await gateway.send(account, going_on, role="executor", task_id="t")
    settled = [event for event in events if isinstance(event, RequestSettled)]
    assert [one.miss for one in settled] == [None, CacheMiss(reason="expired", tokens=9_000)]


async def test_each_part_of_a_reply_has_its_own_price() -> None:
    parts = (
        UsagePart(model=HAIKU.model, usage=Usage(input_tokens=1_000_000 // 20)),
        UsagePart(model="claude-sonnet-5-5", usage=Usage(output_tokens=1_000)),
    )
    events: list[ev.AnyEvent] = []

    async def emit(*told: ev.AnyEvent, caps: Sequence[Cap] = ()) -> None:
        events.extend(told)

    model = Played([Usage(input_tokens=50_000, output_tokens=1_000)], parts=parts)
    account = Account("r_1", Decimal(1), emit)
    await Gateway(model, PriceTable({}), SystemClock(), throttle=wide_open()).send(
        account, REQUEST, role="x", task_id=None
    )
    assert account.bill.dollars == Decimal("0.005") + Decimal("0.01")
    assert account.bill.at_sonnet == Decimal("0.1") + Decimal("0.01")


async def test_a_model_without_a_price_is_counted_apart() -> None:
    account = Account("r_1", Decimal(0), _nowhere)
    gateway = Gateway(Played([Usage(output_tokens=5)]), PriceTable({}), SystemClock(), throttle=wide_open())
    rung = Rung(model="somebody-elses-model", effort="low")
    request = ModelRequest(rung=rung, system=REQUEST.system, messages=REQUEST.messages)
    await gateway.send(account, request, role="executor", task_id=None)
    assert account.bill.unpriced == 1
    assert account.bill.dollars == 0
    assert account.bill.usage.output_tokens == 5
    assert account.bill.saving is None


async def test_what_cannot_be_recorded_is_not_sent_and_holds_nothing() -> None:
    async def full(*events: ev.AnyEvent, caps: Sequence[Cap] = ()) -> None:
        raise OSError("no space left")

    model = Played([Usage()])
    account = Account("r_1", Decimal(1), full)
    with pytest.raises(OSError, match="no space left"):
        await Gateway(model, PriceTable({}), SystemClock(), throttle=wide_open()).send(
            account, REQUEST, role="x", task_id=None
        )
    assert model.sent == 0
    assert account.held == 0
    assert account.bill.dollars == 0


class Played:
    """core.ports.Model: each reply uses up what is listed, after a turn of the event loop or a few."""

    def __init__(self, usages: list[Usage], *, parts: tuple[UsagePart, ...] = ()) -> None:
        self.left = list(usages)
        self.parts = parts
        self.sent = 0

    async def send(self, request: ModelRequest, *, leave: Leave = at_once) -> ModelReply:
        await leave()
        self.sent += 1
        usage = self.left.pop(0)
        for _ in range(usage.output_tokens % 5):
            await asyncio.sleep(0)
        return ModelReply(
            id="m",
            model=request.rung.model,
            blocks=(),
            stop_reason="end_turn",
            usage=usage,
            parts=self.parts,
        )

    is_full = False

    async def count(self, request: ModelRequest) -> int:
        raise NotImplementedError

    async def close(self) -> None: ...


class OnePrice:
    """A round price: a dollar for a million tokens of any kind, two for cache writes."""

    def price(self, model: str) -> ModelPrice:
        one, two = Decimal(1), Decimal(2)
        rates = Rates(input=one, output=one, cache_write_5m=one, cache_write_1h=two, cache_read=one)
        return ModelPrice(model=model, rates=rates)


async def _nowhere(*events: ev.AnyEvent, caps: Sequence[Cap] = ()) -> None: ...


USAGES = st.builds(
    Usage,
    input_tokens=st.integers(0, 50),
    cache_write_1h_tokens=st.integers(0, 50),
    cache_read_tokens=st.integers(0, 50),
    output_tokens=st.integers(0, 1000),
)


@settings(max_examples=60, deadline=None)
@given(usages=st.lists(USAGES, min_size=1, max_size=40), budget=st.integers(0, 20_000))
def test_many_requests_at_once_never_overshoot_the_budget(usages: list[Usage], budget: int) -> None:
    worst = OnePrice().price("m").worst_case(prompt_bound(REQUEST), REQUEST.max_tokens)
    most = Decimal(budget) / 1_000_000

    async def run() -> tuple[Account, list[BaseException | ModelReply]]:
        async def emit(*events: ev.AnyEvent, caps: Sequence[Cap] = ()) -> None:
            assert account.bill.dollars + account.held <= most
            await asyncio.sleep(0)

        account = Account("r_1", most, emit)
        gateway = Gateway(Played(usages), OnePrice(), SystemClock(), throttle=wide_open())
        sending = (gateway.send(account, REQUEST, role="x", task_id=None) for _ in usages)
        return account, list(await asyncio.gather(*sending, return_exceptions=True))

    account, outcomes = asyncio.run(run())
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert all(isinstance(outcome, BudgetReached) for outcome in refused)
    assert account.bill.dollars <= most
    assert account.held == 0
    assert account.bill.requests == len(usages) - len(refused)
    # Nobody was refused while money was left that nothing in flight could use up.
    assert not refused or account.bill.dollars + worst > most

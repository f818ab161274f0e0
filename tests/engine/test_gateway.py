"""The gateway: reserve, send, settle; and never a cent above the budget, however many ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contextune.adapters.anthropic_model import AnthropicModel
from contextune.adapters.clock import SystemClock
from contextune.adapters.prices import PriceTable
from contextune.core import events as ev
from contextune.core.conversation import Message, ModelReply, ModelRequest, Rung, Text
from contextune.core.errors import BudgetReached, KeyRefused, ModelProblem, ModelRefusal, PlaceProblem
from contextune.core.money import ModelPrice, Rates, Usage
from contextune.engine.gateway import TRIES, Account, Gateway, prompt_bound
from contextune.offline.server import OfflineModel
from tests.engine.world import PATIENCE, serve

HAIKU = Rung(model="claude-haiku-5-5", effort="low")
REQUEST = ModelRequest(
    rung=HAIKU,
    system=(Text(text="Be brief."),),
    messages=(Message(role="user", blocks=(Text(text="Say a word."),)),),
    max_tokens=1000,
)
HELLO: dict[str, Any] = {"text": "Hello."}


class Bench:
    """A gateway to a real server through the real adapter, an account, and what both of them did."""

    def __init__(self, server: OfflineModel, url: str, *, budget: str, key: str) -> None:
        self.server = server
        self.model = AnthropicModel(api_key=key, base_url=url, offline=True, timeout=PATIENCE)
        self.prices = PriceTable({})
        self.waits: list[float] = []
        self.gateway = Gateway(self.model, self.prices, SystemClock(), sleep=self._wait)
        self.account = Account("r_1", Decimal(budget), self._emit)
        self.events: list[ev.AnyEvent] = []
        self.reserved = asyncio.Event()
        self.sent_before: list[int] = []

    async def send(self, request: ModelRequest = REQUEST) -> ModelReply:
        return await self.gateway.send(self.account, request, role="executor", task_id="t")

    @property
    def settled(self) -> list[ev.RequestSettled]:
        return [event for event in self.events if isinstance(event, ev.RequestSettled)]

    async def _emit(self, event: ev.AnyEvent) -> None:
        self.events.append(event)
        self.reserved.set()
        if isinstance(event, ev.RequestReserved):
            self.sent_before.append(len(self.server.log))

    async def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
async def bench() -> AsyncIterator[Callable[..., Any]]:
    made: list[Bench] = []

    async def make(*turns: dict[str, Any], budget: str = "1", key: str = "sk-test") -> Bench:
        server = serve([{"name": "any", "turn": list(turns)}])
        made.append(Bench(server, await server.start(), budget=budget, key=key))
        return made[-1]

    yield make
    for one in made:
        await one.model.close()
        await one.server.close()


async def test_a_request_is_reserved_before_and_settled_by_its_usage(bench: Callable[..., Any]) -> None:
    here: Bench = await bench(HELLO)
    reply = await here.send()
    reserved, settled = here.events
    assert isinstance(reserved, ev.RequestReserved)
    assert isinstance(settled, ev.RequestSettled)
    assert here.sent_before == [0]
    price = here.prices.price(HAIKU.model)
    assert price is not None
    assert reserved.worst_case == price.worst_case(prompt_bound(REQUEST), 1000)
    assert settled.charge.usage == reply.usage
    assert settled.charge.dollars == price.cost(reply.usage) == here.account.bill.dollars > 0
    assert settled.charge.at_sonnet is not None
    assert settled.charge.at_sonnet > price.cost(reply.usage)
    assert (settled.request_id, settled.charge.estimated) == (reserved.request_id, False)
    assert here.account.held == 0


async def test_an_overloaded_server_is_asked_again_as_it_hints(bench: Callable[..., Any]) -> None:
    faults = [{"kind": "rate_limit", "retry_after": 7}, {"kind": "overloaded", "times": 2}]
    here: Bench = await bench({**HELLO, "fault": faults})
    assert (await here.send()).text == "Hello."
    hinted, *doubling = here.waits
    assert 7 <= hinted <= 7.25
    assert len(doubling) == 2
    assert [event.charge.dollars for event in here.settled[:3]] == [0, 0, 0]
    assert here.settled[3].charge.dollars == here.account.bill.dollars > 0
    assert "429" in (here.settled[0].error or "")
    assert "529" in (here.settled[1].error or "")


async def test_a_server_that_stays_overloaded_is_given_up(bench: Callable[..., Any]) -> None:
    here: Bench = await bench({**HELLO, "fault": {"kind": "overloaded", "times": TRIES}})
    with pytest.raises(ModelProblem, match="529"):
        await here.send()
    assert len(here.settled) == TRIES
    assert here.account.bill.dollars == 0
    assert here.account.held == 0


@pytest.mark.parametrize("kind", ["cut", "stream_error", "malformed"])
async def test_a_reply_that_breaks_off_is_billed_at_its_worst(bench: Callable[..., Any], kind: str) -> None:
    here: Bench = await bench({**HELLO, "fault": {"kind": kind}})
    assert (await here.send()).text == "Hello."
    broken, whole = here.settled
    reserved = here.events[0]
    assert isinstance(reserved, ev.RequestReserved)
    assert (broken.charge.dollars, broken.charge.estimated) == (reserved.worst_case, True)
    assert not whole.charge.estimated
    assert here.account.bill.estimated == 1
    assert here.account.held == 0


async def test_a_refused_key_costs_nothing_and_is_not_tried_again(bench: Callable[..., Any]) -> None:
    here: Bench = await bench(HELLO, key="sk-bad")
    with pytest.raises(KeyRefused, match="does not accept the API key"):
        await here.send()
    assert len(here.server.log) == 1
    assert here.account.bill.dollars == 0
    assert here.account.held == 0


async def test_a_request_that_makes_no_sense_is_not_tried_again(bench: Callable[..., Any]) -> None:
    here: Bench = await bench({**HELLO, "expect": ["words that are not there"]})
    with pytest.raises(ModelRefusal):
        await here.send()
    assert len(here.server.log) == 1
    assert here.account.bill.dollars == 0


async def test_without_a_server_it_says_where_it_looked(bench: Callable[..., Any]) -> None:
    here: Bench = await bench(HELLO)
    await here.server.close()
    with pytest.raises(PlaceProblem, match=r"No server answers at http://127\.0\.0\.1"):
        await here.send()
    assert here.account.bill.dollars == 0


async def test_a_cancelled_request_is_billed_at_its_worst(bench: Callable[..., Any]) -> None:
    here: Bench = await bench({**HELLO, "fault": {"kind": "stall", "after": 2}})
    sending = asyncio.ensure_future(here.send())
    await here.reserved.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    (settled,) = here.settled
    reserved = here.events[0]
    assert isinstance(reserved, ev.RequestReserved)
    assert (settled.charge.dollars, settled.charge.estimated) == (reserved.worst_case, True)
    assert here.account.held == 0


async def test_what_does_not_fit_the_budget_never_leaves(bench: Callable[..., Any]) -> None:
    here: Bench = await bench(HELLO, budget="0.0001")
    with pytest.raises(BudgetReached, match=r"The budget of \$0\.0001 is reached: \$0\.0000 spent"):
        await here.send()
    assert here.events == []
    assert here.server.log == []
    assert here.account.held == 0


async def test_a_model_without_a_price_is_counted_apart() -> None:
    account = Account("r_1", Decimal(0), _nowhere)
    gateway = Gateway(Played([Usage(output_tokens=5)]), PriceTable({}), SystemClock())
    rung = Rung(model="somebody-elses-model", effort="low")
    request = ModelRequest(rung=rung, system=REQUEST.system, messages=REQUEST.messages)
    await gateway.send(account, request, role="executor", task_id=None)
    assert account.bill.unpriced == 1
    assert account.bill.dollars == 0
    assert account.bill.usage.output_tokens == 5
    assert account.bill.saving is None


async def test_what_cannot_be_recorded_is_not_sent_and_holds_nothing() -> None:
    async def full(event: ev.AnyEvent) -> None:
        raise OSError("no space left")

    model = Played([Usage()])
    account = Account("r_1", Decimal(1), full)
    with pytest.raises(OSError, match="no space left"):
        await Gateway(model, PriceTable({}), SystemClock()).send(account, REQUEST, role="x", task_id=None)
    assert model.sent == 0
    assert account.held == 0
    assert account.bill.dollars == 0


class Played:
    """core.ports.Model: each reply uses up what is listed, after a turn of the event loop or a few."""

    def __init__(self, usages: list[Usage]) -> None:
        self.left = list(usages)
        self.sent = 0

    async def send(self, request: ModelRequest) -> ModelReply:
        self.sent += 1
        usage = self.left.pop(0)
        for _ in range(usage.output_tokens % 5):
            await asyncio.sleep(0)
        return ModelReply(id="m", model=request.rung.model, blocks=(), stop_reason="end_turn", usage=usage)

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


async def _nowhere(event: ev.AnyEvent) -> None: ...


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
        async def emit(event: ev.AnyEvent) -> None:
            assert account.bill.dollars + account.held <= most
            await asyncio.sleep(0)

        account = Account("r_1", most, emit)
        gateway = Gateway(Played(usages), OnePrice(), SystemClock())
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

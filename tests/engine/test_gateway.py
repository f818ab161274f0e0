"""The gateway: reserve, send, settle; and never a cent above the budget, however many ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contextune.adapters.journal.store import SqliteJournal
from contextune.adapters.machine.clock import SystemClock
from contextune.adapters.models.anthropic_model import AnthropicModel
from contextune.adapters.models.prices import PriceTable
from contextune.core.errors import (
    BudgetReached,
    KeyRefused,
    ModelProblem,
    ModelRefusal,
    PlaceProblem,
    PromptTooLong,
)
from contextune.core.model import admission
from contextune.core.model.admission import FIRST_PAUSE
from contextune.core.model.budget import Budgets, Cap
from contextune.core.model.conversation import Message, ModelReply, ModelRequest, Rung, Text
from contextune.core.model.money import Charge, Usage
from contextune.core.model.requests import RequestReserved, RequestSettled
from contextune.core.ports import Leave, at_once
from contextune.core.runs import events as ev
from contextune.engine.money.account import Account
from contextune.engine.money.gateway import Gateway
from contextune.engine.money.prompt_length import prompt_bound
from contextune.engine.money.throttle import PATIENCE as SERVER_PATIENCE
from contextune.engine.money.throttle import TRIES, OwnBoard, Throttle
from contextune.offline.server import OfflineModel
from tests.engine.waiting import SkippingClock
from tests.engine.world import PATIENCE, serve

HAIKU = Rung(model="claude-haiku-5-5", effort="low")
REQUEST = ModelRequest(
    rung=HAIKU,
    system=(Text(text="Be brief."),),
    messages=(Message(role="user", blocks=(Text(text="Say a word."),)),),
    max_tokens=1000,
)
HELLO: dict[str, Any] = {"text": "Hello."}
NO_BUDGETS = Budgets()


class Bench:
    """A gateway to a real server through the real adapter, an account, and what both of them did."""

    def __init__(
        self,
        server: OfflineModel,
        url: str,
        journal: SqliteJournal,
        *,
        budget: str,
        key: str,
        budgets: Budgets,
    ) -> None:
        self.server = server
        self.model = AnthropicModel(api_key=key, base_url=url, offline=True, timeout=PATIENCE)
        self.prices = PriceTable({})
        self.clock = SkippingClock()
        throttle = Throttle(OwnBoard(), self.clock, sleep=self.clock.sleep)
        self.gateway = Gateway(self.model, self.prices, self.clock, throttle=throttle)
        self.journal = journal
        self.account = Account("r_1", Decimal(budget), self._emit, repository="/shop", budgets=budgets)
        self.events: list[ev.AnyEvent] = []
        self.reserving, self.reserved, self.hold = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.hold.set()
        self.ready, self.left = asyncio.Event(), asyncio.Event()
        send = self.model.send

        async def watched(request: ModelRequest, *, leave: Leave = at_once) -> ModelReply:
            async def leaving() -> None:
                self.ready.set()
                await leave()
                self.left.set()

            return await send(request, leave=leaving)

        self.model.send = watched  # type: ignore[method-assign]
        self.sent_before: list[int] = []

    async def send(self, request: ModelRequest = REQUEST, task_id: str = "t") -> ModelReply:
        return await self.gateway.send(self.account, request, role="executor", task_id=task_id, attempt=1)

    @property
    def settled(self) -> list[RequestSettled]:
        return [event for event in self.events if isinstance(event, RequestSettled)]

    @property
    def notes(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, ev.Noted)]

    async def _emit(self, *events: ev.AnyEvent, caps: Sequence[Cap] = ()) -> None:
        self.reserving.set()
        await self.hold.wait()
        await self.journal.append(events, caps=caps)
        self.events += events
        self.reserved.set()
        if isinstance(events[0], RequestReserved):
            self.sent_before.append(len([one for one in self.server.log if one.path == "/v1/messages"]))


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Any]]:
    monkeypatch.setattr(admission, "FIRST_PAUSE", FIRST_PAUSE)  # no time is lost by the clock of this desk
    made: list[Bench] = []

    async def make(
        *turns: dict[str, Any], budget: str = "1", key: str = "sk-test", budgets: Budgets = NO_BUDGETS
    ) -> Bench:
        server = serve([{"name": "any", "turn": list(turns)}])
        journal = SqliteJournal(tmp_path / "journal.db")
        made.append(Bench(server, await server.start(), journal, budget=budget, key=key, budgets=budgets))
        return made[-1]

    yield make
    for one in made:
        await one.model.close()
        await one.server.close()
        await one.journal.close()


async def test_a_request_is_reserved_before_and_settled_by_its_usage(bench: Callable[..., Any]) -> None:
    here: Bench = await bench(HELLO)
    reply = await here.send()
    reserved, settled = here.events
    assert isinstance(reserved, RequestReserved)
    assert isinstance(settled, RequestSettled)
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
    began = here.clock.now()
    assert (await here.send()).text == "Hello."
    hinted, *doubling = here.clock.waits
    assert 6.9 <= hinted <= 7.25
    first, second = doubling[-2:]
    assert 0.3 <= first <= 0.625
    assert 0.7 <= second <= 1.25
    assert here.clock.now() - began >= 7_000
    assert [event.charge.dollars for event in here.settled[:3]] == [0, 0, 0]
    assert here.settled[3].charge.dollars == here.account.bill.dollars > 0
    assert "429" in (here.settled[0].error or "")
    assert "529" in (here.settled[1].error or "")
    assert here.notes == [
        "The model's server takes no more requests just now; work goes on in about 7 seconds."
    ]


async def test_a_server_that_stays_overloaded_is_given_up(bench: Callable[..., Any]) -> None:
    here: Bench = await bench({**HELLO, "fault": {"kind": "overloaded", "times": 1_000}})
    began = here.clock.now()
    with pytest.raises(ModelProblem, match=r"has taken no request for 30 minutes\. It says: .*529"):
        await here.send()
    assert SERVER_PATIENCE <= (here.clock.now() - began) / 1000 < SERVER_PATIENCE + 60
    assert len(here.notes) == 1
    assert len(here.settled) < 100
    assert here.account.bill.dollars == 0
    assert here.account.held == 0


async def test_a_server_that_fails_again_and_again_is_given_up(bench: Callable[..., Any]) -> None:
    here: Bench = await bench({**HELLO, "fault": {"kind": "api_error", "times": TRIES}})
    with pytest.raises(ModelProblem, match="500"):
        await here.send()
    assert len(here.settled) == TRIES
    assert len(here.clock.waits) == TRIES - 1
    assert here.account.bill.dollars == 0
    assert here.account.held == 0


@pytest.mark.parametrize("kind", ["cut", "stream_error", "malformed"])
async def test_a_reply_that_breaks_off_is_billed_at_its_worst(bench: Callable[..., Any], kind: str) -> None:
    here: Bench = await bench({**HELLO, "fault": {"kind": kind}})
    assert (await here.send()).text == "Hello."
    broken, whole = here.settled
    reserved = here.events[0]
    assert isinstance(reserved, RequestReserved)
    # The reply told the length of its prompt before it broke off, and not how long it would have become.
    told = broken.charge.usage
    price = here.prices.price(HAIKU.model)
    assert price is not None
    assert told.prompt_tokens == whole.charge.usage.prompt_tokens
    longest = msgspec.structs.replace(told, output_tokens=REQUEST.max_tokens)
    assert (broken.charge.dollars, broken.charge.estimated) == (price.cost(longest), True)
    assert reserved.worst_case is not None
    assert price.cost(longest) < reserved.worst_case
    assert not whole.charge.estimated
    assert here.account.bill.estimated == 1
    assert here.account.held == 0


async def test_a_request_that_was_taken_and_never_answered_is_billed_at_its_worst(
    bench: Callable[..., Any],
) -> None:
    here: Bench = await bench({**HELLO, "fault": {"kind": "cut", "after": 0}})
    await here.send()
    lost, whole = here.settled
    reserved = next(event for event in here.events if isinstance(event, RequestReserved))
    assert (lost.charge.dollars, lost.charge.estimated) == (reserved.worst_case, True)
    assert not whole.charge.estimated
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
    await here.left.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    (settled,) = here.settled
    reserved = here.events[0]
    assert isinstance(reserved, RequestReserved)
    assert (settled.charge.dollars, settled.charge.estimated) == (reserved.worst_case, True)
    assert here.account.held == 0


@pytest.mark.parametrize("moment", ["on its way to the Journal", "in the Journal"])
async def test_a_request_cancelled_before_it_leaves_costs_nothing(
    bench: Callable[..., Any], moment: str
) -> None:
    here: Bench = await bench(HELLO, HELLO)
    await here.send()  # the SDK's first request waits for a thread of its own
    happens = here.reserved if moment == "in the Journal" else here.reserving
    happens.clear()
    here.left.clear()
    sending = asyncio.ensure_future(here.send())
    await happens.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    settled = here.settled[-1]
    assert (settled.charge.dollars, settled.error) == (Decimal(0), "It was never sent.")
    assert here.account.held == here.account.in_flight == 0
    assert len(here.server.log) == 1
    assert not here.left.is_set()


async def test_a_request_waits_ready_for_its_reservation(bench: Callable[..., Any]) -> None:
    here: Bench = await bench(HELLO)
    here.hold.clear()
    sending = asyncio.ensure_future(here.send())
    await here.ready.wait()
    assert (here.events, here.server.log, here.left.is_set()) == ([], [], False)
    here.hold.set()
    assert (await sending).text == "Hello."
    assert here.sent_before == [0]


async def test_what_does_not_fit_the_budget_never_leaves(bench: Callable[..., Any]) -> None:
    here: Bench = await bench(HELLO, budget="0.0001")
    with pytest.raises(BudgetReached, match=r"The budget of \$0\.0001 is reached: \$0\.0000 spent"):
        await here.send()
    assert here.events == []
    assert here.server.log == []
    assert here.account.held == 0


async def test_a_request_dearer_than_one_may_be_never_leaves(bench: Callable[..., Any]) -> None:
    here: Bench = await bench(HELLO, budgets=Budgets(request=Decimal("0.0004")))
    with pytest.raises(BudgetReached, match=r"One request may cost \$0\.0004") as caught:
        await here.send()
    assert caught.value.scope == "request"
    assert caught.value.needed > Decimal("0.0004")
    assert here.events == []


async def test_a_task_stops_at_its_own_budget_and_others_go_on(bench: Callable[..., Any]) -> None:
    here: Bench = await bench(HELLO, budgets=Budgets(task=Decimal("0.0006")))
    await here.send(task_id="a")
    here.account.task_spent["a"] = Decimal("0.0005")
    with pytest.raises(BudgetReached, match=r"The Task's budget of \$0\.0006 is reached") as caught:
        await here.send(task_id="a")
    assert caught.value.scope == "task"
    await here.send(task_id="b")
    here.account.task_budgets["a"] = caught.value.needed
    await here.send(task_id="a")
    assert len(here.settled) == 3
    assert here.account.held == 0


def reserved_by_another() -> RequestReserved:
    return RequestReserved(
        run_id="r_other",
        at=SystemClock().now(),
        request_id="q_other",
        task_id=None,
        role="executor",
        rung=HAIKU,
        prompt_tokens=1,
        worst_case=Decimal("0.0004"),
    )


@pytest.mark.parametrize("scope", ["day", "month"])
async def test_a_period_has_a_budget_over_all_streams(bench: Callable[..., Any], scope: str) -> None:
    budgets = Budgets(day=Decimal("0.0006")) if scope == "day" else Budgets(month=Decimal("0.0006"))
    here: Bench = await bench(HELLO, budgets=budgets)
    other = reserved_by_another()
    await here.journal.append([other])
    with pytest.raises(BudgetReached, match=f"The budget of the {scope}, \\$0.0006, is reached") as caught:
        await here.send()
    assert caught.value.scope == scope
    assert [entry.request_id for entry in await here.journal.ledger()] == ["q_other"]
    assert here.account.held == 0
    charge = Charge(usage=Usage(), dollars=Decimal(0), at_sonnet=Decimal(0))
    settled = {
        name: getattr(other, name) for name in ("run_id", "at", "request_id", "task_id", "role", "rung")
    }
    await here.journal.append([RequestSettled(**settled, charge=charge)])
    assert (await here.send()).text == "Hello."
    (_, mine) = await here.journal.ledger()
    assert (mine.repository, mine.task_id, mine.attempt, mine.settled) == ("/shop", "t", 1, True)
    assert mine.dollars == here.account.bill.dollars


async def test_what_is_in_flight_is_waited_for_before_a_period_is_full(bench: Callable[..., Any]) -> None:
    """Two worst cases do not fit the day, one does: the second leaves once the first has settled."""
    here: Bench = await bench(HELLO, budgets=Budgets(day=Decimal("0.0008")))
    await asyncio.wait_for(asyncio.gather(here.send(task_id="a"), here.send(task_id="b")), PATIENCE)
    kinds = [type(event).__name__ for event in here.events]
    assert kinds == ["RequestReserved", "RequestSettled"] * 2


async def test_many_that_do_not_fit_a_period_all_give_up(bench: Callable[..., Any]) -> None:
    """What others only try to reserve is not in flight, so that nobody waits for it."""
    here: Bench = await bench(HELLO, budgets=Budgets(day=Decimal("0.0006")))
    await here.journal.append([reserved_by_another()])
    sending = [here.send(task_id=str(number)) for number in range(5)]
    outcomes = await asyncio.wait_for(asyncio.gather(*sending, return_exceptions=True), PATIENCE)
    assert [type(outcome) for outcome in outcomes] == [BudgetReached] * 5
    assert here.account.held == 0
    assert here.account.in_flight == 0


async def test_the_server_counts_where_bytes_alone_pass_a_budget(bench: Callable[..., Any]) -> None:
    long = Message(role="user", blocks=(Text(text="a word " * 1000),))
    request = ModelRequest(rung=HAIKU, system=REQUEST.system, messages=(long,), max_tokens=1000)
    here: Bench = await bench(HELLO, budget="0.001")
    await here.send(request)
    (reserved, settled) = here.events
    assert isinstance(reserved, RequestReserved)
    assert isinstance(settled, RequestSettled)
    prompt = settled.charge.usage.prompt_tokens
    assert prompt <= reserved.prompt_tokens < prompt * 1.02 + 70 < prompt_bound(request)
    assert [one.path for one in here.server.log] == ["/v1/messages/count_tokens", "/v1/messages"]


async def test_a_prompt_beyond_the_price_cliff_never_leaves(bench: Callable[..., Any]) -> None:
    long = Message(role="user", blocks=(Text(text="a word " * 60_000),))
    request = ModelRequest(rung=HAIKU, system=REQUEST.system, messages=(long,), max_tokens=1000)
    here: Bench = await bench(HELLO)
    with pytest.raises(PromptTooLong, match="beyond 100,000") as caught:
        await here.send(request)
    assert caught.value.limit == 100_000 < caught.value.tokens < 110_000
    assert here.events == []
    assert [one.path for one in here.server.log] == ["/v1/messages/count_tokens"]


async def test_a_conversation_is_bounded_by_what_its_replies_told(bench: Callable[..., Any]) -> None:
    here: Bench = await bench(HELLO, {"text": "Again."})
    first = Message(role="user", blocks=(Text(text="a word " * 4000),))
    request = ModelRequest(rung=HAIKU, system=REQUEST.system, messages=(first,), max_tokens=100)
    reply = await here.send(request)
    more = (first, reply.message, Message(role="user", blocks=(Text(text="And now?"),)))
    going_on = msgspec.structs.replace(request, messages=more, anchor=1, previous_id=reply.id)
    after = await here.send(going_on)
    reserved = [event for event in here.events if isinstance(event, RequestReserved)][1]
    assert after.usage.prompt_tokens <= reserved.prompt_tokens < after.usage.prompt_tokens + 200
    assert here.settled[1].miss is None
    assert after.usage.cache_read_tokens > 0

"""Requests without a price: a Run sends no more of them than it may, whatever comes of each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest

from contextune.adapters.machine.clock import SystemClock
from contextune.adapters.models.prices import PriceTable
from contextune.core.errors import BudgetReached, ModelProblem, ModelRefusal
from contextune.core.model.budget import Budgets, Cap, Limits
from contextune.core.model.conversation import Message, ModelReply, ModelRequest, Rung, Text
from contextune.core.model.money import Usage
from contextune.core.model.requests import RequestSettled
from contextune.core.ports import Leave, at_once
from contextune.core.runs import events as ev
from contextune.core.settings import EDITOR_REQUESTS, SONNET, Settings
from contextune.engine.money.account import Account, budgets_of
from contextune.engine.money.gateway import Gateway
from contextune.engine.money.price_books import NoPrices, prices_under
from contextune.engine.money.throttle import OwnBoard, Throttle
from contextune.engine.quotes.terms import Terms
from tests.engine.conftest import MakeDesk
from tests.engine.waiting import SkippingClock
from tests.engine.world import finish, plays, task, turn, write

REQUEST = ModelRequest(
    rung=Rung(model="claude-haiku-5-5", effort="low"),
    system=(Text(text="Be brief."),),
    messages=(Message(role="user", blocks=(Text(text="Say a word."),)),),
)
TASK = task("more code", "calc/more.py")
ADD = write("calc/more.py", "MORE = 1\n")
EDITORS = 'provider = "vscode"\n'


class Answering:
    """core.ports.Model: answers once it is let to, and first raises what is given."""

    is_full = False

    def __init__(self, *problems: ModelProblem) -> None:
        self.problems = list(problems)
        self.sent = 0
        self.let = asyncio.Event()
        self.asked = asyncio.Event()

    async def send(self, request: ModelRequest, *, leave: Leave = at_once) -> ModelReply:
        await leave()
        self.sent += 1
        self.asked.set()
        if self.problems:
            raise self.problems.pop()
        await self.let.wait()
        return ModelReply(
            id="m", model=request.rung.model, blocks=(), stop_reason="end_turn", usage=Usage(input_tokens=7)
        )

    async def count(self, request: ModelRequest) -> int:
        raise NotImplementedError

    async def close(self) -> None: ...


class Sending:
    """A gateway to a model without a price, and an account that may send so many requests."""

    def __init__(self, model: Answering, most: int | None) -> None:
        clock = SkippingClock()
        throttle = Throttle(OwnBoard(), clock, sleep=clock.sleep)
        self.gateway = Gateway(model, NoPrices(), SystemClock(), throttle=throttle)
        self.events: list[ev.AnyEvent] = []
        self.account = Account("r_1", Decimal(0), self._emit, budgets=Budgets(requests=most))

    async def send(self) -> ModelReply:
        return await self.gateway.send(self.account, REQUEST, role="executor", task_id="t")

    async def _emit(self, *events: ev.AnyEvent, caps: Sequence[Cap] = ()) -> None:
        await asyncio.sleep(0)
        self.events += events


@pytest.mark.parametrize("most", [0, 1, 3, 20])
async def test_many_at_once_never_send_more_than_they_may(most: int) -> None:
    model = Answering()
    model.let.set()
    here = Sending(model, most)
    outcomes = await asyncio.gather(*(here.send() for _ in range(20)), return_exceptions=True)
    refused = [one for one in outcomes if isinstance(one, BudgetReached)]
    assert (model.sent, len(refused)) == (most, 20 - most)
    assert {(one.scope, one.needed) for one in refused} <= {("requests", Decimal(most + 1))}
    assert (here.account.bill.unpriced, here.account.held_requests) == (most, 0)


async def test_without_a_bound_all_are_sent() -> None:
    model = Answering()
    model.let.set()
    here = Sending(model, None)
    await asyncio.gather(*(here.send() for _ in range(20)))
    assert model.sent == here.account.bill.unpriced == 20


async def test_one_that_was_refused_at_the_door_counts_and_is_never_zero_dollars() -> None:
    here = Sending(Answering(ModelRefusal("No.")), 1)
    with pytest.raises(ModelRefusal):
        await here.send()
    (settled,) = [event for event in here.events if isinstance(event, RequestSettled)]
    assert settled.charge.dollars is None
    assert (here.account.bill.requests, here.account.bill.unpriced) == (1, 1)
    with pytest.raises(BudgetReached, match="The 1 requests without a price that a Run may send are used up"):
        await here.send()


async def test_each_try_of_one_that_is_sent_again_counts() -> None:
    model = Answering(*(ModelProblem("Not now.", status=429) for _ in range(5)))
    here = Sending(model, 3)
    with pytest.raises(BudgetReached):
        await here.send()
    assert model.sent == here.account.bill.unpriced == 3


async def test_one_that_was_cut_off_counts() -> None:
    model = Answering()
    here = Sending(model, 1)
    sending = asyncio.create_task(here.send())
    await model.asked.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert (here.account.bill.unpriced, here.account.held_requests) == (1, 0)
    with pytest.raises(BudgetReached):
        await here.send()


def test_the_editors_models_have_no_price_and_a_bound_where_none_is_set() -> None:
    prices = PriceTable({})
    editors = Settings(provider="vscode")
    assert prices_under(editors, prices).price(SONNET) is None
    assert budgets_of(editors).requests == EDITOR_REQUESTS
    assert budgets_of(Settings(provider="vscode", max_requests=7)).requests == 7
    for other in (Settings(), Settings(provider="vscode", offline=True)):
        assert prices_under(other, prices) is prices
        assert budgets_of(other).requests is None


async def test_a_run_parks_at_its_requests_and_goes_on_with_more(desk: MakeDesk) -> None:
    here = await desk(plays("more code", turn(ADD), turn(finish())))
    base = here.settings_text + EDITORS
    here.set_up(f"{base}max_requests = 1\n")
    run = await here.start(TASK)
    assert run.quote.price.likely is None
    assert any("a Run sends at most 1 of them" in one for one in run.quote.warnings)
    parked = await here.until(lambda run: run.state == "parked")
    assert (parked.parked_by, parked.bill.unpriced) == ("requests", 1)
    assert "The 1 requests without a price that a Run may send are used up." in parked.reason
    here.set_up(f"{base}max_requests = 2\n")
    await here.app.resume(run.id)
    done = await here.wait(run.id)
    assert (done.state, done.joined) == ("review", ("more",))
    assert (done.bill.requests, done.bill.unpriced, done.bill.dollars) == (2, 2, Decimal(0))
    assert done.bill.saving is None


async def test_a_process_that_takes_a_run_over_counts_what_the_other_sent(
    desk: MakeDesk,
) -> None:
    here = await desk(plays("more code", turn(ADD)))
    here.set_up(f"{here.settings_text}{EDITORS}max_requests = 1\n")
    run = await here.start(TASK)
    await here.until(lambda run: run.state == "parked")
    await here.app.close()
    other = here.open()
    await other.resume(run.id)
    parked = await here.until(lambda run: run.state == "parked")
    assert parked.bill.unpriced == 1
    assert sum(one.path == "/v1/messages" for one in here.server.log) == 1
    await other.close()


async def test_the_quote_may_name_other_limits_which_hold_until_the_run_waits_at_them(desk: MakeDesk) -> None:
    here = await desk(plays("more code", turn(ADD), turn(finish())))
    here.set_up(f"{here.settings_text}{EDITORS}max_requests = 5\n")
    quote = await here.quote(TASK)
    assert any("at most 5 of them" in one for one in quote.warnings)
    less = here.app.open_quotes.change(quote.id, Terms(max_requests=1))
    assert any("at most 1 of them" in one for one in less.warnings)
    assert here.app.open_quotes.change(quote.id, Terms(agents=1)).limits == Limits(requests=1)
    run = await here.app.start(quote.id)
    parked = await here.until(lambda run: run.state == "parked")
    assert (parked.parked_by, parked.bill.unpriced) == ("requests", 1)
    # Who has it go on from there has seen it: what the settings say holds from then on.
    await here.app.resume(run.id)
    done = await here.wait(run.id)
    assert (done.state, done.bill.unpriced) == ("review", 2)


def test_limits_stand_before_the_settings() -> None:
    named = Budgets(task=Decimal(1), day=Decimal(9), requests=5)
    assert Limits().over(named) == named
    tight = Limits(request=Decimal("0.1"), task=Decimal("0.2"), requests=3)
    assert tight.over(named) == Budgets(
        request=Decimal("0.1"), task=Decimal("0.2"), day=Decimal(9), requests=3
    )
    more = Limits(requests=4)
    assert tight.after(more) == Limits(request=Decimal("0.1"), task=Decimal("0.2"), requests=4)

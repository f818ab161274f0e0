"""Priming: several agents that begin together pay for what they share once."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import msgspec
import pytest

from contextune.core.errors import BudgetReached, ContextuneError, KeyRefused, ModelProblem, ModelRefusal
from contextune.core.model.conversation import Message, ModelReply, ModelRequest, Rung, Text
from contextune.core.model.money import Usage
from contextune.core.model.prompt_cache import LIFE, least_prefix
from contextune.core.model.requests import RequestSettled
from contextune.engine.money import priming
from contextune.engine.money.priming import FRESH, ROLE, Priming, about_to_begin
from tests.engine.conftest import MakeDesk
from tests.engine.world import Desk, finish, plays, task, turn, write

HAIKU = Rung(model="claude-haiku-5-5", effort="low")
LONG = "shared by all " * 400


def request(
    rung: Rung = HAIKU, *, shared: str = LONG, own: str = "# Task: a", turns: int = 1
) -> ModelRequest:
    first = Message(role="user", blocks=(Text(text=shared, cache=True), Text(text=own)))
    more = Message(role="user", blocks=(Text(text="x"),))
    return ModelRequest(
        rung=rung, system=(Text(text="You are.", cache=True),), messages=(first, *[more] * (turns - 1))
    )


class Hands:
    """Plays the clock, the gateway and the agents of one Run."""

    def __init__(self, coming: int = 2, *, is_full: bool = True) -> None:
        self.time = 1_000_000
        self.coming = coming
        self.sent: list[ModelRequest] = []
        self.fails: ContextuneError | None = None
        self.primed = asyncio.Event()
        self.primed.set()
        self.primes = asyncio.Event()
        self.priming = Priming(self._send, self, is_full=is_full, coming=lambda rung: self.coming)

    def now(self) -> int:
        return self.time

    def day_start(self, at: int) -> int:
        return at

    def month_start(self, at: int) -> int:
        return at

    async def ask(self, wanted: ModelRequest | None = None, gate: asyncio.Event | None = None) -> None:
        """One request of an agent; its reply waits for `gate`."""
        wanted = wanted or request()
        async with self.priming.ahead_of(wanted):
            self.sent.append(wanted)
            if gate is not None:
                await gate.wait()

    @property
    def order(self) -> list[int]:
        """The longest reply of each request: 0 is priming."""
        return [one.max_tokens for one in self.sent]

    async def _send(self, wanted: ModelRequest) -> ModelReply:
        self.sent.append(wanted)
        self.primes.set()
        await self.primed.wait()
        if self.fails is not None:
            raise self.fails
        return ModelReply(id="m", model=wanted.rung.model, blocks=(), stop_reason="end_turn", usage=Usage())


async def test_agents_that_begin_together_wait_for_one_priming() -> None:
    here = Hands()
    here.primed.clear()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(here.ask())
        await here.primes.wait()
        assert here.order == [0]
        here.primed.set()
    assert here.order == [0] + [8192] * 5
    primer, wanted = here.sent[0], here.sent[1]
    assert (primer.rung, primer.system, primer.tools) == (wanted.rung, wanted.system, wanted.tools)
    assert primer.messages == (Message(role="user", blocks=wanted.messages[0].blocks[:1]),)
    assert primer.rolling_cache is False


async def test_a_later_wave_is_primed_again_only_when_the_entry_may_be_gone() -> None:
    here = Hands()
    await here.ask()
    here.time += FRESH - 1
    await here.ask()
    here.time += FRESH - 1  # each use begins its life anew
    await here.ask(request(turns=3))
    here.time += FRESH - 1
    await here.ask()
    assert here.order.count(0) == 1
    here.time += FRESH
    await here.ask()
    assert here.order.count(0) == 2
    assert FRESH < LIFE


@pytest.mark.parametrize(
    ("coming", "wanted", "is_full"),
    [
        (1, request(), True),
        (5, request(), False),
        (5, request(shared="too short to be cached"), True),
        (5, request(Rung(model="claude-haiku-4-5", effort="low")), True),
        (5, request(turns=3), True),
        (
            5,
            ModelRequest(rung=HAIKU, system=(), messages=(Message(role="user", blocks=(Text(text=LONG),)),)),
            True,
        ),
    ],
)
async def test_where_priming_is_worth_nothing_nothing_is_sent(
    coming: int, wanted: ModelRequest, *, is_full: bool
) -> None:
    here = Hands(coming, is_full=is_full)
    await here.ask(wanted)
    assert here.sent == [wanted]


async def test_each_rung_and_each_prefix_has_an_entry_of_its_own() -> None:
    here = Hands()
    high = msgspec.structs.replace(HAIKU, effort="high")
    for wanted in (
        request(),
        request(high),
        request(shared=LONG + "more"),
        request(own="b"),
    ):
        await here.ask(wanted)
    assert here.order == [0, 8192, 0, 8192, 0, 8192, 8192]


async def test_tries_at_one_task_share_all_that_they_are_told() -> None:
    here = Hands()
    wanted = request(msgspec.structs.replace(HAIKU, tries=3))
    await asyncio.gather(*(here.ask(wanted) for _ in range(3)))
    assert here.order == [0, 8192, 8192, 8192]
    shared, own = wanted.messages[0].blocks
    assert isinstance(own, Text)
    assert here.sent[0].messages == (Message(role="user", blocks=(shared, Text(text=own.text, cache=True))),)
    assert here.sent[0].rung == HAIKU


PROBLEMS: list[ContextuneError] = [
    BudgetReached("No."),
    ModelProblem("529"),
    KeyRefused("401"),
    ContextuneError("The disk is full."),
]


@pytest.mark.parametrize("problem", PROBLEMS)
async def test_priming_that_fails_stops_nobody_and_is_not_tried_at_once_again(
    problem: ContextuneError,
) -> None:
    here = Hands()
    here.fails = problem
    await asyncio.gather(*(here.ask() for _ in range(3)))
    assert here.order == [0, 8192, 8192, 8192]


async def test_where_the_server_does_not_prime_the_first_agent_goes_ahead() -> None:
    here = Hands()
    here.fails = ModelRefusal("max_tokens: 0 is not supported with thinking.type enabled")
    replied = asyncio.Event()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(here.ask(gate=replied))
        for _ in range(2):
            group.create_task(here.ask())
        await here.primes.wait()
        for _ in range(50):  # as often as the others could have gone ahead
            await asyncio.sleep(0)
        assert here.order == [0, 8192]
        replied.set()
    assert here.order == [0, 8192, 8192, 8192]


async def test_an_agent_that_is_stopped_while_it_primes_leaves_it_to_the_next() -> None:
    here = Hands()
    here.primed.clear()
    first = asyncio.create_task(here.ask())
    await here.primes.wait()
    second = asyncio.create_task(here.ask())
    await asyncio.sleep(0)
    here.primes.clear()
    first.cancel()
    await here.primes.wait()
    here.primed.set()
    await asyncio.wait_for(second, 10)
    assert here.order == [0, 0, 8192]
    assert first.cancelled()


async def test_nobody_waits_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(priming, "PATIENCE", 0.01)
    here = Hands()
    here.primed.clear()
    await asyncio.wait_for(asyncio.gather(here.ask(), here.ask()), 10)
    assert here.order == [0, 8192, 8192]


def test_what_models_cache_from() -> None:
    assert {model: least_prefix(model) for model in ("claude-haiku-5-5", "claude-haiku-4-5-20251001")} == {
        "claude-haiku-5-5": 512,
        "claude-haiku-4-5-20251001": 4_096,
    }
    assert least_prefix("us.anthropic.claude-sonnet-4-5-v1:0") == 1_024
    assert least_prefix("claude-sonnet-5") == 1_024
    assert least_prefix("some-local-model") == 4_096


def files(count: int) -> list[str]:
    return [f"file {n}" for n in range(count)]


async def fan_out(desk: MakeDesk, *titles: str, agents: int = 5) -> Desk:
    """A Run of Tasks that each write a file, with so much shared context that it is cached."""
    conversations = [plays(title, turn(write(f"{title}.txt", "x\n"), finish())) for title in titles]
    long = {f"docs/page_{n:03}_with_a_long_name.md": "x\n" for n in range(60)}
    here = await desk(*conversations, files=long, settings=f"agents = {agents}\n")
    tasks = [msgspec.structs.replace(task(title), id=title.replace(" ", "-")) for title in titles]
    run = await here.finish(*tasks)
    assert run.state == "review"
    return here


async def test_a_fan_out_of_five_reads_its_prefix_five_times(desk: MakeDesk) -> None:
    here = await fan_out(desk, *files(5))
    primes = [entry for entry in here.server.log if entry.max_tokens == 0]
    assert [entry.status for entry in primes] == [200]
    written = primes[0].usage
    assert written is not None
    prefix = written.cache_creation_input_tokens
    assert prefix > 512
    assert (written.cache_read_input_tokens, written.input_tokens, written.output_tokens) == (0, 0, 0)
    firsts = [entry.usage for entry in here.server.log if entry.max_tokens]
    assert [usage.cache_read_input_tokens for usage in firsts if usage] == [prefix] * 5
    # It is reserved, settled and billed like any request, to the Run and to no Task.
    (settled,) = here.told(RequestSettled, role=ROLE)
    assert isinstance(settled, RequestSettled)
    assert (settled.task_id, settled.charge.usage.cache_write_5m_tokens) == (None, prefix)
    run = await here.until(lambda run: run.state == "review")
    assert [line.bill.requests for line in run.costs if line.role == ROLE] == [1]
    assert run.bill.requests == len(here.server.log) == 6
    assert (
        sum((t.bill.dollars for t in run.tasks), Decimal(0)) + (settled.charge.dollars or 0)
        == run.bill.dollars
    )


@pytest.mark.parametrize(("titles", "agents"), [(["file 0"], 5), (["file 0", "file 1", "file 2"], 1)])
async def test_one_agent_at_a_time_primes_nothing(desk: MakeDesk, titles: list[str], agents: int) -> None:
    here = await fan_out(desk, *titles, agents=agents)
    assert [entry.max_tokens for entry in here.server.log] == [8192] * len(titles)


async def test_who_is_about_to_begin(desk: MakeDesk, tmp_path: object) -> None:
    here = await desk(
        *(plays(title, turn(write(f"{title}.txt", "x\n"), finish())) for title in files(2)),
        plays("after", turn(write("after.txt", "x\n"), finish())),
        unplayed=True,
    )
    tasks = [msgspec.structs.replace(task(title), id=title.replace(" ", "-")) for title in files(2)]
    run = await here.start(*tasks, task("after", after=["file-0"]))
    high = msgspec.structs.replace(HAIKU, effort="high")
    assert (about_to_begin(run, HAIKU), about_to_begin(run, high)) == (2, 0)
    assert about_to_begin(msgspec.structs.replace(run, agents=1), HAIKU) == 1
    # The user has both begin elsewhere.
    moved = tuple(msgspec.structs.replace(one, begins=1) for one in run.tasks)
    assert about_to_begin(msgspec.structs.replace(run, tasks=moved), HAIKU) == 0
    assert about_to_begin(msgspec.structs.replace(run, tasks=moved), run.ladder[1]) == 2
    # Several tries of one Task begin together, whatever the number of agents.
    tries = msgspec.structs.replace(HAIKU, tries=3)
    quote = msgspec.structs.replace(
        run.quote, tasks=tuple(msgspec.structs.replace(one, rung=tries) for one in run.quote.tasks)
    )
    assert about_to_begin(msgspec.structs.replace(run, agents=1, quote=quote), HAIKU) == 3
    done = await here.wait(run.id)
    assert about_to_begin(done, HAIKU) == 0

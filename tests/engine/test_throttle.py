"""Backpressure: requests wait, first come, first served, and none is lost, whatever the server says."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from contextune.adapters.machine.clock import SystemClock
from contextune.adapters.models.anthropic_model import AnthropicModel
from contextune.adapters.models.pressure_board import PressureFolder
from contextune.adapters.models.prices import PriceTable
from contextune.core.errors import ModelProblem
from contextune.core.model.admission import FIRST_WINDOW, Line
from contextune.core.model.budget import Cap
from contextune.core.model.conversation import Message, ModelReply, ModelRequest, Rung, Text
from contextune.core.model.requests import RequestReserved, RequestSettled
from contextune.core.runs import events as ev
from contextune.engine.money.account import Account
from contextune.engine.money.gateway import Gateway
from contextune.engine.money.throttle import TRIES, OwnBoard, Passage, Throttle
from contextune.engine.money.waiting_line import HELD_BACK
from contextune.offline.limits import RateLimit
from contextune.offline.server import OfflineModel
from tests.engine.waiting import SkippingClock
from tests.engine.world import PATIENCE, serve

T = TypeVar("T")

HAIKU = "claude-haiku-5-5"
SONNET = "claude-sonnet-5-5"


class Server:
    """A model's server with limits, a gateway to it, and a clock that skips what is slept."""

    def __init__(self, limits: RateLimit | None, faults: dict[str, Sequence[dict[str, Any]]]) -> None:
        self.clock = SkippingClock()
        self.events: list[ev.AnyEvent] = []
        self.refused = asyncio.Event()
        conversations = [
            {"name": name, "when": {"user": f"I am {name}."}, "turn": [{"text": "Yes.", "fault": list(met)}]}
            for name, met in faults.items()
        ]
        conversations.append({"name": "any", "turn": [{"text": "Yes."}]})
        self.model_server: OfflineModel = serve(
            conversations, limits=limits, clock=lambda: self.clock.now() / 1000
        )
        self.board = OwnBoard()
        self.throttle = Throttle(self.board, self.clock, sleep=self.clock.sleep, chance=lambda: 0.5)
        self.account = Account("r_1", Decimal(1), self._emit)

    async def start(self) -> None:
        url = await self.model_server.start()
        self.model = AnthropicModel(api_key="sk-test", base_url=url, offline=True, timeout=PATIENCE)
        self.gateway = Gateway(self.model, PriceTable({}), self.clock, throttle=self.throttle)

    async def close(self) -> None:
        await self.model.close()
        await self.model_server.close()

    async def ask(self, name: str, model: str = HAIKU) -> ModelReply:
        request = ModelRequest(
            rung=Rung(model=model, effort="low"),
            system=(Text(text="Be brief."),),
            messages=(Message(role="user", blocks=(Text(text=f"I am {name}."),)),),
            max_tokens=100,
        )
        return await self.gateway.send(self.account, request, role="executor", task_id=None)

    @property
    def refusals(self) -> list[int]:
        """The statuses of what the server refused."""
        return [one.status for one in self.model_server.log if one.status is not None and one.status != 200]

    @property
    def notes(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, ev.Noted)]

    @property
    def unsettled(self) -> int:
        kinds = [type(event) for event in self.events]
        return kinds.count(RequestReserved) - kinds.count(RequestSettled)

    async def _emit(self, *events: ev.AnyEvent, caps: Sequence[Cap] = ()) -> None:
        self.events += events
        if any(isinstance(event, RequestSettled) and event.error for event in events):
            self.refused.set()


@pytest.fixture
async def serving() -> AsyncIterator[Callable[..., Any]]:
    made: list[Server] = []

    async def make(limits: RateLimit | None = None, **faults: Sequence[dict[str, Any]]) -> Server:
        server = Server(limits, faults)
        made.append(server)
        await server.start()
        return server

    yield make
    for one in made:
        await one.close()


class WatchedBoard(OwnBoard):
    """A board on which a test can wait until something holds of Haiku's line; changed in threads."""

    blocks = True

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()

    def change(self, line: str, change: Callable[[Line], tuple[Line, T]]) -> T:
        result = super().change(line, change)
        self._loop.call_soon_threadsafe(self._changed.set)
        return result

    async def until(self, holds: Callable[[Line], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds(haiku(self)):
                await self._changed.wait()
                self._changed.clear()


def haiku(board: OwnBoard | PressureFolder) -> Line:
    """What the board knows of Haiku's line."""
    return (
        OwnBoard.change(board, "haiku", look) if isinstance(board, OwnBoard) else board.change("haiku", look)
    )


def look(line: Line) -> tuple[Line, Line]:
    return line, line


async def _silent(sentence: str) -> None:
    del sentence


def passage(throttle: Throttle, model: str = HAIKU, stream: str = "r_1") -> Passage:
    return throttle.passage(model, prompt_tokens=10, stream=stream, tell=_silent)


async def test_many_agents_keep_to_the_pace_of_a_server_that_tells_its_limit(
    serving: Callable[..., Any],
) -> None:
    here: Server = await serving(RateLimit(requests_per_minute=20))
    began = here.clock.now()
    await asyncio.gather(*(here.ask("somebody") for _ in range(50)))
    # A full bucket of 20, then one every three seconds.
    assert 90 <= (here.clock.now() - began) / 1000 < 90 * 1.15
    assert here.refusals == []
    assert here.unsettled == 0


async def test_tokens_set_the_pace_as_well(serving: Callable[..., Any]) -> None:
    here: Server = await serving(RateLimit(input_tokens_per_minute=300, output_tokens_per_minute=60))
    replies = await asyncio.gather(*(here.ask("somebody") for _ in range(60)))
    assert sum(reply.usage.output_tokens for reply in replies) >= 60
    assert len(here.refusals) <= FIRST_WINDOW
    assert here.unsettled == 0


async def test_without_headers_overloads_are_waited_for_without_counting_tries(
    serving: Callable[..., Any],
) -> None:
    here: Server = await serving(somebody=[{"kind": "overloaded", "times": 3 * TRIES}])
    began = here.clock.now()
    assert (await here.ask("somebody")).text == "Yes."
    assert here.refusals == [529] * 3 * TRIES
    assert here.clock.now() - began > 60_000
    assert here.unsettled == 0


async def test_a_hint_holds_the_whole_line_and_no_other(serving: Callable[..., Any]) -> None:
    here: Server = await serving(first=[{"kind": "rate_limit", "retry_after": 40}])
    began = here.clock.now()
    met = asyncio.ensure_future(here.ask("first"))
    await asyncio.wait_for(here.refused.wait(), PATIENCE)
    await here.ask("other line", SONNET)
    await asyncio.gather(met, here.ask("second"), here.ask("third"))
    log = here.model_server.log
    at = {one.conversation: one.at for one in log if one.model == HAIKU and one.status == 200}
    assert set(at) == {"first", "any"}
    assert all(time >= began + 40_000 for time in at.values())


async def test_each_run_is_told_once_that_its_work_waits(serving: Callable[..., Any]) -> None:
    here: Server = await serving(
        first=[{"kind": "rate_limit", "retry_after": 40}, {"kind": "rate_limit", "retry_after": 200}]
    )
    await asyncio.gather(here.ask("first"), here.ask("second"))
    assert here.notes == [
        "The model's server takes no more requests just now; work goes on in about 40 seconds."
    ]


async def test_runs_that_wait_together_are_each_told() -> None:
    clock = SkippingClock()
    board = OwnBoard()
    throttle = Throttle(board, clock, sleep=clock.sleep)
    told: list[tuple[str, str]] = []

    async def wait(stream: str) -> None:
        async def tell(sentence: str) -> None:
            told.append((stream, sentence))

        async with throttle.passage(HAIKU, prompt_tokens=1, stream=stream, tell=tell):
            pass

    def held(line: Line) -> tuple[Line, None]:
        return msgspec.structs.replace(line, resume_at=clock.now() + 150_000), None

    for _ in range(2):
        board.change("haiku", held)
        await asyncio.gather(*(wait(stream) for stream in ("r_1", "r_1", "r_2")))
        await wait("r_3")
    words = "The model's server takes no more requests just now; work goes on in about 2 minutes."
    assert sorted(told) == sorted([("r_1", words), ("r_2", words)] * 2)


async def test_a_hint_beyond_all_patience_is_told_at_once(serving: Callable[..., Any]) -> None:
    here: Server = await serving(somebody=[{"kind": "rate_limit", "retry_after": 7_200}])
    with pytest.raises(ModelProblem, match=r"asks to wait for 120 minutes; that is too long\."):
        await here.ask("somebody")
    assert here.clock.waits == []
    assert haiku(here.board).in_flight.requests == 0


async def test_a_server_that_only_drops_connections_is_given_up(serving: Callable[..., Any]) -> None:
    here: Server = await serving(somebody=[{"kind": "cut", "after": 0, "times": 100}])
    with pytest.raises(ModelProblem, match="broke off"):
        await here.ask("somebody")
    assert len(here.model_server.log) == TRIES


async def test_a_server_that_drops_connections_for_a_while_is_waited_for(serving: Callable[..., Any]) -> None:
    here: Server = await serving(somebody=[{"kind": "cut", "after": 0, "times": 2 * TRIES}])
    await here.ask("anybody")
    assert (await here.ask("somebody")).text == "Yes."


async def test_a_reply_that_breaks_off_is_asked_for_again_and_settled_once_each(
    serving: Callable[..., Any],
) -> None:
    here: Server = await serving(somebody=[{"kind": "cut", "after": 3, "times": 2}])
    assert (await here.ask("somebody")).text == "Yes."
    reserved = [event.request_id for event in here.events if isinstance(event, RequestReserved)]
    settled = [event.request_id for event in here.events if isinstance(event, RequestSettled)]
    assert settled == reserved
    assert len(set(reserved)) == 3


async def test_first_come_first_served() -> None:
    throttle = Throttle(OwnBoard(), SystemClock())
    order: list[int] = []
    under_way, most = 0, 0

    async def work(number: int) -> None:
        nonlocal under_way, most
        async with passage(throttle):
            order.append(number)
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(work(number) for number in range(40)))
    assert order == list(range(40))
    assert most <= FIRST_WINDOW


@pytest.mark.parametrize("waited", [0, HELD_BACK // 2, HELD_BACK])
async def test_who_is_at_work_goes_before_who_begins(waited: int) -> None:
    clock = SkippingClock()
    throttle = Throttle(OwnBoard(), clock, sleep=clock.sleep)
    order: list[str] = []
    free = asyncio.Event()

    async def work(name: str, *, begins: bool) -> None:
        to_go = throttle.passage(HAIKU, prompt_tokens=10, stream="r_1", tell=_silent, begins=begins)
        async with to_go:
            order.append(name)
            await free.wait()

    async def begun(name: str, *, begins: bool) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work(name, begins=begins))
        for _ in range(3):
            await asyncio.sleep(0)
        return task

    async with asyncio.timeout(PATIENCE):
        full = [await begun("full", begins=True) for _ in range(int(FIRST_WINDOW))]
        new = [await begun(f"new {n}", begins=True) for n in range(2)]
        if waited:
            await clock.sleep(waited / 1000)
        old = [await begun(f"old {n}", begins=False) for n in range(2)]
        free.set()
        await asyncio.gather(*full, *new, *old)
    new_ones, old_ones = ["new 0", "new 1"], ["old 0", "old 1"]
    wanted = new_ones + old_ones if waited >= HELD_BACK else old_ones + new_ones
    assert order[int(FIRST_WINDOW) :] == wanted


async def test_who_was_first_and_is_passed_goes_on_later() -> None:
    """The first in line has asked for a place in vain when another passes it, and is cancelled."""
    throttle = Throttle(OwnBoard(), SystemClock())
    free = asyncio.Event()

    async def work(*, begins: bool) -> None:
        to_go = throttle.passage(HAIKU, prompt_tokens=10, stream="r_1", tell=_silent, begins=begins)
        async with to_go:
            await free.wait()

    full = [asyncio.ensure_future(work(begins=True)) for _ in range(int(FIRST_WINDOW))]
    new = asyncio.ensure_future(work(begins=True))
    await asyncio.sleep(0)
    old = [asyncio.ensure_future(work(begins=False)) for _ in range(2)]
    await asyncio.sleep(0)
    old[0].cancel()
    free.set()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*full, new, old[1])


async def test_places_come_back_whoever_is_cancelled() -> None:
    board = WatchedBoard()
    throttle = Throttle(board, SystemClock())
    go_on = asyncio.Event()

    async def work() -> None:
        async with passage(throttle):
            await go_on.wait()

    working = int(FIRST_WINDOW)
    tasks = [asyncio.ensure_future(work()) for _ in range(3 * working)]
    await board.until(lambda line: line.in_flight.requests == FIRST_WINDOW)
    async with asyncio.timeout(PATIENCE):
        # One that works, one that is first in the queue, one in the middle of it.
        stopped = [1, working, 2 * working]
        for number in stopped:
            tasks[number].cancel()
        go_on.set()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert [number for number, end in enumerate(ended) if end is not None] == stopped
        for _ in range(int(FIRST_WINDOW) + 1):
            await work()
    assert haiku(board).in_flight.requests == 0


class SlowBoard(WatchedBoard):
    """A board whose next change takes until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def change(self, line: str, change: Callable[[Line], tuple[Line, T]]) -> T:
        self.begun.set()
        assert self.go_on.wait(PATIENCE)
        return super().change(line, change)


async def test_a_place_that_is_taken_while_one_is_cancelled_comes_back() -> None:
    board = SlowBoard()
    throttle = Throttle(board, SystemClock())
    entering = asyncio.ensure_future(passage(throttle).__aenter__())
    await asyncio.to_thread(board.begun.wait, PATIENCE)
    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering
    board.go_on.set()
    await board.until(lambda line: line.sent.requests == 1 and line.in_flight.requests == 0)


async def test_the_event_loop_is_free_while_the_board_is_slow() -> None:
    board = SlowBoard()
    entering = asyncio.ensure_future(passage(Throttle(board, SystemClock())).__aenter__())
    await asyncio.to_thread(board.begun.wait, PATIENCE)
    for _ in range(10):
        await asyncio.sleep(0)
    assert not entering.done()
    board.go_on.set()
    await asyncio.wait_for(entering, PATIENCE)


async def test_two_processes_share_the_limit_of_one_server(tmp_path: Path) -> None:
    per_minute, each, agents = 60, 36, 8
    server = serve(
        [{"name": "any", "turn": [{"text": "Yes."}]}], limits=RateLimit(requests_per_minute=per_minute)
    )
    url = await server.start()
    clock = SystemClock()
    began = clock.now()
    try:
        arguments = [
            "-m",
            "tests.engine.asking_process",
            url,
            str(tmp_path),
            str(each),
            str(agents),
        ]
        processes = [
            await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
            for _ in range(2)
        ]
        async with asyncio.timeout(90):
            ends = await asyncio.gather(*(process.communicate() for process in processes))
    finally:
        await server.close()
    assert [process.returncode for process in processes] == [0, 0]
    answered = [one for one in server.log if one.status == 200]
    assert len(answered) == 2 * each
    refused = len(server.log) - len(answered)
    assert sum(int(out) for out, _ in ends) == refused
    assert refused == 0, "each knows what the other has sent"
    # A full bucket, then one a second: neither slower than the limit nor, by the server's own count, faster.
    assert clock.now() - began >= (2 * each - per_minute - 1) * 1000
    assert haiku(PressureFolder(tmp_path)).in_flight.requests == 0

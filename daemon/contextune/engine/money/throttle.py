"""Backpressure: a request leaves when its model's server is likely to take it, and waits until then."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

from contextune.core.errors import ContextuneError, ModelProblem, ModelRefusal
from contextune.core.model.admission import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    Admission,
    Line,
    Ticket,
    admit,
    answered,
    failed,
    line_of,
    overloaded,
    spread,
)
from contextune.core.model.conversation import ModelReply
from contextune.core.ports import Clock
from contextune.core.process_ports import PressureBoard
from contextune.engine.money.waiting_line import Place, WaitingLine

T = TypeVar("T")

PATIENCE = 30 * 60
"""Seconds without a single good reply after which requests that the server does not take are given up."""
TRIES = 8
"""How often one request is sent that the server takes and fails at."""
HELD = 5
"""Seconds after which people are told that work waits for the server."""
OVERLOADED = frozenset({429, 503, 529})
"""HTTP statuses that say: not now."""


class OwnBoard:
    """core.process_ports.PressureBoard of this process: for a server that no other process speaks to."""

    process = "own"
    blocks = False

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._alone = threading.Lock()

    def change(self, line: str, change: Callable[[Line], tuple[Line, T]]) -> T:
        """Replace the state of a line, from any thread."""
        with self._alone:
            self._lines[line], result = change(self._lines.get(line, Line()))
        return result


class Throttle:
    """Lets requests to one server pass, each line of models by its own limits, in the order of WaitingLine.

    A request that is tried again stands in line anew. Cancelling a request gives its place back.
    """

    def __init__(
        self,
        board: PressureBoard,
        clock: Clock,
        *,
        server: str = "",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        patience: float = PATIENCE,
    ) -> None:
        """`server` tells apart on the board whose limits they are.

        `sleep` takes seconds, as `patience` is; `chance` gives numbers from 0 to 1.
        """
        self._board = board
        self._server = server
        self.clock = clock
        self.sleep = sleep
        self.chance = chance
        self.patience = round(patience * 1000)
        self._queues: dict[str, _Queue] = {}

    def passage(
        self,
        model: str,
        *,
        prompt_tokens: int,
        stream: str,
        tell: Callable[[str], Awaitable[None]],
        begins: bool = False,
    ) -> Passage:
        """The way of one request to a model, through all its tries.

        `begins`: it is the first of an agent, and lets those pass that are at work.
        `tell` is called with a sentence when the server makes requests of this `stream` wait for long.
        """
        line = line_of(model)
        name = f"{self._server}-{line}" if self._server else line
        queue = self._queues.setdefault(line, _Queue(name, self._board))
        return Passage(self, queue, prompt_tokens=prompt_tokens, stream=stream, tell=tell, begins=begins)


class Passage:
    """One request until it is answered: `async with` once a try, and `again` between two of them."""

    def __init__(
        self,
        throttle: Throttle,
        queue: _Queue,
        *,
        prompt_tokens: int,
        stream: str,
        tell: Callable[[str], Awaitable[None]],
        begins: bool,
    ) -> None:
        self.stream = stream
        self.tell = tell
        self._throttle = throttle
        self._queue = queue
        self._prompt_tokens = prompt_tokens
        self._begins = begins
        self._since = throttle.clock.now()
        self._failures = 0
        self._ticket: Ticket | None = None
        self._reply: ModelReply | None = None

    async def __aenter__(self) -> Self:
        """Wait until the request may leave.

        Raises ModelProblem if the server asks to wait for longer than `patience`.
        """
        queue = self._queue
        now = self._throttle.clock.now()
        place = queue.order.join(now, begins=self._begins)
        queue.waiting.append(self)
        try:
            await queue.announce(now)
            self._ticket = await self._admitted(place)
        finally:
            queue.waiting.remove(self)
            queue.order.leave(place)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the place back and keep what was learned."""
        ticket, self._ticket = self._ticket, None
        if ticket is None:
            return
        ending = self._queue.end(lambda line: self._ended(line, ticket, problem))
        # What was refused is known before the next try; a reply waits for nothing.
        if ending is not None and self._reply is None:
            await asyncio.shield(ending)

    def answered(self, reply: ModelReply) -> ModelReply:
        """Tell that the reply came, before the `async with` ends. Returns the reply."""
        self._reply = reply
        return reply

    async def again(self, problem: ModelProblem) -> None:
        """Prepare for another try. Raises the problem, or one that explains it, if there is to be none.

        A request that the server did not take waits as the whole line does, without a limit of tries, as
        long as some request of the line went well within `patience`. Where a server drops connections and
        has answered nothing before, it may be no such server at all: then tries are counted.
        """
        now, throttle, line = self._throttle.clock.now(), self._throttle, self._queue.line
        if problem.status in OVERLOADED and not problem.begun:
            if line.is_hopeless(now, self._since, throttle.patience):
                raise ModelProblem(
                    f"The model's server has taken no request for {_duration(throttle.patience)}. "
                    f"It says: {problem}",
                    status=problem.status,
                ) from problem
            return
        if _is_overload(problem) and not line.is_hopeless(now, line.good_at, throttle.patience):
            return
        self._failures += 1
        if self._failures >= TRIES:
            raise problem
        if problem.retry_after is None and not _is_overload(problem):
            doubled = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self._failures - 1))
            await throttle.sleep(spread(doubled, throttle.chance()))

    async def _admitted(self, place: Place) -> Ticket:
        queue, waited = self._queue, False
        while True:
            await place.first.wait()
            queue.news.clear()
            ticket, until = await queue.take(self._admit, self._give_back)
            now = self._throttle.clock.now()
            if ticket is not None:
                if not waited:
                    queue.told.clear()
                queue.held_until = 0
                return ticket
            waited = True
            if until is not None and until - now > self._throttle.patience:
                raise ModelProblem(
                    f"The model's server asks to wait for {_duration(until - now)}; that is too long."
                )
            if until is not None and until - now > HELD * 1000:
                queue.held_until = until
                await queue.announce(now)
            await self._either(queue.news, None if until is None else max(0, until - now) / 1000)

    def _admit(self, line: Line) -> Admission:
        now, process = self._throttle.clock.now(), self._queue.process
        return admit(line, now, process, prompt_tokens=self._prompt_tokens, since=self._since)

    def _give_back(self, line: Line, ticket: Ticket) -> Line:
        return failed(line, self._throttle.clock.now(), ticket, counted=False)

    def _ended(self, line: Line, ticket: Ticket, problem: BaseException | None) -> Line:
        now = self._throttle.clock.now()
        if self._reply is not None and problem is None:
            usage, allowances = self._reply.usage, self._reply.allowances
            read = usage.prompt_tokens - usage.cache_read_tokens
            return answered(
                line,
                now,
                ticket,
                input_tokens=read,
                output_tokens=usage.output_tokens,
                allowances=allowances,
            )
        if not isinstance(problem, ModelProblem):
            # Budgets, a prompt that is too long, a server that is not there: nothing has left.
            return failed(line, now, ticket, counted=not isinstance(problem, ContextuneError))
        hint, allowances, chance = problem.retry_after, problem.allowances, self._throttle.chance()
        if _is_overload(problem):
            counted = problem.status != 429
            return overloaded(
                line,
                now,
                ticket,
                counted=counted,
                retry_after=hint,
                allowances=allowances,
                chance=chance,
            )
        return failed(line, now, ticket, counted=True, retry_after=hint, allowances=allowances, chance=chance)

    async def _either(self, news: asyncio.Event, seconds: float | None) -> None:
        """Wait for news of the line, or for a time."""
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(news.wait())]
        if seconds is not None:
            waits.append(asyncio.ensure_future(self._throttle.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


class _Queue:
    """The requests of this process that wait for one line of models."""

    def __init__(self, name: str, board: PressureBoard) -> None:
        self.process = board.process
        self.line = Line()
        """As this process saw it last."""
        self.order = WaitingLine()
        self.news = asyncio.Event()
        """Set when a request of this process has ended."""
        self.waiting: list[Passage] = []
        self.told: set[str] = set()
        """Streams that know that the line is held."""
        self.held_until = 0
        self._name = name
        self._board = board
        self._working: set[asyncio.Task[Any]] = set()

    async def announce(self, now: int) -> None:
        """Tell each stream that waits, once as long as the line stays held, that it does."""
        if self.held_until - now <= HELD * 1000:
            return
        sentence = (
            "The model's server takes no more requests just now; work goes on in about "
            f"{_duration(self.held_until - now)}."
        )
        for passage in list(self.waiting):
            if passage.stream not in self.told:
                self.told.add(passage.stream)
                # Whoever can't record this will say so with what comes next; the others only wait.
                with suppress(ContextuneError):
                    await passage.tell(sentence)

    def end(self, change: Callable[[Line], Line]) -> asyncio.Task[None] | None:
        """Change the line after a request; it is done even if the caller is cancelled meanwhile.

        Returns the work that is left; None where the board is at hand.
        """
        if self._board.blocks:
            return self._start(self._ended(change))
        self._change(lambda line: (change(line), None))
        self.news.set()
        return None

    async def take(
        self, admit: Callable[[Line], Admission], give_back: Callable[[Line, Ticket], Line]
    ) -> tuple[Ticket | None, int | None]:
        """Try to take a place. What was taken while the caller was cancelled is given back."""

        def change(line: Line) -> tuple[Line, Admission]:
            admission = admit(line)
            return admission.line, admission

        if not self._board.blocks:
            admission = self._change(change)
            return admission.ticket, admission.until
        taking = self._start(asyncio.to_thread(self._change, change))
        try:
            admission = await asyncio.shield(taking)
        except asyncio.CancelledError:
            self._start(self._undo(taking, give_back))
            raise
        return admission.ticket, admission.until

    async def _undo(self, taking: asyncio.Task[Admission], give_back: Callable[[Line, Ticket], Line]) -> None:
        ticket = (await taking).ticket
        if ticket is not None:
            await self._ended(lambda line: give_back(line, ticket))

    async def _ended(self, change: Callable[[Line], Line]) -> None:
        await asyncio.to_thread(self._change, lambda line: (change(line), None))
        self.news.set()

    def _change(self, change: Callable[[Line], tuple[Line, T]]) -> T:
        """Change the line. Blocks where the board does."""

        def kept(line: Line) -> tuple[Line, T]:
            after, result = change(line)
            self.line = after
            return after, result

        return self._board.change(self._name, kept)

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.ensure_future(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task


def _is_overload(problem: ModelProblem) -> bool:
    """Whether the server did not take the request: it said so, or dropped the connection before a reply."""
    if isinstance(problem, ModelRefusal) or problem.begun:
        return False
    return problem.status is None or problem.status in OVERLOADED


def _duration(milliseconds: float) -> str:
    """A time as people say it, such as `40 seconds`."""
    seconds = round(milliseconds / 1000)
    return f"{seconds} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"

"""Backpressure: agents at a server that limits them, beside the same agents with plain retries.

Everything but the model's answers is real: servers on loopback with the API's rate limits, the gateway,
accounts, a journal, the board in a folder, the machine's clock. All jobs run side by side, each at a server
of its own.
"""

from __future__ import annotations

import asyncio
import time
import urllib.request
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from contextune.bench.figures import Against, Bench, Figure
from contextune.bench.plain_retries import Endless, Unthrottled
from contextune.compose import journal_at, model_at, pressure_in, price_list, system_clock
from contextune.core.errors import ModelProblem
from contextune.core.model.budget import Cap
from contextune.core.model.conversation import Message, ModelReply, ModelRequest, Rung, Text
from contextune.core.model.money import Usage
from contextune.core.model.pressure import Allowance
from contextune.core.runs.events import AnyEvent
from contextune.engine.money.account import Account
from contextune.engine.money.gateway import Gateway
from contextune.engine.money.throttle import TRIES, Throttle
from contextune.offline.faults import Fault
from contextune.offline.limits import MINUTE, RateLimit
from contextune.offline.log import LoggedRequest
from contextune.offline.pace import Latency
from contextune.offline.script import parse_script
from contextune.offline.server import OfflineModel

SUITE = "backpressure"
AGENTS = 16
REQUESTS = 10
"""Of each agent: enough that the job takes more than two minutes at the limit."""
PER_MINUTE = 50
SETTLING = 10.0
"""Seconds after which hardly anything is refused any more."""
MAY_BE_REFUSED = 5.0
"""Percent of the requests after that."""
MAY_TAKE = 1.15
"""Times the limit's own."""
LATENCY = Latency(first_byte_ms=200, per_token_ms=5)
HAIKU = Rung(model="claude-haiku-5-5", effort="low")
LONG = "All that is known of this Task. " * 500
"""About 4,000 tokens by the offline model's count, for the job with a limit on input tokens."""
LONG_REQUESTS = 3
LONG_PER_MINUTE = 120_000
OVERLOADED = 5.0
"""Seconds for which a server answers 529 and gives no hint."""
PASSAGES = 100
LOOP_MILLISECONDS = 1.0
"""What a request may cost the event loop for its passage."""


async def run(bench: Bench) -> None:
    """Report how the agents fared at each server."""
    requests = RateLimit(requests_per_minute=PER_MINUTE)
    tokens = RateLimit(input_tokens_per_minute=LONG_PER_MINUTE)
    bench.note(
        f"{AGENTS} agents, {AGENTS * REQUESTS} requests at {PER_MINUTE} a minute: about "
        f"{_least(AGENTS * REQUESTS, PER_MINUTE):.0f} s"
    )
    with TemporaryDirectory(prefix="contextune-bench-") as folder:
        home = Path(folder)
        bench.report(await _loop_cost(home / "loop"))
        by_requests, by_tokens, overloaded = await asyncio.gather(
            _compare(home / "requests", requests, REQUESTS),
            _compare(home / "tokens", tokens, LONG_REQUESTS, words=LONG),
            _compare(home / "overloaded", None, REQUESTS, overloaded=OVERLOADED),
        )
    # The server's rule: a bucket that is full to begin with and fills by the limit each minute.
    _tell(bench, f"{PER_MINUTE} requests a minute", by_requests, least=_least(AGENTS * REQUESTS, PER_MINUTE))
    least = _least(by_tokens.ours.input_tokens, LONG_PER_MINUTE)
    _tell(bench, f"{LONG_PER_MINUTE:,} input tokens a minute", by_tokens, least=least)
    _tell(bench, f"529 for {OVERLOADED:.0f} s, no headers", overloaded, least=None)


def _least(amount: int, per_minute: int) -> float:
    """Seconds until a server with this limit has let so much in."""
    return max(0, amount - per_minute) * MINUTE / per_minute


class Outcome(NamedTuple):
    """How a job went."""

    finished: int
    """Agents whose requests were all answered."""
    seconds: float
    refused: int
    refused_late: float
    """Percent of the requests that came after the first seconds."""
    input_tokens: int
    """Those that count against the limit."""


class Compared(NamedTuple):
    """One job, done in three ways."""

    ours: Outcome
    plain: Outcome
    """With a bounded number of tries for each request."""
    endless: Outcome
    """The same without that bound."""


async def _compare(
    home: Path, limits: RateLimit | None, requests: int, *, words: str = "", overloaded: float = 0.0
) -> Compared:
    kinds: tuple[type[Throttle], ...] = (Throttle, Unthrottled, Endless)
    jobs = (
        Job(home / kind.__name__, limits, requests, words=words, overloaded=overloaded, kind=kind).play()
        for kind in kinds
    )
    return Compared(*await asyncio.gather(*jobs))


def _tell(bench: Bench, where: str, compared: Compared, *, least: float | None) -> None:
    ours, plain, endless = compared

    def report(
        metric: str, value: float, unit: str, against: Against, reach: float | None = None, met: bool = True
    ) -> None:
        bench.report(
            Figure(
                suite=SUITE,
                metric=f"{where}: {metric}",
                value=value,
                unit=unit,
                against=against,
                reach=reach,
                met=None if reach is None else met,
            )
        )

    def retrying(value: float) -> Against:
        return Against(name="plain retries without end", value=value)

    eight = Against(name=f"plain retries, {TRIES} tries", value=plain.finished)
    report("agents that finish", ours.finished, "", eight, AGENTS, ours.finished == AGENTS)
    report("refused in all", ours.refused, "", retrying(endless.refused))
    if least is None:
        report("wall time", ours.seconds, "s", retrying(endless.seconds))
        return
    late, most = ours.refused_late, MAY_TAKE * least
    report(
        f"refused after {SETTLING:.0f} s",
        late,
        "%",
        retrying(endless.refused_late),
        MAY_BE_REFUSED,
        late <= MAY_BE_REFUSED,
    )
    report(
        f"wall time, {least:.1f} s by the limit itself",
        ours.seconds,
        "s",
        retrying(endless.seconds),
        most,
        ours.seconds <= most,
    )


class Job:
    """Agents that talk to one server, each a loop of requests."""

    def __init__(
        self,
        home: Path,
        limits: RateLimit | None,
        requests: int,
        *,
        words: str = "",
        overloaded: float = 0.0,
        kind: type[Throttle] = Throttle,
    ) -> None:
        self._home = home
        self._requests = requests
        self._words = words
        self._overloaded = overloaded
        self._kind = kind
        turns = [{"text": f"Step {number} is done, and the next one is clear."} for number in range(requests)]
        script = parse_script("agents", {"conversation": [{"name": "agent", "turn": turns}]})
        self._server = OfflineModel([script], limits=limits, latency=LATENCY)

    async def play(self) -> Outcome:
        """Let the agents work until each is done or has failed."""
        self._home.mkdir(parents=True)
        url = await self._server.start()
        model = model_at(url, "sk-bench")
        journal, clock = journal_at(self._home / "journal.db"), system_clock()
        throttle = self._kind(pressure_in(self._home / "pressure"), clock)
        gateway = Gateway(model, price_list(), clock, throttle=throttle)

        async def emit(*events: AnyEvent, caps: Sequence[Cap] = ()) -> None:
            await journal.append(events, caps=caps)

        account = Account("r_bench", Decimal(100), emit)
        began = clock.now()
        try:
            ending = asyncio.ensure_future(self._end_overload(url))
            agents = (self._agent(gateway, account, number) for number in range(AGENTS))
            ends = await asyncio.gather(*agents)
            seconds = (clock.now() - began) / 1000
            await ending
        finally:
            await model.close()
            await self._server.close()
            await journal.close()
        return _outcome(self._server.log, sum(ends), seconds, began)

    async def _agent(self, gateway: Gateway, account: Account, number: int) -> bool:
        first = Message(role="user", blocks=(Text(text=f"Agent {number}: begin. {self._words}"),))
        messages: tuple[Message, ...] = (first,)
        for _ in range(self._requests):
            request = ModelRequest(
                rung=HAIKU,
                system=(Text(text="You work step by step."),),
                messages=messages,
                max_tokens=100,
                rolling_cache=not self._words,
            )
            try:
                reply = await gateway.send(account, request, role="executor", task_id=None)
            except ModelProblem:
                return False
            messages = (*messages, reply.message, Message(role="user", blocks=(Text(text="Go on."),)))
        return True

    async def _end_overload(self, url: str) -> None:
        if not self._overloaded:
            return
        self._server.inject(Fault(kind="overloaded", times=1_000_000))
        await asyncio.sleep(self._overloaded)
        end = urllib.request.Request(f"{url}/contextune/faults", method="DELETE")  # noqa: S310 loopback
        await asyncio.to_thread(urllib.request.urlopen, end)


def _outcome(log: Sequence[LoggedRequest], finished: int, seconds: float, began: int) -> Outcome:
    refused = [one for one in log if one.status != 200]
    late = [one for one in log if one.at - began > SETTLING * 1000]
    late_refused = [one for one in late if one.status != 200]
    used = [one.usage for one in log if one.status == 200 and one.usage is not None]
    return Outcome(
        finished=finished,
        seconds=seconds,
        refused=len(refused),
        refused_late=100 * len(late_refused) / len(late) if late else 0.0,
        input_tokens=sum(usage.input_tokens + usage.cache_creation_input_tokens for usage in used),
    )


async def _loop_cost(home: Path) -> Figure:
    """What the passage of one request costs the thread of the event loop."""
    clock = system_clock()
    throttle = Throttle(pressure_in(home), clock)
    plenty = Allowance(resource="requests", limit=1_000_000, remaining=900_000, reset_at=clock.now())
    reply = ModelReply(
        id="m", model=HAIKU.model, blocks=(), stop_reason="end_turn", usage=Usage(), allowances=(plenty,)
    )

    async def tell(sentence: str) -> None:
        raise AssertionError(sentence)

    async def agent() -> None:
        for _ in range(PASSAGES):
            passage = throttle.passage(HAIKU.model, prompt_tokens=1_000, stream="r_bench", tell=tell)
            async with passage:
                passage.answered(reply)

    began = time.thread_time()
    await asyncio.gather(*(agent() for _ in range(AGENTS)))
    each = (time.thread_time() - began) * 1000 / (AGENTS * PASSAGES)
    return Figure(
        suite=SUITE,
        metric="the event loop's time for one passage, the board shared",
        value=each,
        unit="ms",
        reach=LOOP_MILLISECONDS,
        met=each <= LOOP_MILLISECONDS,
    )

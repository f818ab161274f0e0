"""Priming: what the agents of a Run share is written to the cache once, before several of them begin.

Requests that arrive together do not share: an entry can be read only once the reply to the request that wrote
it has begun. So without this each agent of a wave would pay for the whole prefix.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

from contextune.core.errors import ContextuneError, ModelRefusal
from contextune.core.model.conversation import Message, ModelReply, ModelRequest, Rung, Text
from contextune.core.model.prompt_cache import LIFE, least_prefix
from contextune.core.ports import Clock
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun

ROLE = "prefix-priming"
"""The line of the bill that priming stands on."""
FRESH = LIFE - 30_000
"""Milliseconds since its last use for which an entry is relied on."""
PATIENCE = 20.0
"""Seconds that an agent waits for another one's prefix before it goes ahead at its own cost."""
BYTES_A_TOKEN = 4


class _Prefix:
    """What is known of one prefix on one rung."""

    def __init__(self) -> None:
        self.used: int | None = None
        """When a request that had it last began and went well, in milliseconds since the epoch."""
        self.tried: int | None = None
        """When priming last failed."""
        self.refused = False
        """Whether the server does not prime it: then the first agent goes ahead of the others."""
        self.busy: asyncio.Event | None = None
        """Set when whoever writes it now is done."""


class Priming:
    """Keeps the shared prefixes of one Run in the cache. Its failures are nobody's: the agents just go on."""

    def __init__(
        self,
        send: Callable[[ModelRequest], Awaitable[ModelReply]],
        clock: Clock,
        *,
        is_full: bool,
        coming: Callable[[Rung], int],
    ) -> None:
        """`send` goes through the gateway; `coming` tells how many agents are about to begin on a rung."""
        self._send = send
        self._clock = clock
        self._is_full = is_full
        self._coming = coming
        self._prefixes: dict[bytes, _Prefix] = {}

    @asynccontextmanager
    async def ahead_of(self, request: ModelRequest) -> AsyncIterator[None]:
        """Send `request` within this: a conversation's first one waits until its prefix is in the cache."""
        primer = self._primer(request)
        if primer is None:
            yield
            return
        prefix = self._prefixes.setdefault(msgspec.json.encode(primer), _Prefix())
        leads = len(request.messages) == 1 and await self._wait_or_lead(prefix, primer)
        if leads:
            prefix.busy = asyncio.Event()
        began = self._clock.now()
        try:
            yield
            prefix.used = began
        finally:
            if leads:
                _done(prefix)

    def _primer(self, request: ModelRequest) -> ModelRequest | None:
        """The request that writes the prefix of this one; None if there is none that the model would cache.

        It has the same rung as the agents' own, and so the same effort and thinking, which the cache depends
        on; its last block is the last that they share: of several tries at one Task, all they are told.
        """
        shared = request.messages[0].blocks[0]
        if not self._is_full or not isinstance(shared, Text) or not shared.cache:
            return None
        told: tuple[Text, ...] = (shared,)
        if request.rung.tries > 1:
            *before, last = (block for block in request.messages[0].blocks if isinstance(block, Text))
            told = (*before, msgspec.structs.replace(last, cache=True))
        primer = ModelRequest(
            rung=msgspec.structs.replace(request.rung, tries=1),
            system=request.system,
            tools=request.tools,
            messages=(Message(role="user", blocks=told),),
            max_tokens=0,
            rolling_cache=False,
        )
        size = len(msgspec.json.encode((primer.system, primer.tools, primer.messages)))
        return primer if size // BYTES_A_TOKEN >= least_prefix(request.rung.model) else None

    async def _wait_or_lead(self, prefix: _Prefix, primer: ModelRequest) -> bool:
        """Have the prefix written, by whomever; True if the request itself goes ahead to write it."""
        while not self._is_recent(prefix.used):
            if prefix.busy is not None:
                try:
                    await asyncio.wait_for(prefix.busy.wait(), PATIENCE)
                except TimeoutError:
                    return False
                continue
            if self._is_recent(prefix.tried) or self._coming(primer.rung) < 2:
                return False
            if prefix.refused:
                return True
            await self._prime(prefix, primer)
        return False

    async def _prime(self, prefix: _Prefix, primer: ModelRequest) -> None:
        prefix.busy = asyncio.Event()
        began = self._clock.now()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._send(primer)
            prefix.used = began
        except ModelRefusal:
            prefix.refused = True
        except (ContextuneError, TimeoutError):
            prefix.tried = began
        finally:
            _done(prefix)

    def _is_recent(self, at: int | None) -> bool:
        return at is not None and self._clock.now() - at < FRESH


def _done(prefix: _Prefix) -> None:
    busy, prefix.busy = prefix.busy, None
    if busy is not None:
        busy.set()


def about_to_begin(run: Run, rung: Rung) -> int:
    """How many agents of a Run may make their first request on this rung at about the same time."""
    wanted = (rung.model, rung.effort)
    quoted = {task.task_id: task.rung for task in run.quote.tasks}
    joined = frozenset(run.joined)
    count = most = 0
    for task in run.tasks:
        first = quoted.get(task.id, run.ladder[0])
        if task.begins is not None:
            first = run.ladder[min(task.begins, len(run.ladder) - 1)]
        begins_on = _begins_on(task, first, joined)
        if begins_on is not None and (begins_on.model, begins_on.effort) == wanted:
            count += begins_on.tries
            most = max(most, begins_on.tries)
    return max(min(count, run.agents), most)


def _begins_on(task: TaskRun, first: Rung, joined: frozenset[str]) -> Rung | None:
    """The rung on which an agent is about to begin with a Task; None if none is."""
    if task.state == "waiting" and joined.issuperset(task.task.depends_on):
        return first
    attempt = task.attempt
    if task.state == "working" and attempt is not None and attempt.turns == 0:
        return attempt.rung
    return None

"""Who drives a Run: signs of life while this process does, and what is known of the others that do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from contextune.core.process_ports import Mailbox

BEAT = 2.0
"""Seconds between two signs of life."""

LEASE = 20.0
"""Seconds without a sign of life after which a process that drives a Run counts as hung."""

LOOKS = 8
"""How often that must be seen: on a machine that is slow as a whole, looks are late as well as signs."""


@asynccontextmanager
async def alive(mailbox: Mailbox, run_id: str) -> AsyncIterator[None]:
    """Give signs of life for a Run while the context lasts; none come if the event loop hangs."""
    beating = asyncio.create_task(_beat(mailbox, run_id), name=f"beat {run_id}")
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.wait([beating])


async def _beat(mailbox: Mailbox, run_id: str) -> None:
    while True:
        mailbox.beat(run_id)
        await asyncio.sleep(BEAT)


class _Seen(NamedTuple):
    beat: int
    since: float
    """Seconds on the event loop's clock, which stands still while the machine sleeps."""
    looks: int


class Pulses:
    """Tells which processes hang, by the signs of life that this one sees."""

    def __init__(self, mailbox: Mailbox, lease: float = LEASE) -> None:
        self._mailbox = mailbox
        self._lease = lease
        self._seen: dict[str, _Seen] = {}

    def is_hung(self, run_id: str) -> bool:
        """Look once more whether the process that drives a Run hangs. True once its lease has run out."""
        beat, now = self._mailbox.last_beat(run_id), asyncio.get_running_loop().time()
        if beat is None:
            self._seen.pop(run_id, None)
            return False
        seen = self._seen.get(run_id)
        if seen is None or seen.beat != beat:
            self._seen[run_id] = _Seen(beat, now, 1)
            return False
        self._seen[run_id] = seen = seen._replace(looks=seen.looks + 1)
        return seen.looks >= LOOKS and now - seen.since >= self._lease

    async def watch(self, run_id: str) -> bool:
        """Whether the process that drives a Run hangs: takes until its next sign of life, or its lease."""
        first = self._mailbox.last_beat(run_id)
        while first is not None and self._mailbox.last_beat(run_id) == first:
            if self.is_hung(run_id):
                return True
            await asyncio.sleep(self._lease / LOOKS)
        return False

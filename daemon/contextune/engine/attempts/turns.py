"""What a worktree held after each turn that changed something, so that a Task can go back there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from contextune.core.ports import Repository
from contextune.engine.attempts.attempt_record import AttemptRecord
from contextune.engine.worktrees.leases import Lease

MOMENT = 0.02
"""Seconds for which the agent's next request goes first: git's processes hold up the whole interpreter."""


class Turns:
    """Keeps the trees of one attempt's turns: each a commit on the one before, all behind one ref."""

    def __init__(self, repository: Repository, journal: AttemptRecord, ref: str) -> None:
        self._repository = repository
        self._journal = journal
        self._ref = ref
        self._tree = ""
        self._commit = ""
        """Of the newest turn that was kept here, to which the ref leads."""
        self.changed = False
        """Whether a call since the last look may have changed something."""

    @asynccontextmanager
    async def keeping(self, turn: int, lease: Lease) -> AsyncIterator[None]:
        """Keep what the worktree holds after this turn, if that is not known yet, while the context lasts.

        Nothing may write in the worktree within the context: the agent's next request is made there. It is
        left when all is kept.
        """
        if not self.changed:
            yield
            return
        self.changed = False
        over = asyncio.Event()
        keeping = asyncio.ensure_future(self._keep(turn, lease, over))
        try:
            yield
        finally:
            over.set()
            await _ended(keeping)
        keeping.result()

    async def _keep(self, turn: int, lease: Lease, over: asyncio.Event) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), MOMENT)
        tree = await asyncio.to_thread(self._kept, lease)
        if tree != self._tree:
            self._tree = tree
            await self._journal.kept(turn, tree, lease.start)

    def _kept(self, lease: Lease) -> str:
        snapshots = self._repository.snapshots
        tree = snapshots.tree(lease.path)
        if tree != self._tree:
            before = self._commit or self._repository.resolve(self._ref)
            parents = [lease.start, before] if before else [lease.start]
            self._commit = snapshots.keep(self._ref, tree, parents)
        return tree


async def _ended(keeping: asyncio.Future[None]) -> None:
    """Until it has ended, even where whoever waits is cancelled meanwhile: git is at work in a thread."""
    cancelled = False
    while not keeping.done():
        try:
            await asyncio.wait([keeping])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError

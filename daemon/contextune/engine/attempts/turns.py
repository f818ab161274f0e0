"""What a worktree held after each turn that changed something, so that a Task can go back there."""

from __future__ import annotations

import asyncio

from contextune.core.ports import Repository
from contextune.engine.attempts.attempt_record import AttemptRecord
from contextune.engine.worktrees.leases import Lease


class Turns:
    """Keeps the trees of one attempt's turns: each a commit on the one before, all behind one ref."""

    def __init__(self, repository: Repository, journal: AttemptRecord, ref: str) -> None:
        self._repository = repository
        self._journal = journal
        self._ref = ref
        self._tree = ""
        self.changed = False
        """Whether a call since the last look may have changed something."""

    async def keep(self, turn: int, lease: Lease) -> None:
        """Keep what the worktree holds after this turn, if that is not known yet."""
        if not self.changed:
            return
        self.changed = False
        tree = await asyncio.to_thread(self._kept, turn, lease)
        if tree != self._tree:
            self._tree = tree
            await self._journal.kept(turn, tree, lease.start)

    def _kept(self, turn: int, lease: Lease) -> str:
        repository = self._repository
        tree = repository.worktree_tree(lease.path)
        if tree != self._tree:
            before = repository.resolve(self._ref)
            parents = [lease.start, before] if before else [lease.start]
            repository.set_ref(self._ref, repository.commit_tree(tree, parents, f"Turn {turn}"))
        return tree

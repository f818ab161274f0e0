"""Worktrees made ahead of need: a Quote's first ones while its user reads it, later ones in its Run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from contextune.core.errors import ContextuneError
from contextune.core.model.ledger import PLANNING
from contextune.core.planning.quote import Quote
from contextune.core.ports import Repository
from contextune.core.runs.run import Run
from contextune.core.settings import Settings
from contextune.engine.surroundings.world import World
from contextune.engine.worktrees.leases import AHEAD, BASE, Leases, worktrees_folder
from contextune.engine.worktrees.room import has_room


@dataclass(slots=True)
class _Making:
    leases: Leases
    work: asyncio.Task[None] | None = None
    wanted: bool = True
    """Whether more are to be made."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the Quote was approved or left."""


class Ahead:
    """Makes worktrees for the Quotes that this process shows, and hands them to the Runs made of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._makings: dict[str, _Making] = {}

    def begin(self, quote: Quote, repository: Repository, settings: Settings) -> None:
        """Make worktrees in the background for the Tasks that will begin at once, one after the other.

        None is made that would take room from another; what goes wrong is met again, and told, by its Task.
        """
        if quote.id in self._makings:
            return
        first = [task.id for task in quote.plan.tasks if not task.depends_on][: settings.agents]
        making = _Making(Leases(self._world, repository, quote.id, settings))
        self._makings[quote.id] = making
        making.work = asyncio.create_task(
            self._make(making, quote, first, repository, settings), name=f"ahead {quote.id}"
        )

    def hand_over(self, quote_id: str) -> Leases | None:
        """Those of a Quote that has become a Run; None if none were made. What is being made goes on."""
        making = self._makings.pop(quote_id, None)
        if making is None:
            return None
        making.wanted = False
        making.over.set()
        return making.leases

    async def leave(self, quote_id: str) -> None:
        """Give back those of a Quote that will not become a Run."""
        making = self._makings.pop(quote_id, None)
        if making is None or making.work is None:
            return
        making.work.cancel()
        await asyncio.wait([making.work])
        await making.leases.give_back_unused()
        making.leases.close()

    async def close(self) -> None:
        """Give back those of all Quotes."""
        for quote_id in list(self._makings):
            await self.leave(quote_id)

    async def _make(
        self,
        making: _Making,
        quote: Quote,
        names: Sequence[str],
        repository: Repository,
        settings: Settings,
    ) -> None:
        # Held until the Run itself is owned: nobody else takes them for abandoned.
        with self._world.mailbox.own(PLANNING + quote.id) as owned:
            if not owned:
                return
            for name in names:
                if not making.wanted:
                    return
                if not await has_room(self._world, repository, settings):
                    break
                try:
                    await making.leases.prepare(name, quote.base.commit)
                except ContextuneError:
                    break
            await making.over.wait()


async def prepare_next(world: World, leases: Leases, run: Run, stand: str, settings: Settings) -> None:
    """Make the worktrees that a Run will need next, one after the other: `stand`, in which combinations are
    tested, and those of Tasks that wait for others.

    They are brought to their commit when they are taken. Where there is a set-up, it has to run at that
    commit, so that nothing is made before.
    """
    if settings.setup:
        return
    waiting = [task.id for task in run.tasks if task.task.depends_on and task.worktree is None]
    for name in (stand, *waiting[: settings.agents]):
        if not await has_room(world, leases.repository, settings):
            return
        try:
            await leases.prepare(name, run.base.commit)
        except ContextuneError:
            return


async def give_back_abandoned(world: World, repository: Repository, settings: Settings) -> None:
    """Give back what Quotes, whose process is gone, had made: for their Gate's run, and ahead."""
    folder = worktrees_folder(world.home, repository.root)
    quotes = {path.parent.name for path in (*folder.glob(f"*/{BASE}"), *folder.glob(f"*/.*{AHEAD}"))}
    for quote_id in sorted(quotes):
        with world.mailbox.own(PLANNING + quote_id) as is_left:
            if not is_left:
                continue
            leases = Leases(world, repository, quote_id, settings)
            if leases.path(BASE).exists():
                with suppress(ContextuneError):  # what cannot be given back now is listed by `worktrees`
                    await leases.give_back(BASE)
            if not await _has_begun(world, quote_id):
                await leases.give_back_unused()


async def _has_begun(world: World, quote_id: str) -> bool:
    """Whether a Quote has become a Run, which takes what was made for it."""
    return world.mailbox.is_owned(quote_id) or bool(await world.journal.read(quote_id))

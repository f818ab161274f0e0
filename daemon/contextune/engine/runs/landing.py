"""How the result of a Run that nobody drives gets to the user's branch, and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from contextune.core.errors import ContextuneError, MergeRefused, UsageProblem
from contextune.core.ports import Overlays
from contextune.core.runs.effects import AcceptRefused, AcceptStarted
from contextune.core.runs.run import Run
from contextune.core.runs.wish import AcceptWish
from contextune.core.worktrees.snapshot import Base
from contextune.engine.forge.forging import Forging
from contextune.engine.integration import accept as acceptance
from contextune.engine.integration.rebuild import Rebuild
from contextune.engine.proof.stand import Stand
from contextune.engine.repositories.places import Place, Places
from contextune.engine.runs.following import base_to_follow
from contextune.engine.runs.rewinding import Rewinding, Turn
from contextune.engine.surroundings.world import World
from contextune.engine.worktrees.leases import Leases

ROUNDS = 3
"""How often the result is put on a branch that moves again while the Gate runs."""

Record = Callable[..., Awaitable[Run]]
"""Journals events of a Run that nobody drives, together, and folds them."""
Note = Callable[[str, Sequence[str]], Awaitable[Run | None]]


class Landing:
    """Accept, Undo and Discard, each journalled before and after."""

    def __init__(self, world: World, places: Places, *, record: Record, note: Note, forging: Forging) -> None:
        self._world = world
        self._places = places
        self._record = record
        self._note = note
        self._forging = forging
        self._moving = asyncio.Lock()

    @asynccontextmanager
    async def moving(self, run_id: str) -> AsyncIterator[None]:
        """Held by Accept, Undo and Discard, from the look at the Run's state to the event that changes it.

        Raises UsageProblem if another process does one of them at the same time.
        """
        async with self._moving:
            with self._world.mailbox.own(f"{run_id}.moving") as alone:
                if not alone:
                    raise UsageProblem(f"Another process accepts, undoes or discards run {run_id} just now.")
                yield

    async def accept(self, run: Run, wish: AcceptWish) -> Run:
        """Move the user's branch once, then give worktrees and branches back. Hold `moving` meanwhile.

        Where that branch has moved since the Run began, the result is put on top of it and tested before.
        """
        place = await self._places.of_run(run)
        acceptance.refuse(run, wish)
        if wish.mode == "pr":
            await self._forging.require(place)
        run = await self._record(
            AcceptStarted(
                run_id=run.id,
                at=self._now(),
                mode=wish.mode,
                seen=wish.seen,
                without=wish.without,
                onto_protected=wish.onto_protected,
                here=wish.here,
            )
        )
        try:
            run = await self._on_top(place, run, wish)
            acceptance.refuse(run, wish)
            settings = self._places.settings_of(run)
            event = await acceptance.accept(run, place.repository, self._world.clock, wish, settings)
        except ContextuneError as problem:
            await self._record(AcceptRefused(run_id=run.id, at=self._now(), reason=str(problem)))
            raise
        run = await self._record(event)
        if wish.mode == "pr":
            # From here on the result is safe on a branch: what GitHub does not take now is sent later.
            run = await self._forging.sync(run.id)
        return await self.release(run)

    async def rebase(self, run: Run, overlays: Overlays) -> Run:
        """Put the result of a Run that waits for review on top of what the user sees now; test it there."""
        if run.state != "review" or run.ghost is None:
            raise UsageProblem(f"Run {run.id} is {run.state}; it can't follow its branch.")
        place = await self._places.of_run(run)
        settings = self._places.settings_of(run)
        base = await asyncio.to_thread(base_to_follow, place.repository, run, overlays, settings.base)
        return await self._rebuilt(place, run, base)

    async def rewind(self, run: Run, to: Turn) -> Run:
        """Take a Task of a Run that nobody drives back to a turn; out of the result, if it is in."""
        place = await self._places.of_run(run)
        if run.state in ("accepted", "undone", "discarded"):
            raise UsageProblem(f"Run {run.id} is {run.state}; start a new one for this Todo.")
        events = await self._world.journal.read(run.id)
        leases = self._leases(place, run)
        Rewinding(run, place.repository, leases, events).check(to)
        if to.task_id in run.joined:
            run = await self._rebuilt(place, run, run.base, [to.task_id])
        number = max(one.number for one in run.task(to.task_id).attempts) + 1
        try:
            back = Rewinding(run, place.repository, leases, events).back(to, number, self._now())
            return await self._record(*await back)
        finally:
            leases.close()

    async def undo(self, run: Run) -> Run:
        """Move the user's branch back, or on to commits that take the work back."""
        place = await self._places.of_run(run)
        sign = self._places.settings_of(run).git_signing
        return await self._record(await acceptance.undo(run, place.repository, self._world.clock, sign=sign))

    async def discard(self, run: Run) -> Run:
        """Drop a Run's result; Salvage refs keep it."""
        place = await self._places.of_run(run)
        leases = self._leases(place, run)
        event = await acceptance.discard(run, place.repository, self._world.clock, leases)
        await self._note(run.id, leases.problems)
        return await self._record(event)

    async def release(self, run: Run) -> Run:
        """Give the worktrees and branches of an accepted Run back."""
        place = await self._places.of_run(run)
        leases = self._leases(place, run)
        try:
            for returned in await acceptance.release(run, place.repository, self._world.clock, leases):
                run = await self._record(returned)
        except ContextuneError as problem:
            leases.problems.append(str(problem))
        # The branch has moved: what is left behind is told, and is no failure of Accept.
        return await self._note(run.id, leases.problems) or run

    async def _on_top(self, place: Place, run: Run, wish: AcceptWish) -> Run:
        """The Run, its result on top of what the user sees now and without what they want left out."""
        for _ in range(ROUNDS):
            base = await asyncio.to_thread(_base_now, place, run, wish)
            left_out = [task_id for task_id in wish.without if task_id in run.joined]
            if base is None and not left_out:
                return run
            run = await self._rebuilt(place, run, base or run.base, left_out)
        raise MergeRefused(
            f"{run.base.branch or 'HEAD'} moves on while the Gate runs on it. Nothing was changed; try again."
        )

    async def _rebuilt(self, place: Place, run: Run, base: Base, without: Sequence[str] = ()) -> Run:
        leases = self._leases(place, run)
        stand = Stand(place.repository, place.gate, leases)
        by_syntax = self._places.settings_of(run).merge_by_syntax
        rebuild = Rebuild(run, place.repository, stand, now=self._now, by_syntax=by_syntax)
        try:
            rebuilt = await rebuild.on(base, without)
        finally:
            leases.close()
        told = await asyncio.to_thread(lambda: (*rebuild.ready(rebuilt), *rebuild.note(rebuilt)))
        return await self._record(rebuilt, *told)

    def _leases(self, place: Place, run: Run) -> Leases:
        return Leases.of(self._world, place.repository, run, self._places.settings_of(run))

    def _now(self) -> int:
        return self._world.clock.now()


def _base_now(place: Place, run: Run, wish: AcceptWish) -> Base | None:
    """What the user sees, where the branch is not as the Run knows it; None where it is. Blocking."""
    repository = place.repository
    if run.ghost is not None and repository.accepted(run.ghost) is not None:
        return None  # it is in already: an earlier process died before it could say so
    if repository.resolve("HEAD") == run.base.head and not wish.here:
        return None
    base = repository.take_base({}, None)
    if base.branch != run.base.branch and not wish.here:
        raise MergeRefused(
            f"The run started on {run.base.branch or 'a detached HEAD'}, and "
            f"{base.branch or 'a detached HEAD'} is checked out now. Switch back first, or accept it "
            "where you are, with --here. Nothing was changed."
        )
    return None if (base.head, base.branch) == (run.base.head, run.base.branch) else base

"""The shadow samples that this process makes: in the background, each Run's after its drive has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from contextune.core.errors import ContextuneError
from contextune.core.process_ports import Letter, place_of
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.core.settings import Settings
from contextune.engine.repositories.places import Place, Places
from contextune.engine.runs.shadow import Shadow
from contextune.engine.surroundings.world import World

OVER = frozenset({"review", "accepted"})
"""States of a Run whose result the user has: nothing waits for a sample."""


class Samples:
    """Begins and stops the samples of Runs."""

    def __init__(
        self,
        world: World,
        places: Places,
        *,
        record: Callable[[ev.AnyEvent], Awaitable[Run]],
        retry: Callable[[str, str, int | None], Awaitable[None]],
    ) -> None:
        self._world = world
        self._places = places
        self._record = record
        self._retry = retry
        self._making: dict[str, asyncio.Task[None]] = {}

    def begin(self, place: Place, run: Run, settings: Settings) -> None:
        """Make the samples of a Run that are due, where the user wants any."""
        if settings.shadow and run.state in OVER and run.joined:
            self._making[run.id] = asyncio.create_task(
                self._made(place, run, settings), name=f"samples of {run.id}"
            )

    async def wait(self, run_id: str) -> None:
        """Wait until a Run's samples are made or stopped."""
        making = self._making.get(run_id)
        if making is not None:
            await asyncio.wait([making])

    def is_making(self, run_id: str) -> bool:
        """Whether samples of a Run are being made here."""
        return run_id in self._making

    async def close(self) -> None:
        """Stop them all."""
        making = list(self._making.values())
        for one in making:
            one.cancel()
        if making:
            await asyncio.wait(making)

    async def _made(self, place: Place, run: Run, settings: Settings) -> None:
        wanted: Letter | None = None
        try:
            with self._world.mailbox.own(run.id) as owned:
                if owned:
                    wanted = await self._until_stopped(place, run, settings)
        finally:
            self._making.pop(run.id, None)
        if wanted is not None and wanted.verb == "retry_task" and wanted.task_id is not None:
            await self._retry(run.id, wanted.task_id, place_of(wanted))

    async def _until_stopped(self, place: Place, run: Run, settings: Settings) -> Letter | None:
        """Whatever the user asks of the Run meanwhile goes first, and stops them. Returns what that was."""
        post = asyncio.create_task(self._first_letter(run.id), name=f"post {run.id}")
        shadowing = asyncio.create_task(self._shadow(place, run, settings), name=f"shadow {run.id}")
        both: set[asyncio.Task[Letter] | asyncio.Task[None]] = {post, shadowing}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in both:
                one.cancel()
            await asyncio.wait(both)
        if not shadowing.cancelled():
            shadowing.result()  # a bug in our own code must not pass for a sample that was stopped
        return None if post.cancelled() else post.result()

    async def _first_letter(self, run_id: str) -> Letter:
        async for letter in self._world.mailbox.letters(run_id):
            return letter
        raise ContextuneError(f"The letterbox of run {run_id} was closed.")

    async def _shadow(self, place: Place, run: Run, settings: Settings) -> None:
        try:
            gateway = await self._places.gateway(settings)
        except ContextuneError as problem:
            text = f"No shadow sample could be made: {problem}"
            await self._record(ev.Noted(run_id=run.id, at=self._world.clock.now(), text=text))
            return
        shadow = Shadow(
            self._world,
            place.repository,
            run,
            settings=settings,
            gateway=gateway,
            gate=place.gate,
            roles=await self._world.roles(place.repository.root),
            record=self._record,
        )
        await shadow.sample()

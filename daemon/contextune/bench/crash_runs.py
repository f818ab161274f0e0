"""The Runs of the crash suite: the whole application in a process that is about to die."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from contextune.bench.crash_job import SETTINGS, plan
from contextune.bench.served import Served
from contextune.compose import make_world
from contextune.core.base import Value
from contextune.core.model.budget import Cap
from contextune.core.ports import Journal
from contextune.core.runs.events import AnyEvent
from contextune.core.runs.run import is_unfinished
from contextune.engine.application import Application
from contextune.engine.quotes.quote import QuoteRequest

DIED = 9
"""The exit code of a process that ended itself at a failpoint."""


class Death(Value, frozen=True, kw_only=True):
    """When a process dies: around its n-th append to the Journal, counted from 1."""

    append: int
    how: Literal["before", "after", "killed"]
    """before: it never reaches the Journal; after: it was just acknowledged; killed: -9, a while later."""
    delay: float = 0.0
    """Seconds from that append to the kill."""


class Life(Value, frozen=True, kw_only=True):
    """What one process is to do: begin the job, or go on with it."""

    home: str
    repository: str
    url: str
    said: str
    """A file to which each acknowledged event is added, a line each, and what the process measured."""
    death: Death | None = None


def live(life: Life) -> None:
    """Do the job to its end, or die before."""
    asyncio.run(_live(life))


async def _live(life: Life) -> None:
    models = Served(life.url)
    world = make_world(home=Path(life.home), models=models, unfenced=True)
    watched = Watched(world.journal, Path(life.said), life.death)
    app = Application(replace(world, journal=watched))
    try:
        runs = await app.runs(Path(life.repository))
        if not runs:
            request = QuoteRequest(folder=Path(life.repository), plan=plan())
            quote = await app.quote(request, overrides=SETTINGS)
            run = await app.start(quote.id)
        else:
            run = runs[0]
            watched.resumes()
            if is_unfinished(run):
                await app.resume(run.id)
        await app.wait(run.id)
        problem = app.problem(run.id)
        if problem is not None:
            raise problem
    finally:
        await app.close()


class Watched:
    """core.ports.Journal around another: tells what was acknowledged, and dies when it is time."""

    def __init__(self, journal: Journal, said: Path, death: Death | None) -> None:
        self._journal = journal
        self._said = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._death = death
        self._count = 0
        self._resumed: float | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def resumes(self) -> None:
        """The Run is about to be resumed; its first event tells how long that took."""
        self._resumed = time.monotonic()

    async def append(
        self, events: Sequence[AnyEvent], *, caps: Sequence[Cap] = (), soon: bool = False
    ) -> None:
        """Append, and tell; or die."""
        self._count += 1
        death = self._death if self._death is not None and self._death.append == self._count else None
        if death is not None and death.how == "before":
            os._exit(DIED)
        await self._journal.append(events, caps=caps, soon=soon)
        # Each begins a line of its own, also after one that a kill has torn.
        lines = [b"\n" + msgspec.json.encode(event) + b"\n" for event in events]
        if self._resumed is not None:
            lines.append(b"resumed %.6f\n" % (time.monotonic() - self._resumed))
            self._resumed = None
        lines.append(b"append\n")
        os.write(self._said, b"".join(lines))
        if death is None:
            return
        if death.how == "after":
            os._exit(DIED)
        threading.Timer(death.delay, os.kill, (os.getpid(), signal.SIGKILL)).start()

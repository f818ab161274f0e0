"""What the tools work with: the application, the one folder that is served, the Quotes of this client."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from contextune.core.errors import UsageProblem
from contextune.core.permission import OtherAgents
from contextune.core.planning.quote import Quote
from contextune.core.runs.run import Run
from contextune.delegation.answers import Told

if TYPE_CHECKING:
    from contextune.engine.application import Application

T = TypeVar("T")


class Answer(NamedTuple):
    """What a tool has to say: to a model in words, to a program as data."""

    text: str
    content: Told


class Desk:
    """One client's place in one folder. It reaches no other repository, and no file outside the folder."""

    def __init__(self, app: Application, folder: Path) -> None:
        self.app = app
        self.folder = folder.resolve()
        self._quotes: dict[str, Quote] = {}
        self._whole: set[asyncio.Task[Any]] = set()

    async def permissions(self) -> OtherAgents:
        """The permissions in force now. Raises ContextuneError."""
        return (await self.app.settings(self.folder)).other_agents

    def keep(self, quote: Quote) -> None:
        """Remember a Quote until it is started."""
        self._quotes[quote.id] = quote

    def quote(self, quote_id: str) -> Quote:
        """A Quote that was made for this client. Raises UsageProblem."""
        known = self._quotes.get(quote_id)
        if known is None:
            raise UsageProblem(
                f"There is no quote {quote_id}: it was started already, or not made in this session. "
                "Make one with the tool `quote`."
            )
        return known

    def drop(self, quote_id: str) -> None:
        """Forget a Quote: it was started."""
        self._quotes.pop(quote_id, None)

    async def run(self, run_id: str) -> Run:
        """A Run of the folder's repository. Raises UsageProblem."""
        run = await self.app.run(run_id)
        if run.repository != str(await self.app.root(self.folder)):
            raise UsageProblem(f"Run {run.id} belongs to another repository than {self.folder}.")
        return run

    async def run_with(self, run_id: str, task_id: str) -> Run:
        """A Run of the folder's repository that has this Task. Raises UsageProblem."""
        return await self.app.run_with((await self.run(run_id)).id, task_id)

    async def whole(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something to its end, also where the client cancels its call midway."""
        task = asyncio.ensure_future(work)
        self._whole.add(task)
        task.add_done_callback(self._whole.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Wait for what has begun."""
        if self._whole:
            await asyncio.wait(self._whole)

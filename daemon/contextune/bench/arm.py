"""An arm of a comparison: the whole product on a job, in a temporary folder at a model server of its own."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from contextune.bench.counted import Outcome
from contextune.bench.job import GATE, Agent, Job, script_of, write_repository
from contextune.bench.served import Served
from contextune.compose import compose, journal_at
from contextune.core.errors import ContextuneError
from contextune.core.model.conversation import Rung
from contextune.core.ports import Model
from contextune.core.settings import HAIKU, SONNET
from contextune.engine.quotes.quote import QuoteRequest
from contextune.offline.server import OfflineModel

HAIKU_LOW = Rung(model=HAIKU, effort="low")
SONNET_MEDIUM = Rung(model=SONNET, effort="medium")
AMPLE = "100"
"""Dollars: what the arms may spend is not what is measured."""
AUTHOR = ("-c", "user.name=Contextune bench", "-c", "user.email=bench@localhost")

Wrap = Callable[[Model], Model]


async def play(
    job: Job, agent: Agent, *, wrap: Wrap = lambda model: model, settings: Mapping[str, Any] = {}
) -> Outcome:
    """Quote the job, run it to review, and hand back what both sides counted.

    Raises ContextuneError if a Task was not accepted, or a reply of the script was not asked for.
    """
    with TemporaryDirectory(prefix="contextune-bench-") as folder:
        home, root = Path(folder) / "home", Path(folder) / "shop"
        home.mkdir()
        await asyncio.to_thread(_repository, job, root)
        server = OfflineModel([script_of(job, agent)])
        try:
            models = Wrapped(await server.start(), wrap)
            await _run(home, root, models, {**_settings(agent), **settings})
        finally:
            await server.close()
        if left := server.unused():
            raise ContextuneError(f"The job was not done as written. Not asked for: {'; '.join(left)}.")
        journal = journal_at(home / "journal.db")
        try:
            ledger = await journal.ledger()
        finally:
            await journal.close()
    return Outcome(ledger, [one for one in server.log if one.usage is not None])


async def _run(home: Path, root: Path, models: Wrapped, settings: Mapping[str, Any]) -> None:
    app = await compose(offline=True, home=home, models=models, unfenced=True)
    try:
        quote = await app.quote(QuoteRequest(folder=root, all=True), overrides=settings)
        run = await app.wait((await app.start(quote.id)).id)
        problem = app.problem(run.id)
    finally:
        await app.close()
    if problem is not None:
        raise problem
    if left := [
        f"{task.id} is {task.state}: {task.reason}" for task in run.tasks if task.state != "accepted"
    ]:
        raise ContextuneError(f"The job was not done as written. {'; '.join(left)}")


def _settings(agent: Agent) -> dict[str, Any]:
    ladder = [rung for rung in (agent.first, agent.then) if rung is not None]
    return {
        "gate": GATE,
        "gate_retries": 0,
        "ladder": [{"model": rung.model, "effort": rung.effort} for rung in ladder],
        "routing": "fixed",
        "budget": AMPLE,
    }


def _repository(job: Job, root: Path) -> None:
    write_repository(job, root)
    for command in (("init", "-q", "-b", "main"), ("add", "-A"), (*AUTHOR, "commit", "-q", "-m", "The job")):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True, timeout=60)


class Wrapped(Served):
    """The model of an arm's own server, with what the arm puts around it."""

    def __init__(self, url: str, wrap: Wrap) -> None:
        super().__init__(url)
        self._wrap = wrap

    async def get(self, **chosen: Any) -> Model:
        """The wrapped model."""
        return self._wrap(await super().get(**chosen))

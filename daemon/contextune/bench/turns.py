"""What lies between the turns of agents at work: measured at the model's server, tools taken off."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

from contextune.bench.model_process import ServerSaid, model_server
from contextune.bench.turns_job import TurnsJob, kind_of, script, write_repository
from contextune.bench.turns_process import ProcessSaid, ToolTime, TurnsPart, run_process
from contextune.core.errors import ContextuneError
from contextune.offline.log import LoggedRequest


class Measured(NamedTuple):
    """One Run, as its process and the model's server saw it."""

    process: ProcessSaid
    server: ServerSaid

    @property
    def conversations(self) -> dict[str, list[LoggedRequest]]:
        """The turns of each agent, in order."""
        found: dict[str, list[LoggedRequest]] = {}
        for one in self.server.log:
            if one.conversation is not None and one.ending == "complete":
                found.setdefault(one.conversation, []).append(one)
        return {name: sorted(turns, key=lambda one: one.began) for name, turns in found.items()}


async def measured(job: TurnsJob, place: Path, first_byte_ms: float, *, beats: bool = False) -> Measured:
    """Do the job below a folder that is there and empty: the server, the Run and this are three processes.

    With `beats`, the Run's process notes how late its loop is.
    """
    write_repository(job, place / "parts")
    async with model_server(script(job), first_byte_ms) as server:
        part = TurnsPart(
            home=str(place / "home"),
            repository=str(place / "parts"),
            url=server.url,
            job=job,
            said=str(place / "said"),
            beats=beats,
        )
        process = await run_process(part)
    if server.said.unused:
        raise ContextuneError(f"The job was not done as written. Not asked for: {server.said.unused[0]}.")
    return Measured(process, server.said)


def own_times(of: Measured) -> dict[str, list[float]]:
    """Milliseconds of our own between turns, by what the turn asked for: `read` or `edit`.

    From the last byte of a reply to the first of the next request, without what tools took in between.
    """
    tools: dict[str, list[ToolTime]] = {}
    for one in of.process.tools:
        tools.setdefault(one.task_id, []).append(one)
    found: dict[str, list[float]] = {"read": [], "edit": []}
    for name, turns in of.conversations.items():
        for turn, following in pairwise(turns):
            between = following.began - turn.ended
            within = (t for t in tools.get(name, ()) if turn.ended <= t.began and t.ended <= following.began)
            own = between - sum(tool.ended - tool.began for tool in within)
            found[kind_of(turn.turn or 1)].append(own * 1000)
    return found


def percentile(values: Sequence[float], hundredth: int) -> float:
    """The value below which so many of a hundred lie."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return quantiles(values, n=100, method="inclusive")[hundredth - 1]

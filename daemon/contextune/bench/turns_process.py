"""A Run in a process of its own that notes what its tools take, how late its loop is, and what it needs."""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec

from contextune.agents.toolbox import Call, Toolbox
from contextune.bench.heartbeat import Lateness, beating, lateness
from contextune.bench.loop_job import first_request
from contextune.bench.served import Served
from contextune.bench.turns_job import TurnsJob, plan, settings
from contextune.compose import compose
from contextune.core.base import Value
from contextune.core.errors import ContextuneError, ToolProblem
from contextune.core.model.conversation import ToolUse
from contextune.engine.quotes.quote import QuoteRequest

PATIENCE = 600.0
"""Seconds for a whole Run."""
LOOK = 0.05
"""Seconds between two looks at how much memory is in use."""


class ToolTime(Value, frozen=True, kw_only=True):
    """When a tool worked, in seconds by the machine's own clock."""

    task_id: str
    began: float
    ended: float


class TurnsPart(Value, frozen=True, kw_only=True):
    """What the process is given."""

    home: str
    repository: str
    url: str
    job: TurnsJob
    said: str
    """The file for its ProcessSaid."""
    beats: bool = True
    """Whether to note how late the loop is, which takes a tenth of its time."""


class ProcessSaid(Value, frozen=True, kw_only=True):
    """What one Run in one process came to."""

    tools: tuple[ToolTime, ...]
    lateness: Lateness
    cpu: float
    """Seconds of processor time, of this process alone, from the Run's start to its end."""
    seconds: float
    """The same by the clock."""
    memory: int
    """Bytes resident at most while it ran; 0 where the system does not tell."""
    began: float
    """When it was started, by the machine's own clock."""


async def run_process(part: TurnsPart) -> ProcessSaid:
    """Do the Run in a new process. Raises ContextuneError if it does not end well."""
    process = multiprocessing.get_context("spawn").Process(target=_work_through, args=(part,))
    process.start()
    try:
        await asyncio.to_thread(process.join, PATIENCE)
        if process.exitcode != 0:
            raise ContextuneError(f"The Run's process ended with {process.exitcode}.")
    finally:
        process.kill()
    return msgspec.json.decode(await asyncio.to_thread(Path(part.said).read_bytes), type=ProcessSaid)


def _work_through(part: TurnsPart) -> None:
    # What the language server has in memory belongs to the daemon, too.
    importlib.import_module("contextune.server.server")
    asyncio.run(_work(part))


async def _work(part: TurnsPart) -> None:
    models = Served(part.url)
    model = await models.get(offline=True)
    with suppress(ContextuneError):
        await model.send(first_request())  # no script answers it; with the reply the SDK has got ready
    app = await compose(offline=True, home=Path(part.home), models=models, unfenced=True)
    try:
        request = QuoteRequest(folder=Path(part.repository), plan=plan(part.job))
        quote = await app.quote(request, overrides=settings(part.job))
        memory: list[int] = []
        looking = asyncio.create_task(_look(memory))
        with noted_tools() as tools, ExitStack() as stack:
            beats = stack.enter_context(beating()) if part.beats else []
            began, cpu = time.perf_counter(), time.process_time()
            run = await app.wait((await app.start(quote.id)).id)
            took, cpu = time.perf_counter() - began, time.process_time() - cpu
        looking.cancel()
        problem = app.problem(run.id)
    finally:
        await app.close()
    if problem is not None:
        raise problem
    if left := [task for task in run.tasks if task.state != "accepted"]:
        raise ContextuneError(f"The job was not done as written. {left[0].id}: {left[0].reason}")
    said = ProcessSaid(
        tools=tuple(tools),
        lateness=lateness(beats),
        cpu=cpu,
        seconds=took,
        memory=max(memory, default=0),
        began=began,
    )
    await asyncio.to_thread(Path(part.said).write_bytes, msgspec.json.encode(said))


@contextmanager
def noted_tools() -> Iterator[list[ToolTime]]:
    """Note when each tool works, its way to a thread and back included, while the context lasts.

    The Journal's part of a call, before and after it, is not the tool's.
    """
    noted: list[ToolTime] = []
    prepare = Toolbox.prepare

    async def prepared(self: Toolbox, use: ToolUse) -> Call:
        task_id = Path(self.files.root).name
        began = time.perf_counter()
        try:
            call = await prepare(self, use)
        finally:
            noted.append(ToolTime(task_id=task_id, began=began, ended=time.perf_counter()))

        async def run() -> str:
            began = time.perf_counter()
            try:
                return await call.run()
            except ToolProblem as problem:
                raise ContextuneError(f"A tool of the job failed: {problem}") from None
            finally:
                noted.append(ToolTime(task_id=task_id, began=began, ended=time.perf_counter()))

        return Call(run, changes=call.changes, effects=call.effects)

    Toolbox.prepare = prepared  # type: ignore[method-assign]  # undone below
    try:
        yield noted
    finally:
        Toolbox.prepare = prepare  # type: ignore[method-assign]


async def _look(memory: list[int]) -> None:
    while True:
        memory.append(resident())
        await asyncio.sleep(LOOK)


def resident() -> int:
    """Bytes of this process that are in memory; 0 where the system does not tell (all but Linux)."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0

"""A command on Windows, from its start to the end of all that it started."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from contextune.adapters.commands.bounded_output import BoundedOutput
from contextune.adapters.commands.command_group import CommandGroup
from contextune.adapters.commands.command_process import Ended

LOOK_SECONDS = 0.02
"""Between two looks whether a command ended. Waiting for it would wait for what holds its output, too."""
GRACE = 2.0
"""Seconds that output is still waited for where no job ended what holds it."""
CHUNK = 65_536


async def run_in_job(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    timeout: float,
    output: BoundedOutput,
    group: CommandGroup | None,
) -> Ended:
    """Run a command in its job to its end or its time limit in seconds; all that it started ends with it.

    Without a job what it started may outlive it. Raises OSError if it can't be started.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=cwd,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        creationflags=group.creation_flags if group else 0,
    )
    reading = asyncio.ensure_future(_read(process, output))
    timed_out = False
    try:
        if group is not None:
            group.take_in(process.pid)
        async with asyncio.timeout(timeout):
            while process.returncode is None:  # noqa: ASYNC110 — nothing tells of the end of a process alone
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        timed_out = True
    finally:
        if group is not None:
            group.end()
        await asyncio.shield(_ended(process, reading, by_job=group is not None))
    return Ended(process.returncode if process.returncode is not None else 1, timed_out)


async def _ended(process: asyncio.subprocess.Process, reading: asyncio.Future[None], *, by_job: bool) -> None:
    """End the command where no job did, and take what is left of its output."""
    if not by_job:
        _kill(process)
    done, _ = await asyncio.wait([reading], timeout=GRACE)
    reading.cancel()
    if not done:
        # To kill one asks first whether it lives: a command that a job has ended is left to the event loop.
        _kill(process)
    while process.returncode is None:  # noqa: ASYNC110 — as above
        await asyncio.sleep(LOOK_SECONDS)


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()


async def _read(process: asyncio.subprocess.Process, output: BoundedOutput) -> None:
    stream = process.stdout
    while stream is not None and (chunk := await stream.read(CHUNK)):
        output.add(chunk)


def find_bash() -> str | None:
    """The bash that comes with git. Another one on the PATH may be that of WSL, which no job holds."""
    git = shutil.which("git")
    if git is None:
        return None
    bash = Path(git).parent.parent / "bin" / "bash.exe"
    return str(bash) if bash.is_file() else None

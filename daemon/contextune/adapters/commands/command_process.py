"""A command from its start to the end of all that it started, where there are sessions and signals."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from contextune.adapters.commands.bounded_output import BoundedOutput
from contextune.adapters.commands.command_watch import CommandWatch

GRACE, SUPERVISED_GRACE = 2.0, 10.0
"""Seconds between SIGTERM and SIGKILL when the time is up; a supervisor counts them itself, and tidies up."""


class Ended(NamedTuple):
    """How a command came to its end."""

    code: int
    """Its exit status; negative for the signal that ended it."""
    timed_out: bool


async def run_to_end(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    timeout: float,
    grace: float,
    output: BoundedOutput,
    watch: CommandWatch | None,
) -> Ended:
    """Run a command to its end or its time limit in seconds, watched meanwhile.

    `grace` are the seconds between the wish that it ends and its end.

    Returns when its first process ends, also if something that this started keeps the output open; all that
    it started is killed then, and on cancellation. Raises OSError if it can't be started.
    """
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    loop = asyncio.get_running_loop()
    try:
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *argv,
                cwd=cwd,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
            )
        )
        try:
            process = await asyncio.shield(starting)
        except asyncio.CancelledError:
            await asyncio.shield(_ended_at_once(starting, grace))
            raise
        finally:
            os.close(writing)
        loop.add_reader(reading, _read, reading, output, loop)
        watching = asyncio.ensure_future(watch.run(process.pid)) if watch else None
        try:
            timed_out = await _finish(process, timeout, grace)
        finally:
            if watching is not None:
                watching.cancel()
                await asyncio.wait([watching])
            await asyncio.shield(_ended(process, grace))
        if watching is not None and not watching.cancelled():
            watching.result()
        while _read(reading, output, loop):
            pass
    finally:
        loop.remove_reader(reading)
        os.close(reading)
    return Ended(process.returncode if process.returncode is not None else 1, timed_out)


def _read(handle: int, output: BoundedOutput, loop: asyncio.AbstractEventLoop) -> bool:
    """Take what is there; False when there is no more for now or for good."""
    try:
        chunk = os.read(handle, 65_536)
    except BlockingIOError:
        return False
    if not chunk:
        loop.remove_reader(handle)
        return False
    output.add(chunk)
    return True


async def _finish(process: asyncio.subprocess.Process, timeout: float, grace: float) -> bool:
    """Wait for the shell; end it when its time in seconds is up, and tell whether it was."""
    try:
        async with asyncio.timeout(timeout):
            await process.wait()
    except TimeoutError:
        _kill(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await process.wait()
        return True
    return False


async def _ended_at_once(starting: asyncio.Future[asyncio.subprocess.Process], grace: float) -> None:
    """End what is being started. asyncio would kill its first process, and nobody what that has started."""
    with suppress(OSError):
        await _ended(await starting, grace)


async def _ended(process: asyncio.subprocess.Process, grace: float) -> None:
    """End what is left. The group outlives its leader; on cancellation the leader is still there, too."""
    if process.returncode is None:
        # Without a Fence it is the leader that knows what left its session: it is asked first.
        _kill(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await process.wait()
    _kill(process.pid, signal.SIGKILL)
    if process.returncode is None:
        await process.wait()


def _kill(group: int, sign: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, sign)

"""Runs commands: bounded in time and output, with nothing left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from contextune.adapters.bubblewrap import PROXY_PORT
from contextune.adapters.command_limits import CommandLimits, watch
from contextune.adapters.environment import command_environment
from contextune.adapters.fence import Fence
from contextune.adapters.fence_places import worktree_of
from contextune.adapters.proxy import open_proxy
from contextune.core.allow_list import AllowList
from contextune.core.errors import PlaceProblem, ToolProblem
from contextune.core.evidence import CommandResult
from contextune.core.redact import redact

GRACE, SUPERVISED_GRACE = 2.0, 10.0
"""Seconds between SIGTERM and SIGKILL when the time is up; a supervisor counts them itself, and tidies up."""

TIMED_OUT = 124
"""The exit code of a command that was ended, as of coreutils' `timeout`."""


PROXIED = {
    **dict.fromkeys(
        ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"),
        f"http://127.0.0.1:{PROXY_PORT}",
    ),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1,::1"),
    "NODE_USE_ENV_PROXY": "1",
}
"""Variables that lead curl, git, pip, npm, cargo, go and Node's own fetch to the proxy."""


class Reach(NamedTuple):
    """What commands may reach."""

    allowed: AllowList
    folder: Path
    """For the sockets of proxies."""


class _Call(NamedTuple):
    command: str
    cwd: Path
    timeout: float
    variables: dict[str, str]
    output_limit: int


class FencedShell:
    """core.ports.Shell: each command in its own session, inside the Fence."""

    def __init__(self, fence: Fence, limits: CommandLimits | None = None, reach: Reach | None = None) -> None:
        """`limits` are what one command may use; none for commands that the user named.

        `reach` are the hosts that a Fence with a door lets commands through to; None for none.
        """
        self._fence = fence
        self._limits = limits
        self._reach = reach if fence.has_door else None
        self._program = shutil.which("bash") or "/bin/sh"

    @property
    def fence(self) -> Fence:
        """What commands are fenced in by."""
        return self._fence

    async def run(
        self,
        command: str,
        *,
        cwd: Path,
        timeout: float,
        environment: Mapping[str, str],
        output_limit: int = 30_000,
    ) -> CommandResult:
        """Run a shell command, see `_run`; with a way out to the allowed hosts if there are any."""
        call = _Call(command, cwd, timeout, command_environment(environment), output_limit)
        if self._reach is None:
            return await self._run(call, self._fence)
        async with open_proxy(self._reach.allowed, self._reach.folder) as (proxy, door):
            call.variables.update(PROXIED)
            done = await self._run(call, self._fence.with_door(door, self._reach.allowed.local_ports))
            return msgspec.structs.replace(done, output=done.output + proxy.refusals())

    async def _run(self, call: _Call, fence: Fence) -> CommandResult:
        """Run a shell command to its end or its time limit in seconds.

        Returns when the shell ends, also if something that it started keeps its output open; all that it
        started is killed then, and on cancellation. Keeps about `output_limit` characters of output, half
        from its start and half from its end. Raises ToolProblem if it can't be started.
        """
        command, cwd, timeout, variables, output_limit = call
        bounded = self._limits.prelude(self._program) + command if self._limits else command
        shell = [self._program, "-c", bounded]
        argv = await asyncio.to_thread(fence.wrap, shell, cwd=cwd, environment=variables)
        output = BoundedOutput(output_limit)
        grace = SUPERVISED_GRACE if fence.is_supervised else GRACE
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        started = time.monotonic()
        loop = asyncio.get_running_loop()
        try:
            try:
                process = await asyncio.create_subprocess_exec(
                    *argv,
                    cwd=cwd,
                    env=variables,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=writing,
                    stderr=writing,
                    start_new_session=True,
                )
            except OSError as problem:
                raise ToolProblem(
                    f"The command can't be started in {str(cwd)!r}: {problem.strerror}."
                ) from None
            finally:
                os.close(writing)
            loop.add_reader(reading, _read, reading, output, loop)
            watching = self._watching(process.pid, cwd)
            try:
                timed_out = await _finish(process, timeout, grace)
            finally:
                if watching is not None:
                    watching.cancel()
                    await asyncio.wait([watching])
                await asyncio.shield(_ended(process, grace))
            while _read(reading, output, loop):
                pass
        finally:
            loop.remove_reader(reading)
            os.close(reading)
        code = process.returncode if process.returncode is not None else 1
        return CommandResult(
            command=command,
            exit_code=TIMED_OUT if timed_out else (128 - code if code < 0 else code),
            output=redact(output.text()) + _limit_line(watching, code),
            duration_ms=round((time.monotonic() - started) * 1000),
            timed_out=timed_out,
            truncated=output.left_out > 0,
        )

    def _watching(self, pid: int, cwd: Path) -> asyncio.Future[str] | None:
        if self._limits is None:
            return None
        supervised = self._fence.is_supervised
        return asyncio.ensure_future(watch(pid, self._limits, worktree_of(cwd), supervised=supervised))


def _limit_line(watching: asyncio.Future[str] | None, code: int) -> str:
    """A line about the limit that ended a command; empty if none did."""
    if watching is None:
        return ""
    if code in (-signal.SIGXFSZ, 128 + signal.SIGXFSZ):
        return "\n[stopped: A file of it grew larger than the setting task_disk allows.]\n"
    if watching.cancelled():
        return ""
    return f"\n[stopped: {watching.result()}]\n"


class ClosedShell:
    """core.ports.Shell where nothing may be run, for the lack of a Fence."""

    def __init__(self, why: str) -> None:
        self._why = why

    async def run(
        self,
        command: str,
        *,
        cwd: Path,
        timeout: float,
        environment: Mapping[str, str],
        output_limit: int = 30_000,
    ) -> CommandResult:
        """Raise PlaceProblem, saying what to do."""
        del command, cwd, timeout, environment, output_limit
        raise PlaceProblem(self._why)


class BoundedOutput:
    """The head and the tail of a stream, in bounded memory however much comes."""

    def __init__(self, limit: int) -> None:
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._half = max(limit // 2, 1)
        self._total = 0

    @property
    def left_out(self) -> int:
        """Bytes that are not kept."""
        return max(self._total - len(self._head) - self._half, 0)

    def add(self, chunk: bytes) -> None:
        """Take the next bytes of the stream."""
        self._total += len(chunk)
        space = self._half - len(self._head)
        if space > 0:
            self._head += chunk[:space]
            chunk = chunk[space:]
        if not chunk:
            return
        self._tail.append(chunk)
        self._tail_size += len(chunk)
        while self._tail_size - len(self._tail[0]) >= self._half:
            self._tail_size -= len(self._tail.popleft())

    def text(self) -> str:
        """What is kept, with a line between that says how much is not."""
        if not self.left_out:
            return (bytes(self._head) + b"".join(self._tail)).decode("utf-8", "replace")
        tail = b"".join(self._tail)[-self._half :]
        # A character cut in two at the seam is dropped, not shown as a sign that was never there.
        head = bytes(self._head).decode("utf-8", "ignore" if _cut_at_end(self._head) else "replace")
        while tail and tail[0] & 0xC0 == 0x80:
            tail = tail[1:]
        return f"{head}\n… {self.left_out:,} bytes left out …\n{tail.decode('utf-8', 'replace')}"


def _cut_at_end(data: bytearray) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as problem:
        return problem.end == len(data) and problem.reason == "unexpected end of data"
    return False


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

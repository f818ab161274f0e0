"""Runs commands: bounded in time and output, with nothing left behind."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from contextune.adapters.commands.bounded_output import BoundedOutput
from contextune.adapters.commands.command_group import CommandGroup, CommandGroups, grouped
from contextune.adapters.commands.command_limits import CommandLimits
from contextune.adapters.commands.command_process import GRACE, SUPERVISED_GRACE, run_to_end
from contextune.adapters.commands.command_watch import CommandWatch
from contextune.adapters.commands.windows_process import find_bash, run_in_job
from contextune.adapters.fence.bubblewrap import PROXY_PORT
from contextune.adapters.fence.choice import Fence
from contextune.adapters.fence.environment import command_environment
from contextune.adapters.fence.fence_places import worktree_of
from contextune.adapters.fence.proxy import open_proxy
from contextune.core.allow_list import AllowList
from contextune.core.errors import PlaceProblem, ToolProblem
from contextune.core.proof.evidence import CommandResult
from contextune.core.redact import redact

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

    def __init__(
        self,
        fence: Fence,
        limits: CommandLimits | None = None,
        reach: Reach | None = None,
        groups: CommandGroups | None = None,
    ) -> None:
        """`limits` are what one command may use; none for commands that the user named.

        `reach` are the hosts that a Fence with a door lets commands through to; None for none.
        `groups` let the system hold the limits; without them a command is looked at.
        """
        self._fence = fence
        self._limits = limits
        self._reach = reach if fence.has_door else None
        self._groups = groups
        self._program = (find_bash() if sys.platform == "win32" else shutil.which("bash")) or "/bin/sh"

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
        async with grouped(self._groups, self._limits, supervised=self._fence.is_supervised) as group:
            if self._reach is None:
                return await self._run(call, self._fence, group)
            async with open_proxy(self._reach.allowed, self._reach.folder) as (proxy, door):
                call.variables.update(PROXIED)
                fence = self._fence.with_door(door, self._reach.allowed.local_ports)
                done = await self._run(call, fence, group)
                return msgspec.structs.replace(done, output=done.output + proxy.refusals())

    async def _run(self, call: _Call, fence: Fence, group: CommandGroup | None) -> CommandResult:
        """Run a shell command to its end or its time limit in seconds.

        Returns when the shell ends, also if something that it started keeps its output open; all that it
        started is killed then, and on cancellation. Keeps about `output_limit` characters of output, half
        from its start and half from its end. Raises ToolProblem if it can't be started.
        """
        command, cwd, timeout, variables, output_limit = call
        bounded = self._limits.prelude(self._program) + command if self._limits else command
        shell = [self._program, "-c", bounded]
        argv = await asyncio.to_thread(fence.wrap, shell, cwd=cwd, environment=variables)
        if group is not None:
            argv = group.launch(argv)
        output = BoundedOutput(output_limit)
        watch = self._watch(worktree_of(cwd), group)
        started = time.monotonic()
        try:
            if sys.platform == "win32":
                ended = await run_in_job(
                    argv, cwd=cwd, environment=variables, timeout=timeout, output=output, group=group
                )
            else:
                grace = SUPERVISED_GRACE if fence.is_supervised else GRACE
                ended = await run_to_end(
                    argv,
                    cwd=cwd,
                    environment=variables,
                    timeout=timeout,
                    grace=grace,
                    output=output,
                    watch=watch,
                )
        except OSError as problem:
            why = problem.strerror or problem
            raise ToolProblem(f"The command can't be started in {str(cwd)!r}: {why}.") from None
        code = ended.code
        return CommandResult(
            command=command,
            exit_code=TIMED_OUT if ended.timed_out else (128 - code if code < 0 else code),
            output=redact(output.text()) + (watch.verdict(code) if watch else ""),
            duration_ms=round((time.monotonic() - started) * 1000),
            timed_out=ended.timed_out,
            truncated=output.left_out > 0,
        )

    def _watch(self, worktree: Path, group: CommandGroup | None) -> CommandWatch | None:
        if self._limits is None:
            return None
        fence = self._fence
        return CommandWatch(
            self._limits,
            worktree,
            group,
            fenced=fence.name != "none",
            supervised=fence.is_supervised,
        )


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

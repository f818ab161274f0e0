"""Looks at a command while it runs, and stops it when it passes a limit."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from contextune.adapters.commands.command_group import CommandGroup
from contextune.adapters.commands.command_limits import CommandLimits, passed, used_by
from contextune.adapters.files.growth import GrowthWatch

LOOK_SECONDS = 0.25
"""Between two looks. What no group holds and grows faster is seen at the next one."""

LOOKING = "a look every quarter of a second, since no cgroup can be made here"


def can_look() -> bool:
    """Whether this system shows what a process uses."""
    return Path("/proc/self/stat").exists()


class CommandWatch:
    """Of one command, and of the group that holds it, if one does."""

    def __init__(
        self,
        limits: CommandLimits,
        worktree: Path,
        group: CommandGroup | None,
        *,
        fenced: bool,
        supervised: bool,
    ) -> None:
        """Without a Fence a command might leave its group, so that it is looked at as well.

        `supervised` means that its first process is no part of it, and ends what is left of it.
        """
        self._limits = limits
        self._worktree = worktree
        self._group = group
        self._supervised = supervised
        self._said = ""
        self._looks = group is None or not fenced

    async def run(self, pid: int) -> None:
        """Look at the command with the first process `pid` until a limit is passed, then stop it.

        What no group holds is seen only where the system has `/proc`; elsewhere it is not.
        """
        growth = await asyncio.to_thread(GrowthWatch, self._worktree, self._limits.disk)
        while not self._said:
            await asyncio.sleep(LOOK_SECONDS)
            self._said = await asyncio.to_thread(self._passed, pid) or await asyncio.to_thread(growth.passed)
        # This may be cancelled from here on: the command ends, and with it the wish to look.
        await asyncio.to_thread(self._stop, pid)

    def verdict(self, code: int) -> str:
        """A line about the limit that ended the command, or held it back; empty if none did.

        `code` is its exit status, negative for a signal.
        """
        if sys.platform != "win32" and code in (-signal.SIGXFSZ, 128 + signal.SIGXFSZ):
            return "\n[stopped: A file of it grew larger than the setting task_disk allows.]\n"
        stopped = self._said or (self._group.passed() if self._group else "")
        if stopped:
            return f"\n[stopped: {stopped}]\n"
        refused = self._group.refused() if self._group else ""
        return f"\n[refused: {refused}]\n" if refused else ""

    def _passed(self, pid: int) -> str:
        said = self._group.passed() if self._group is not None else ""
        return said or (passed(used_by(pid), self._limits) if self._looks else "")

    def _stop(self, pid: int) -> None:
        below = used_by(pid).pids
        if not self._supervised and self._group is not None:
            self._group.end()
        # The shell first: it would tell of each of its processes that is killed.
        for one in [*below[1:], *below[:1]] if self._supervised else below:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(one, signal.SIGTERM if self._supervised and one == pid else signal.SIGKILL)

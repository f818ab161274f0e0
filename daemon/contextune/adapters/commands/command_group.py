"""What holds one command with all that it starts, by the operating system's own means: the port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from contextune.adapters.commands.command_limits import CommandLimits


class CommandGroup(Protocol):
    """One command and all that it starts. Nothing leaves it; every method may block for some milliseconds."""

    creation_flags: int
    """How Windows is to start the first process; 0 elsewhere."""

    def make(self) -> None:
        """Make it, with its limits. Raises OSError if the system refuses."""
        ...

    def launch(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` in it, from its first instruction on."""
        ...

    def take_in(self, pid: int) -> None:
        """Take the started command in, where `launch` could not. Raises OSError if the system refuses."""
        ...

    def passed(self) -> str:
        """Which limit it passed so that it has to end, a sentence; empty if none."""
        ...

    def refused(self) -> str:
        """What the system refused it at a limit while it went on, a sentence; empty if nothing."""
        ...

    def end(self) -> None:
        """Kill all that is in it."""
        ...

    def remove(self) -> None:
        """Kill all that is in it, wait until that is gone, and leave nothing of the group."""
        ...


class CommandGroups(Protocol):
    """Where groups can be made on this machine."""

    detail: str
    """By what limits are held: a part of a sentence for people."""

    def group(self, limits: CommandLimits, *, supervised: bool) -> CommandGroup:
        """A new one, not yet made. `supervised` if its first process is to see to the end of the others."""
        ...


@asynccontextmanager
async def grouped(
    groups: CommandGroups | None, limits: CommandLimits | None, *, supervised: bool
) -> AsyncIterator[CommandGroup | None]:
    """A group for one command, removed whatever happens; None where none can be made.

    Nobody waits for the removal: a Fence is taken down by the kernel for longer than most commands run. It is
    under way in a thread of the loop's, which the loop waits for when it ends.
    """
    if groups is None or limits is None:
        yield None
        return
    group = groups.group(limits, supervised=supervised)
    making = asyncio.ensure_future(asyncio.to_thread(group.make))
    try:
        yield group if await _is_made(making) else None
    finally:
        await asyncio.wait([making])
        asyncio.get_running_loop().run_in_executor(None, group.remove)


async def _is_made(making: asyncio.Future[None]) -> bool:
    try:
        # A cancellation must not leave the thread behind that still makes what is to be removed.
        await asyncio.shield(making)
    except OSError:
        return False
    return True

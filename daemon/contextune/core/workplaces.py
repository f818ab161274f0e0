"""Where the work of a Lease is done, as Protocols: files, commands and Gate; here or on other machines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from contextune.core.ports import Repository, Shell, Workspace
from contextune.core.proof.line_watch import LineWatch


class SetUp(NamedTuple):
    """The command that the user named to prepare a worktree, with what it is run with."""

    command: str
    timeout: float
    """Seconds."""
    environment: Mapping[str, str]


class Workplace(Protocol):
    """What one worktree's agent and Gate work with.

    The worktree on the daemon's machine is the truth: what a command changes, wherever it was run, is there
    when it returns. Only ignored files may stay where the command ran; `files` reads them there.
    """

    @property
    def files(self) -> Workspace:
        """The file tools."""
        ...

    @property
    def shell(self) -> Shell:
        """Runs commands inside the Fence. Raises WorkerLost if the machine that ran one is gone."""
        ...

    @property
    def setup_shell(self) -> Shell:
        """The same with the network on: for the set-up and teardown commands that the user named."""
        ...

    @property
    def line_watch(self) -> LineWatch | None:
        """Tells which lines a command of `shell` runs; None where nobody looks."""
        ...

    @property
    def waited(self) -> float:
        """Seconds that its commands have waited for a processor in all, where they ran."""
        ...

    async def leave(self) -> None:
        """Nobody works here any more: nothing of it stays on another machine."""
        ...


class Pool(Protocol):
    """Machines on which Leases do their work.

    Those of another machine keep within its processors by themselves.
    """

    def workplace(self, worktree: Path, repository: Repository, set_up: SetUp | None) -> Workplace:
        """The place of a worktree. Blocks for some 10 ms.

        `set_up` has been run there before; where the work goes on another machine, it is run there too.
        """
        ...


class Pools(Protocol):
    """The pools that settings can name."""

    def of(self, name: str) -> Pool:
        """The pool of this name, begun when it is first used. Raises PlaceProblem.

        Blocks, perhaps for seconds.
        """
        ...

    async def close(self) -> None:
        """End what was begun on other machines."""
        ...

"""This machine as a pool: commands run beside the daemon, in the worktree itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from contextune.core.ports import Repository, Shell, Workspace
from contextune.core.proof.line_watch import LineWatch
from contextune.core.workplaces import SetUp, Workplace

MakeShell = Callable[[Path, Repository], Shell]


@dataclass(frozen=True, slots=True)
class LocalWorkplace:
    """core.workplaces.Workplace in a worktree of this machine."""

    worktree: Path
    repository: Repository
    pool: LocalPool

    @property
    def files(self) -> Workspace:
        """The file tools."""
        return self.pool.files(self.worktree)

    @property
    def shell(self) -> Shell:
        """Runs commands inside the Fence. Blocks for some 10 ms when it is first asked for."""
        return self.pool.shell(self.worktree, self.repository)

    @property
    def setup_shell(self) -> Shell:
        """The same with the network on."""
        return self.pool.setup_shell(self.worktree, self.repository)

    @property
    def line_watch(self) -> LineWatch | None:
        """Tells which lines a command runs."""
        return self.pool.line_watch

    @property
    def waited(self) -> float:
        """Seconds: none, a command begins at once."""
        return 0.0

    async def leave(self) -> None:
        """Nothing: the worktree itself is the Lease's to give back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPool:
    """core.workplaces.Pool of this machine alone."""

    shell: MakeShell
    setup_shell: MakeShell
    files: Callable[[Path], Workspace]
    line_watch: LineWatch | None = None

    def workplace(self, worktree: Path, repository: Repository, set_up: SetUp | None) -> Workplace:
        """The place of a worktree."""
        del set_up  # it was run in this very worktree
        return LocalWorkplace(worktree, repository, self)

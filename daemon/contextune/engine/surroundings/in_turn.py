"""A place of work on this machine whose commands, the Gate's too, run when a processor is free."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from contextune.core.ports import Shell, Workspace
from contextune.core.proof.evidence import CommandResult
from contextune.core.proof.line_watch import LineWatch
from contextune.core.workplaces import Workplace
from contextune.engine.surroundings.processors import Processors, Told


class InTurn:
    """core.workplaces.Workplace: another one, its commands in the queue of this machine.

    The time limit of a command begins when the command does.
    """

    def __init__(self, place: Workplace, processors: Processors, run_id: str, told: Told) -> None:
        """`run_id` tells whose turn it is among the Runs; `told` hears that a command waits, and then not."""
        self._place = place
        self._processors = processors
        self._run_id = run_id
        self._told = told
        self._waited = 0.0

    @property
    def files(self) -> Workspace:
        """The file tools."""
        return self._place.files

    @property
    def shell(self) -> Shell:
        """Runs commands inside the Fence, each in its turn."""
        return _Shell(self._place.shell, self)

    @property
    def setup_shell(self) -> Shell:
        """The same with the network on."""
        return _Shell(self._place.setup_shell, self)

    @property
    def line_watch(self) -> LineWatch | None:
        """Tells which lines a command runs."""
        return self._place.line_watch

    @property
    def waited(self) -> float:
        """Seconds that its commands have waited for a processor in all."""
        return self._waited + self._place.waited

    async def leave(self) -> None:
        """Nobody works here any more."""
        await self._place.leave()

    async def run(
        self,
        shell: Shell,
        command: str,
        *,
        cwd: Path,
        timeout: float,
        environment: Mapping[str, str],
        output_limit: int,
    ) -> CommandResult:
        """Run a command of one of the shells when it is its turn."""
        loop = asyncio.get_running_loop()
        asked = loop.time()
        async with self._processors.turn(self._run_id, command, self._told):
            self._waited += loop.time() - asked
            return await shell.run(
                command, cwd=cwd, timeout=timeout, environment=environment, output_limit=output_limit
            )


class _Shell:
    """core.ports.Shell."""

    def __init__(self, shell: Shell, place: InTurn) -> None:
        self._shell = shell
        self._place = place

    async def run(
        self,
        command: str,
        *,
        cwd: Path,
        timeout: float,
        environment: Mapping[str, str],
        output_limit: int = 30_000,
    ) -> CommandResult:
        """Run a command when it is its turn."""
        return await self._place.run(
            self._shell,
            command,
            cwd=cwd,
            timeout=timeout,
            environment=environment,
            output_limit=output_limit,
        )

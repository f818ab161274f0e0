"""The Fence around commands: its port, and the choice of what works here, or none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from contextune.adapters.bubblewrap import Bubblewrap
from contextune.adapters.environment import command_environment


class Fence(Protocol):
    """How a command is started so that it stays where it belongs."""

    @property
    def name(self) -> str:
        """`bubblewrap` or `none`."""
        ...

    @property
    def detail(self) -> str:
        """One sentence for people: what it holds back, or why there is none."""
        ...

    def with_door(self, door: Path, local_ports: Sequence[int] = ()) -> Fence:
        """The same Fence with a way out to the proxy that listens on the socket `door`.

        `local_ports` of its own loopback lead through that to the same ports of the user's machine.
        """
        ...

    def wrap(self, argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> list[str]:
        """The command line that runs `argv` inside the Fence, to be started with `environment`."""
        ...


SUPERVISOR = Path(__file__).with_name("supervisor.py")


class NoFence:
    """Commands run as the user, bounded in time and output, with a clean environment.

    On Linux nothing that a command starts outlives it or this process; elsewhere what leaves its session may.
    """

    name = "none"

    def __init__(self, reason: str, *, supervised: bool = True) -> None:
        """Not `supervised` means with nothing between: to compare with, for commands that start nothing."""
        self._supervised = supervised
        self.detail = f"Commands run as you, with your files and network: {reason}"

    def with_door(self, door: Path, local_ports: Sequence[int] = ()) -> Fence:  # noqa: ARG002
        """This one: its commands have the user's network."""
        return self

    def wrap(self, argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> list[str]:  # noqa: ARG002
        """The command line below a process that leaves nothing of it behind."""
        if sys.platform != "linux" or not self._supervised:
            return list(argv)
        return [sys.executable, "-I", "-S", str(SUPERVISOR), str(os.getpid()), *argv]


def find_fence(
    *,
    readable: Iterable[Path] = (),
    hidden: Iterable[Path] = (),
    network: bool = False,
    program: str | None = None,
) -> Fence:
    """The best Fence that works here. Tries it once, blocking for some 10 ms."""
    found = program or shutil.which("bwrap")
    if found is None:
        return NoFence("bubblewrap (bwrap) is not installed.")
    fence = Bubblewrap(found, readable=readable, hidden=hidden, network=network)
    environment = command_environment({})
    with tempfile.TemporaryDirectory() as folder:
        argv = fence.wrap(["/bin/sh", "-c", "echo fenced > here"], cwd=Path(folder), environment=environment)
        try:
            tried = subprocess.run(
                argv, capture_output=True, env=environment, timeout=20, check=False, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            return NoFence(f"bubblewrap does not start here ({problem}).")
        if tried.returncode != 0 or not (Path(folder) / "here").is_file():
            said = tried.stderr.decode("utf-8", "replace").strip().splitlines()
            return NoFence(f"bubblewrap does not work here ({said[-1] if said else 'no reason given'}).")
    return fence

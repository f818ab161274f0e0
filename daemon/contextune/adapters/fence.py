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

from contextune.adapters import landlock
from contextune.adapters.bubblewrap import Bubblewrap
from contextune.adapters.environment import command_environment
from contextune.adapters.landlock_fence import Landlock, unfit


class Fence(Protocol):
    """How a command is started so that it stays where it belongs."""

    @property
    def name(self) -> str:
        """`bubblewrap`, `landlock` or `none`."""
        ...

    @property
    def has_door(self) -> bool:
        """Whether there can be a way out to a proxy: see `with_door`."""
        ...

    @property
    def is_supervised(self) -> bool:
        """Whether the process that is started stands outside, and ends the command when it is told to end."""
        ...

    @property
    def detail(self) -> str:
        """A sentence or two for people: what it holds back, or why there is none."""
        ...

    def with_door(self, door: Path, local_ports: Sequence[int] = ()) -> Fence:
        """The same Fence with a way out to the proxy that listens on the socket `door`.

        `local_ports` of its own loopback lead through that to the same ports of the user's machine. Without
        a door it is this one as it is.
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
    has_door = False

    def __init__(self, reason: str, *, supervised: bool = True) -> None:
        """Not `supervised` means with nothing between: to compare with, for commands that start nothing."""
        self.is_supervised = supervised and sys.platform == "linux"
        self.detail = f"Commands run as you, with your files and network: {reason}"

    def with_door(self, door: Path, local_ports: Sequence[int] = ()) -> Fence:  # noqa: ARG002
        """This one: its commands have the user's network."""
        return self

    def wrap(self, argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> list[str]:  # noqa: ARG002
        """The command line below a process that leaves nothing of it behind."""
        if not self.is_supervised:
            return list(argv)
        return [sys.executable, "-I", "-S", str(SUPERVISOR), str(os.getpid()), *argv]


def find_fence(
    *,
    readable: Iterable[Path] = (),
    hidden: Iterable[Path] = (),
    network: bool = False,
    program: str | None = None,
) -> Fence:
    """The best Fence that works here. Tries each once, for some 10 ms. `program` is tried as `bwrap`."""
    readable, hidden = tuple(readable), tuple(hidden)
    found = program or shutil.which("bwrap")
    why = "bubblewrap (bwrap) is not installed."
    if found is not None:
        bubblewrap = Bubblewrap(found, readable=readable, hidden=hidden, network=network)
        why = _tried("bubblewrap", bubblewrap)
        if not why:
            return bubblewrap
    if sys.platform != "linux":
        return NoFence(why)
    also = unfit(landlock.version())
    if not also:
        below = Landlock(readable=readable, hidden=hidden, network=network)
        also = _tried("Landlock", below)
        if not also:
            return below
    return NoFence(f"{why} {also}")


def _tried(name: str, fence: Fence) -> str:
    """Why a Fence can't be had, a sentence; empty if a command in it writes where it may and not beside."""
    environment = command_environment({})
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top) / "inside"
        folder.mkdir()
        command = "echo fenced > here && (echo out > ../outside) 2> /dev/null || true"
        argv = fence.wrap(["/bin/sh", "-c", command], cwd=folder, environment=environment)
        try:
            tried = subprocess.run(
                argv,
                capture_output=True,
                env=environment,
                timeout=20,
                check=False,
                stdin=subprocess.DEVNULL,
                cwd=folder,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            return f"{name} does not start here ({problem})."
        if tried.returncode != 0 or not (folder / "here").is_file():
            said = tried.stderr.decode("utf-8", "replace").strip().splitlines()
            return f"{name} does not work here ({said[-1] if said else 'no reason given'})."
        if (Path(top) / "outside").exists():
            return f"{name} holds nothing back here."
    return ""

"""The Fence around commands: its port, and the choice of what works here, or none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from contextune.adapters.fence import landlock, sandbox_exec
from contextune.adapters.fence.bubblewrap import Bubblewrap
from contextune.adapters.fence.environment import command_environment
from contextune.adapters.fence.landlock_fence import Landlock, unfit
from contextune.adapters.fence.sandbox_exec import SandboxExec


class Fence(Protocol):
    """How a command is started so that it stays where it belongs."""

    @property
    def name(self) -> str:
        """`bubblewrap`, `landlock`, `sandbox-exec` or `none`."""
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
    platform: str = sys.platform,
) -> Fence:
    """The best Fence that works here. Tries each once, for some 10 ms.

    `program` stands in for the one that the system's first choice is set up by.
    """
    wanted = Wanted(tuple(readable), tuple(hidden), network)
    whys: list[str] = []
    for found in _candidates(wanted, program, platform):
        why = found if isinstance(found, str) else _tried(found)
        if not isinstance(found, str) and not why:
            return found
        whys.append(why)
    return NoFence(" ".join(whys))


class Wanted(NamedTuple):
    """What a Fence is to show, to hide, and whether it leaves the network on."""

    readable: Sequence[Path]
    hidden: Sequence[Path]
    network: bool


def _candidates(wanted: Wanted, program: str | None, platform: str) -> Iterator[Fence | str]:
    """The Fences of a system, the best first; or why one can't be had, a sentence."""
    shown, hidden, network = wanted
    if platform == "darwin":
        yield SandboxExec(
            readable=shown, hidden=hidden, network=network, program=program or sandbox_exec.PROGRAM
        )
    elif platform == "linux":
        found = program or shutil.which("bwrap")
        if found is None:
            yield "bubblewrap (bwrap) is not installed."
        else:
            yield Bubblewrap(found, readable=shown, hidden=hidden, network=network)
        yield unfit(landlock.version()) or Landlock(readable=shown, hidden=hidden, network=network)
    else:
        yield "There is none for this system."


def _tried(fence: Fence) -> str:
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
            return f"{fence.name} does not start here ({problem})."
        if tried.returncode != 0 or not (folder / "here").is_file():
            said = tried.stderr.decode("utf-8", "replace").strip().splitlines()
            return f"{fence.name} does not work here ({said[-1] if said else 'no reason given'})."
        if (Path(top) / "outside").exists():
            return f"{fence.name} holds nothing back here."
    return ""

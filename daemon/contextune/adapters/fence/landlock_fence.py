"""The Fence of Landlock, for Linux where user namespaces are closed: a command gives up what it may not have.

It reads and runs the machine without the user's private places, writes only in its worktree and in a
temporary folder of its own, and reaches no network, not even its own loopback, and no other process. It is
no other view of the machine: names of files and processes are seen, and what is in a worktree can't be taken
out of it. So `.git` and `.vscode` are watched: a command that changes them is ended, and they are put back.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from contextune.adapters.fence import landlock, system_calls
from contextune.adapters.fence.fence_places import SECRET_FILES, Places, common_dir, worktree_of

PROGRAM = Path(__file__).with_name("confined.py")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
LACKS = (
    "Unlike bubblewrap it gives them no loopback, terminals or shared memory, shows them command lines of "
    "other processes, puts .git and .vscode back instead of closing them, and opens no way to allowed_hosts."
)


class Landlock:
    """The rules that a command puts on itself before it starts, and a supervisor outside them."""

    name = "landlock"
    has_door = False
    is_supervised = True

    def __init__(
        self,
        *,
        readable: Iterable[Path] = (),
        hidden: Iterable[Path] = (),
        network: bool = False,
        version: int | None = None,
    ) -> None:
        """A Fence that also shows `readable` and hides `hidden`; `network` leaves TCP and UDP on.

        `version` is that of the kernel's Landlock, looked up if it is not given.
        """
        self._readable = tuple(readable)
        self._hidden = tuple(hidden)
        self._network = network
        self._known: dict[tuple[Path, str], list[str]] = {}
        known = landlock.version() if version is None else version
        reach = "the network" if network else "no network"
        said = [f"Commands write only in their worktree, see no home folder, and have {reach}.", LACKS]
        if known < landlock.KNOWS_SIGNALS:
            said.append("This kernel's Landlock does not keep them from ending other programs of yours.")
        self.detail = " ".join(said)

    def with_door(self, door: Path, local_ports: Sequence[int] = ()) -> Landlock:  # noqa: ARG002
        """This one: Landlock knows ports, no addresses: a way to a proxy would lead to the world."""
        return self

    def wrap(self, argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> list[str]:
        """The command line of the supervisor, with the rules."""
        worktree = worktree_of(cwd.resolve())
        home = Path(environment.get("HOME") or "/nonexistent").resolve()
        rules = list(self._surroundings(home, environment.get("PATH", "")))
        common = common_dir(worktree)
        if common is not None:
            rules.append(f"r{common}")
        start = [sys.executable, "-I", "-S", str(PROGRAM), str(os.getpid()), "yes" if self._network else "no"]
        return [*start, str(worktree), *rules, "--", *argv]

    def _surroundings(self, home: Path, search: str) -> list[str]:
        """The rules but those of the worktree; looked at once."""
        known = self._known.get((home, search))
        if known is None:
            known = self._known[home, search] = rules(Places(home, search, self._readable, self._hidden))
        return known


def unfit(version: int, machine: str = platform.machine()) -> str:
    """Why Landlock can be no Fence here, a sentence; empty if it can."""
    if version == 0:
        return "This kernel has no Landlock, or does not have it switched on."
    if version < landlock.LEAST:
        return (
            f"The Landlock of this kernel (version {version}) does not keep commands from emptying files: "
            "that takes Linux 6.2."
        )
    if machine not in system_calls.ARCHITECTURES:
        return f"Landlock needs a filter on system calls, and there is none for {machine}."
    return ""


def rules(places: Places) -> list[str]:
    """What a command may read and run, and which devices it may use: a letter and a path each."""
    closed = {*places.emptied(), *SECRET_FILES, "/dev", "/proc"}
    closed |= {os.path.realpath(path) for path in closed}
    found = [*_open_parts("/", closed), *(str(real) for _, real in places.shown())]
    return [*(f"r{path}" for path in dict.fromkeys([*found, "/proc"])), *(f"d{path}" for path in DEVICES)]


def _open_parts(folder: str, closed: set[str]) -> Iterator[str]:
    """The largest parts of a folder in which nothing is closed. Links lead to where other rules hold."""
    within = folder.rstrip("/") + "/"
    if folder in closed:
        return
    if not any(path.startswith(within) for path in closed):
        yield folder
        return
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not entry.is_symlink())
    except OSError:
        return
    for name in names:
        yield from _open_parts(within + name, closed)

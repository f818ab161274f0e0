"""The Fence of Linux namespaces, set up by `bwrap`.

Inside it a command sees the machine read-only; writes only in its worktree, its private /tmp and an
empty home; reaches no network but its own loopback; sees no other process; and finds none of the user's
files but the listed ones. git's own files are read-only even within the worktree.
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from contextune.adapters.fence.fence_places import (
    READ_ONLY_IN_WORKTREE,
    SECRET_FILES,
    Places,
    common_dir,
    is_within,
    worktree_of,
)

TEMPORARY = 2_000_000_000
"""Bytes that each of them may hold. They are memory, and the system would give half of it."""

FORWARDER = Path(__file__).with_name("forwarder.py")
DOOR = "/run/contextune/door"
"""Where the proxy's socket is inside the Fence; the forwarder is beside it."""
PROXY_PORT = 41_280
"""Of the Fence's own loopback, which no other command shares."""


class Bubblewrap:
    """Linux namespaces, set up by `bwrap`."""

    name = "bubblewrap"
    has_door = True
    is_supervised = False

    def __init__(
        self,
        program: str,
        *,
        readable: Iterable[Path] = (),
        hidden: Iterable[Path] = (),
        network: bool = False,
    ) -> None:
        """A Fence that also shows `readable` and empties `hidden`, such as the state folder.

        `network` leaves the network on: for set-up commands that the user named, never for an agent's.
        """
        self._program = program
        self._readable = tuple(readable)
        self._hidden = tuple(hidden)
        self._network = network
        self._door: Path | None = None
        self._ports = ""
        self._known: dict[tuple[Path, str], list[str]] = {}
        reach = "the network" if network else "no network"
        self.detail = f"Commands write only in their worktree, see no home folder, and have {reach}."

    def with_door(self, door: Path, local_ports: Sequence[int] = ()) -> Bubblewrap:
        """The same Fence, whose commands find a proxy at PROXY_PORT of their loopback."""
        other = copy.copy(self)
        other._door = door
        other._ports = ",".join(map(str, (PROXY_PORT, *local_ports)))
        return other

    def wrap(self, argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> list[str]:
        """The `bwrap` command line. The worktree is the nearest folder above `cwd` that holds `.git`."""
        cwd = cwd.resolve()
        worktree = worktree_of(cwd)
        home = Path(environment.get("HOME") or "/nonexistent").resolve()
        mounts = [*self._surroundings(home, environment.get("PATH", "")), *_worktree(worktree)]
        line = [self._program, "--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL"]
        line += ["--die-with-parent", "--new-session"]
        if self._network:
            line.append("--share-net")
        # Started with a clean environment and told to keep it: bwrap's own stays readable in /proc/1.
        own = ["--setenv", "TMPDIR", "/tmp", "--chdir", str(cwd)]  # noqa: S108 — this one is private
        if self._door is not None:
            mounts += ["--ro-bind", str(self._door), DOOR, "--ro-bind", str(FORWARDER), DOOR + ".py"]
            argv = [sys.executable, "-I", "-S", DOOR + ".py", DOOR, self._ports, *argv]
        return [*line, *mounts, "--remount-ro", "/", *own, "--", *argv]

    def _surroundings(self, home: Path, search: str) -> list[str]:
        """All but the worktree; looked at once, since that takes longer than most commands."""
        known = self._known.get((home, search))
        if known is None:
            places = Places(home, search, self._readable, self._hidden)
            known = self._known[home, search] = [*_machine(places), *_shown(places)]
        return known


def _machine(places: Places) -> list[str]:
    """The whole machine read-only, its private places emptied."""
    out = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for folder in places.emptied():
        if Path(folder).is_dir() and not Path(folder).is_symlink():
            out += ["--size", str(TEMPORARY), "--tmpfs", folder]
    for file in SECRET_FILES:
        if os.access(file, os.R_OK):
            out += ["--ro-bind", "/dev/null", file]
    return out


def _shown(places: Places) -> list[str]:
    """What a command needs from the emptied places."""
    emptied = places.emptied()
    out: list[str] = []
    bound: list[Path] = []
    # Each mount takes bwrap some 0.1 ms: what is there already, or within another one, needs none.
    for path, real in places.shown():
        if is_within(real, emptied) and not is_within(real, bound):
            out += ["--ro-bind", str(real), str(real)]
            bound.append(real)
        # A link is there already, unless the folder that holds it was emptied.
        if real != path and is_within(path, emptied) and not is_within(path, bound):
            out += ["--symlink", str(real), str(path)]
    return out


def _worktree(worktree: Path) -> list[str]:
    """The worktree writable, but for the files of git and of the user's editor."""
    out = ["--bind", str(worktree), str(worktree)]
    for name in READ_ONLY_IN_WORKTREE:
        if os.path.lexists(worktree / name) and not (worktree / name).is_symlink():
            out += ["--ro-bind", str(worktree / name), str(worktree / name)]
    common = common_dir(worktree)
    if common is not None and not common.is_relative_to(worktree):
        out += ["--ro-bind", str(common), str(common)]
    return out

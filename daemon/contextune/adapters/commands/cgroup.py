"""Limits of commands by cgroups: the kernel counts, and nothing is missed between two looks. Linux alone."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from contextune.adapters.commands.cgroup_places import Place, find_places
from contextune.adapters.commands.command_limits import CommandLimits, too_many_processes, too_much_memory

NAME = re.compile(r"contextune-(?P<owner>(?P<namespace>\d+)-(?P<pid>\d+)-\d+)-\d+")
"""Of a cgroup: whose pids these are, the daemon's pid and when it started, and a number."""

REFUSALS_OF_A_BOMB = 1_000
"""A build that asks for too much is refused some processes; what goes on asking like this is stopped."""

MOST_SECONDS = 2.0
"""That the end of killed processes is waited for."""
PAUSE = 0.002

TRIAL = CommandLimits(memory=100_000_000, processes=16, files=0, disk=0)

_numbers = itertools.count()
"""Of this process, not of one CgroupGroups: no two groups may share a name."""


class CgroupGroups:
    """command_group.CommandGroups in one place of the hierarchy."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.detail = f"the kernel, in cgroups of version {2 if place.unified else 1}"

    def group(self, limits: CommandLimits, *, supervised: bool = False) -> CgroupGroup:
        """A new one, not yet made."""
        name = f"contextune-{_owner(os.getpid())}-{next(_numbers)}"
        return CgroupGroup(self._place, name, limits, supervised=supervised)


class CgroupGroup:
    """command_group.CommandGroup: one folder in each hierarchy that is needed."""

    creation_flags = 0

    def __init__(self, place: Place, name: str, limits: CommandLimits, *, supervised: bool = False) -> None:
        self._unified = place.unified
        self._memory = place.memory / name
        self._pids = place.pids / name
        self._wanted = [folder / name for folder in place.folders]
        self._folders: list[Path] = []
        """Those that it made: what another one has is not its own to end."""
        self._limits = limits
        self._supervised = supervised

    def make(self) -> None:
        """Make the folders and write the limits. Raises OSError if the kernel refuses one."""
        for folder in self._wanted:
            folder.mkdir()
            self._folders.append(folder)
        _write(self._pids / "pids.max", self._limits.processes)
        if self._unified:
            _write(self._memory / "memory.max", self._limits.memory)
            _write_if_there(self._memory / "memory.swap.max", 0)
            # The command goes as one, unless that would take with it who has to tidy up.
            _write_if_there(self._memory / "memory.oom.group", int(not self._supervised))
            return
        _write(self._memory / "memory.limit_in_bytes", self._limits.memory)
        _write_if_there(self._memory / "memory.memsw.limit_in_bytes", self._limits.memory)
        # Version 1 would kill a single process: it shall wait instead, until all are killed together.
        _write_if_there(self._memory / "memory.oom_control", 1)

    def launch(self, argv: Sequence[str]) -> list[str]:
        """A shell that moves itself in and becomes the command, outside of the Fence and before it."""
        # Version 1 has a file to move one's own thread alone, for which no fork on the machine has to wait.
        name = "cgroup.procs" if self._unified else "tasks"
        files = [shlex.quote(str(folder / name)) for folder in self._wanted]
        moves = "".join(f"echo 0 >{file} && " for file in files)
        refused = "{ echo 'The command could not be put under its limits, and was not started.'; exit 125; }"
        return ["/bin/sh", "-c", f'{moves}: || {refused}; exec "$@"', "sh", *argv]

    def take_in(self, pid: int) -> None:
        """Nothing: it moved itself in."""

    def passed(self) -> str:
        """Which limit it passed so that it has to end, a sentence; empty if none."""
        out_of_memory = self._out_of_memory()
        if out_of_memory:
            return out_of_memory
        if self._refusals() >= REFUSALS_OF_A_BOMB:
            return too_many_processes(self._limits)
        return ""

    def refused(self) -> str:
        """That it was refused processes, a sentence; empty if it was not."""
        if not self._refusals():
            return ""
        return f"The system refused it more than {self._limits.processes} processes and threads at a time."

    def end(self) -> None:
        """Kill all that is in it."""
        for folder in self._folders:
            _kill_in(folder)

    def remove(self) -> None:
        """Kill all that is in it, wait for its end, and remove the folders."""
        _remove(self._folders)

    def _out_of_memory(self) -> str:
        said = too_much_memory(self._limits)
        if not self._unified:
            facts = _facts(self._memory / "memory.oom_control")
            return said if facts.get("under_oom", 0) or facts.get("oom_kill", 0) else ""
        facts = _facts(self._memory / "memory.events")
        if not facts.get("oom_kill", 0):
            return ""
        return said if facts.get("oom", 0) else "The system was short of memory and ended it."

    def _refusals(self) -> int:
        return _facts(self._pids / "pids.events").get("max", 0)


def find_groups(places: Sequence[Place] | None = None) -> CgroupGroups | None:
    """Where cgroups can be made here; None if nowhere. Tries it once, blocking for some 10 ms.

    Removes those of daemons that are gone, with what is left in them.
    """
    for place in find_places() if places is None else places:
        remove_left_over(place)
        groups = CgroupGroups(place)
        if _works(groups):
            return groups
    return None


def remove_left_over(place: Place) -> None:
    """Kill what runs in cgroups of daemons that are gone, and remove these."""
    ours = _namespace()
    for folder in place.folders:
        for left in folder.glob("contextune-*"):
            named = NAME.fullmatch(left.name)
            # Of another pid namespace nobody here can tell whether its daemon is alive.
            if named is None or named["namespace"] != ours:
                continue
            if _owner(int(named["pid"])) != named["owner"]:
                _remove([other / left.name for other in place.folders])


def _works(groups: CgroupGroups) -> bool:
    """Whether a process can be moved into a cgroup and is bound there."""
    group = groups.group(TRIAL)
    try:
        group.make()
        tried = subprocess.run(
            group.launch(["/bin/sh", "-c", ":"]),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    finally:
        group.remove()
    return tried.returncode == 0


def _owner(pid: int) -> str:
    """A process that is told from all others, also a later one of its pid: `NAMESPACE-PID-START`."""
    try:
        started = int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        started = 0
    return f"{_namespace()}-{pid}-{started}"


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        return "0"


def _facts(file: Path) -> dict[str, int]:
    """What a file of `name number` lines says; empty if there is none."""
    try:
        lines = [line.split() for line in file.read_text("utf-8").splitlines()]
        return {line[0]: int(line[1]) for line in lines if len(line) > 1}
    except (OSError, ValueError):
        return {}


def _remove(folders: Sequence[Path]) -> None:
    """Kill all that is in them, wait for its end, and remove them."""
    until = time.monotonic() + MOST_SECONDS
    pause = PAUSE
    while True:
        gone = [_is_removed(folder) for folder in folders]
        if all(gone):
            return
        if time.monotonic() > until:
            return  # the next start tries again
        for folder in folders:
            _kill_in(folder)
        time.sleep(pause)
        pause *= 2


def _kill_in(folder: Path) -> None:
    at_once = folder / "cgroup.kill"
    if at_once.exists():
        _write_if_there(at_once, 1)
        return
    with suppress(OSError):
        for pid in (folder / "cgroup.procs").read_text("utf-8").split():
            # Of a process that this pid namespace does not know the kernel says 0, which would be ourselves.
            if int(pid) > 0:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(int(pid), signal.SIGKILL)


def _is_removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _write(file: Path, value: int) -> None:
    file.write_text(str(value), "utf-8")


def _write_if_there(file: Path, value: int) -> None:
    with suppress(OSError):
        _write(file, value)

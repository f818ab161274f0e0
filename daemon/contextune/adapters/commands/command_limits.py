"""What one command may use of the machine, with all that it starts, and what it uses now."""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class CommandLimits(NamedTuple):
    """The most that a command may have at a time."""

    memory: int
    """Bytes."""
    processes: int
    files: int
    """Open files of one process."""
    disk: int
    """Bytes that it may add to its worktree, and of the largest file."""

    def prelude(self, shell: str) -> str:
        """What a shell, given by its program, runs before a command so that the system holds the limits."""
        block = 1_024 if shell.endswith("bash") else 512
        return f"ulimit -n {self.files} 2>&-; ulimit -f {self.disk // block} 2>&-; "


class Use(NamedTuple):
    """What a process and its descendants use. Memory that they share counts for each of them."""

    memory: int
    pids: tuple[int, ...]
    threads: int


def passed(use: Use, limits: CommandLimits) -> str:
    """Which limit is passed, a sentence; empty if none is."""
    if use.memory > limits.memory:
        return too_much_memory(limits)
    if use.threads > limits.processes:
        return too_many_processes(limits)
    return ""


def too_much_memory(limits: CommandLimits) -> str:
    """A sentence about a command that was stopped for its memory."""
    return f"It used more than {limits.memory / 1e9:.1f} GB of memory."


def too_many_processes(limits: CommandLimits) -> str:
    """A sentence about a command that was stopped for its processes."""
    return f"It had more than {limits.processes} processes and threads."


def used_by(pid: int, proc: Path = Path("/proc")) -> Use:
    """What a process and all below it use now. Blocking, some milliseconds."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    facts: dict[int, tuple[int, int]] = {}
    for entry in proc.glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
            number = int(entry.name)
            children[int(fields[1])].append(number)
            facts[number] = (int(fields[21]) * PAGE, int(fields[17]))
    found, left = [], [pid]
    while left:
        one = left.pop()
        if one in facts:
            found.append(one)
        left += children[one]
    return Use(sum(facts[one][0] for one in found), tuple(found), sum(facts[one][1] for one in found))

"""Which processes work in a folder: a terminal, an editor's helper, a program that somebody started there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class Process(NamedTuple):
    """One that runs now."""

    pid: int
    name: str
    folder: Path
    """Its working folder, links resolved."""

    def __str__(self) -> str:
        return f"{self.name} ({self.pid})"


def processes_below(folder: Path, proc: Path = Path("/proc")) -> list[Process]:
    """Those whose working folder is `folder` or lies in it; none where the system has no `/proc`.

    Of other users' processes nothing is known. Blocking, some milliseconds.
    """
    found = []
    for entry in proc.glob("[0-9]*"):
        with suppress(OSError, ValueError):
            where = Path(os.readlink(entry / "cwd"))  # noqa: PTH115 — its text alone: it may be gone
            if where.is_relative_to(folder):
                name = (entry / "comm").read_text("utf-8", "replace").strip()
                found.append(Process(int(entry.name), name, where))
    return sorted(found)

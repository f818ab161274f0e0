"""How many processors this process may use, and how busy they are."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
PROC = Path("/proc")


def usable_processors(proc: Path = PROC, cgroups: Path = CGROUPS) -> int:
    """Processors that this process may run on, at least 1.

    Those that its affinity names, or less where a cgroup has a quota (`cpu.max` of version 2,
    `cpu.cfs_quota_us` of version 1), in its own group or one above.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    quota = _quota(proc, cgroups)
    return max(1, count if quota is None else min(count, math.ceil(quota)))


def _quota(proc: Path, cgroups: Path) -> float | None:
    """How many processors the tightest of our cgroups may use; None without a bound."""
    found = []
    for line in _text(proc / "self" / "cgroup").splitlines():
        _, _, named = line.partition(":")
        controllers, _, group = named.partition(":")
        if not group:
            continue
        if not controllers:
            found += [_version_2(folder) for folder in _upwards(cgroups, group)]
        elif "cpu" in controllers.split(","):
            found += [_version_1(folder) for folder in _upwards(cgroups / "cpu", group)]
    return min((quota for quota in found if quota is not None), default=None)


def _upwards(root: Path, group: str) -> list[Path]:
    """The folders of a group and of those above it; inside a container its own root may be all there is."""
    folder = root / group.lstrip("/")
    inside = [place for place in (folder, *folder.parents) if place == root or place.is_relative_to(root)]
    return inside or [root]


def _version_2(folder: Path) -> float | None:
    quota, _, period = _text(folder / "cpu.max").partition(" ")
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() else None


def _version_1(folder: Path) -> float | None:
    quota, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() else None


class Pressure:
    """Tells how much of the time some process has waited for a processor (Linux; PSI)."""

    def __init__(self, proc: Path = PROC, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self._file = proc / "pressure" / "cpu"
        self._clock = clock
        self._before: tuple[float, float] | None = None

    def __call__(self) -> float | None:
        """The share, from 0 to 1, since the last call; None at the first one, or where nobody tells."""
        waited = self._waited()
        if waited is None:
            return None
        now, before = self._clock(), self._before
        self._before = now, waited
        if before is None or now <= before[0]:
            return None
        return min(1.0, max(0.0, (waited - before[1]) / (now - before[0])))

    def _waited(self) -> float | None:
        """Seconds in all in which some process waited."""
        for line in _text(self._file).splitlines():
            if line.startswith("some "):
                return int(line.rpartition("total=")[2]) / 1e6
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""

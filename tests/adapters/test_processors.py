"""How many processors this process may use, and how busy they are, read off the system's own files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contextune.adapters.machine.processors import Pressure, usable_processors

HERE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n")


@pytest.fixture
def cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of sixteen processors, eight of which this process may use."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)


@pytest.mark.usefixtures("cpus")
@pytest.mark.parametrize(
    ("groups", "files", "count"),
    [
        ("0::/a/b", {}, 8),
        ("0::/a/b", {"a/b/cpu.max": "max 100000"}, 8),
        ("0::/a/b", {"a/b/cpu.max": "250000 100000"}, 3),
        ("0::/a/b", {"a/b/cpu.max": "max 100000", "a/cpu.max": "100000 100000"}, 1),
        ("0::/", {"cpu.max": "50000 100000"}, 1),
        ("0::/gone/from/here", {"cpu.max": "200000 100000"}, 2),
        ("0::/a", {"a/cpu.max": "99000000 100000"}, 8),
        ("5:cpu,cpuacct:/a", {"cpu/a/cpu.cfs_quota_us": "400000", "cpu/a/cpu.cfs_period_us": "100000"}, 4),
        ("5:cpu,cpuacct:/a", {"cpu/a/cpu.cfs_quota_us": "-1", "cpu/a/cpu.cfs_period_us": "100000"}, 8),
        ("nothing that is known", {"cpu.max": "nor here"}, 8),
    ],
)
def test_a_cgroup_may_allow_fewer_than_the_affinity(
    tmp_path: Path, groups: str, files: dict[str, str], count: int
) -> None:
    write(tmp_path / "proc" / "self" / "cgroup", groups)
    for name, text in files.items():
        write(tmp_path / "cgroups" / name, text)
    assert usable_processors(tmp_path / "proc", tmp_path / "cgroups") == count


def test_this_machine_has_some() -> None:
    assert 1 <= usable_processors() <= HERE


def test_pressure_is_the_share_of_the_time_since_the_last_look(tmp_path: Path) -> None:
    now = 100.0
    pressure = Pressure(tmp_path, clock=lambda: now)
    file = tmp_path / "pressure" / "cpu"

    def waited(microseconds: int) -> None:
        write(file, f"some avg10=1.00 avg60=2.00 avg300=3.00 total={microseconds}\nfull avg10=0.00 total=0")

    assert pressure() is None  # no such file: nobody tells
    waited(5_000_000)
    assert pressure() is None
    now += 2
    waited(5_500_000)
    assert pressure() == pytest.approx(0.25)
    now += 1
    waited(9_000_000)
    assert pressure() == 1.0

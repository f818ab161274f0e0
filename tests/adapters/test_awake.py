"""The machine is kept awake while something works, by a program that is a stand-in here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contextune.adapters.machine.awake import Inhibitor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd-inhibit is of Linux")
PATIENCE = 20.0


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with a systemd-inhibit that notes its arguments, then does as the real one does."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "systemd-inhibit"
    program.write_text(
        f"#!/bin/sh\necho $$ \"$@\" >> '{tmp_path}/held'\n"
        'while [ "${1#--}" != "$1" ]; do shift; done\nexec "$@"\n'
    )
    program.chmod(0o755)
    return folder


def held(folder: Path) -> list[str]:
    """The lines that were noted, once there is one."""
    file, until = folder.parent / "held", time.monotonic() + PATIENCE
    while not file.exists() or not file.read_text().endswith("\n"):
        assert time.monotonic() < until
        os.sched_yield()
    return file.read_text().splitlines()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_it_is_held_once_and_let_go(programs: Path) -> None:
    awake = Inhibitor(str(programs))
    with awake.held():
        with awake.held():
            (line,) = held(programs)
        pid = int(line.split()[0])
        assert "--what=idle:sleep --who=Contextune" in line
        assert is_running(pid)
    until = time.monotonic() + PATIENCE
    while is_running(pid):
        assert time.monotonic() < until
        os.sched_yield()


def test_nothing_is_held_without_the_program(tmp_path: Path) -> None:
    awake = Inhibitor(str(tmp_path))
    assert awake.how() is None
    with awake.held():
        pass


def test_it_is_let_go_when_the_process_is_killed(programs: Path) -> None:
    code = (
        "import os, signal; from contextune.adapters.machine.awake import Inhibitor\n"
        f"held = Inhibitor({str(programs)!r}).held(); held.__enter__()\n"
        f"while not os.path.exists({str(programs.parent / 'held')!r}): os.sched_yield()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False, timeout=PATIENCE)
    pid, until = int(held(programs)[0].split()[0]), time.monotonic() + PATIENCE
    while is_running(pid):
        assert time.monotonic() < until
        time.sleep(0.1)

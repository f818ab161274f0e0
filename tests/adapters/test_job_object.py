"""Job objects: the layout that Windows expects, and the order of calls, against a played Windows."""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from contextune.adapters.commands.bounded_output import BoundedOutput
from contextune.adapters.commands.command_limits import CommandLimits
from contextune.adapters.commands.job_object import (
    BasicLimits,
    ExtendedLimits,
    IoCounters,
    JobObject,
    JobObjects,
    Windows,
)
from contextune.adapters.commands.windows_process import find_bash, run_in_job

LIMITS = CommandLimits(memory=4_000_000_000, processes=512, files=4_096, disk=5_000_000_000)
JOB, PROCESS = 0x10, 0x20


class Played:
    """Libraries of Windows that note what is called; what is named in `refuses` fails."""

    def __init__(self, *refuses: str) -> None:
        self.calls: list[str] = []
        self.asked = ExtendedLimits()
        self._refuses = refuses

    def __getattr__(self, name: str) -> Any:
        def call(*given: Any) -> int:
            said: list[Any] = [one.value if isinstance(one, ctypes.c_void_p) else one for one in given]
            if name == "SetInformationJobObject":
                ctypes.memmove(ctypes.byref(self.asked), said.pop(2), said[2])
            self.calls.append(f"{name}{tuple(said)}")
            if name == "NtResumeProcess":
                return -1 if name in self._refuses else 0
            if name in self._refuses:
                return 0
            return {"CreateJobObjectW": JOB, "OpenProcess": PROCESS, "GetLastError": 5}.get(name, 1)

        return call


def job(played: Played) -> JobObject:
    return JobObjects(Windows(kernel32=played, ntdll=played)).group(LIMITS, supervised=False)


@pytest.mark.skipif(sys.maxsize < 2**32, reason="the sizes are those of 64-bit systems")
def test_the_structures_are_as_documented() -> None:
    assert [ctypes.sizeof(kind) for kind in (BasicLimits, IoCounters, ExtendedLimits)] == [64, 48, 144]
    offsets = {name: getattr(BasicLimits, name).offset for name, *_ in BasicLimits._fields_}
    assert offsets == {
        "per_process_user_time_limit": 0,
        "per_job_user_time_limit": 8,
        "limit_flags": 16,
        "minimum_working_set_size": 24,
        "maximum_working_set_size": 32,
        "active_process_limit": 40,
        "affinity": 48,
        "priority_class": 56,
        "scheduling_class": 60,
    }
    assert (ExtendedLimits.io.offset, ExtendedLimits.job_memory_limit.offset) == (64, 120)


def test_a_command_is_in_its_job_before_it_runs() -> None:
    played = Played()
    one = job(played)
    one.make()
    one.take_in(77)
    one.remove()
    one.remove()
    assert played.calls == [
        "CreateJobObjectW(None, None)",
        "SetInformationJobObject(16, 9, 144)",
        "OpenProcess(2305, False, 77)",
        "AssignProcessToJobObject(16, 32)",
        "NtResumeProcess(32,)",
        "CloseHandle(32,)",
        "TerminateJobObject(16, 137)",
        "CloseHandle(16,)",
    ]
    basic = played.asked.basic
    assert (basic.limit_flags, basic.active_process_limit) == (0x2208, 512)
    assert played.asked.job_memory_limit == 4_000_000_000
    assert one.creation_flags == 0x4


@pytest.mark.parametrize("refused", ["AssignProcessToJobObject", "NtResumeProcess"])
def test_what_cannot_be_taken_in_never_runs(refused: str) -> None:
    played = Played(refused)
    one = job(played)
    one.make()
    with pytest.raises(OSError, match="Windows"):
        one.take_in(77)
    assert played.calls[-2:] == ["TerminateProcess(32, 137)", "CloseHandle(32,)"]
    assert ("NtResumeProcess(32,)" in played.calls) == (refused == "NtResumeProcess")


def test_a_job_that_is_refused_is_told_and_closed() -> None:
    played = Played("SetInformationJobObject")
    one = job(played)
    with pytest.raises(OSError, match="error 5"):
        one.make()
    one.remove()
    assert played.calls[-1] == "CloseHandle(16,)"


class PlayedJob(JobObject):
    """Ends what it took in by signals, as the tests run elsewhere."""

    creation_flags = 0

    def __init__(self) -> None:
        super().__init__(Windows(Played(), Played()), LIMITS)
        self.taken: list[int] = []

    def take_in(self, pid: int) -> None:
        self.taken.append(pid)

    def end(self) -> None:
        for pid in self.taken:
            os.system(f"pkill -KILL -P {pid} 2>&-; kill -KILL {pid} 2>&-")


async def ran(folder: Path, command: str, timeout: float = 30.0) -> tuple[int, bool, str]:
    output = BoundedOutput(1_000)
    ended = await run_in_job(
        ["/bin/sh", "-c", command],
        cwd=folder,
        environment={"PATH": os.defpath},
        timeout=timeout,
        output=output,
        group=PlayedJob(),
    )
    return (*ended, output.text())


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are a shell's")
class TestProcess:
    """The way from start to end, which has nothing of Windows but its job."""

    async def test_output_and_status(self, tmp_path: Path) -> None:
        assert await ran(tmp_path, "echo out; echo err >&2; exit 3") == (3, False, "out\nerr\n")

    async def test_a_time_limit(self, tmp_path: Path) -> None:
        assert await ran(tmp_path, "exec sleep 600", timeout=0.3) == (-9, True, "")

    async def test_a_cancelled_one_ends(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "started")
        running = asyncio.ensure_future(ran(tmp_path, "echo $$ > started; exec sleep 600"))
        pid = int(await asyncio.to_thread((tmp_path / "started").read_text))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_bash_is_the_one_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cmd/git", "bin/bash.exe"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "cmd"))
    assert find_bash() == str(tmp_path / "bin/bash.exe")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_bash() is None

"""The filter on system calls, run as the kernel would run it, for both machines; and by the kernel itself."""

from __future__ import annotations

import errno
import platform
import shutil
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from contextune.adapters.fence import system_calls
from contextune.adapters.fence.landlock_fence import unfit
from contextune.adapters.fence.system_calls import ARCHITECTURES, HANDED_OVER, REFUSED, program

KILLED, ALLOWED, GIVEN_ON = "killed", "allowed", "handed over"
MACHINES = tuple(ARCHITECTURES)
OPENAT, READ = (257, 56), (0, 63)


def judge(
    machine: str,
    number: int,
    *arguments: int,
    network: bool = False,
    guarded: int | None = None,
    kernels: int = 0,
) -> str | int:
    """What the filter says of a call: a word, or the number of the error that it fails with."""
    kernels = kernels or ARCHITECTURES[machine][1]
    given = [one & (1 << 64) - 1 for one in (*arguments, *[0] * 6)][:6]
    data = struct.pack("=iIQ6Q", number if number < 1 << 31 else number - (1 << 32), kernels, 0, *given)
    code = program(machine, network=network, guarded=guarded)
    at, held = 0, 0
    while True:
        kind, yes, no, value = code[at]
        at += 1
        match kind:
            case system_calls.LOAD:
                (held,) = struct.unpack_from("=I", data, value)
            case system_calls.AND:
                held &= value
            case system_calls.EQUAL:
                at += yes if held == value else no
            case system_calls.GREATER:
                at += yes if held > value else no
            case system_calls.AT_LEAST:
                at += yes if held >= value else no
            case system_calls.ANY_BIT:
                at += yes if held & value else no
            case system_calls.RETURN:
                words = {
                    system_calls.KILL: KILLED,
                    system_calls.ALLOW: ALLOWED,
                    system_calls.HAND_OVER: GIVEN_ON,
                }
                return words.get(value) or value & 0xFFFF
            case _:
                raise AssertionError(f"no instruction of a filter: {kind}")


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_refused(machine: str) -> None:
    column = ARCHITECTURES[machine][0]
    for name, numbers in REFUSED.items():
        if numbers[column] is not None:
            expected = errno.ENOSYS if name.startswith("io_uring") else errno.EPERM
            assert judge(machine, numbers[column] or 0) == expected, name
    for number in (*OPENAT[column : column + 1], READ[column]):
        assert judge(machine, number) == ALLOWED
    assert judge(machine, 435) == errno.ENOSYS
    assert judge(machine, 463) == errno.ENOSYS
    for numbers in HANDED_OVER.values():
        if numbers[column] is not None:
            assert judge(machine, numbers[column] or 0) == GIVEN_ON


@pytest.mark.parametrize("machine", MACHINES)
def test_other_tables_of_calls_end_the_process(machine: str) -> None:
    for kernels in (0x40000003, 0x40000028, *(one for _, one in ARCHITECTURES.values())):
        expected = ALLOWED if kernels == ARCHITECTURES[machine][1] else KILLED
        assert judge(machine, READ[ARCHITECTURES[machine][0]], kernels=kernels) == expected
    assert judge(machine, 0x4000_0000 + 41) == KILLED
    assert judge(machine, 0xFFFF_FFFF) == KILLED


@pytest.mark.parametrize("machine", MACHINES)
def test_sockets(machine: str) -> None:
    column = ARCHITECTURES[machine][0]
    socket, pair, connect = (
        system_calls.SOCKET[column],
        system_calls.SOCKETPAIR[column],
        REFUSED["connect"][column],
    )
    for family in range(64):
        for kind in (1, 2, 3, 1 | 0o2000000):
            routes = family == 16
            assert judge(machine, socket, family, kind) == (ALLOWED if routes else errno.EACCES)
            internet = family in (2, 10)
            assert judge(machine, socket, family, kind, network=True) == (
                ALLOWED if routes or internet else errno.EACCES
            )
            for network in (False, True):
                fine = family == 1 and kind & 0xF == 1
                assert judge(machine, pair, family, kind, network=network) == (
                    ALLOWED if fine else errno.EPERM
                )
    assert judge(machine, socket, 16, 3, 9, network=True) == errno.EACCES
    assert judge(machine, connect or 0) == errno.EPERM
    assert judge(machine, connect or 0, network=True) == ALLOWED


@pytest.mark.parametrize("machine", MACHINES)
def test_arguments_decide(machine: str) -> None:
    column = ARCHITECTURES[machine][0]
    clone, unshare = system_calls.CLONE[column], system_calls.UNSHARE[column]
    limit, ioctl, fcntl = (
        one[column] for one in (system_calls.PRLIMIT, system_calls.IOCTL, system_calls.FCNTL)
    )
    assert judge(machine, clone, 0x3D0F00) == ALLOWED  # a thread
    assert judge(machine, clone, 0x11) == ALLOWED  # a process
    for flag in (1 << 17, 1 << 25, 1 << 26, 1 << 27, 1 << 28, 1 << 29, 1 << 30):
        assert judge(machine, clone, 0x11 | flag) == errno.EPERM
        assert judge(machine, unshare, flag) == errno.EPERM
    assert judge(machine, unshare, 0x400) == ALLOWED
    assert judge(machine, unshare, 0x80) == errno.EPERM
    assert (judge(machine, limit, 0), judge(machine, limit, 77)) == (ALLOWED, errno.EPERM)
    assert (judge(machine, ioctl, 0, 0x5401), judge(machine, ioctl, 0, 0x5412)) == (ALLOWED, errno.EPERM)
    assert judge(machine, ioctl, 0, 0xFFFF_FFFF_0000_5412) == errno.EPERM
    assert (judge(machine, fcntl, 0, 3), judge(machine, fcntl, 0, 8)) == (ALLOWED, errno.EPERM)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_supervisor_is_guarded_where_landlock_does_not(machine: str) -> None:
    column = ARCHITECTURES[machine][0]
    kill = system_calls.SIGNALS["kill"][column]
    for target, expected in (
        (77, errno.EPERM),
        (-77, errno.EPERM),
        (-1, errno.EPERM),
        (78, ALLOWED),
        (0, ALLOWED),
    ):
        assert judge(machine, kill, target, guarded=77) == expected
    assert judge(machine, kill, 77) == ALLOWED
    assert judge(machine, system_calls.PIDFD_SEND_SIGNAL[column], 3, guarded=77) == errno.ENOSYS


INSTALLED = """
import ctypes, os, platform, signal, sys
from contextune.adapters.fence import system_calls
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
system_calls.install(platform.machine(), network=False, guarded=os.getppid())
def tried(what):
    try:
        what()
    except PermissionError:
        return 'refused'
    return 'done'
print(tried(lambda: os.kill(os.getppid(), 0)), tried(lambda: os.kill(os.getpid(), 0)), flush=True)
print(tried(lambda: os.kill(-1, 0)), flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux" or unfit(3) != "", reason="no filter for this machine")
def test_the_kernel_agrees() -> None:
    sources = Path(system_calls.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", INSTALLED],
        env={"PYTHONPATH": str(sources)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "refused done\nrefused\n", done.stderr


COMPILED = """
#include <stdio.h>
int main(void) {
    long id;
    __asm__ volatile ("int $0x80" : "=a" (id) : "a" (20));
    puts("FIRED");
    return 0;
}
"""


@pytest.mark.skipif(sys.platform != "linux" or unfit(3) != "", reason="no filter for this machine")
def test_the_old_way_into_the_kernel_ends_the_process(tmp_path: Path) -> None:
    if platform.machine() != "x86_64" or shutil.which("gcc") is None:
        pytest.skip("takes an x86-64 machine with a compiler")
    (tmp_path / "old.c").write_text(COMPILED)
    subprocess.run(["gcc", "-o", "old", "old.c"], cwd=tmp_path, check=True)
    script = (
        "import ctypes, os, sys\nfrom contextune.adapters.fence import system_calls\n"
        "ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)\n"
        "system_calls.install('x86_64', network=False)\nos.execv('./old', ['old'])\n"
    )
    sources = Path(system_calls.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(sources)},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (-signal.SIGSYS, b"")
    assert subprocess.run(["./old"], cwd=tmp_path, capture_output=True, check=True).stdout == b"FIRED\n"

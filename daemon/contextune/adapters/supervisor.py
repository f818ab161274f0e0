"""Runs one command without a Fence, and leaves nothing of it behind: `supervisor.py DAEMON COMMAND…`.

Linux alone. All that the command starts stays below this process, also what leaves its session. When the
command ends, when this process is told to end, or when the daemon that started it dies, all of it is killed.
Uses nothing but what is quick to import, since it starts before each command.
"""

import ctypes
import os
import signal
import sys
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
IGNORED = (signal.SIGPIPE, signal.SIGXFSZ)
"""What Python ignores, and programs expect to end them."""
GRACE = 1.5
"""Seconds between the wish that the command ends and its end."""


def main(daemon: int, argv: "list[str]") -> int:
    """Run a command for the process `daemon`; returns its exit status, 128 and the signal if one ended it."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for sign in ENDING:
        signal.signal(sign, _asked)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != daemon:
        return 128 + signal.SIGTERM  # the daemon died before that could be noticed
    status = _run(argv)
    _kill_all()
    code = -signal.SIGKILL if status is None else os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


class AskedToEnd(Exception):
    """This process was told to end."""


def _asked(_number: int, _frame: object) -> None:
    raise AskedToEnd


def _run(argv: "list[str]") -> "int | None":
    """The wait status of the command; None if it did not end in time after this process was told to end."""
    child = 0
    try:
        child = os.posix_spawnp(argv[0], argv, os.environ, setsigdef=(*ENDING, *IGNORED))
        while True:
            ended, status = os.wait()
            if ended == child:
                return status
    except AskedToEnd:
        _ignore()
    if child:
        try:
            os.kill(child, signal.SIGTERM)
        except ProcessLookupError:
            return None  # it had ended just when this process was told to, and its status is lost
    until = time.monotonic() + GRACE
    while child and time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.01)
    return None


def _ignore() -> None:
    for sign in ENDING:
        signal.signal(sign, signal.SIG_IGN)


def _kill_all() -> None:
    """Kill whatever is left below this process, until nothing is."""
    _ignore()
    while True:
        for child in _children():
            try:
                os.kill(child, signal.SIGKILL)
            except OSError:
                continue
        try:
            os.wait()
        except ChildProcessError:
            return


def _children() -> "list[int]":
    """Processes whose parent is this one: what a dead one below has started becomes that."""
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208  # pathlib takes 10 ms to import
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123  # as above
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != b"Z":
            found.append(int(name))
    return found


if __name__ == "__main__":
    code = main(int(sys.argv[1]), sys.argv[2:])
    # Not by exit: the interpreter's own shutdown takes longer than most commands.
    os._exit(code)

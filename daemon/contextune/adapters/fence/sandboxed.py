"""Runs one command by `sandbox-exec`, with a folder of its own.

`sandboxed.py DAEMON PROGRAM PROFILE SHOWN… -- COMMAND…`, where SHOWN is what the command sees of the home.
When the command ends, when this process is told to end, or when the daemon that started it dies, the group of
the command is killed, and its folder goes. Uses nothing but what is quick to import.
"""

import _signal as signal  # type: ignore[import-not-found]  # typeshed has none; `signal` takes 5 ms
import os
import sys
import time

sys.path.append(os.path.abspath(f"{os.path.dirname(__file__)}/../../.."))

from contextune.adapters.fence.own_folder import OwnFolder

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
IGNORED = (signal.SIGPIPE, signal.SIGXFSZ)
GRACE, LOOK = 1.5, 0.005
"""Seconds between the wish that the command ends and its end; and between two looks whether it did."""


class Sandboxed:
    """One command."""

    def __init__(self, argv: "list[str]") -> None:
        end = argv.index("--")
        self._daemon, self._program, self._profile = int(argv[0]), argv[1], argv[2]
        self._shown, self._command = argv[3:end], argv[end + 1 :]
        self._own = OwnFolder()
        self._told = False

    def run(self) -> int:
        """The command's exit status, 128 and the signal if one ended it."""
        for sign in ENDING:
            signal.signal(sign, self._told_to_end)
        environment = {**os.environ, **self._own.make(self._shown)}
        line = [self._program, "-D", f"OWN={self._own.path}", "-p", self._profile, *self._command]
        try:
            child = os.posix_spawn(
                self._program, line, environment, setpgroup=0, setsigdef=(*ENDING, *IGNORED)
            )
            status = self._to_its_end(child)
            _send(child, signal.SIGKILL)
            if status is None:
                _, status = os.waitpid(child, 0)
        finally:
            self._own.remove()
        code = os.waitstatus_to_exitcode(status)
        return 128 - code if code < 0 else code

    def _told_to_end(self, _number: int, _frame: object) -> None:
        self._told = True

    def _to_its_end(self, child: int) -> "int | None":
        """The wait status of the command; None if it does not end in time after a wish."""
        until = 0.0
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return status
            if until == 0.0 and (self._told or os.getppid() != self._daemon):
                _send(child, signal.SIGTERM)
                until = time.monotonic() + GRACE
            if until != 0.0 and time.monotonic() > until:
                return None
            time.sleep(LOOK)


def _send(group: int, sign: int) -> None:
    try:
        os.killpg(group, sign)
    except OSError:
        return


if __name__ == "__main__":
    code = Sandboxed(sys.argv[1:]).run()
    # Not by exit: the interpreter's own shutdown takes longer than most commands.
    os._exit(code)

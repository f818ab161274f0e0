"""Runs one command without a Fence, and leaves nothing of it behind: `supervisor.py DAEMON COMMAND…`.

Linux alone. All that the command starts stays below this process, also what leaves its session. When the
command ends, when this process is told to end, or when the daemon that started it dies, all of it is killed.
Uses nothing but what is quick to import, since it starts before each command.
"""

import _signal as signal  # type: ignore[import-not-found]  # typeshed has none; `signal` takes 5 ms
import ctypes
import os
import sys
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
IGNORED = (signal.SIGPIPE, signal.SIGXFSZ)
"""What Python ignores, and programs expect to end them."""
GRACE = 1.5
"""Seconds between the wish that the command ends and its end."""


class AskedToEnd(Exception):
    """This process was told to end."""


class MustEnd(Exception):
    """The command has to end at once."""


class Supervisor:
    """Runs one command for the process `daemon`; what starts it otherwise has a class of its own."""

    def __init__(self, daemon: int, argv: "list[str]") -> None:
        self.daemon = daemon
        self.argv = argv
        self._listens = True

    def run(self) -> int:
        """The command's exit status, 128 and the signal if one ended it. Nothing of it runs any more then."""
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        try:
            for sign in ENDING:
                signal.signal(sign, self._told_to_end)
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
            if os.getppid() != self.daemon:
                return 128 + int(signal.SIGTERM)  # the daemon died before that could be noticed
            status = self._to_its_end()
            self._listens = False
        except AskedToEnd:
            status = None
        finally:
            _kill_all()
        code: int = -signal.SIGKILL if status is None else os.waitstatus_to_exitcode(status)
        return 128 - code if code < 0 else code

    def start(self) -> int:
        """Start the command as the leader of a group. Returns its process."""
        # A group of its own: what is sent to that of the supervisor comes to the command once, from here.
        return os.posix_spawnp(
            self.argv[0], self.argv, os.environ, setpgroup=0, setsigdef=(*ENDING, *IGNORED)
        )

    def wait(self) -> "tuple[int, int]":
        """The next process below this one that ends, and its wait status. May raise MustEnd."""
        return os.wait()

    def pause(self, seconds: float) -> None:
        """Wait no longer than that for the command to end."""
        time.sleep(seconds)

    def _told_to_end(self, _number: int, _frame: object) -> None:
        if self._listens:
            self._listens = False
            raise AskedToEnd

    def _to_its_end(self) -> "int | None":
        """The wait status of the command; None if it was stopped, or did not end in time after a wish."""
        child = 0
        try:
            child = self.start()
            while True:
                ended, status = self.wait()
                if ended == child:
                    return status
        except AskedToEnd:
            return self._end_politely(child) if child else None
        except MustEnd:
            return None

    def _end_politely(self, child: int) -> "int | None":
        """The wait status of the command, if it ends in time now that it is told to."""
        until = time.monotonic() + GRACE
        try:
            os.killpg(child, signal.SIGTERM)
            while time.monotonic() < until:
                ended, status = os.waitpid(child, os.WNOHANG)
                if ended:
                    return status
                self.pause(0.01)
        except (ProcessLookupError, ChildProcessError, MustEnd):
            return None  # it had ended just when this process was told to, and its status is lost
        return None


def _kill_all() -> None:
    """Kill whatever is left below this process, until nothing is."""
    try:
        while True:
            # Mostly there is nothing, and looking through all processes takes longer than most commands.
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            for child in _children():
                try:
                    os.kill(child, signal.SIGKILL)
                except OSError:
                    continue
            os.wait()
    except ChildProcessError:
        return


def _children() -> "list[int]":
    """Processes whose parent is this one: what a dead one below has started becomes that."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != b"Z":
            found.append(int(name))
    return found


if __name__ == "__main__":
    code = Supervisor(int(sys.argv[1]), sys.argv[2:]).run()
    # Not by exit: the interpreter's own shutdown takes longer than most commands.
    os._exit(code)

"""Runs one command under Landlock, and leaves nothing of it behind.

`confined.py DAEMON NETWORK WORKTREE RULE… -- COMMAND…`, where NETWORK is `yes` or `no` and a rule is the
letter of its kind (`landlock.RIGHTS`) before a path. This process supervises from outside: what it starts
gives up, for good, all that the rules do not give; has a temporary folder and a home of its own, which go
with it; and can neither look into this process nor end it. Uses nothing but what is quick to import.
"""

import _signal as signal  # type: ignore[import-not-found]  # typeshed has none; `signal` takes 5 ms
import _socket
import ctypes
import os
import select
import sys

sys.path.append(os.path.abspath(f"{os.path.dirname(__file__)}/../../.."))

from contextune.adapters.fence import landlock, supervisor, system_calls
from contextune.adapters.fence.file_attributes import AttributeDesk
from contextune.adapters.fence.own_folder import OwnFolder
from contextune.adapters.fence.worktree_guard import CannotGuard, WorktreeGuard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MACHINE = os.uname().machine
GUARDED = (".git", ".vscode")
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 24, 38, 47, 4
CAPABILITIES = 64
CAPABILITY_VERSION = 0x2008_0522
NOT_STARTED, STOPPED = 125, 126
"""Exit statuses: the Fence could not be set up; the command changed what it may not."""


class Confined(supervisor.Supervisor):
    """One command under Landlock."""

    def __init__(self, argv: "list[str]") -> None:
        end = argv.index("--")
        super().__init__(int(argv[0]), argv[end + 1 :])
        self._network = argv[1] == "yes"
        self._worktree = argv[2]
        self._rules = [(rule[0], rule[1:]) for rule in argv[3:end]]
        self._own = OwnFolder()
        self._waiting = select.poll()
        self._doing: dict[int, Callable[[], object]] = {}
        self._guard = WorktreeGuard(self._worktree, GUARDED)

    def run(self) -> int:
        """As of any supervisor; then what the command may not change is as it was, and its folder is gone."""
        _drop_capabilities()
        self._variables = self._own.make([path for _, path in self._rules])
        try:
            code = super().run()
        finally:
            wrong = self._guard.put_back(self._own.path)
            self._own.remove()
        if wrong:
            _say(f"\n[stopped: It changed {' and '.join(wrong)}, which a command may not. Put back.]")
            return STOPPED
        return code

    def start(self) -> int:
        """Start the command, which can't get out of the rules that it puts on itself."""
        wakes, writing = os.pipe()
        os.set_blocking(writing, False)
        # The kernel keeps the page of what was read: a signal can be written when there is no memory left.
        os.write(writing, b".")
        os.read(wakes, 1)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        here, there = _socket.socketpair()
        supervisor_id = os.getpid()
        child = os.fork()
        if not child:
            self._become_the_command(supervisor_id, there)
        there.close()
        _, given, _, _ = here.recvmsg(1, _socket.CMSG_SPACE(4))
        if given:
            column = system_calls.ARCHITECTURES[MACHINE][0]
            listener = int.from_bytes(given[0][2], sys.byteorder)
            self._attend(listener, AttributeDesk(listener, column, (self._worktree, self._own.path)).answer)
        self._attend(wakes, lambda: os.read(wakes, 512))
        self._attend(self._guard.handle, self._look_at_what_is_guarded)
        return child

    def wait(self) -> "tuple[int, int]":
        """The next process that ends. Raises MustEnd once something that may not be changed is."""
        while True:
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended:
                return ended, status
            self.pause(None)

    def pause(self, seconds: "float | None") -> None:
        """Do what there is to do, or wait for that; no longer than so many seconds."""
        for handle, event in self._waiting.poll(None if seconds is None else seconds * 1000):
            if event & select.POLLIN:
                self._doing[handle]()
            else:
                self._waiting.unregister(handle)

    def _attend(self, handle: int, do: "Callable[[], object]") -> None:
        if handle >= 0:
            self._waiting.register(handle, select.POLLIN)
            self._doing[handle] = do

    def _look_at_what_is_guarded(self) -> None:
        if self._guard.changed():
            raise supervisor.MustEnd

    def _become_the_command(self, supervisor_id: int, there: "_socket.socket") -> None:
        """In the new process: confine it, then run the command. Does not return."""
        try:
            for sign in (*supervisor.ENDING, *supervisor.IGNORED, signal.SIGCHLD):
                signal.signal(sign, signal.SIG_DFL)
            # A group and session of its own: a signal to its group does not mean the supervisor.
            os.setsid()
            environment = {**os.environ, **self._variables}
            libc = ctypes.CDLL(None, use_errno=True)
            libc.prctl(supervisor.PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != supervisor_id or libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
                os._exit(NOT_STARTED)
            rules = [*self._rules, ("w", self._worktree), ("w", self._own.path)]
            landlock.restrict(rules, network=self._network)
            guarded = None if landlock.version() >= landlock.KNOWS_SIGNALS else supervisor_id
            listener = system_calls.install(MACHINE, network=self._network, guarded=guarded)
            handle = listener.to_bytes(4, sys.byteorder)
            there.sendmsg([b"."], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, handle)])
            os.execvpe(self.argv[0], self.argv, environment)  # noqa: S606
        except Exception as problem:  # noqa: BLE001  # whatever it is, the command must not run
            _say(f"The Fence can't be set up: {problem}")
        finally:
            os._exit(NOT_STARTED)


def _drop_capabilities() -> None:
    """Give up whatever root may beyond its own files, for this process and all that it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for one in range(CAPABILITIES):
        libc.prctl(PR_CAPBSET_DROP, one, 0, 0, 0)
    head = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    if libc.capset(head, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "Capabilities can't be given up")


def _say(line: str) -> None:
    os.write(2, f"{line}\n".encode())


def main(argv: "list[str]") -> int:
    """Run the command that the arguments name; returns its exit status."""
    try:
        return Confined(argv).run()
    except (OSError, CannotGuard) as problem:
        _say(f"The command was not started: {problem}")
        return NOT_STARTED


if __name__ == "__main__":
    code = main(sys.argv[1:])
    # Not by exit: the interpreter's own shutdown takes longer than most commands.
    os._exit(code)

"""Changes modes, owners and times of files for a command, within the folders that are its own.

Landlock has no rules on these calls. So the filter on system calls hands them to the supervisor, which looks
at what they are about and makes them itself, on the very file that it looked at. Uses nothing but what is
quick to import.
"""

import errno
import fcntl
import os
import stat
import struct
import time

from contextune.adapters.fence.system_calls import HANDED_OVER

RECEIVE, SEND, IS_VALID = 0xC050_2100, 0xC018_2101, 0x4008_2102
"""Requests of `linux/seccomp.h` to the handle that the filter gives."""
CURRENT, NO_FOLLOW, EMPTY_PATH = -100, 0x100, 0x1000
NOW, OMIT = (1 << 30) - 1, (1 << 30) - 2
PAGE = 4096


class Refused(Exception):
    """A call fails with the number of an error."""


class AttributeDesk:
    """Answers the calls that a filter hands over."""

    def __init__(self, listener: int, column: int, folders: "tuple[str, ...]") -> None:
        """`column` is the machine's in HANDED_OVER, and `folders` are the command's own."""
        self.handle = listener
        self._names = {numbers[column]: name for name, numbers in HANDED_OVER.items()}
        self._folders = folders

    def answer(self) -> None:
        """Take the next call and make it, or refuse it. To be called when the handle can be read."""
        asked = bytearray(80)
        try:
            fcntl.ioctl(self.handle, RECEIVE, asked)
        except OSError:
            return  # who asked is gone
        number, thread, _, call, _, _, *arguments = struct.unpack("=QIIiIQ6Q", asked)
        try:
            self._make(number, thread, self._names[call], [_signed(one) for one in arguments])
            wrong = 0
        except Refused as refused:
            wrong = refused.args[0]
        except OSError as problem:
            wrong = problem.errno or errno.EPERM
        except Exception:  # noqa: BLE001  # whatever a command asks for must not end its supervisor
            wrong = errno.EINVAL
        try:
            fcntl.ioctl(self.handle, SEND, struct.pack("=QqiI", number, 0, -wrong, 0))
        except OSError:
            return

    def _make(self, number: int, thread: int, name: str, given: "list[int]") -> None:
        """Make one call of a thread. Raises Refused, or OSError as the call itself would."""
        with _Memory(thread) as memory:
            at, path, rest, flags = _subject(name, given)
            file = _open(thread, at, memory.text(path) if path else None, flags)
            try:
                # The number of a thread that has ended meanwhile may be another's by now.
                fcntl.ioctl(self.handle, IS_VALID, struct.pack("=Q", number))
                place = os.readlink(f"/proc/self/fd/{file}")
                if not any(place == folder or place.startswith(folder + "/") for folder in self._folders):
                    raise Refused(errno.EPERM)
                _change(name, f"/proc/self/fd/{file}", rest, memory)
            finally:
                os.close(file)


def _signed(value: int) -> int:
    """An argument that may be negative and of 32 bits: how the kernel reads handles and ids."""
    return (
        value - (1 << 32) if 1 << 31 <= value < 1 << 32 else value - (1 << 64) if value >= 1 << 63 else value
    )


def _subject(name: str, given: "list[int]") -> "tuple[int, int, list[int], int]":
    """What a call is about: the folder's or file's handle, where its path is, further arguments and flags."""
    if name in ("fchmod", "fchown"):
        return given[0], 0, given[1:], 0
    if name in ("chmod", "chown", "lchown", "utime", "utimes"):
        return CURRENT, given[0], given[1:], NO_FOLLOW if name == "lchown" else 0
    flags = {"fchmodat2": 3, "fchownat": 4, "utimensat": 3}.get(name)
    return given[0], given[1], given[2:], 0 if flags is None else given[flags]


def _open(thread: int, at: int, path: "bytes | None", flags: int) -> int:
    """A handle of what a thread means, which gives no more than its place."""
    base = f"/proc/{thread}/cwd" if at == CURRENT else f"/proc/{thread}/fd/{at}"
    if path is None or (path == b"" and flags & EMPTY_PATH):
        return os.open(base, os.O_PATH | os.O_CLOEXEC)
    if not path:
        raise Refused(errno.ENOENT)
    how = os.O_PATH | os.O_CLOEXEC | (os.O_NOFOLLOW if flags & NO_FOLLOW else 0)
    if path.startswith(b"/proc/self/"):
        path = b"/proc/%d/%s" % (thread, path[11:])
    return os.open(path if path.startswith(b"/") else os.fsencode(base) + b"/" + path, how)


def _change(name: str, file: str, rest: "list[int]", memory: "_Memory") -> None:
    if "chmod" in name:
        if stat.S_ISLNK(os.stat(file, follow_symlinks=True).st_mode):
            raise Refused(errno.EOPNOTSUPP)
        os.chmod(file, rest[0] & 0o7777)
    elif "chown" in name:
        os.chown(file, rest[0], rest[1])
    else:
        os.utime(file, ns=_times(name, rest[0], os.stat(file), memory))


def _times(name: str, where: int, now: os.stat_result, memory: "_Memory") -> "tuple[int, int]":
    """Nanoseconds of last access and change that a call asks for."""
    clock = time.time_ns()
    if not where:
        return clock, clock
    if name == "utime":
        seconds = struct.unpack("=qq", memory.read(where, 16))
        return seconds[0] * 10**9, seconds[1] * 10**9
    parts = struct.unpack("=qqqq", memory.read(where, 32))
    if name != "utimensat":
        return parts[0] * 10**9 + parts[1] * 1000, parts[2] * 10**9 + parts[3] * 1000
    kept = (now.st_atime_ns, now.st_mtime_ns)
    pairs = ((parts[0], parts[1]), (parts[2], parts[3]))
    both = [
        clock if nano == NOW else kept[i] if nano == OMIT else seconds * 10**9 + nano
        for i, (seconds, nano) in enumerate(pairs)
    ]
    return both[0], both[1]


class _Memory:
    """What another process has at its addresses."""

    def __init__(self, thread: int) -> None:
        self._handle = os.open(f"/proc/{thread}/mem", os.O_RDONLY | os.O_CLOEXEC)

    def __enter__(self) -> "_Memory":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)

    def read(self, where: int, size: int) -> bytes:
        """So many bytes. Raises Refused where there are none."""
        try:
            found = os.pread(self._handle, size, where)
        except (OSError, OverflowError):
            raise Refused(errno.EFAULT) from None
        if len(found) != size:
            raise Refused(errno.EFAULT)
        return found

    def text(self, where: int) -> bytes:
        """A path, which ends with a zero. A page at a time, since what follows may not be there."""
        out = b""
        while len(out) < PAGE:
            found, zero, _ = self.read(where + len(out), PAGE - (where + len(out)) % PAGE).partition(b"\0")
            out += found
            if zero:
                return out
        raise Refused(errno.ENAMETOOLONG)

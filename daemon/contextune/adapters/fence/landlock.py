"""Landlock, by the kernel's own calls: rules on files, TCP and signals that a process puts on itself.

Uses nothing but what is quick to import, since it is loaded before each command. The values are those of
`linux/landlock.h`. A right that the kernel's Landlock does not know yet is left out.
"""

import ctypes
import errno
import os
import stat
import struct

CREATE, ADD, RESTRICT = 444, 445, 446
"""Numbers of its system calls, the same on every architecture."""
ASK_VERSION = 1
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_DIR, MAKE_REG, MAKE_FIFO, MAKE_SYM, REFER = 1 << 7, 1 << 8, 1 << 10, 1 << 12, 1 << 13
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
TCP = 0b11
"""To bind and to connect."""
SIGNALS_AND_ABSTRACT_SOCKETS = 0b11

LEAST = 3
"""The version of which on it can hold what the Fence promises: before, any file could be emptied."""
KNOWS_TCP, KNOWS_DEVICES, KNOWS_SIGNALS = 4, 5, 6

READ = EXECUTE | READ_FILE | READ_DIR
WRITE = (
    READ
    | WRITE_FILE
    | TRUNCATE
    | REMOVE_DIR
    | REMOVE_FILE
    | MAKE_DIR
    | MAKE_REG
    | MAKE_FIFO
    | MAKE_SYM
    | REFER
)
DEVICE = READ_FILE | WRITE_FILE | IOCTL_DEV
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""Rights that a rule on something else than a folder may give."""

RIGHTS = {"r": READ, "w": WRITE, "d": DEVICE}
"""What a rule gives: to read and run, to change as well, or to use a device."""


def version() -> int:
    """That of the kernel's Landlock; 0 if there is none, or it is switched off."""
    return max(_call(CREATE, None, 0, ASK_VERSION), 0)


def restrict(rules: "list[tuple[str, str]]", *, network: bool) -> None:
    """Leave this process, for good, no more of the machine than the rules give: pairs of a kind and a path.

    What can't be opened is no place to go to, and is left out; but it raises OSError for a place to write in.
    """
    known = version()
    handled = (IOCTL_DEV << 1) - 1 if known >= KNOWS_DEVICES else (TRUNCATE << 1) - 1
    attributes = struct.pack("=Q", handled)
    if known >= KNOWS_TCP:
        attributes += struct.pack("=Q", 0 if network else TCP)
    if known >= KNOWS_SIGNALS:
        attributes += struct.pack("=Q", SIGNALS_AND_ABSTRACT_SOCKETS)
    ruleset = _call(CREATE, attributes, len(attributes), 0)
    if ruleset < 0:
        raise _problem("landlock_create_ruleset")
    try:
        for kind, path in rules:
            _allow(ruleset, RIGHTS[kind] & handled, path, needed=kind == "w")
        if _call(RESTRICT, ruleset, 0) < 0:
            raise _problem("landlock_restrict_self")
    finally:
        os.close(ruleset)


def _allow(ruleset: int, rights: int, path: str, *, needed: bool) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        if needed:
            raise
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= OF_A_FILE
        if _call(ADD, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, handle), 0) < 0 and needed:
            raise _problem(path)
    finally:
        os.close(handle)


def _call(number: int, *arguments: "int | bytes | None") -> int:
    """One system call; negative if it failed."""
    wide = [one if one is None or isinstance(one, bytes) else ctypes.c_long(one) for one in arguments]
    return int(ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *wide))


def _problem(what: str) -> OSError:
    number = ctypes.get_errno() or errno.EPERM
    return OSError(number, os.strerror(number), what)

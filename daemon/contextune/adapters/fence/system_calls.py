"""A filter on system calls: what a command could do around rules on files, and has no need of.

The filter is a program for the kernel's seccomp, for x86-64 and 64-bit ARM; of other architectures, and of
the second table of x86-64 (x32), no call is let through. Uses nothing but what is quick to import. Numbers
are those of the kernel's tables, values those of its headers.
"""

import ctypes
import errno
import os
import struct

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""By the machine's name: the column in the tables below, and how the kernel calls it."""
X32 = 0x4000_0000
LAST = 462
"""The last call that was looked at (mseal): what a newer kernel has beyond is not there."""

REFUSED = {
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "io_uring_setup": (425, 425),
    "connect": (42, 203), "listen": (50, 201),
    "kcmp": (312, 272), "perf_event_open": (298, 241), "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "ptrace": (101, 117), "migrate_pages": (256, 238), "move_pages": (279, 239),
    "add_key": (248, 217), "keyctl": (250, 219), "request_key": (249, 218),
    "bpf": (321, 280), "userfaultfd": (323, 282), "fanotify_init": (300, 262),
    "open_by_handle_at": (304, 265),
    "chroot": (161, 51), "fsconfig": (431, 431), "fsmount": (432, 432), "fsopen": (430, 430),
    "fspick": (433, 433), "mount": (165, 40), "mount_setattr": (442, 442), "move_mount": (429, 429),
    "open_tree": (428, 428), "pivot_root": (155, 41), "setns": (308, 268), "umount2": (166, 39),
    "acct": (163, 89), "delete_module": (176, 106), "finit_module": (313, 273), "init_module": (175, 105),
    "ioperm": (173, None), "iopl": (172, None), "kexec_file_load": (320, 294), "kexec_load": (246, 104),
    "quotactl": (179, 60), "quotactl_fd": (443, 443), "reboot": (169, 142), "setdomainname": (171, 162),
    "sethostname": (170, 161), "swapoff": (168, 225), "swapon": (167, 224), "syslog": (103, 116),
    "vhangup": (153, 58), "adjtimex": (159, 171), "clock_adjtime": (305, 266), "clock_settime": (227, 112),
    "settimeofday": (164, 170),
    "mq_open": (240, 180), "mq_unlink": (241, 181), "msgctl": (71, 187), "msgget": (68, 186),
    "msgrcv": (70, 188), "msgsnd": (69, 189), "semctl": (66, 191), "semget": (64, 190), "semop": (65, 193),
    "semtimedop": (220, 192), "shmat": (30, 196), "shmctl": (31, 195), "shmget": (29, 194),
}  # fmt: skip
"""Refused whatever their arguments: about other processes, keys, mounts, the machine, shared memory."""

ABSENT = {"clone3": (435, 435)}
"""Their arguments can't be looked at; programs do without them where they are not there."""

UNSUPPORTED = {
    "fremovexattr": (199, 16), "fsetxattr": (190, 7), "lremovexattr": (198, 15), "lsetxattr": (189, 6),
    "removexattr": (197, 14), "setxattr": (188, 5),
}  # fmt: skip
"""As on a file system that has no extended attributes: Landlock has no rules on them."""

HANDED_OVER = {
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "fchownat": (260, 54), "lchown": (94, None),
    "futimesat": (261, None), "utime": (132, None), "utimensat": (280, 88), "utimes": (235, None),
}  # fmt: skip
"""Made by the supervisor, see `file_attributes`: Landlock has no rules on them either."""

NETWORK = ("connect", "listen")
"""Those among the refused ones that a command with the network may use."""

SOCKET, SOCKETPAIR, CLONE, UNSHARE = (41, 198), (53, 199), (56, 220), (272, 97)
PRLIMIT, SETPRIORITY, IOPRIO_SET, IOCTL, FCNTL = (302, 261), (141, 140), (251, 30), (16, 29), (72, 25)
SCHEDULING = {
    "sched_setaffinity": (203, 122), "sched_setattr": (314, 274), "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
}  # fmt: skip
SIGNALS = {
    "kill": (62, 129), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "tgkill": (234, 131), "tkill": (200, 130),
}  # fmt: skip
PIDFD_SEND_SIGNAL = (424, 424)
SECCOMP, SET_FILTER, NEW_LISTENER = (317, 277), 1, 8

UNIX, NETLINK, ROUTE = 1, 16, 0
IP = (2, 10)
STREAM, SEQPACKET = 1, 5
NAMESPACES = 0x7E02_0000
"""Flags that make new ones. That of time has a meaning of its own for `clone`."""
TIME_NAMESPACE = 0x80
INTO_TERMINALS_AND_OWNERS = (0x5412, 0x541C, 0x8901, 0x8902)
"""TIOCSTI, TIOCLINUX; FIOSETOWN and SIOCSPGRP, by which the kernel sends signals in one's name."""
OWNERS = (8, 10, 15)
"""F_SETOWN, F_SETSIG, F_SETOWN_EX: the same."""

LOAD, EQUAL, GREATER, AT_LEAST, ANY_BIT, AND, RETURN = 0x20, 0x15, 0x25, 0x35, 0x45, 0x54, 0x06
ALLOW, HAND_OVER, FAIL, KILL = 0x7FFF_0000, 0x7FC0_0000, 0x0005_0000, 0x8000_0000


def program(
    machine: str, *, network: bool, guarded: "int | None" = None
) -> "list[tuple[int, int, int, int]]":
    """The filter's instructions for a machine. Raises KeyError if its architecture is not known.

    `guarded` is a process that no signal may be sent to, where Landlock doesn't see to that.
    """
    column, kernels = ARCHITECTURES[machine]
    out = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, kernels), _end(KILL), (LOAD, 0, 0, 0)]
    out += [(AT_LEAST, 0, 1, X32), _end(KILL), (GREATER, 0, 1, LAST), _end(FAIL | errno.ENOSYS)]
    for numbers in HANDED_OVER.values():
        out += _verdict(numbers[column], HAND_OVER)
    for name, numbers in {**REFUSED, **ABSENT, **UNSUPPORTED}.items():
        if not (network and name in NETWORK):
            out += _verdict(numbers[column], FAIL | _error(name))
    for numbers, tests in _judged(network, guarded):
        block = [*tests, _end(ALLOW)]
        out += [(EQUAL, 0, len(block), numbers[column]), *block]
    return [*out, _end(ALLOW)]


def install(machine: str, *, network: bool, guarded: "int | None" = None) -> int:
    """Put the filter on this process, for good; it must have given up new privileges. Raises OSError.

    Returns the handle at which `file_attributes.AttributeDesk` answers.
    """
    made = b"".join(struct.pack("=HBBI", *one) for one in program(machine, network=network, guarded=guarded))
    code = ctypes.create_string_buffer(made)
    head = struct.pack("@HxxxxxxP", len(made) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    seccomp = ctypes.c_long(SECCOMP[ARCHITECTURES[machine][0]])
    listener = int(libc.syscall(seccomp, ctypes.c_ulong(SET_FILTER), ctypes.c_ulong(NEW_LISTENER), head))
    if listener < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "seccomp")
    return listener


def _verdict(number: "int | None", verdict: int) -> "list[tuple[int, int, int, int]]":
    return [] if number is None else [(EQUAL, 0, 1, number), _end(verdict)]


def _error(name: str) -> int:
    if name in UNSUPPORTED:
        return errno.EOPNOTSUPP
    return errno.ENOSYS if name in ABSENT or name.startswith("io_uring") else errno.EPERM


def _judged(
    network: bool, guarded: "int | None"
) -> "list[tuple[tuple[int, int], list[tuple[int, int, int, int]]]]":
    """Calls of which some arguments are refused, with the tests that those pass which are not."""
    judged = [
        (CLONE, _unless_any(0, NAMESPACES)),
        (UNSHARE, _unless_any(0, NAMESPACES | TIME_NAMESPACE)),
        (PRLIMIT, _only(0, 0)),
        (SETPRIORITY, [*_only(0, 0), *_only(1, 0)]),
        (IOPRIO_SET, [*_only(0, 1), *_only(1, 0)]),
        (IOCTL, _none_of(1, INTO_TERMINALS_AND_OWNERS)),
        (FCNTL, _none_of(1, OWNERS)),
        (SOCKET, _sockets(network)),
        # One of datagrams could send to any socket of the machine that has a name.
        (
            SOCKETPAIR,
            [*_only(0, UNIX), (LOAD, 0, 0, _argument(1)), (AND, 0, 0, 0xF), *_among(STREAM, SEQPACKET)],
        ),
        *((numbers, _only(0, 0)) for numbers in SCHEDULING.values()),
    ]
    if guarded is not None:
        judged += [(numbers, _none_of(0, (guarded, -guarded, -1))) for numbers in SIGNALS.values()]
        judged.append((PIDFD_SEND_SIGNAL, [_end(FAIL | errno.ENOSYS)]))
    return judged


def _sockets(network: bool) -> "list[tuple[int, int, int, int]]":
    """What C libraries ask the kernel's routes by, and with the network those of IPv4 and IPv6."""
    routes = [*_only(0, NETLINK, errno.EACCES), *_only(2, ROUTE, errno.EACCES)]
    if not network:
        return routes
    return [
        (LOAD, 0, 0, _argument(0)),
        *((EQUAL, len(routes) + 1 - i, 0, f) for i, f in enumerate(IP)),
        *routes,
    ]


def _end(verdict: int) -> "tuple[int, int, int, int]":
    return (RETURN, 0, 0, verdict)


def _argument(index: int) -> int:
    """Where the lower half of an argument is. Both machines are little-endian; these have 32 bits."""
    return 16 + 8 * index


def _only(index: int, value: int, wrong: int = errno.EPERM) -> "list[tuple[int, int, int, int]]":
    return [(LOAD, 0, 0, _argument(index)), (EQUAL, 1, 0, value), _end(FAIL | wrong)]


def _among(*values: int) -> "list[tuple[int, int, int, int]]":
    tests = [(EQUAL, len(values) - i, 0, value) for i, value in enumerate(values)]
    return [*tests, _end(FAIL | errno.EPERM)]


def _none_of(index: int, values: "tuple[int, ...]") -> "list[tuple[int, int, int, int]]":
    out = [(LOAD, 0, 0, _argument(index))]
    for value in values:
        out += [(EQUAL, 0, 1, value & 0xFFFF_FFFF), _end(FAIL | errno.EPERM)]
    return out


def _unless_any(index: int, bits: int) -> "list[tuple[int, int, int, int]]":
    return [(LOAD, 0, 0, _argument(index)), (ANY_BIT, 0, 1, bits), _end(FAIL | errno.EPERM)]

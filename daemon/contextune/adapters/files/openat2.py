"""Opening a folder beneath another in one step of the kernel's, which lets no link lead anywhere meanwhile.

Linux has `openat2` since 5.6; Python has no function for it. Old sandboxes refuse it as unknown.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

NUMBER = 437
"""Of the system call, on all of Linux's usual processors."""
NO_MAGICLINKS, NO_SYMLINKS, BENEATH = 0x02, 0x04, 0x08
"""Bits of `open_how.resolve`, as of linux/openat2.h."""


class _How(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_folder(top: int, path: str) -> int | None:
    """Open the folder at a relative path beneath the open folder `top`.

    None if a component is a link, missing or no folder, or the system has no such call: what is there must
    then be found out in another way.
    """
    if sys.platform != "linux":
        return None
    how = _How(os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, 0, BENEATH | NO_SYMLINKS | NO_MAGICLINKS)
    size = ctypes.c_size_t(ctypes.sizeof(how))
    found = _syscall()(ctypes.c_long(NUMBER), ctypes.c_int(top), os.fsencode(path), ctypes.byref(how), size)
    return int(found) if found >= 0 else None


@cache
def _syscall() -> ctypes._NamedFuncPointer:
    function = ctypes.CDLL(None).syscall
    function.restype = ctypes.c_long
    return function

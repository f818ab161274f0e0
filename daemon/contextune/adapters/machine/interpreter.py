"""What a process whose event loop must answer at once asks of its interpreter."""

from __future__ import annotations

import asyncio
import gc
import sys
from concurrent.futures import ThreadPoolExecutor

SHARE = 0.000_2
"""Seconds that a thread at work keeps the interpreter once another waits for it. The loop waits so long each
time it comes back from a system call while a thread works, ten times and more in a turn of an agent: with the
5 ms of Python itself it would be late by over 50."""

THREADS = 32
"""Of the loop's, at most. Python's own number, four more than there are processors, is too few to wait."""


def share_finely() -> None:
    """Have threads hand the interpreter on early, for the whole process."""
    sys.setswitchinterval(SHARE)


def let_threads_wait(loop: asyncio.AbstractEventLoop) -> None:
    """Give a loop threads enough: most of them wait for git or the disk, and nobody is to wait for those."""
    loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="contextune"))


def keep_what_is_loaded() -> None:
    """Leave what is loaded by now out of every later search for garbage.

    A full search holds up all threads and goes through every object: the types of libraries alone, which stay
    for good, take it over 100 ms.
    """
    gc.freeze()

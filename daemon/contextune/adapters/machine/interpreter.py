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

GARBAGE = (1_000, 10, 200)
"""When garbage is searched for, as `gc.set_threshold` takes it. A full search holds up everything for some
40 ms with a hundred agents at work, and with Python's own (700, 10, 10) there is one every few seconds. A
search in what is new takes the longer the more there is of it. What is in no circle goes without any."""

REST = 60.0
"""Seconds after the last agent has left until all is searched."""

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
    gc.set_threshold(*GARBAGE)
    gc.freeze()


class Tidying:
    """Searches for garbage in full when nobody works: what agents leave behind is in circles."""

    def __init__(self) -> None:
        self._due: asyncio.TimerHandle | None = None

    def __call__(self) -> None:
        """The last agent has left."""
        if self._due is not None:
            self._due.cancel()
        self._due = asyncio.get_running_loop().call_later(REST, gc.collect)

"""What a process whose event loop must answer at once asks of its interpreter."""

from __future__ import annotations

import gc
import sys

SHARE = 0.001
"""Seconds that a thread at work keeps the interpreter once another waits for it. The loop waits so long each
time it comes back from a system call while a thread works, often several times a turn: with Python's own 5 ms
it would be late by more than 10."""


def share_finely() -> None:
    """Have threads hand the interpreter on early, for the whole process."""
    sys.setswitchinterval(SHARE)


def keep_what_is_loaded() -> None:
    """Leave what is loaded by now out of every later search for garbage.

    A full search holds up all threads and goes through every object: the types of libraries alone, which stay
    for good, take it over 100 ms.
    """
    gc.freeze()

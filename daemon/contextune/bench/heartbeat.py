"""How late an event loop is: something that wants to run every millisecond, and when it did."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from contextune.core.base import Value

PAUSE = 0.001
"""Seconds between two beats."""


class Beat(NamedTuple):
    """One beat, in milliseconds."""

    late: float
    """By the clock."""
    kept: float
    """Of that, what the machine let the loop's thread wait for a processor: other processes' share."""
    work: float
    """What the loop's thread itself computed between this beat and the one before."""

    @property
    def own(self) -> float:
        """How late it was by the process's own doing."""
        return max(0.0, self.late - self.kept)


class Lateness(Value, frozen=True, kw_only=True):
    """The worst of many beats, in milliseconds, and how many there were."""

    beats: int
    late: float
    own: float
    own_99: float
    """The latest but for one beat in a hundred."""
    work: float


def lateness(beats: list[Beat]) -> Lateness:
    """What a list of beats comes to."""
    own = sorted(beat.own for beat in beats) or [0.0]
    return Lateness(
        beats=len(beats),
        late=max((beat.late for beat in beats), default=0.0),
        own=own[-1],
        own_99=own[len(own) * 99 // 100],
        work=max((beat.work for beat in beats), default=0.0),
    )


@contextmanager
def beating() -> Iterator[list[Beat]]:
    """Beat on the running loop while the context lasts, into the list."""
    beats: list[Beat] = []
    waits = _Waits()
    task = asyncio.ensure_future(_beat(beats, waits))
    try:
        yield beats
    finally:
        task.cancel()
        waits.close()


async def _beat(beats: list[Beat], waits: _Waits) -> None:
    while True:
        began, kept, work = time.perf_counter(), waits.now(), time.thread_time()
        await asyncio.sleep(PAUSE)
        late = (time.perf_counter() - began - PAUSE) * 1000
        beats.append(Beat(late, waits.now() - kept, (time.thread_time() - work) * 1000))


class _Waits:
    """How long this thread has waited for a processor in all, where the system tells (Linux)."""

    def __init__(self) -> None:
        self._file: int | None = None
        with suppress(OSError):
            self._file = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)

    def now(self) -> float:
        """Milliseconds so far; 0 where nobody tells."""
        if self._file is None:
            return 0.0
        return int(os.pread(self._file, 128, 0).split()[1]) / 1e6

    def close(self) -> None:
        """Release the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

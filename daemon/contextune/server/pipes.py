"""Bytes to and from a client, without ever blocking the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import AsyncIterator
from queue import SimpleQueue
from typing import Protocol

CHUNK = 64 * 1024
"""Bytes read at a time."""


class Writer(Protocol):
    """Where messages go."""

    def write(self, data: bytes) -> None:
        """Send, or queue, these bytes."""
        ...

    def close(self) -> None:
        """Send what is queued, and no more."""
        ...


class Silence:
    """A writer for what the client was told already."""

    def write(self, data: bytes) -> None:
        """Send nothing."""

    def close(self) -> None:
        """Nothing to close."""


class PipeWriter:
    """Writes to a pipe from a thread of its own, so that a client that reads slowly holds up nothing."""

    def __init__(self, sink: int) -> None:
        self._sink = sink
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue these bytes."""
        self._queue.put(data)

    def close(self) -> None:
        """Write what is queued, for at most a second, and close the pipe."""
        self._queue.put(None)
        self._thread.join(1.0)

    def _run(self) -> None:
        try:
            with os.fdopen(self._sink, "wb", buffering=0) as pipe:
                while (data := self._queue.get()) is not None:
                    view = memoryview(data)
                    while view:
                        view = view[pipe.write(view) :]
        except OSError:
            # The client is gone; the end of its input ends the session.
            return


async def read_pipe(source: int) -> AsyncIterator[bytes]:
    """The bytes of a pipe, read by a thread: no event loop can wait for every kind of stdin."""
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:
        data = b"-"
        while data:
            try:
                data = os.read(source, CHUNK)
            except OSError:
                data = b""
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
                loop.call_soon_threadsafe(chunks.put_nowait, data)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    while data := await chunks.get():
        yield data


async def read_stream(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The bytes of a socket."""
    while data := await reader.read(CHUNK):
        yield data


def take_stdio() -> tuple[int, int]:
    """Keep the client's pipes for messages alone: prints go to stderr, child processes get neither."""
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdout.flush()
    os.dup2(2, 1)
    return source, sink

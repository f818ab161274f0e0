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

AHEAD = 16
"""Chunks that may be read before the first of them is acted on; then the client has to wait."""

MOST_UNREAD = 64 * 1024 * 1024
"""Bytes that may wait for a client. One that leaves more unread has stopped reading, and is hung up on."""


class ClientStalled(Exception):
    """A client does not read what it is sent."""


class Writer(Protocol):
    """Where messages go."""

    @property
    def unread(self) -> int:
        """Bytes that wait for the client to read."""
        ...

    def write(self, data: bytes) -> None:
        """Send, or queue, these bytes. Nothing more is taken once MOST_UNREAD are waiting."""
        ...

    def close(self) -> None:
        """Send what is queued, and no more."""
        ...


class Silence:
    """A writer for what the client was told already."""

    unread = 0

    def write(self, data: bytes) -> None:
        """Send nothing."""

    def close(self) -> None:
        """Nothing to close."""


class Patience:
    """Counts what waits for a client, and says when it is too much."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Fails with ClientStalled once more than `most` bytes wait."""

    def allows(self, unread: int) -> bool:
        """Whether the client may be sent anything more. Called on the event loop."""
        if unread > self._most and not self.ended.done():
            said = f"The client has left {unread} bytes unread; the session ends. Its Runs can be resumed."
            self.ended.set_exception(ClientStalled(said))
            self.ended.exception()  # whoever waits hears of it; where nobody does, that is no bug
        return not self.ended.done()


class PipeWriter:
    """Writes to a pipe from a thread of its own, so that a client that reads slowly holds up nothing."""

    def __init__(self, sink: int, most: int = MOST_UNREAD) -> None:
        self._sink = sink
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._queued = 0
        self._written = 0
        self.patience = Patience(most)
        self._thread = threading.Thread(target=self._run, name="stdout", daemon=True)
        self._thread.start()

    @property
    def unread(self) -> int:
        """Bytes that wait for the client to read. The pipe itself holds some more."""
        return self._queued - self._written

    def write(self, data: bytes) -> None:
        """Queue these bytes."""
        if self.patience.allows(self.unread):
            self._queued += len(data)
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
                        done = pipe.write(view)
                        view = view[done:]
                        self._written += done
        except OSError:
            # The client is gone; the end of its input ends the session.
            return


class StreamWriter:
    """Writes to a socket."""

    def __init__(self, stream: asyncio.StreamWriter, most: int = MOST_UNREAD) -> None:
        self._stream = stream
        self.patience = Patience(most)

    @property
    def unread(self) -> int:
        """Bytes that wait for the client to read. The socket itself holds some more."""
        return self._stream.transport.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        """Queue these bytes."""
        if self.patience.allows(self.unread):
            self._stream.write(data)

    def close(self) -> None:
        """Send what is queued and close; drop it if the client does not read."""
        if self.patience.ended.done():
            self._stream.transport.abort()
        self._stream.close()


async def read_pipe(source: int) -> AsyncIterator[bytes]:
    """The bytes of a pipe, read by a thread: no event loop can wait for every kind of stdin."""
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()
    room = threading.Semaphore(AHEAD)

    def read() -> None:
        data = b"-"
        while data:
            room.acquire()
            try:
                data = os.read(source, CHUNK)
            except OSError:
                data = b""
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
                loop.call_soon_threadsafe(chunks.put_nowait, data)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    while data := await chunks.get():
        room.release()
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

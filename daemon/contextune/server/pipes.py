"""Bytes to and from a client, without ever blocking the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import stat
import sys
import threading
from collections.abc import AsyncIterator
from queue import SimpleQueue
from typing import Protocol

CHUNK = 64 * 1024
"""Bytes read at a time."""

AHEAD = 16
"""Chunks that may be read before the first of them is acted on; then the client has to wait."""

AT_ONCE = getattr(select, "PIPE_BUF", 0)
"""Bytes that a pipe takes without a wait once it says that it has room."""

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
        self._is_closed = False
        self.patience = Patience(most)
        self._poll = _poll(sink)
        self._thread = threading.Thread(target=self._run, name="stdout", daemon=True)
        self._thread.start()

    @property
    def unread(self) -> int:
        """Bytes that wait for the client to read. The pipe itself holds some more."""
        return self._queued - self._written

    def write(self, data: bytes) -> None:
        """Write these bytes at once if the pipe has room for them, and queue them otherwise."""
        if not self.patience.allows(self.unread):
            return
        if self._goes_at_once(data):
            try:
                data = data[os.write(self._sink, data) :]
            except OSError:
                return  # the client is gone; the end of its input ends the session
        if data:
            self._queued += len(data)
            self._queue.put(data)

    def _goes_at_once(self, data: bytes) -> bool:
        """Whether these bytes may be written with nothing before them and no wait.

        A thread's way to the interpreter takes longer than all the rest of a short answer's.
        """
        if self._poll is None or self.unread or len(data) > AT_ONCE or self._is_closed:
            return False
        return any(event & select.POLLOUT for _, event in self._poll.poll(0))

    def close(self) -> None:
        """Write what is queued, for at most a second, and close the pipe."""
        self._is_closed = True
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


def _poll(sink: int) -> select.poll | None:
    """What tells whether a pipe or socket has room; None where that cannot be told (Windows, files)."""
    if sys.platform == "win32" or not (stat.S_ISFIFO(mode := os.fstat(sink).st_mode) or stat.S_ISSOCK(mode)):
        return None
    poll = select.poll()
    poll.register(sink, select.POLLOUT)
    return poll


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


def read_pipe(source: int) -> AsyncIterator[bytes]:
    """The bytes of a pipe. A thread reads those for which the event loop cannot wait by itself."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_reader(source, lambda: None)
        loop.remove_reader(source)
    except (NotImplementedError, OSError):  # Windows; a file
        return _read_by_thread(source)
    return _read_by_loop(source)


async def _read_by_loop(source: int) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:
        data = _read(source)
        chunks.put_nowait(data)
        if not data or chunks.qsize() >= AHEAD:
            loop.remove_reader(source)

    loop.add_reader(source, read)
    try:
        while data := await chunks.get():
            if chunks.qsize() == AHEAD - 1:
                loop.add_reader(source, read)
            yield data
    finally:
        loop.remove_reader(source)


def _read(source: int) -> bytes:
    try:
        return os.read(source, CHUNK)
    except OSError:
        return b""


async def _read_by_thread(source: int) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue()
    room = threading.Semaphore(AHEAD)

    def read() -> None:
        data = b"-"
        while data:
            room.acquire()
            data = _read(source)
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

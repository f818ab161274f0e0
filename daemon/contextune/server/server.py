"""Serving one client: over stdio, or over a loopback socket."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import sys
import threading
from collections.abc import AsyncIterator
from queue import SimpleQueue
from typing import TYPE_CHECKING, Protocol

from contextune.server.frames import Frames

if TYPE_CHECKING:
    from contextune.engine.application import Application
    from contextune.server.session import Compose

CHUNK = 64 * 1024
"""Bytes read at a time."""

CLOSING = 10.0
"""Seconds that closing may take before the process ends all the same; the Journal is safe at any time."""


class Writer(Protocol):
    """Where messages go. Never blocks."""

    def write(self, data: bytes) -> None:
        """Send, or queue, these bytes."""
        ...

    def close(self) -> None:
        """Send what is queued, and no more."""
        ...


async def converse(incoming: AsyncIterator[bytes], writer: Writer, compose: Compose) -> int:
    """Serve one client until it exits or hangs up; returns the exit status."""
    from contextune.server.language_server import ContextuneServer

    server = ContextuneServer(compose)
    server.protocol.set_writer(writer)
    frames = Frames()
    status: list[int] = []
    server.protocol.on_exit = status.append
    try:
        async for data in incoming:
            for message in frames.feed(data):
                server.protocol.receive(message)
            if status:
                return status[0]
        # A client that hangs up without `exit` is gone, not wrong.
        return 0
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.session.close(), CLOSING)


async def _compose() -> Application:
    # Every adapter and its libraries: in a thread, so that the client is answered meanwhile.
    await asyncio.to_thread(importlib.import_module, "contextune.compose")
    from contextune.compose import compose

    return await compose()


def serve_stdio() -> int:
    """Serve the client at standard input and output; returns the exit status."""
    source, sink = _take_stdio()
    return asyncio.run(_serve_pipes(source, sink))


def _take_stdio() -> tuple[int, int]:
    """Keep the client's pipes for messages alone: prints go to stderr, children get neither."""
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdout.flush()
    os.dup2(2, 1)
    return source, sink


async def _serve_pipes(source: int, sink: int) -> int:
    writer = PipeWriter(sink)
    try:
        return await converse(_read_pipe(source), writer, _compose)
    finally:
        writer.close()


async def _read_pipe(source: int) -> AsyncIterator[bytes]:
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


def serve_socket(port: int) -> int:
    """Serve the first client that connects to this port of the loopback.

    Port 0 picks a free one. Standard error tells which.
    """
    return asyncio.run(_serve_socket(port))


async def _serve_socket(port: int) -> int:
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.close()
        try:
            ended.set_result(await converse(_read_stream(reader), writer, _compose))
        except Exception as problem:  # noqa: BLE001  # carried to whoever waits for the end
            ended.set_exception(problem)
        finally:
            writer.close()

    listener = await asyncio.start_server(connected, "127.0.0.1", port)
    sys.stderr.write(f"Listening on 127.0.0.1:{listener.sockets[0].getsockname()[1]}\n")
    sys.stderr.flush()
    return await ended


async def _read_stream(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while data := await reader.read(CHUNK):
        yield data

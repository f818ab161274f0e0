"""Serving one client: over stdio, or over a loopback socket."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from contextune.core.errors import PlaceProblem
from contextune.server.early import HEAD_START, Early, Glance, meanwhile
from contextune.server.frames import STALL, Frames, Malformed, frame, written
from contextune.server.hello import NOT_INITIALIZED, NOT_INITIALIZED_TEXT, greeting
from contextune.server.pipes import (
    Patience,
    PipeWriter,
    StreamWriter,
    Writer,
    read_pipe,
    read_stream,
    take_stdio,
)

if TYPE_CHECKING:
    from contextune.engine.application import Application
    from contextune.server.session import Compose

log = logging.getLogger(__name__)

LoadGlance = Callable[[], Awaitable[Glance]]

CLOSING = 10.0
"""Seconds that closing may take before the process ends all the same; the Journal is safe at any time."""


async def converse(
    incoming: AsyncIterator[bytes], writer: Writer, compose: Compose, glance: LoadGlance | None = None
) -> int:
    """Serve one client until it exits or hangs up; returns the exit status.

    With `glance`, code lenses are answered from it until the language server is imported.
    """
    messages: AsyncIterator[dict[str, Any] | Malformed] = messages_of(incoming)
    first = await _greet(messages, writer)
    if isinstance(first, int):
        return first
    early = None
    if glance is not None and first.answered:
        early = Early(first.request["params"], await glance())
        loading = asyncio.ensure_future(_load(early.used))
        messages = await meanwhile(messages, loading, early, partial(_answer_with, writer))
    else:
        await _load()
    from contextune.server.language_server import ContextuneServer

    server = ContextuneServer(compose, early)
    status: list[int] = []
    server.protocol.on_exit = status.append
    server.protocol.begin(first.request, writer, answered=first.answered)
    try:
        async for message in messages:
            server.protocol.receive(message)
            if status:
                return status[0]
        # A client that hangs up without `exit` is gone, not wrong.
        return 0
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.session.close(), CLOSING)


async def _load(first_used: asyncio.Event | None = None) -> None:
    """Import the language server in a thread, once the first request was answered or none came soon."""
    if first_used is not None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(first_used.wait(), HEAD_START)
    await asyncio.to_thread(importlib.import_module, "contextune.server.language_server")


class First(NamedTuple):
    """The `initialize` request, and whether it was answered."""

    request: dict[str, Any]
    answered: bool


async def _greet(messages: AsyncIterator[dict[str, Any] | Malformed], writer: Writer) -> First | int:
    """Answer `initialize`, and refuse what comes before it; the exit status if the client leaves instead."""
    async for message in messages:
        if isinstance(message, Malformed):
            _answer(writer, None, error={"code": message.code, "message": message.text})
        elif message.get("method") == "exit":
            return 1
        elif message.get("method") != "initialize" or "id" not in message:
            if "id" in message and "method" in message:
                error = {"code": NOT_INITIALIZED, "message": NOT_INITIALIZED_TEXT}
                _answer(writer, message["id"], error=error)
        else:
            result = greeting(message.get("params"))
            if result is not None:
                _answer(writer, message["id"], result=result)
            return First(message, result is not None)
    return 0


def _answer_with(writer: Writer, request_id: int | str, result: Any) -> None:
    _answer(writer, request_id, result=result)


def _answer(writer: Writer, request_id: int | str | None, **outcome: Any) -> None:
    writer.write(frame(written({"jsonrpc": "2.0", "id": request_id, **outcome})))


async def messages_of(
    incoming: AsyncIterator[bytes], stall: float = STALL
) -> AsyncIterator[dict[str, Any] | Malformed]:
    """The messages of a client. One that stops coming midway for `stall` seconds is given up."""
    frames = Frames()
    chunks = aiter(incoming)
    while True:
        coming = asyncio.ensure_future(_next(chunks))
        try:
            while not (await asyncio.wait([coming], timeout=stall if frames.is_waiting else None))[0]:
                for message in frames.give_up():
                    yield message
        except BaseException:
            coming.cancel()
            raise
        data = coming.result()
        if data is None:
            return
        for message in frames.feed(data):
            yield message


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)


async def _glance() -> Glance:
    await asyncio.to_thread(importlib.import_module, "contextune.glance")
    from contextune.glance import glance

    return glance


async def _compose() -> Application:
    # Every adapter and its libraries: in a thread, so that the client is answered meanwhile.
    await asyncio.to_thread(importlib.import_module, "contextune.compose")
    from contextune.compose import compose

    return await compose()


def serve_stdio() -> int:
    """Serve the client at standard input and output; returns the exit status."""
    source, sink = take_stdio()
    return asyncio.run(_serve_pipes(source, sink))


async def _serve_pipes(source: int, sink: int) -> int:
    writer = PipeWriter(sink)
    try:
        return await while_it_reads(converse(read_pipe(source), writer, _compose, _glance), writer.patience)
    finally:
        writer.close()


async def while_it_reads(conversation: Coroutine[Any, Any, int], patience: Patience) -> int:
    """A conversation's exit status; 1 if it was ended because the client does not read."""
    conversing = asyncio.ensure_future(conversation)
    either: list[asyncio.Future[Any]] = [conversing, patience.ended]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if conversing.done():
        return conversing.result()
    log.error("%s", patience.ended.exception())
    conversing.cancel()
    await asyncio.wait([conversing])
    return 1


def serve_socket(port: int) -> int:
    """Serve the first client that connects to this port of the loopback.

    Port 0 picks a free one. Standard error tells which.
    """
    return asyncio.run(_serve_socket(port))


async def _serve_socket(port: int) -> int:
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def connected(reader: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
        listener.close()
        writer = StreamWriter(stream)
        conversation = converse(read_stream(reader), writer, _compose, _glance)
        try:
            ended.set_result(await while_it_reads(conversation, writer.patience))
        except Exception as problem:  # noqa: BLE001  # carried to whoever waits for the end
            ended.set_exception(problem)
        finally:
            writer.close()

    try:
        listener = await asyncio.start_server(connected, "127.0.0.1", port)
    except OSError as problem:
        raise PlaceProblem(f"Port {port} of 127.0.0.1 cannot be used: {problem.strerror}.") from None
    sys.stderr.write(f"Listening on 127.0.0.1:{listener.sockets[0].getsockname()[1]}\n")
    sys.stderr.flush()
    return await ended

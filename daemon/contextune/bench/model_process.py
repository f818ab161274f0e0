"""The model's server in a process of its own, so that what it computes is told apart from the product's."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from contextune.core.base import Value
from contextune.core.errors import ContextuneError
from contextune.offline.log import LoggedRequest
from contextune.offline.pace import Latency
from contextune.offline.script import parse_script
from contextune.offline.server import OfflineModel

PATIENCE = 60.0
"""Seconds for the process to come up, and to end."""


class ServerSaid(Value, frozen=True, kw_only=True):
    """What the server kept: its log, its processor time while it served, and what was not asked for."""

    log: tuple[LoggedRequest, ...]
    cpu: float
    """Seconds."""
    unused: tuple[str, ...]


class ModelServer:
    """The running server. After the context, `said` has what it kept."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.said = ServerSaid(log=(), cpu=0.0, unused=())


@asynccontextmanager
async def model_server(
    script: dict[str, Any], first_byte_ms: float = 0.0, per_token_ms: float = 0.0
) -> AsyncIterator[ModelServer]:
    """Serve a script, given as a script file has it, while the context lasts.

    Raises ContextuneError if the process does not come up.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    latency = Latency(first_byte_ms=first_byte_ms, per_token_ms=per_token_ms)
    process = context.Process(target=_serve, args=(theirs, msgspec.json.encode(script), latency))
    process.start()
    try:
        server = ModelServer((await asyncio.to_thread(_received, ours)).decode())
        yield server
        ours.send_bytes(b"end")
        server.said = msgspec.json.decode(await asyncio.to_thread(_received, ours), type=ServerSaid)
    finally:
        ours.close()
        process.kill()
        await asyncio.to_thread(process.join)


def _received(pipe: Connection) -> bytes:
    if not pipe.poll(PATIENCE):
        raise ContextuneError("The process of the model's server does not answer.")
    return pipe.recv_bytes()


def _serve(pipe: Connection, script: bytes, latency: Latency) -> None:
    asyncio.run(_serve_until_told(pipe, msgspec.json.decode(script), latency))


async def _serve_until_told(pipe: Connection, script: dict[str, Any], latency: Latency) -> None:
    server = OfflineModel([parse_script("bench", script)], latency=latency)
    pipe.send_bytes((await server.start()).encode())
    began = time.process_time()
    await asyncio.to_thread(pipe.recv_bytes)
    said = ServerSaid(log=tuple(server.log), cpu=time.process_time() - began, unused=tuple(server.unused()))
    pipe.send_bytes(msgspec.json.encode(said))
    await server.close()

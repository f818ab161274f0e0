"""The one way out of the Fence: an HTTP proxy to the hosts that the user listed, for one command.

It looks a name up itself, judges each address that it stands for, and connects to the very address that it
judged, so that a second look-up can't lead elsewhere. It knows none of the user's credentials.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from contextune.core.allow_list import WEB_PORTS, AllowList, plain_host, shown

MOST_CONNECTIONS = 64
"""Open ones of a command at a time; package managers use 10 to 50."""
MOST_BYTES = 4_000_000_000
"""Both ways, of one command."""
HEAD_LIMIT = 32_768
"""Bytes of a request's head."""
HEAD_SECONDS, CONNECT_SECONDS, IDLE_SECONDS = 10.0, 15.0, 120.0
MOST_TOLD = 10
"""Refusals that a command's output tells."""

NOT_PASSED_ON = (b"proxy-", b"connection:", b"keep-alive:", b"host:", b"te:", b"trailer:", b"upgrade:")
"""Headers that are meant for the proxy, or that it writes itself."""

Resolve = Callable[[str, int], Awaitable[list[str]]]


class Target(NamedTuple):
    """What a request asks for."""

    host: str
    port: int
    head: bytes
    """What the host is sent first; empty for a tunnel."""


class Refused(Exception):
    """A request that is not served, with the status of HTTP and a sentence."""

    def __init__(self, status: str, said: str) -> None:
        super().__init__(said)
        self.status = status


async def look_up(host: str, port: int) -> list[str]:
    """The addresses that the system's resolver knows. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class Traffic:
    """When something last went through a connection, either way."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()

    async def next(self, reader: asyncio.StreamReader) -> bytes:
        """The next bytes, empty at the end. Raises TimeoutError once both ways were idle for too long."""
        while True:
            try:
                async with asyncio.timeout_at(self._last + IDLE_SECONDS):
                    data = await reader.read(65_536)
            except TimeoutError:
                if self._loop.time() < self._last + IDLE_SECONDS:
                    continue  # the other way was not idle meanwhile
                raise
            self._last = self._loop.time()
            return data


class Proxy:
    """Serves one command, from `open_proxy` to its end."""

    def __init__(self, allowed: AllowList, resolve: Resolve = look_up) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._open = 0
        self._bytes = 0
        self._refusals: dict[str, None] = {}
        self._tasks: set[asyncio.Task[Any] | None] = set()

    def refusals(self) -> str:
        """Lines about what was refused, each once; empty if nothing was."""
        told = list(self._refusals)[:MOST_TOLD]
        more = len(self._refusals) - len(told)
        lines = [f"[refused: {said}]" for said in told] + ([f"[refused: {more} more]"] if more else [])
        return "".join(f"\n{line}" for line in lines) + ("\n" if lines else "")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        task = asyncio.current_task()
        self._tasks.add(task)
        self._open += 1
        try:
            await self._answer(reader, writer)
        except Refused as refused:
            self._note(str(refused))
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(HEAD_SECONDS):
                    await _refuse(writer, refused)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open -= 1
            self._tasks.discard(task)
            writer.close()

    async def close(self) -> None:
        """End every connection."""
        left = [task for task in self._tasks if task is not None]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _note(self, said: str) -> None:
        # A command may ask for endlessly many names: what can't be told is counted up to a bound.
        if len(self._refusals) < 1_000:
            self._refusals[said] = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                target = _target(await reader.readuntil(b"\r\n\r\n"))
        except asyncio.LimitOverrunError:
            raise Refused("431 Request Header Fields Too Large", "The request's head is too long.") from None
        if self._open > MOST_CONNECTIONS:
            raise Refused("503 Service Unavailable", f"At most {MOST_CONNECTIONS} connections at a time.")
        said = self._allowed.refusal(target.host, target.port)
        if said:
            raise Refused("403 Forbidden", said)
        far_reader, far_writer = await self._connect(target)
        traffic = Traffic()
        try:
            if target.head:
                far_writer.write(target.head)
            else:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, far_writer, traffic))
                group.create_task(self._pass_on(far_reader, writer, traffic))
        except* (OSError, TimeoutError):
            pass
        finally:
            far_writer.close()

    async def _connect(self, target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to an address that was judged: that one, not the name, is what is connected to."""
        host = plain_host(target.host)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                found = await self._resolve(host, target.port)
        except (OSError, TimeoutError, UnicodeError):
            raise Refused("502 Bad Gateway", f"{shown(host)} is not known by any address.") from None
        open_to = [address for address in found if self._allowed.is_open(host, address)]
        if not open_to:
            raise Refused(
                "403 Forbidden",
                f"{shown(host)} stands for an address of this machine or its network. "
                "The setting allowed_hosts opens those by the address alone.",
            )
        for address in open_to:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_SECONDS):
                    return await asyncio.open_connection(address, target.port)
        raise Refused("502 Bad Gateway", f"{shown(host)} does not answer at port {target.port}.")

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, traffic: Traffic
    ) -> None:
        while data := await traffic.next(reader):
            self._bytes += len(data)
            if self._bytes > MOST_BYTES:
                self._note(f"A command may send and receive {MOST_BYTES / 1e9:.0f} GB.")
                raise OSError
            writer.write(data)
            async with asyncio.timeout(IDLE_SECONDS):
                await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


@asynccontextmanager
async def open_proxy(allowed: AllowList, folder: Path) -> AsyncIterator[tuple[Proxy, Path]]:
    """A proxy that listens on a socket in `folder`, until the end of the block. Linux alone."""
    proxy = Proxy(allowed)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / secrets.token_hex(8)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # A socket's path may be 107 bytes long, and folders of users are longer.
        listener.bind(f"/proc/self/fd/{place}/{path.name}")
        server = await asyncio.start_unix_server(proxy.serve, sock=listener, limit=HEAD_LIMIT)
        try:
            yield proxy, path
        finally:
            server.close()
            await proxy.close()
    finally:
        listener.close()
        os.close(place)
        path.unlink(missing_ok=True)


def _target(head: bytes) -> Target:
    """Read a request's head. Raises Refused for what is no request to a proxy."""
    bad = Refused("400 Bad Request", "Only CONNECT and requests for http:// addresses are served.")
    first, *headers = head[:-4].split(b"\r\n")
    try:
        method, address, version = first.decode("ascii").split(" ")
        if not version.startswith("HTTP/1."):
            raise bad
        parts = urlsplit(f"//{address}" if method == "CONNECT" else address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise bad from None
    if not host or parts.username is not None:
        raise bad
    if method == "CONNECT":
        if port is None:
            raise bad
        return Target(host, port, b"")
    if parts.scheme != "http":
        raise bad
    kept = [line for line in headers if not line.lower().startswith(NOT_PASSED_ON)]
    asked = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    own = [f"{method} {asked} HTTP/1.1".encode(), f"Host: {parts.netloc}".encode(), b"Connection: close"]
    return Target(host, WEB_PORTS[0] if port is None else port, b"\r\n".join([*own, *kept]) + b"\r\n\r\n")


async def _refuse(writer: asyncio.StreamWriter, refused: Refused) -> None:
    body = f"{refused}\n".encode()
    writer.write(
        f"HTTP/1.1 {refused.status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n".encode()
        + body
    )
    await writer.drain()

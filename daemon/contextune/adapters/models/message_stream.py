"""A reply's events as the server writes them, by one connection pool for all agents.

The SDK's way to them makes objects, copies options and walks through four libraries for each request: some
0.9 ms of the event loop's time, 1.7 ms where other work came between, as between two turns. aiohttp's takes
0.2 and 0.7 ms. Address and headers are the SDK's.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ssl import SSLContext
from typing import Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
import anthropic
import msgspec
from multidict import CIMultiDict
from yarl import URL

LONGEST = 1 << 25
"""Bytes of one event at most; a server that sends more is not one of the Messages API."""
CONNECT = 30.0
"""Seconds until a connection is made."""
KEPT = 55.0
"""Seconds that an idle connection is kept: servers close theirs after a minute."""


class Refused(Exception):  # an answer, put into words by `anthropic_problem`
    """The server answered with an error, in place of a reply or in the middle of one."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.kind, self.words = _error(body, status)


class Unreadable(Exception):  # as above
    """What came is no stream of events."""


class MessageStream:
    """Sends requests and yields the events of their replies. Made on any thread, used on one event loop."""

    def __init__(self, client: anthropic.AsyncAnthropic, tls: SSLContext, timeout: float) -> None:
        """`client` names the server and the key. `timeout`: seconds without a byte from the server."""
        self._url = URL(str(client.base_url.join("v1/messages")))
        told = {name: value for name, value in client.default_headers.items() if isinstance(value, str)}
        # What the SDK tells of itself and of the machine is not true of this way, and nobody's business.
        self._headers = CIMultiDict(
            (name, value) for name, value in told.items() if not name.lower().startswith("x-stainless-")
        )
        self._proxy = _proxy(self._url)
        self._tls = tls
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def reply(self, body: bytes) -> AsyncIterator[Reply]:
        """Send a request. Raises Refused, or what aiohttp raises where there is no answer."""
        if self._session is None:
            self._session = self._opened()
        async with self._session.post(self._url, data=body, headers=self._headers) as answer:
            if not answer.ok:
                raise Refused(answer.status, answer.headers, await answer.read())
            yield Reply(answer)

    async def close(self) -> None:
        """Release connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=self._tls, keepalive_timeout=KEPT),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT, sock_read=self._timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=self._proxy,
        )


class Reply:
    """A reply that is coming."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self.headers: Mapping[str, str] = answer.headers

    async def events(self) -> AsyncIterator[Any]:
        """Its events as plain JSON. Raises Refused for an error among them, Unreadable, and aiohttp's own."""
        lines = Lines()
        async for chunk in self._answer.content.iter_any():
            for name, data in lines.events(chunk):
                if name == b"error":
                    raise Refused(self._answer.status, self.headers, data)
                if name and data and name != b"ping":
                    try:
                        event = msgspec.json.decode(data)
                    except msgspec.DecodeError as problem:
                        raise Unreadable(str(problem)) from None
                    yield event


class Lines:
    """Server-sent events out of bytes as they come (html.spec.whatwg.org, "Server-sent events")."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        """Of a line whose end has not come."""
        self._length = 0
        self._name = b""
        self._data: list[bytes] = []

    def events(self, chunk: bytes) -> list[tuple[bytes, bytes]]:
        """Name and data of the events that end with this chunk."""
        *ended, rest = chunk.split(b"\n")
        if ended and self._rest:
            ended[0] = b"".join((*self._rest, ended[0]))
            self._rest.clear()
        found = []
        for line in ended:
            if (event := self._take(line.removesuffix(b"\r"))) is not None:
                found.append(event)
        if rest:
            self._rest.append(rest)
        self._length = len(rest) if ended else self._length + len(rest)
        if self._length + sum(map(len, self._data)) > LONGEST:
            raise Unreadable(f"an event of more than {LONGEST:,} bytes")
        return found

    def _take(self, line: bytes) -> tuple[bytes, bytes] | None:
        if not line:
            event = (self._name, b"\n".join(self._data))
            self._name, self._data = b"", []
            return event
        field, _, value = line.partition(b":")
        if field == b"data":
            self._data.append(value.removeprefix(b" "))
        elif field == b"event":
            self._name = value.removeprefix(b" ")
        return None


def _proxy(url: URL) -> str | None:
    """The proxy that the environment names for an address (HTTPS_PROXY and its like). Asked once: aiohttp
    would go through the environment, and read a file of passwords, with each request."""
    if url.host is None or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    return proxies.get(url.scheme) or proxies.get("all")


def _error(body: bytes, status: int) -> tuple[str, str]:
    """The kind of an error and the server's words, as far as its body has the API's form."""
    text = body.decode(errors="replace").strip()
    try:
        error = json.loads(text)["error"]
        return str(error["type"]), str(error["message"])
    except (ValueError, LookupError, TypeError):
        return "", " ".join(text.split())[:500] or f"Error code: {status}"

"""A server on loopback, a clock that stands still, and the real SDK as the client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient

from contextune.offline.script import Script, parse_script
from contextune.offline.server import OfflineModel

HAIKU = "claude-haiku-5-5"
SONNET = "claude-sonnet-5-5"


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Running:
    """A started server with clients for it."""

    def __init__(self, model: OfflineModel, url: str) -> None:
        self.model = model
        self.url = url
        self._clients: list[AsyncAnthropic] = []

    def client(self, **options: Any) -> AsyncAnthropic:
        """The real SDK. It does not retry unless told to."""
        # without certificates, which take most of the time of a client on loopback
        http = DefaultAsyncHttpxClient(base_url=self.url, verify=False)
        defaults = {"api_key": "sk-test", "base_url": self.url, "max_retries": 0, "http_client": http}
        client = AsyncAnthropic(**{**defaults, **options})
        self._clients.append(client)
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.close()
        await self.model.close()


Serve = Callable[..., Awaitable[Running]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def serve(clock: Clock) -> AsyncIterator[Serve]:
    """Start a server for scripts, or for the turns of one conversation that answers everything."""
    running: list[Running] = []

    async def start(*turns: dict[str, Any], scripts: list[Script] | None = None, **options: Any) -> Running:
        loaded = scripts if scripts is not None else [one(*turns)]
        model = OfflineModel(loaded, **{"clock": clock, **options})
        running.append(Running(model, await model.start()))
        return running[-1]

    yield start
    for server in running:
        await server.close()


def one(*turns: dict[str, Any], name: str = "any", **when: Any) -> Script:
    """A script of one conversation."""
    return parse_script("test", {"conversation": [{"name": name, "when": when, "turn": list(turns)}]})


def ask(text: Any = "Do it.", **more: Any) -> dict[str, Any]:
    """The arguments of a plain request."""
    return {"model": HAIKU, "max_tokens": 1024, "messages": [{"role": "user", "content": text}], **more}


def words(tokens: int, mark: str = "w") -> str:
    """Text of exactly so many tokens by the server's rule."""
    return (mark * (tokens * 4))[: tokens * 4]


READ_TOOL: dict[str, Any] = {
    "name": "read",
    "description": "Read a file.",
    "input_schema": {
        "type": "object",
        "properties": {"path": {"type": "string"}},
        "required": ["path"],
        "additionalProperties": False,
    },
}

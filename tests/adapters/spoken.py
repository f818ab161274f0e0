"""Servers of the Messages API for tests of the adapter: the offline model, and recorded replies of others."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

from aiohttp import web
from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient

from contextune.adapters.models.anthropic_model import ClientModel
from contextune.adapters.models.anthropic_server import ALL, Features
from contextune.adapters.models.message_stream import MessageStream
from contextune.core.model.conversation import Block, Message, ModelRequest, Rung, Text, Tool
from contextune.offline.script import parse_script
from contextune.offline.server import OfflineModel

HAIKU = Rung(model="claude-haiku-5-5", effort="low")
HIGH = Rung(model="claude-haiku-5-5", effort="high")
SONNET = Rung(model="claude-sonnet-5-5", effort="medium")
PATIENCE = 30.0
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

READ = Tool(
    name="read",
    description="Read a file.",
    schema={"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
)

Event = dict[str, Any]


def words(tokens: int, mark: str = "w") -> str:
    """Text of exactly so many tokens by the offline model's rule."""
    return (mark * (tokens * 4))[: tokens * 4]


def said(*blocks: Block) -> Message:
    return Message(role="user", blocks=blocks)


def asked(text: str = "Say a word.", **more: Any) -> ModelRequest:
    """A plain request."""
    fields: dict[str, Any] = {
        "rung": HAIKU,
        "system": (Text(text="Be brief."),),
        "messages": (said(Text(text=text)),),
        "max_tokens": 1000,
    }
    return ModelRequest(**{**fields, **more})


def client_of(url: str, *, key: str = "sk-test", timeout: float = PATIENCE) -> AsyncAnthropic:
    """The real SDK, without certificates, which take most of the time of a client on loopback."""
    http = DefaultAsyncHttpxClient(base_url=url, verify=False, timeout=timeout)
    return AsyncAnthropic(api_key=key, base_url=url, max_retries=0, http_client=http)


DIRECT = ContextVar("DIRECT", default=True)
"""Whether replies are read past the SDK, as they are where the server takes a key, or by it, as on clouds."""


def model_at(
    url: str, *, features: Features = ALL, key: str = "sk-test", timeout: float = PATIENCE
) -> ClientModel:
    """The adapter at a server."""
    client = client_of(url, key=key, timeout=timeout)
    direct = MessageStream(client, NO_CERTIFICATES, timeout) if DIRECT.get() else None
    return ClientModel(client, features=features, direct=direct)


class Offline:
    """The offline model, playing one conversation, behind the adapter."""

    def __init__(self, server: OfflineModel, model: ClientModel) -> None:
        self.server = server
        self.model = model

    @property
    def points(self) -> tuple[int, ...]:
        """The breakpoints of the last request: indices of blocks over tools, system and messages."""
        cache = self.server.log[-1].cache
        assert cache is not None
        return cache.breakpoints


@asynccontextmanager
async def offline(
    *turns: Mapping[str, Any], features: Features = ALL, key: str = "sk-test", **options: Any
) -> AsyncIterator[Offline]:
    script = parse_script("test", {"conversation": [{"name": "any", "turn": list(turns)}]})
    server = OfflineModel([script], **options)
    model = model_at(await server.start(), features=features, key=key)
    try:
        yield Offline(server, model)
    finally:
        await model.close()
        await server.close()


class Recorded:
    """A server that answers each request with what was recorded of another, and keeps what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.asked: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self._answers = list(answers)

    async def answer(self, http: web.Request) -> web.StreamResponse:
        self.asked.append(await http.json())
        self.paths.append(http.raw_path)
        self.headers.append(http.headers)
        return await self._answers.pop(0).send(http)


class Answer:
    """One recorded answer: bytes of a stream, or a body."""

    def __init__(
        self, body: bytes, *, status: int = 200, kind: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.body = body
        self.status = status
        self.headers = {"content-type": kind, **(headers or {})}
        self.hangs_up = False

    async def send(self, http: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=self.status, headers=self.headers)
        await response.prepare(http)
        await response.write(self.body)
        if self.hangs_up:
            assert http.transport is not None
            http.transport.close()
        else:
            await response.write_eof()
        return response


def stream(*events: Event, headers: Mapping[str, str] | None = None, hangs_up: bool = False) -> Answer:
    """An answer of server-sent events; each is named by its type."""
    body = b"".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events)
    answer = Answer(body, kind="text/event-stream", headers=headers)
    answer.hangs_up = hangs_up
    return answer


def whole(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer in one piece."""
    return Answer(json.dumps(body).encode(), status=status, kind="application/json", headers=headers)


def refusal(kind: str, status: int, words: str = "No.", **headers: str) -> Answer:
    """An error in the API's shape. Headers are spelled with `_` for `-`."""
    body = {"type": "error", "error": {"type": kind, "message": words}}
    return whole(body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})


def started(usage: Any = None, **more: Any) -> Event:
    """The start of a message."""
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-5-5-20261007",
        "content": [],
        "stop_reason": None,
        "usage": usage,
        **more,
    }
    return {"type": "message_start", "message": message}


def text_block(text: str, index: int = 0) -> tuple[Event, ...]:
    """A block of text in one delta."""
    return (
        {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": index},
    )


def ended(usage: Any = None, stop: str = "end_turn") -> tuple[Event, ...]:
    """The end of a message."""
    delta = {"stop_reason": stop, "stop_sequence": None}
    return ({"type": "message_delta", "delta": delta, "usage": usage}, {"type": "message_stop"})


def spoken(text: str, start: Any = None, end: Any = None, **more: Any) -> tuple[Event, ...]:
    """A whole message of one text, with the usage of its start and of its end."""
    return (started(start, **more), *text_block(text), *ended(end))


@asynccontextmanager
async def recorded(*answers: Answer) -> AsyncIterator[tuple[Recorded, str]]:
    """A server with these answers, and its address."""
    server = Recorded(*answers)
    app = web.Application()
    app.router.add_post("/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield server, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def behind(*answers: Answer, features: Features = ALL) -> AsyncIterator[tuple[ClientModel, Recorded]]:
    """The adapter at a server with these answers."""
    async with recorded(*answers) as (server, url):
        model = model_at(url, features=features)
        try:
            yield model, server
        finally:
            await model.close()


def kinds(blocks: Sequence[Block]) -> list[str]:
    return [type(block).__name__ for block in blocks]

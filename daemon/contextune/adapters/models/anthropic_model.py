"""The Anthropic Messages API behind core.ports.Model, by the SDK's async clients and a way past them.

The SDK's import costs about two seconds, so this module is imported only when a model is needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import anthropic
import httpx2
import msgspec
from anthropic import AsyncAnthropic, AsyncStream

from contextune.adapters.models.anthropic_problem import allowances_in, translate
from contextune.adapters.models.anthropic_reply import ReplyCollector, only_json
from contextune.adapters.models.anthropic_request import arguments, count_arguments
from contextune.adapters.models.anthropic_server import ALL, Features, features_of, provider_id
from contextune.adapters.models.message_stream import MessageStream
from contextune.core.errors import ModelRefusal
from contextune.core.model import conversation as c
from contextune.core.ports import Leave, at_once
from contextune.core.settings import Provider

AT_ONCE = 16
"""Events of a reply after which others have their turn."""

MESSAGES = "/v1/messages"
Events = AsyncStream[object]
"""Events as plain JSON."""

TIMEOUT = 600.0
"""Seconds without a byte from the server."""

Client = (
    AsyncAnthropic
    | anthropic.AsyncAnthropicBedrock
    | anthropic.AsyncAnthropicVertex
    | anthropic.AsyncAnthropicFoundry
)
"""The SDK's clients; all speak the Messages API."""


class ClientModel:
    """core.ports.Model by one client for all agents. The client's own retries must be off: the gateway
    accounts for every request."""

    def __init__(
        self,
        client: Client,
        *,
        features: Features,
        provider: Provider = "anthropic",
        direct: MessageStream | None = None,
    ) -> None:
        """`direct`: the way past the SDK to the same server, for the streams of replies."""
        self._client = client
        self._direct = direct
        self._features = features
        self._provider: Provider = provider
        self._one_by_one = asyncio.Lock()
        """Of replies that come at the same moment, each is read in a round of its own of the event loop."""

    @property
    def is_full(self) -> bool:
        """Whether the server counts, writes the cache ahead and explains its misses."""
        return self._features.is_full

    async def send(self, request: c.ModelRequest, *, leave: Leave = at_once) -> c.ModelReply:
        """Stream one request and return the whole reply. With `max_tokens` 0 it only writes the cache."""
        collected = ReplyCollector(request)
        made = arguments(request, self._features, self._name(request))
        try:
            if request.max_tokens == 0:
                await leave()
                reply = await self._prime(made, collected)
            elif self._direct is not None:
                body = msgspec.json.encode({**made, "stream": True})
                await leave()
                reply = await self._stream_directly(self._direct, body, collected)
            else:
                await leave()
                reply = await self._stream(made, collected)
        except Exception as problem:  # noqa: BLE001 the transport's own errors, cut streams among them, have no common base
            raise self._problem(problem, collected) from None
        wants_json = request.output_schema is not None and not self._features.structured
        return only_json(reply) if wants_json else reply

    async def count(self, request: c.ModelRequest) -> int:
        """Tokens of the prompt, by the server's own count. Raises ModelRefusal if the server has none."""
        if not self._features.counting:
            raise ModelRefusal(f"The server at {self._url} does not count tokens.")
        wanted = count_arguments(arguments(request, self._features, self._name(request)))
        try:
            counted = await self._client.messages.count_tokens(**wanted)
        except Exception as problem:  # noqa: BLE001 as in `send`
            raise translate(problem, self._url) from None
        return counted.input_tokens

    async def close(self) -> None:
        """Release connections."""
        await self._client.close()
        if self._direct is not None:
            await self._direct.close()

    async def _stream(self, made: dict[str, Any], collected: ReplyCollector) -> c.ModelReply:
        # The events stay as the server wrote them: to make the SDK's objects of each takes several times
        # what all the rest of a turn does.
        stream = await self._client.post(
            MESSAGES, body={**made, "stream": True}, cast_to=object, stream=True, stream_cls=Events
        )
        async with stream:
            await self._collect(stream, collected)
        return collected.reply(allowances_in(stream.response.headers))

    async def _stream_directly(
        self, direct: MessageStream, body: bytes, collected: ReplyCollector
    ) -> c.ModelReply:
        async with direct.reply(body) as reply:
            await self._collect(reply.events(), collected)
        return collected.reply(allowances_in(reply.headers))

    async def _collect(self, events: AsyncIterator[Any], collected: ReplyCollector) -> None:
        collected.answered = True
        async with self._one_by_one:
            await asyncio.sleep(0)
        count = 0
        async for event in events:
            collected.take(event)
            count += 1
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)  # what has come already is read without ever waiting

    async def _prime(self, made: dict[str, Any], collected: ReplyCollector) -> c.ModelReply:
        if not self._features.priming:
            raise ModelRefusal(f"The server at {self._url} does not write its cache ahead.")
        # The API refuses to stream a reply that has no tokens.
        answer = await self._client.messages.with_raw_response.create(**made)
        collected.take_whole((await answer.parse()).model_dump(exclude_none=True, warnings=False))
        return collected.reply(allowances_in(answer.headers))

    def _problem(self, problem: Exception, collected: ReplyCollector) -> Exception:
        return translate(
            problem,
            self._url,
            answered=collected.answered,
            begun=collected.begun,
            usage=collected.usage,
        )

    def _name(self, request: c.ModelRequest) -> str:
        return provider_id(self._provider, request.rung.model)

    @property
    def _url(self) -> str:
        return str(self._client.base_url)


class AnthropicModel(ClientModel):
    """A server of the Messages API that takes a key: Anthropic's own, another one, or the offline model."""

    def __init__(
        self, *, api_key: str, base_url: str | None, offline: bool = False, timeout: float = TIMEOUT
    ) -> None:
        """`base_url` None stands for Anthropic's own; `offline` for a server that knows all of the API."""
        client = AsyncAnthropic(api_key=api_key, base_url=base_url, max_retries=0, timeout=timeout)
        known = ALL if offline else features_of("anthropic", client.base_url.host)
        direct = MessageStream(client, httpx2.create_ssl_context(), timeout)
        super().__init__(client, features=known, direct=direct)

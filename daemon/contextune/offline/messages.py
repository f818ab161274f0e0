"""`POST /v1/messages`: from the request to the last byte of the reply."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from aiohttp import web

from contextune.offline import sse
from contextune.offline.cache import CachePlan, PromptCache, find_breakpoints
from contextune.offline.diagnostics import Fingerprints
from contextune.offline.faults import FAULT_HEADER, Fault, Faults
from contextune.offline.limits import Limiter
from contextune.offline.log import CacheFacts, Entry
from contextune.offline.models import ModelSpec
from contextune.offline.pace import Latency, Pace
from contextune.offline.player import Chosen, Player, RequestText
from contextune.offline.prompt import Prompt, build_prompt
from contextune.offline.reply import PRE_WARMED, Reply, cut, make_reply, refuse
from contextune.offline.usage import Usage, measure
from contextune.offline.validate import check_prompt, check_request
from contextune.offline.wire import CountRequest, MessagesRequest, decode_request


class Caller(NamedTuple):
    """Who asks, in which version of the API."""

    owner: bytes
    """A digest of the credential: caches and limits belong to it."""
    version: str
    betas: str


class Ids:
    """Ids that no other server and no other request has, all of one length so that they cost the same."""

    def __init__(self) -> None:
        self._server = os.urandom(4).hex()
        self._count = 0

    def new(self, prefix: str) -> str:
        """An id such as `msg_offline_1f0c9a7e00000003`."""
        self._count += 1
        return f"{prefix}_offline_{self._server}{self._count:08d}"


class _Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request that has been understood, with the reply that it gets."""

    caller: Caller
    request: MessagesRequest
    spec: ModelSpec
    prompt: Prompt
    plan: CachePlan
    reply: Reply
    usage: Usage
    message_id: str
    diagnostics: dict[str, object] | None
    chosen: Chosen | None
    fault: Fault | None
    delay_ms: int


class MessagesEndpoint:
    """Answers messages and counts tokens."""

    def __init__(
        self,
        *,
        player: Player,
        faults: Faults,
        limiter: Limiter,
        latency: Latency,
        clock: Callable[[], float],
        ids: Ids,
        closing: asyncio.Event,
    ) -> None:
        self._player = player
        self._faults = faults
        self._limiter = limiter
        self._latency = latency
        self._cache = PromptCache(clock)
        self._fingerprints = Fingerprints()
        self._ids = ids
        self._closing = closing

    async def count_tokens(self, http: web.Request, caller: Caller, entry: Entry) -> web.StreamResponse:
        """Answer `POST /v1/messages/count_tokens`."""
        request = decode_request(await http.read(), CountRequest)
        entry.note(model=request.model)
        _, prompt = _read(request, caller)
        find_breakpoints(request, prompt)
        fault = self._faults.take_header(http.headers.get(FAULT_HEADER))
        if fault is not None and (error := fault.http_error()):
            entry.note(fault=fault.kind)
            raise error
        entry.close("complete")
        return web.json_response({"input_tokens": prompt.tokens})

    async def create(self, http: web.Request, caller: Caller, entry: Entry) -> web.StreamResponse:
        """Answer `POST /v1/messages`."""
        request = decode_request(await http.read(), MessagesRequest)
        entry.note(
            model=request.model, stream=request.stream, effort=request.effort, max_tokens=request.max_tokens
        )
        exchange = self._understand(request, http.headers.get(FAULT_HEADER), caller, entry)
        if request.stream:
            return await self._send_stream(http, exchange, entry)
        return await self._send_whole(http, exchange, entry)

    def _understand(
        self, request: MessagesRequest, fault_header: str | None, caller: Caller, entry: Entry
    ) -> _Exchange:
        spec, prompt = _read(request, caller)
        plan = self._cache.plan(request, prompt, find_breakpoints(request, prompt), spec, caller.owner)
        entry.note(cache=_facts(prompt, plan, spec))
        fault = self._faults.take_header(fault_header)
        chosen = None
        message_id = self._ids.new("msg")
        if request.max_tokens == 0:
            fault = self._take_fault(request, fault, None, entry)
            reply = PRE_WARMED
        else:
            texts = RequestText(request)
            chosen = self._player.choose(request, spec, texts)
            entry.note(
                script=chosen.script.name, conversation=chosen.conversation.name, turn=chosen.place.turn + 1
            )
            fault = self._take_fault(request, fault, chosen, entry)
            reply = self._reply(request, spec, prompt, texts=texts, chosen=chosen, fault=fault)
        self._limiter.admit(caller.owner, spec.line, plan.uncached + plan.written)
        usage = measure(plan, reply)
        entry.note(message_id=message_id, stop_reason=reply.stop_reason, usage=usage)
        return _Exchange(
            caller=caller,
            request=request,
            spec=spec,
            prompt=prompt,
            plan=plan,
            reply=reply,
            usage=usage,
            message_id=message_id,
            diagnostics=self._fingerprints.compare(request, prompt, plan, caller.owner),
            chosen=chosen,
            fault=fault,
            delay_ms=0 if chosen is None else chosen.turn.delay_ms,
        )

    def _take_fault(
        self, request: MessagesRequest, asked: Fault | None, chosen: Chosen | None, entry: Entry
    ) -> Fault | None:
        """The fault that this request meets, raised at once if it is an HTTP error."""
        name = None if chosen is None else chosen.conversation.name
        turn = None if chosen is None else chosen.place.turn + 1
        fault = asked or self._faults.take_injected(request.model, name, turn)
        if fault is None and chosen is not None:
            fault = self._faults.take_scripted(chosen.place, chosen.turn.faults)
        if fault is None:
            return None
        entry.note(fault=fault.kind)
        if error := fault.http_error():
            if fault.kind == "rate_limit":
                error.headers = {**self._limiter.spent(fault.retry_after or 1), **error.headers}
            raise error
        if fault.kind == "stream_error" and not request.stream:
            raise fault.stream_failure()
        return fault

    def _reply(
        self,
        request: MessagesRequest,
        spec: ModelSpec,
        prompt: Prompt,
        *,
        texts: RequestText,
        chosen: Chosen,
        fault: Fault | None,
    ) -> Reply:
        if fault is not None and fault.kind == "refusal":
            return refuse(fault)
        speech = self._player.speak(chosen, texts)
        whole = make_reply(
            speech, chosen.turn, request, spec, before=prompt.spoken, new_id=lambda: self._ids.new("toolu")
        )
        limit = request.max_tokens
        if fault is not None and fault.kind == "max_tokens":
            limit = min(limit, fault.tokens or max(1, whole.tokens // 2))
        return cut(whole, limit)

    def _start(self, exchange: _Exchange) -> None:
        """The response starts: the cache holds what it wrote, and the turn counts as played."""
        self._cache.start(exchange.plan)
        self._fingerprints.keep(
            exchange.message_id, exchange.request, exchange.prompt, exchange.plan, exchange.caller.owner
        )
        if exchange.chosen is not None:
            self._player.played(exchange.chosen.place)

    def _pace(self, exchange: _Exchange) -> Pace:
        slow = exchange.fault if exchange.fault is not None and exchange.fault.kind == "slow" else None
        delay = exchange.delay_ms + (slow.delay_ms if slow else 0)
        return Pace(self._latency, self._closing, delay, slow.between_ms if slow else 0)

    async def _send_whole(self, http: web.Request, exchange: _Exchange, entry: Entry) -> web.StreamResponse:
        pace = self._pace(exchange)
        await pace.before_first_byte()
        await pace.before_event(exchange.reply.tokens)
        fault = exchange.fault.kind if exchange.fault is not None else None
        if fault == "stall":
            entry.note(usage=None, stop_reason=None)
            await pace.forever()
        self._start(exchange)
        self._limiter.produced(exchange.caller.owner, exchange.spec.line, exchange.reply.tokens)
        body = msgspec.json.encode(
            sse.message(
                exchange.message_id,
                exchange.request.model,
                exchange.reply,
                exchange.usage,
                exchange.diagnostics,
            )
        )
        headers = {"content-type": "application/json", **self._limit_headers(exchange)}
        if fault == "malformed":
            entry.close("error")
            return web.Response(body=body[: len(body) // 2], headers=headers)
        if fault == "cut":
            entry.close("cut")
            response = web.StreamResponse(headers={**headers, "content-length": str(len(body))})
            await response.prepare(http)
            await response.write(body[: len(body) // 2])
            hang_up(http)
            return response
        entry.close("complete")
        return web.Response(body=body, headers=headers)

    async def _send_stream(self, http: web.Request, exchange: _Exchange, entry: Entry) -> web.StreamResponse:
        pace = self._pace(exchange)
        await pace.before_first_byte()
        response = web.StreamResponse(
            headers={
                "content-type": "text/event-stream; charset=utf-8",
                "cache-control": "no-cache",
                **self._limit_headers(exchange),
            }
        )
        await response.prepare(http)
        self._start(exchange)
        stream = list(
            sse.events(
                exchange.message_id,
                exchange.request.model,
                exchange.reply,
                exchange.usage,
                exchange.diagnostics,
            )
        )
        strikes_at = _strikes_at(exchange.fault, len(stream))
        counted, pending = 0, bytearray()
        for number, event in enumerate(stream):
            if number == strikes_at and exchange.fault is not None:
                usage = msgspec.structs.replace(exchange.usage, output_tokens=counted, thinking_tokens=0)
                entry.note(usage=usage, stop_reason=None)
                await response.write(bytes(pending))
                await self._strike(http, response, exchange.fault, pace, entry)
                return response
            await pace.before_event(event.output_tokens)
            self._limiter.produced(exchange.caller.owner, exchange.spec.line, event.output_tokens - counted)
            counted = event.output_tokens
            pending += event.data
            if number == len(stream) - 1:
                entry.close("complete")
            elif not pace.waits:
                continue
            await response.write(bytes(pending))
            pending.clear()
        await response.write_eof()
        return response

    async def _strike(
        self, http: web.Request, response: web.StreamResponse, fault: Fault, pace: Pace, entry: Entry
    ) -> None:
        """Let a stream go wrong."""
        match fault.kind:
            case "cut":
                entry.close("cut")
                hang_up(http)
            case "stall":
                await pace.forever()
            case "malformed":
                entry.close("error")
                await response.write(sse.malformed_event())
                await response.write_eof()
            case _:
                error = fault.stream_failure()
                entry.note(error=error.kind, error_message=error.message)
                entry.close("error")
                await response.write(sse.error_event(error))
                await response.write_eof()

    def _limit_headers(self, exchange: _Exchange) -> dict[str, str]:
        return self._limiter.headers(exchange.caller.owner, exchange.spec.line)


def hang_up(http: web.Request) -> None:
    """Close the connection. What has been written still arrives; the body stays unfinished."""
    if http.transport is not None:
        http.transport.close()


def _read(request: CountRequest, caller: Caller) -> tuple[ModelSpec, Prompt]:
    """Check a request by every rule but that of breakpoints, and lay out its prompt."""
    spec = check_request(request, caller.version)
    prompt = build_prompt(request)
    check_prompt(prompt, request, spec, caller.betas)
    return spec, prompt


def _facts(prompt: Prompt, plan: CachePlan, spec: ModelSpec) -> CacheFacts:
    return CacheFacts(
        blocks=len(prompt.blocks),
        breakpoints=tuple(point.block for point in plan.breakpoints),
        hit_block=plan.hit_block,
        minimum=spec.cache_minimum,
    )


def _strikes_at(fault: Fault | None, events: int) -> int | None:
    """The number of the event in whose place a fault strikes; at the latest the last one's."""
    if fault is None or fault.kind not in {"cut", "stall", "stream_error", "malformed"}:
        return None
    return min(fault.after, events - 1)

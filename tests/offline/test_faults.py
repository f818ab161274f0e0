"""Faults on demand, as the real SDK meets them."""

from __future__ import annotations

import asyncio
from typing import Any

import anthropic
import httpx2
import msgspec
import pytest
from anthropic import AsyncAnthropic

from contextune.offline.faults import Fault

from .conftest import READ_TOOL, Serve, ask, words

LONG = {"text": words(200)}


def faulty(kind: str, **more: Any) -> dict[str, Any]:
    return {**LONG, "fault": {"kind": kind, **more}}


async def drain(client: AsyncAnthropic, **more: Any) -> list[str]:
    stream = await client.messages.create(**ask(**more), stream=True)
    return [event.type async for event in stream]


@pytest.mark.parametrize(
    ("kind", "status", "error", "kind_of_error"),
    [
        ("authentication", 401, anthropic.AuthenticationError, "authentication_error"),
        ("billing", 402, anthropic.PaymentRequiredError, "billing_error"),
        ("permission", 403, anthropic.PermissionDeniedError, "permission_error"),
        ("rate_limit", 429, anthropic.RateLimitError, "rate_limit_error"),
        ("api_error", 500, anthropic.InternalServerError, "api_error"),
        ("timeout", 504, anthropic.GatewayTimeoutError, "timeout_error"),
        ("overloaded", 529, anthropic.OverloadedError, "overloaded_error"),
    ],
)
async def test_http_errors_then_the_real_reply(
    serve: Serve, kind: str, status: int, error: type[anthropic.APIStatusError], kind_of_error: str
) -> None:
    server = await serve(faulty(kind, times=2))
    client = server.client()
    for _ in range(2):
        with pytest.raises(error) as caught:
            await client.messages.create(**ask())
        assert (caught.value.status_code, caught.value.type) == (status, kind_of_error)
    assert server.model.unused() == ["test: any, reply 1"]
    assert (await client.messages.create(**ask())).stop_reason == "end_turn"
    assert server.model.unused() == []
    assert [entry.fault for entry in server.model.log] == [kind, kind, None]
    assert [entry.usage is None for entry in server.model.log] == [True, True, False]


async def test_a_status_can_be_chosen(serve: Serve) -> None:
    client = (await serve(faulty("billing", status=403))).client()
    with pytest.raises(anthropic.PermissionDeniedError) as caught:
        await client.messages.create(**ask())
    assert caught.value.type == "billing_error"


async def test_the_sdk_retries_past_an_overload(serve: Serve) -> None:
    server = await serve(faulty("overloaded"))
    assert (await server.client(max_retries=1).messages.create(**ask())).stop_reason == "end_turn"
    assert len(server.model.log) == 2


async def test_a_429_carries_the_headers(serve: Serve) -> None:
    client = (await serve(faulty("rate_limit", retry_after=7))).client()
    with pytest.raises(anthropic.RateLimitError) as caught:
        await client.messages.create(**ask())
    headers = caught.value.response.headers
    assert headers["retry-after"] == "7"
    assert headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert headers["anthropic-ratelimit-requests-reset"] == "2027-01-15T08:00:07Z"


async def test_faults_of_a_turn_come_one_after_another(serve: Serve) -> None:
    server = await serve({**LONG, "fault": [{"kind": "overloaded"}, {"kind": "cut"}, {"kind": "refusal"}]})
    client = server.client()
    with pytest.raises(anthropic.OverloadedError):
        await drain(client)
    with pytest.raises(httpx2.RemoteProtocolError):
        await drain(client)
    assert (await client.messages.create(**ask())).stop_reason == "refusal"
    assert (await client.messages.create(**ask())).stop_reason == "end_turn"


async def test_a_cut_stream_delivers_the_events_before_the_cut(serve: Serve) -> None:
    server = await serve(faulty("cut", after=5))
    stream = await server.client().messages.create(**ask(), stream=True)
    # the third event on the wire is a ping, which the SDK does not hand on
    for kind in ["message_start", "content_block_start", "content_block_delta", "content_block_delta"]:
        assert (await anext(stream)).type == kind
    with pytest.raises(httpx2.RemoteProtocolError):
        await anext(stream)
    entry = server.model.log[0]
    assert (entry.ending, entry.fault, entry.stop_reason) == ("cut", "cut", None)
    assert entry.usage is not None
    assert 0 < entry.usage.output_tokens < 200


async def test_a_cut_answer_that_does_not_stream(serve: Serve) -> None:
    client = (await serve(faulty("cut"))).client()
    with pytest.raises((anthropic.APIConnectionError, httpx2.RemoteProtocolError)):
        await client.messages.create(**ask())


async def test_an_error_event_in_the_middle(serve: Serve) -> None:
    server = await serve(faulty("stream_error", after=4))
    with pytest.raises(anthropic.APIStatusError) as caught:
        await drain(server.client())
    assert caught.value.status_code == 200
    assert caught.value.type == "overloaded_error"
    assert (server.model.log[0].status, server.model.log[0].ending) == (200, "error")


async def test_another_error_event(serve: Serve) -> None:
    client = (await serve(faulty("stream_error", error="api_error"))).client()
    with pytest.raises(anthropic.APIStatusError) as caught:
        await drain(client)
    assert caught.value.type == "api_error"


async def test_an_error_event_without_a_stream_is_an_http_error(serve: Serve) -> None:
    client = (await serve(faulty("stream_error"))).client()
    with pytest.raises(anthropic.OverloadedError):
        await client.messages.create(**ask())


async def test_malformed_json_in_a_stream(serve: Serve) -> None:
    client = (await serve(faulty("malformed"))).client()
    with pytest.raises(ValueError, match="Unterminated string"):
        await drain(client)


async def test_malformed_json_in_a_whole_answer(serve: Serve) -> None:
    client = (await serve(faulty("malformed"))).client()
    with pytest.raises((ValueError, anthropic.APIError)):
        await client.messages.create(**ask())


async def test_a_refusal(serve: Serve) -> None:
    server = await serve(faulty("refusal", category="cyber", times=2))
    client = server.client()
    whole = await client.messages.create(**ask())
    async with client.messages.stream(**ask()) as stream:
        streamed = await stream.get_final_message()
    for message in (whole, streamed):
        assert message.stop_reason == "refusal"
        assert message.content == []
        assert message.stop_details is not None
        assert message.stop_details.category == "cyber"


async def test_a_turn_may_be_nothing_but_a_refusal(serve: Serve) -> None:
    server = await serve({"fault": {"kind": "refusal"}})
    assert (await server.client().messages.create(**ask())).stop_reason == "refusal"
    assert server.model.unused() == []


async def test_max_tokens_on_demand(serve: Serve) -> None:
    server = await serve({**LONG, "fault": [{"kind": "max_tokens", "tokens": 20}, {"kind": "max_tokens"}]})
    client = server.client()
    bills = [(await client.messages.create(**ask())) for _ in range(3)]
    assert [bill.stop_reason for bill in bills] == ["max_tokens", "max_tokens", "end_turn"]
    assert [bill.usage.output_tokens for bill in bills] == [20, 100, 200]


async def test_a_slow_start_outlasts_a_short_timeout(serve: Serve) -> None:
    server = await serve(faulty("slow", delay_ms=60_000))
    client = server.client(timeout=httpx2.Timeout(5, read=0.1))
    with pytest.raises(anthropic.APITimeoutError):
        await client.messages.create(**ask())
    assert (await server.client().messages.create(**ask())).stop_reason == "end_turn"


async def test_slow_events_come_one_by_one(serve: Serve) -> None:
    server = await serve(faulty("slow", between_ms=20))
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert len(await drain(server.client())) == 14
    assert loop.time() - began >= 15 * 0.02


async def test_a_stalled_stream_ends_when_the_client_gives_up(serve: Serve) -> None:
    logged = asyncio.Event()
    server = await serve(faulty("stall", after=2), on_log=lambda _: logged.set())
    stream = await server.client().messages.create(**ask(), stream=True)
    assert (await anext(stream)).type == "message_start"
    await stream.close()
    await asyncio.wait_for(logged.wait(), 5)
    assert server.model.log[0].ending == "client_left"


async def test_a_stalled_stream_ends_when_the_server_closes(serve: Serve) -> None:
    server = await serve(faulty("stall", after=2))
    stream = await server.client().messages.create(**ask(), stream=True)
    assert (await anext(stream)).type == "message_start"
    await server.model.close()
    with pytest.raises(httpx2.RemoteProtocolError):
        [event async for event in stream]
    assert server.model.log[0].ending == "stalled"


async def test_a_header_asks_for_a_fault(serve: Serve) -> None:
    client = (await serve(LONG)).client(max_retries=0)
    with pytest.raises(anthropic.OverloadedError):
        await client.messages.create(**ask(), extra_headers={"x-contextune-fault": "overloaded"})
    order = msgspec.json.encode({"kind": "cut", "after": 1}).decode()
    headers = {"x-contextune-fault": order}
    with pytest.raises(httpx2.RemoteProtocolError):
        await drain(client, extra_headers=headers)
    assert await drain(client, extra_headers=headers)  # once, unless `times` says more
    with pytest.raises(anthropic.BadRequestError, match="x-contextune-fault: Invalid enum value 'flood'"):
        await client.messages.create(**ask(), extra_headers={"x-contextune-fault": "flood"})


async def test_faults_from_outside_strike_where_they_fit(serve: Serve) -> None:
    call = {"tool": [{"name": "read", "input": {"path": "a"}}]}
    server = await serve(call, LONG)
    client = server.client()
    server.model.inject(Fault(kind="overloaded"), conversation="any", turn=2)
    async with httpx2.AsyncClient(verify=False, base_url=server.url) as outside:
        order = {"fault": {"kind": "rate_limit", "times": 2}, "model": "claude-sonnet-5-5"}
        assert (await outside.post("/contextune/faults", json=order)).status_code == 200
        bad = await outside.post("/contextune/faults", json={"fault": {"kind": "flood"}})
        assert bad.status_code == 400
        assert "flood" in bad.json()["error"]
        pending = (await outside.get("/contextune/faults")).json()["pending"]
        assert [entry["fault"]["kind"] for entry in pending] == ["overloaded", "rate_limit"]
        request = ask(tools=[READ_TOOL])
        first = await client.messages.create(**request)
        result = {"type": "tool_result", "tool_use_id": first.content[0].id, "content": "x"}
        request["messages"] += [first.to_param(), {"role": "user", "content": [result]}]
        with pytest.raises(anthropic.OverloadedError):
            await client.messages.create(**request)
        assert (await client.messages.create(**request)).stop_reason == "end_turn"
        with pytest.raises(anthropic.RateLimitError):
            await client.messages.create(**ask(model="claude-sonnet-5-5"))
        assert (await outside.delete("/contextune/faults")).json() == {"pending": []}
    assert (await client.messages.create(**ask(model="claude-sonnet-5-5", tools=[READ_TOOL]))).id


async def test_pre_warming_meets_faults_from_outside(serve: Serve) -> None:
    server = await serve(LONG)
    server.model.inject(Fault(kind="overloaded"))
    with pytest.raises(anthropic.OverloadedError):
        await server.client().messages.create(**ask(max_tokens=0))

"""What can go wrong at the model's server, and what the headers of good and bad answers tell."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest

from contextune.adapters.models.anthropic_problem import allowances_in, retry_after
from contextune.core.errors import (
    CreditProblem,
    KeyRefused,
    ModelProblem,
    ModelRefusal,
    PlaceProblem,
    RequestTooLong,
)
from contextune.core.model.money import Usage
from contextune.core.model.pressure import Allowance
from contextune.offline.limits import RateLimit
from tests.adapters.spoken import (
    DIRECT,
    Answer,
    asked,
    behind,
    model_at,
    offline,
    refusal,
    started,
    stream,
    text_block,
)

NOW = 1_795_000_000.0
START = {"input_tokens": 20, "cache_read_input_tokens": 900, "output_tokens": 2}
TOLD = Usage(input_tokens=20, cache_read_tokens=900, output_tokens=2)


@pytest.fixture(autouse=True, params=[True, False], ids=["direct", "by the SDK"])
def _way(request: pytest.FixtureRequest) -> Iterator[None]:
    before = DIRECT.set(request.param)
    yield
    DIRECT.reset(before)


async def raised(*answers: Answer) -> ModelProblem:
    """The problem that a request ends in."""
    async with behind(*answers) as (model, _):
        with pytest.raises(ModelProblem) as caught:
            await model.send(asked())
    return caught.value


def error_event(kind: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": "Not now."}}


@pytest.mark.parametrize(
    ("kind", "status"),
    [("overloaded_error", 529), ("rate_limit_error", 429), ("api_error", 500), ("timeout_error", 504)],
)
async def test_an_error_in_the_middle_of_a_stream_tells_what_was_used(kind: str, status: int) -> None:
    problem = await raised(stream(started(START), *text_block("Half a"), error_event(kind)))
    assert not isinstance(problem, ModelRefusal)
    assert (problem.begun, problem.usage, problem.status) == (True, TOLD, status)
    assert str(problem) == f"The model's server answers {status}: Not now."


async def test_an_error_before_the_message_begins_used_nothing() -> None:
    problem = await raised(stream(error_event("overloaded_error")))
    assert (problem.begun, problem.usage, problem.status) == (False, None, 529)


async def test_a_cut_stream_tells_what_was_used() -> None:
    problem = await raised(stream(started(START), *text_block("Half a"), hangs_up=True))
    assert (problem.begun, problem.usage) == (True, TOLD)
    assert "broke off" in str(problem)


async def test_a_stream_that_ends_without_its_end_is_cut() -> None:
    problem = await raised(stream(started(START), *text_block("Half a")))
    assert (problem.begun, problem.usage) == (True, TOLD)
    assert str(problem) == "The reply broke off before its end."


@pytest.mark.parametrize("fault", ["cut", "malformed", "stream_error"])
@pytest.mark.parametrize("after", [0, 1, 4])
async def test_faults_of_a_stream_are_problems_that_a_retry_may_mend(fault: str, after: int) -> None:
    turn = {"text": "Hello. " * 60, "fault": {"kind": fault, "after": after}}
    async with offline(turn) as here:
        with pytest.raises(ModelProblem) as caught:
            await here.model.send(asked())
        assert not isinstance(caught.value, ModelRefusal)
        assert caught.value.begun == (after > 0)
        assert (caught.value.usage is not None) == (after > 0)
        assert (await here.model.send(asked())).text.startswith("Hello.")


@pytest.mark.parametrize(
    "events",
    [
        ({"type": "message_start"},),
        (started(START), {"type": "content_block_delta", "index": 7, "delta": {"type": "text_delta"}}),
        (started(START), {"type": "content_block_start", "index": 0, "content_block": {}}),
    ],
    ids=["no message", "no such block", "a block of no kind"],
)
async def test_events_that_make_no_sense_are_said(events: tuple[dict[str, Any], ...]) -> None:
    problem = await raised(stream(*events, {"type": "message_stop"}))
    assert "The reply" in str(problem)


async def test_a_call_that_is_no_json_cannot_be_read() -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "read", "input": {}}
    events = (
        started(START),
        {"type": "content_block_start", "index": 0, "content_block": call},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": '{"pa'},
        },
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
    )
    problem = await raised(stream(*events))
    assert problem.usage == Usage(input_tokens=20, cache_read_tokens=900, output_tokens=9)
    assert "cannot be read" in str(problem)


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("rate_limit_error", 429, ModelProblem),
        ("overloaded_error", 529, ModelProblem),
        ("api_error", 500, ModelProblem),
        ("timeout_error", 504, ModelProblem),
        ("invalid_request_error", 400, ModelRefusal),
        ("not_found_error", 404, ModelRefusal),
        ("request_too_large", 413, RequestTooLong),
    ],
)
async def test_a_refused_request_tells_its_status(
    kind: str, status: int, expected: type[ModelProblem]
) -> None:
    problem = await raised(refusal(kind, status))
    assert type(problem) is expected
    assert (problem.status, problem.begun, problem.usage) == (status, False, None)


async def test_a_server_that_says_not_to_try_again_is_taken_at_its_word() -> None:
    assert isinstance(await raised(refusal("api_error", 500, x_should_retry="false")), ModelRefusal)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_no_problem_of_the_model(status: int) -> None:
    async with behind(refusal("authentication_error", status)) as (model, _):
        with pytest.raises(KeyRefused, match="does not accept the API key: No"):
            await model.send(asked())


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("billing_error", 402, "There is a problem with the payment of your account."),
        (
            "invalid_request_error",
            400,
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.",
        ),
        (
            "invalid_request_error",
            400,
            "You have reached your specified API usage limits. You will regain access on 2026-12-01.",
        ),
    ],
)
async def test_an_account_without_credit_is_no_problem_of_the_request(
    kind: str, status: int, words: str
) -> None:
    async with behind(refusal(kind, status, words)) as (model, _):
        with pytest.raises(CreditProblem) as caught:
            await model.send(asked())
    assert str(caught.value) == (
        f"The model's server takes no request of this account: {words} Put that right, then resume the run."
    )


async def test_without_a_server_the_place_is_wrong() -> None:
    model = model_at("http://127.0.0.1:9")
    with pytest.raises(PlaceProblem, match=r"No server answers at http://127\.0\.0\.1:9"):
        await model.send(asked())
    with pytest.raises(PlaceProblem, match="No server answers"):
        await model.count(asked())
    await model.close()


async def test_a_server_that_drops_the_connection_before_it_answers_may_answer_later() -> None:
    async def drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    async with await asyncio.start_server(drop, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        model = model_at(f"http://127.0.0.1:{port}")
        with pytest.raises(ModelProblem, match="broke off") as caught:
            await model.send(asked())
        await model.close()
    assert (caught.value.status, caught.value.begun) == (None, False)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


TAKEN = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "resets", "uncertain"),
    [(b"", False, False), (b"", True, True), (TAKEN, False, True), (TAKEN, True, True)],
    ids=["closed", "reset", "taken and closed", "taken and reset"],
)
async def test_where_no_word_of_a_reply_comes_tokens_may_have_been_used(
    answer: bytes, resets: bool, uncertain: bool
) -> None:
    async def drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.read(1)
        writer.write(answer)
        await writer.drain()
        if resets:
            own: socket.socket = writer.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        await _closed(writer)
        over.set()

    over = asyncio.Event()
    async with await asyncio.start_server(drop, "127.0.0.1", 0) as server:
        model = model_at(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(ModelProblem, match="broke off") as caught:
            await model.send(asked())
        await model.close()
        await over.wait()
    assert (caught.value.begun, caught.value.uncertain) == (False, uncertain)


async def test_a_server_that_says_nothing_may_have_used_tokens() -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        await _closed(writer)
        over.set()

    over = asyncio.Event()
    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        model = model_at(url, timeout=0.05)
        with pytest.raises(ModelProblem, match="broke off") as caught:
            await model.send(asked())
        await model.close()
        await over.wait()
    assert (caught.value.begun, caught.value.uncertain) == (False, True)


async def test_counting_meets_the_same_problems() -> None:
    async with behind(refusal("overloaded_error", 529, retry_after="2")) as (model, _):
        with pytest.raises(ModelProblem) as caught:
            await model.count(asked())
    assert (caught.value.status, caught.value.retry_after) == (529, 2.0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "7", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": format_datetime(datetime.fromtimestamp(NOW + 90, UTC), usegmt=True)}, 90.0),
        ({"retry-after": format_datetime(datetime.fromtimestamp(NOW - 90, UTC), usegmt=True)}, 0.0),
    ],
)
def test_how_long_to_wait_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


def limits(**told: tuple[str, str, str]) -> dict[str, str]:
    names = ("limit", "remaining", "reset")
    return {
        f"anthropic-ratelimit-{resource.replace('_', '-')}-{name}": value
        for resource, values in told.items()
        for name, value in zip(names, values, strict=True)
    }


def test_the_limits_are_read_off_the_headers() -> None:
    headers = limits(
        requests=("50", "49", "2026-11-22T10:00:01Z"),
        input_tokens=("400000", "0", "2026-11-22T12:00:00.250+02:00"),
        output_tokens=("80000", "many", "2026-11-22T10:00:01Z"),
    )
    second = int(datetime(2026, 11, 22, 10, tzinfo=UTC).timestamp()) * 1000
    assert allowances_in(headers) == (
        Allowance(resource="requests", limit=50, remaining=49, reset_at=second + 1000),
        Allowance(resource="input-tokens", limit=400_000, remaining=0, reset_at=second + 250),
    )
    assert allowances_in({}) == ()
    assert allowances_in(limits(requests=("50", "49", "later"))) == ()


async def test_every_answer_tells_what_the_limits_leave() -> None:
    limit = RateLimit(requests_per_minute=2, input_tokens_per_minute=10_000, output_tokens_per_minute=5_000)
    async with offline({"text": "One."}, limits=limit) as here:
        reply = await here.model.send(asked())
        assert [(a.resource, a.limit) for a in reply.allowances] == [
            ("requests", 2),
            ("input-tokens", 10_000),
            ("output-tokens", 5_000),
        ]
        assert reply.allowances[0].remaining == 1
        assert 0 < reply.allowances[0].reset_at - time.time() * 1000 < 60_000
        await here.model.send(asked())
        with pytest.raises(ModelProblem) as caught:
            await here.model.send(asked())
        problem = caught.value
        assert problem.status == 429
        assert problem.retry_after is not None
        assert 0 < problem.retry_after <= 31
        first = problem.allowances[0]
        assert (first.resource, first.remaining) == ("requests", 0)

"""Prompt caching by Anthropic's rules, through the real SDK, with a clock that stands still."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import pytest
from anthropic import AsyncAnthropic, BadRequestError, OverloadedError
from anthropic.types import Message

from contextune.offline.pace import Latency

from .conftest import HAIKU, READ_TOOL, SONNET, Clock, Serve, ask, words

MARK = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}
OK = {"text": "ok"}


class Tokens(NamedTuple):
    """What a request was billed for as input."""

    uncached: int
    written_5m: int
    written_1h: int
    read: int


def tokens(message: Message) -> Tokens:
    usage = message.usage
    assert usage.cache_creation is not None
    split = usage.cache_creation
    assert usage.cache_creation_input_tokens == (
        split.ephemeral_5m_input_tokens + split.ephemeral_1h_input_tokens
    )
    return Tokens(
        usage.input_tokens,
        split.ephemeral_5m_input_tokens,
        split.ephemeral_1h_input_tokens,
        usage.cache_read_input_tokens or 0,
    )


def system(size: int = 600, mark: dict[str, str] | None = MARK, text: str = "s") -> list[dict[str, Any]]:
    block: dict[str, Any] = {"type": "text", "text": words(size, text)}
    return [{**block, "cache_control": mark}] if mark else [block]


async def send(client: AsyncAnthropic, text: str = words(10), **more: Any) -> Tokens:
    return tokens(await client.messages.create(**ask(text, **more)))


async def test_a_marked_prefix_is_written_once_and_then_read(serve: Serve) -> None:
    client = (await serve(OK)).client()
    assert await send(client, system=system()) == Tokens(10, 600, 0, 0)
    assert await send(client, words(12), system=system()) == Tokens(12, 0, 0, 600)


async def test_nothing_is_cached_without_a_breakpoint(serve: Serve) -> None:
    client = (await serve(OK)).client()
    assert await send(client, system=system(mark=None)) == Tokens(610, 0, 0, 0)
    assert await send(client, system=system()) == Tokens(10, 600, 0, 0)


@pytest.mark.parametrize(("model", "minimum"), [(HAIKU, 512), (SONNET, 512), ("claude-haiku-4-5", 4096)])
async def test_a_prefix_below_the_minimum_of_the_model_is_not_cached(
    serve: Serve, model: str, minimum: int
) -> None:
    client = (await serve(OK)).client()
    short, enough = system(minimum - 1), system(minimum)
    assert await send(client, model=model, system=short) == Tokens(10 + minimum - 1, 0, 0, 0)
    assert await send(client, model=model, system=enough) == Tokens(10, minimum, 0, 0)


async def test_a_five_minute_entry_lives_five_minutes_from_its_last_use(serve: Serve, clock: Clock) -> None:
    client = (await serve(OK)).client()
    await send(client, system=system())
    clock.now += 299
    assert (await send(client, system=system())).read == 600
    clock.now += 299
    assert (await send(client, system=system())).read == 600
    clock.now += 300
    assert await send(client, system=system()) == Tokens(10, 600, 0, 0)


async def test_an_hour_entry_lives_an_hour(serve: Serve, clock: Clock) -> None:
    client = (await serve(OK)).client()
    assert await send(client, system=system(mark=HOUR)) == Tokens(10, 0, 600, 0)
    clock.now += 3599
    assert (await send(client, system=system(mark=HOUR))).read == 600
    clock.now += 3600
    assert await send(client, system=system(mark=HOUR)) == Tokens(10, 0, 600, 0)


async def test_both_lifetimes_are_billed_apart(serve: Serve, clock: Clock) -> None:
    client = (await serve(OK)).client()
    content = [{"type": "text", "text": words(100), "cache_control": MARK}]
    request = ask(system=system(mark=HOUR), messages=[{"role": "user", "content": content}])
    assert tokens(await client.messages.create(**request)) == Tokens(0, 100, 600, 0)
    clock.now += 400
    assert tokens(await client.messages.create(**request)) == Tokens(0, 100, 0, 600)


async def test_a_rolling_breakpoint_reads_the_conversation_so_far(serve: Serve) -> None:
    turns = [{"text": words(20), "tool": [{"name": "read", "input": {"path": "a"}}]}] * 3
    client = (await serve(*turns)).client()
    messages: list[Any] = [{"role": "user", "content": words(30)}]
    bills = []
    for _ in range(3):
        more = {"system": words(600, "s"), "tools": [READ_TOOL], "thinking": {"type": "disabled"}}
        message = await client.messages.create(**ask(messages=messages, cache_control=MARK, **more))
        bills.append(tokens(message))
        call = message.content[1].id
        result = {"type": "tool_result", "tool_use_id": call, "content": words(40)}
        messages += [message.to_param(), {"role": "user", "content": [result]}]
    first = bills[0].written_5m
    assert [bill.uncached for bill in bills] == [0, 0, 0]
    assert bills[1].read == first
    assert bills[2].read == first + bills[1].written_5m
    assert bills[1].written_5m == bills[2].written_5m == 20 + 5 + 40  # text, call of 19 bytes, result


async def test_the_look_back_reaches_twenty_blocks(serve: Serve) -> None:
    client = (await serve(OK)).client()

    def request(extra: int) -> dict[str, Any]:
        blocks = [{"type": "text", "text": words(600)}]
        blocks += [{"type": "text", "text": words(10, chr(98 + number))} for number in range(extra)]
        return ask(messages=[{"role": "user", "content": blocks}], cache_control=MARK)

    assert tokens(await client.messages.create(**request(0))) == Tokens(0, 600, 0, 0)
    assert tokens(await client.messages.create(**request(20))) == Tokens(0, 800, 0, 0)  # 21 blocks back
    client = (await serve(OK)).client()
    assert tokens(await client.messages.create(**request(0))) == Tokens(0, 600, 0, 0)
    assert tokens(await client.messages.create(**request(19))) == Tokens(0, 190, 0, 600)  # 20 blocks back


async def test_caches_belong_to_a_model_and_a_credential(serve: Serve) -> None:
    server = await serve(OK)
    client = server.client()
    await send(client, system=system())
    assert (await send(client, model=SONNET, system=system())).read == 0
    assert (await send(server.client(api_key="sk-other"), system=system())).read == 0
    assert (await send(server.client(api_key=None, auth_token="sk-test"), system=system())).read == 600


def tool(letter: str) -> dict[str, Any]:
    """A marked tool of 1,000 tokens."""
    bare = '{"description":"","input_schema":{"type":"object"},"name":"read"}'
    schema = {"type": "object"}
    description = letter * (4_000 - len(bare))
    return {"name": "read", "description": description, "input_schema": schema, "cache_control": MARK}


def said(letter: str) -> dict[str, Any]:
    """A marked user message of 50 tokens."""
    return {"role": "user", "content": [{"type": "text", "text": words(50, letter), "cache_control": MARK}]}


@pytest.mark.parametrize(
    ("change", "read"),
    [
        ({}, 1000 + 600 + 50),
        ({"tools": [tool("e")]}, 0),
        ({"system": system(text="z")}, 1000),
        ({"messages": [said("z")]}, 1600),
        ({"tool_choice": {"type": "none"}}, 1600),
        ({"thinking": {"type": "disabled"}}, 1600),
        ({"output_config": {"effort": "low"}}, 1650),
        ({"stop_sequences": ["never"]}, 1650),
        ({"max_tokens": 99}, 1650),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else str(value),
)
async def test_what_voids_the_cache(serve: Serve, change: dict[str, Any], read: int) -> None:
    client = (await serve(OK)).client()
    base = ask(tools=[tool("d")], system=system(), messages=[said("w")])
    first = tokens(await client.messages.create(**base))
    assert first == Tokens(0, 1650, 0, 0)
    second = tokens(await client.messages.create(**{**base, **change}))
    assert second.read == read
    assert sum(second) == 1650


async def test_moving_a_breakpoint_does_not_change_the_prefix(serve: Serve) -> None:
    client = (await serve(OK)).client()
    await client.messages.create(**ask(words(600), cache_control=MARK))
    block = {"type": "text", "text": words(600), "cache_control": MARK}
    message = await client.messages.create(**ask(messages=[{"role": "user", "content": [block]}]))
    assert tokens(message) == Tokens(0, 0, 0, 600)


async def test_an_entry_can_be_read_once_the_first_response_has_started(serve: Serve) -> None:
    server = await serve(OK, latency=Latency(first_byte_ms=150))
    client = server.client()
    cold = await asyncio.gather(*(send(client, words(10, c), system=system()) for c in "abc"))
    assert [bill.written_5m for bill in cold] == [600, 600, 600]
    warm = await asyncio.gather(*(send(client, words(10, c), system=system()) for c in "def"))
    assert [bill.read for bill in warm] == [600, 600, 600]


async def test_a_stream_in_flight_can_be_read_from(serve: Serve) -> None:
    slow = {**OK, "fault": {"kind": "slow", "between_ms": 60_000}}
    server = await serve(slow)
    client = server.client()
    stream = await client.messages.create(**ask(system=system()), stream=True)
    assert (await send(client, system=system())).read == 600
    await stream.close()


async def test_a_refused_request_writes_nothing(serve: Serve) -> None:
    client = (await serve({**OK, "fault": {"kind": "overloaded"}})).client()
    with pytest.raises(OverloadedError):
        await send(client, system=system())
    assert await send(client, system=system()) == Tokens(10, 600, 0, 0)


async def test_pre_warming_writes_the_prefix_and_says_nothing(serve: Serve) -> None:
    server = await serve(OK)
    client = server.client()
    message = await client.messages.create(**ask("x", max_tokens=0, system=system()))
    assert message.content == []
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 0
    assert tokens(message) == Tokens(1, 600, 0, 0)
    bills = await asyncio.gather(*(send(client, words(10, c), system=system()) for c in "abcde"))
    assert [bill.read for bill in bills] == [600] * 5
    assert server.model.log[0].conversation is None


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"system": [{"type": "text", "text": c, "cache_control": MARK} for c in "abcde"]}, "maximum of 4"),
        (
            {
                "system": [{"type": "text", "text": c, "cache_control": MARK} for c in "abcd"],
                "cache_control": MARK,
            },
            "maximum of 4",
        ),
        (
            {
                "system": system(mark=MARK),
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "x", "cache_control": HOUR}]}
                ],
            },
            "must not come after",
        ),
        (
            {
                "cache_control": HOUR,
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "x", "cache_control": MARK}]}
                ],
            },
            "conflicts with ttl '5m'",
        ),
        ({"system": [{"type": "text", "text": "a", "cache_control": {"type": "lasting"}}]}, "system.0"),
    ],
)
async def test_breakpoints_that_the_api_refuses(serve: Serve, more: dict[str, Any], problem: str) -> None:
    client = (await serve(OK)).client()
    with pytest.raises(BadRequestError, match=problem):
        await client.messages.create(**ask(**more))


async def test_a_breakpoint_inside_a_tool_result_counts_for_the_result(serve: Serve) -> None:
    client = (await serve({"tool": [{"name": "read", "input": {"path": "a"}}]}, OK, OK)).client()
    request = ask(tools=[READ_TOOL], system=system(mark=None))
    first = await client.messages.create(**request)
    part = {"type": "text", "text": words(40), "cache_control": MARK}
    result = {"type": "tool_result", "tool_use_id": first.content[0].id, "content": [part]}
    request["messages"] += [first.to_param(), {"role": "user", "content": [result]}]
    assert tokens(await client.messages.create(**request)).uncached == 0


async def diagnosed(client: AsyncAnthropic, previous: str | None, **more: Any) -> Message:
    request = ask(words(50), **{"system": system(), **more})
    message = await client.messages.create(**request, diagnostics={"previous_message_id": previous})
    assert isinstance(message, Message)
    return message


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"model": SONNET}, "model_changed"),
        ({"tools": [READ_TOOL]}, "tools_changed"),
        ({"system": system(text="z")}, "system_changed"),
        ({"messages": [{"role": "user", "content": words(50, "z")}]}, "messages_changed"),
        ({"thinking": {"type": "disabled"}}, "unavailable"),
    ],
)
async def test_diagnostics_name_the_departure(serve: Serve, change: dict[str, Any], kind: str) -> None:
    client = (await serve(OK)).client()
    first = await diagnosed(client, None)
    assert first.diagnostics is None
    second = await diagnosed(client, first.id, **change)
    assert second.diagnostics is not None
    reason = second.diagnostics.cache_miss_reason
    assert reason is not None
    assert reason.type == kind
    missed = getattr(reason, "cache_missed_input_tokens", None)
    read = second.usage.cache_read_input_tokens or 0
    assert missed == (None if kind == "unavailable" else 600 - read)


async def test_diagnostics_are_null_when_messages_are_only_appended(serve: Serve) -> None:
    client = (await serve(OK, OK)).client()
    first = await diagnosed(client, None)
    messages = [
        {"role": "user", "content": words(50)},
        first.to_param(),
        {"role": "user", "content": "more"},
    ]
    second = await diagnosed(client, first.id, messages=messages)
    assert second.diagnostics is None
    third = await diagnosed(client, "msg_nobody")
    assert third.diagnostics is not None
    assert third.diagnostics.cache_miss_reason is not None
    assert third.diagnostics.cache_miss_reason.type == "previous_message_not_found"

"""What a reply used: every part that is billed, in the shapes in which servers tell it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from anthropic.types import RawMessageDeltaEvent, RawMessageStartEvent
from anthropic.types import Usage as SdkUsage
from anthropic.types.beta import BetaUsage
from pydantic import BaseModel

from contextune.adapters.models.anthropic_reply import ReplyCollector
from contextune.adapters.models.anthropic_usage import UsageCount
from contextune.adapters.models.prices import PriceTable
from contextune.core.model.money import Usage, UsagePart
from tests.adapters.spoken import (
    HIGH,
    asked,
    behind,
    ended,
    offline,
    spoken,
    started,
    stream,
    text_block,
    whole,
)

HAIKU, OPUS = "claude-haiku-5-5", "claude-opus-5-5"
START = {
    "input_tokens": 11,
    "cache_creation_input_tokens": 700,
    "cache_read_input_tokens": 4000,
    "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 200},
    "output_tokens": 1,
    "service_tier": "standard",
}
END = {
    "input_tokens": 11,
    "cache_creation_input_tokens": 700,
    "cache_read_input_tokens": 4000,
    "output_tokens": 95,
    "output_tokens_details": {"thinking_tokens": 60},
    "server_tool_use": {"web_search_requests": 3, "web_fetch_requests": 1},
}
COUNTED = Usage(
    input_tokens=11,
    cache_write_5m_tokens=500,
    cache_write_1h_tokens=200,
    cache_read_tokens=4000,
    output_tokens=95,
    web_searches=3,
)


def counted(usage: Any, *, model: str = HAIKU) -> UsageCount:
    count = UsageCount(model)
    count.take(usage.model_dump(mode="json") if isinstance(usage, BaseModel) else usage)
    return count


def beta(**fields: Any) -> BetaUsage:
    return BetaUsage.model_validate({"input_tokens": 0, "output_tokens": 0, **fields})


def passed(kind: str, tokens: int, output: int, **more: Any) -> dict[str, Any]:
    """One entry of `usage.iterations`."""
    return {
        "type": kind,
        "input_tokens": tokens,
        "output_tokens": output,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        **more,
    }


async def test_a_stream_keeps_the_split_of_its_start_and_the_totals_of_its_end() -> None:
    async with behind(stream(*spoken("Hi.", START, END))) as (model, _):
        reply = await model.send(asked())
    assert reply.usage == COUNTED
    assert reply.parts == (UsagePart(model=HAIKU, usage=COUNTED),)
    assert reply.model == "claude-haiku-5-5-20261007"


def test_what_the_sdk_knows_of_an_event_is_counted_like_the_wire() -> None:
    collected = ReplyCollector(asked())
    collected.take(RawMessageStartEvent.model_validate(started(START)).model_dump(mode="json"))
    assert collected.usage == Usage(
        input_tokens=11,
        cache_write_5m_tokens=500,
        cache_write_1h_tokens=200,
        cache_read_tokens=4000,
        output_tokens=1,
    )
    collected.take(RawMessageDeltaEvent.model_validate(ended(END)[0]).model_dump(mode="json"))
    assert collected.reply(()).usage == COUNTED


def test_the_tier_and_the_speed_are_those_of_the_reply() -> None:
    usage = SdkUsage(input_tokens=5, output_tokens=7, service_tier="batch", speed="fast")
    tokens = Usage(input_tokens=5, output_tokens=7)
    assert counted(usage).parts == (UsagePart(model=HAIKU, usage=tokens, processing="batch", speed="fast"),)
    usage = SdkUsage(input_tokens=5, output_tokens=7, service_tier="priority")
    assert counted(usage).parts[0].processing == "priority"


def test_a_compaction_and_an_adviser_come_on_top() -> None:
    usage = beta(
        input_tokens=300,
        output_tokens=50,
        iterations=[
            passed("message", 100, 20),
            passed("compaction", 90_000, 800),
            passed("message", 200, 30),
            passed("advisor_message", 4000, 400, model=OPUS),
        ],
    )
    count = counted(usage)
    assert count.parts == (
        UsagePart(model=HAIKU, usage=Usage(input_tokens=100, output_tokens=20)),
        UsagePart(model=HAIKU, usage=Usage(input_tokens=200, output_tokens=30)),
        UsagePart(model=HAIKU, usage=Usage(input_tokens=90_000, output_tokens=800)),
        UsagePart(model=OPUS, usage=Usage(input_tokens=4000, output_tokens=400)),
    )
    assert count.total == Usage(input_tokens=94_300, output_tokens=1250)


def test_each_pass_is_priced_by_the_length_of_its_own_prompt() -> None:
    # Two passes of 60,000 tokens stay below the step at 100,000 that their sum would cross.
    passes = [passed("message", 60_000, 0), passed("message", 60_000, 0)]
    count = counted(beta(input_tokens=120_000, iterations=passes))
    price = PriceTable().price(HAIKU)
    assert price is not None
    assert [price.cost_of(part) for part in count.parts] == [Decimal("0.006"), Decimal("0.006")]
    assert price.cost(count.total) == Decimal("0.06")


def test_a_fallback_is_billed_as_the_model_that_served() -> None:
    usage = beta(
        input_tokens=70,
        output_tokens=9,
        iterations=[passed("message", 30, 2), passed("fallback_message", 40, 7, model=OPUS)],
    )
    assert [(part.model, part.usage.input_tokens) for part in counted(usage).parts] == [
        (HAIKU, 30),
        (OPUS, 40),
    ]


def test_what_no_pass_names_is_billed_all_the_same() -> None:
    usage = beta(
        input_tokens=100,
        output_tokens=50,
        cache_creation_input_tokens=30,
        cache_creation={"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
        server_tool_use={"web_search_requests": 2, "web_fetch_requests": 0},
        iterations=[passed("message", 90, 50)],
    )
    (part,) = counted(usage).parts
    assert part.usage == Usage(
        input_tokens=100,
        cache_write_5m_tokens=10,
        cache_write_1h_tokens=20,
        output_tokens=50,
        web_searches=2,
    )


def test_writes_that_a_pass_does_not_split_are_not_billed_twice() -> None:
    usage = beta(
        cache_creation_input_tokens=30,
        cache_creation={"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
        iterations=[passed("message", 0, 0, cache_creation_input_tokens=30)],
    )
    assert counted(usage).total.prompt_tokens == 30


def test_a_compaction_without_a_pass_of_the_model_leaves_the_rest_a_part_of_its_own() -> None:
    usage = beta(input_tokens=12, output_tokens=3, iterations=[passed("compaction", 500, 40)])
    assert [part.usage.input_tokens for part in counted(usage).parts] == [12, 500]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, Usage()),
        ({}, {"output_tokens": 9}, Usage(output_tokens=9)),
        (
            {"input_tokens": 8, "output_tokens": 0},
            {"output_tokens": 3},
            Usage(input_tokens=8, output_tokens=3),
        ),
        ({"input_tokens": None, "output_tokens": "many"}, {"output_tokens": -1}, Usage()),
        (
            {"input_tokens": 8, "cache_read_input_tokens": 5},
            {"input_tokens": 8, "output_tokens": 3},
            Usage(input_tokens=8, cache_read_tokens=5, output_tokens=3),
        ),
        ({"cache_creation": {"ephemeral_1h_input_tokens": 4}}, None, Usage(cache_write_1h_tokens=4)),
    ],
    ids=["none", "empty", "vllm", "nonsense", "llama.cpp", "split alone"],
)
async def test_what_a_server_leaves_out_is_zero(start: Any, end: Any, expected: Usage) -> None:
    async with behind(stream(*spoken("Hi.", start, end))) as (model, _):
        reply = await model.send(asked())
    assert reply.usage == expected
    assert reply.text == "Hi."


async def test_passes_are_read_off_a_stream() -> None:
    end = {"output_tokens": 20, "iterations": [passed("message", 5, 20), passed("compaction", 900, 70)]}
    async with behind(stream(*spoken("Hi.", {"input_tokens": 5, "output_tokens": 1}, end))) as (model, _):
        reply = await model.send(asked())
    assert reply.usage == Usage(input_tokens=905, output_tokens=90)
    assert [part.usage.input_tokens for part in reply.parts] == [5, 900]


async def test_a_prime_is_read_in_one_piece() -> None:
    message = {**started(START)["message"], "stop_reason": "max_tokens"}
    limit = {
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": "2026-11-22T10:00:00Z",
    }
    async with behind(whole(message, headers=limit)) as (model, server):
        reply = await model.send(asked(max_tokens=0))
    assert reply.usage.cache_write_1h_tokens == 200
    assert [allowance.remaining for allowance in reply.allowances] == [49]
    assert "stream" not in server.asked[0]


async def test_thinking_is_part_of_the_output() -> None:
    turn = {"thinking": "x" * 400, "text": "y" * 40}
    async with offline(turn) as here:
        reply = await here.model.send(asked(rung=HIGH))
        logged = here.server.log[-1].usage
    assert logged is not None
    assert logged.thinking_tokens == 100
    assert reply.usage.output_tokens == 110


async def test_the_input_of_a_call_may_come_with_its_start() -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "read", "input": {"path": "a.py"}}
    block = {"type": "content_block_start", "index": 1, "content_block": call}
    events = (started({}), *text_block("Well."), block, {"type": "content_block_stop", "index": 1})
    async with behind(stream(*events, *ended({"output_tokens": 4}, "tool_use"))) as (model, _):
        reply = await model.send(asked())
    assert [use.input for use in reply.calls] == [{"path": "a.py"}]

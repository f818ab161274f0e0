"""What is sent to which server: nothing that it does not know, and models by its own names for them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contextune.adapters.models.anthropic_model import AnthropicModel
from contextune.adapters.models.anthropic_reply import outermost_object
from contextune.adapters.models.anthropic_server import (
    ALL,
    CLOUD,
    PLAIN,
    features_of,
    provider_id,
    takes_effort,
)
from contextune.core.errors import ModelRefusal
from contextune.core.model.conversation import ModelRequest, Rung, Text, Thinking
from contextune.core.settings import DEFAULT_LADDER, Provider
from tests.adapters.spoken import (
    HAIKU,
    HIGH,
    READ,
    SONNET,
    asked,
    behind,
    ended,
    kinds,
    offline,
    said,
    spoken,
    started,
    stream,
    text_block,
)

SCHEMA = {
    "type": "object",
    "properties": {"tasks": {"type": "array", "items": {"type": "string"}}},
    "required": ["tasks"],
    "additionalProperties": False,
}
PLAN = {"tasks": ["a {brace}", "b"]}


@pytest.mark.parametrize(
    ("provider", "host", "features"),
    [
        ("anthropic", "api.anthropic.com", ALL),
        ("anthropic", "127.0.0.1", PLAIN),
        ("anthropic", "api.anthropic.com.example.org", PLAIN),
        ("bedrock", "bedrock-runtime.us-east-1.amazonaws.com", CLOUD),
        ("vertex", "aiplatform.googleapis.com", CLOUD),
        ("foundry", "mine.services.ai.azure.com", CLOUD),
    ],
)
def test_what_a_server_knows_follows_from_provider_and_host(
    provider: Provider, host: str, features: Any
) -> None:
    assert features_of(provider, host) == features


def test_only_anthropics_own_server_is_full() -> None:
    assert [features.is_full for features in (ALL, CLOUD, PLAIN)] == [True, False, False]


async def body_at(features: Any, request: ModelRequest) -> dict[str, Any]:
    """What reaches a server with these features."""
    async with behind(stream(*spoken("{}")), features=features) as (model, server):
        await model.send(request)
    return server.asked[0]


async def test_a_plain_server_gets_the_messages_and_nothing_else() -> None:
    request = asked(tools=(READ,), previous_id="msg_0", output_schema=SCHEMA)
    body = await body_at(PLAIN, request)
    assert set(body) == {"model", "max_tokens", "system", "messages", "tools", "stream"}


@pytest.mark.parametrize(
    ("rung", "thinking"), [(HAIKU, {"type": "disabled"}), (HIGH, None), (SONNET, None)], ids=str
)
async def test_effort_and_thinking_are_those_of_the_rung(rung: Rung, thinking: Any) -> None:
    for features in (ALL, CLOUD):
        body = await body_at(features, asked(rung=rung))
        assert body["output_config"] == {"effort": rung.effort}
        assert body.get("thinking") == thinking


async def test_diagnostics_are_asked_for_from_the_first_request_on() -> None:
    assert (await body_at(ALL, asked()))["diagnostics"] == {"previous_message_id": None}
    assert (await body_at(ALL, asked(previous_id="msg_0")))["diagnostics"] == {"previous_message_id": "msg_0"}
    assert "diagnostics" not in await body_at(CLOUD, asked(previous_id="msg_0"))


@pytest.mark.parametrize("model", ["claude-haiku-4-5", "claude-haiku-4-5-20251001"])
async def test_a_model_from_before_efforts_is_asked_for_none(model: str) -> None:
    async with offline({"text": "One."}) as here:
        reply = await here.model.send(asked(rung=Rung(model=model, effort="high")))
        assert reply.text == "One."
        assert here.server.log[-1].effort is None


def test_every_model_of_the_ladder_takes_effort() -> None:
    assert all(takes_effort(rung.model) for rung in DEFAULT_LADDER)


async def test_a_server_that_knows_schemas_gets_the_schema_as_such() -> None:
    body = await body_at(ALL, asked(output_schema=SCHEMA))
    assert body["output_config"]["format"] == {"type": "json_schema", "schema": SCHEMA}
    assert len(body["messages"][-1]["content"]) == 1


async def test_another_server_gets_the_schema_as_the_last_words() -> None:
    body = await body_at(PLAIN, asked("Plan it.", output_schema=SCHEMA))
    first, last = body["messages"][-1]["content"]
    assert first["text"] == "Plan it."
    assert json.dumps(SCHEMA, separators=(",", ":")) in last["text"]
    assert "one JSON object" in last["text"]
    assert last["cache_control"] == {"type": "ephemeral"}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(PLAN),
        f"```json\n{json.dumps(PLAN, indent=2)}\n```",
        f"Here is the plan {{as asked}}:\n\n```\n{json.dumps(PLAN)}\n```\nIt has {{}} gaps.",
    ],
    ids=["bare", "fenced", "among words"],
)
async def test_from_such_a_server_only_the_json_is_kept(text: str) -> None:
    async with behind(stream(*spoken(text)), features=PLAIN) as (model, _):
        reply = await model.send(asked(output_schema=SCHEMA))
    assert json.loads(reply.text) == PLAN


async def test_what_is_no_json_stays_as_it_is() -> None:
    async with behind(stream(*spoken("I will not { plan }.")), features=PLAIN) as (model, _):
        reply = await model.send(asked(output_schema=SCHEMA))
    assert reply.text == "I will not { plan }."


async def test_words_stay_whole_where_no_json_was_asked_for() -> None:
    async with behind(stream(*spoken('Say {"a": 1} twice.')), features=PLAIN) as (model, _):
        assert (await model.send(asked())).text == 'Say {"a": 1} twice.'


async def test_an_object_over_several_blocks_is_one_and_the_thinking_stays() -> None:
    thinking = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
    events = (
        started(),
        {"type": "content_block_start", "index": 0, "content_block": thinking},
        *text_block('{"tasks": ', 1),
        *text_block('["a"]} done', 2),
    )
    async with behind(stream(*events, *ended()), features=PLAIN) as (model, _):
        reply = await model.send(asked(output_schema=SCHEMA))
    assert reply.blocks == (Thinking(thinking="Hm.", signature="s"), Text(text='{"tasks": ["a"]}'))
    assert kinds(reply.message.blocks) == ["Thinking", "Text"]


def test_the_outermost_object_is_found_in_deep_and_broken_text() -> None:
    assert outermost_object('{"a": {"b": {}}} {"c": 1}') == '{"a": {"b": {}}}'
    assert outermost_object('{"a": ' * 50_000) is None
    assert outermost_object("[1, 2]") is None


async def test_a_server_that_cannot_count_or_prime_says_so() -> None:
    async with behind(features=PLAIN) as (model, server):
        assert not model.is_full
        with pytest.raises(ModelRefusal, match="does not count tokens"):
            await model.count(asked())
        with pytest.raises(ModelRefusal, match="does not write its cache ahead"):
            await model.send(asked(max_tokens=0))
    assert server.asked == []


@pytest.mark.parametrize("schema", [None, SCHEMA])
async def test_the_count_is_what_the_request_then_reads(schema: Any) -> None:
    turn = {"text": json.dumps(PLAN)}
    async with offline(turn) as here:
        request = asked(
            tools=(READ,), messages=(said(Text(text="x" * 400, cache=True)),), output_schema=schema
        )
        counted = await here.model.count(request)
        assert counted == (await here.model.send(request)).usage.prompt_tokens


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("anthropic", "claude-haiku-5-5", "claude-haiku-5-5"),
        ("foundry", "claude-haiku-5-5", "claude-haiku-5-5"),
        ("bedrock", "claude-haiku-5-5", "global.anthropic.claude-haiku-5-5"),
        ("bedrock", "claude-sonnet-5", "global.anthropic.claude-sonnet-5"),
        ("bedrock", "claude-opus-4-6", "global.anthropic.claude-opus-4-6-v1"),
        ("bedrock", "claude-haiku-4-5", "global.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("bedrock", "claude-haiku-4-5-20251001", "global.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("bedrock", "eu.anthropic.claude-haiku-5-5", "eu.anthropic.claude-haiku-5-5"),
        ("bedrock", "arn:aws:bedrock:us-east-1:1:x/y", "arn:aws:bedrock:us-east-1:1:x/y"),
        ("vertex", "claude-haiku-5-5", "claude-haiku-5-5"),
        ("vertex", "claude-haiku-5-5-20261007", "claude-haiku-5-5@20261007"),
        ("vertex", "claude-sonnet-4-5", "claude-sonnet-4-5@20250929"),
        ("vertex", "claude-haiku-5-5@20261007", "claude-haiku-5-5@20261007"),
        ("vertex", "my-own-model", "my-own-model"),
    ],
)
def test_a_provider_is_asked_by_its_own_name_for_a_model(
    provider: Provider, model: str, expected: str
) -> None:
    assert provider_id(provider, model) == expected


async def test_the_address_decides_what_a_server_is_sent() -> None:
    other = AnthropicModel(api_key="k", base_url="http://127.0.0.1:9")
    own = AnthropicModel(api_key="k", base_url="https://api.anthropic.com")
    pretended = AnthropicModel(api_key="k", base_url="http://127.0.0.1:9", offline=True)
    assert [model.is_full for model in (other, own, pretended)] == [False, True, True]
    for model in (other, own, pretended):
        await model.close()

"""The requests that the API refuses, and the answer that names the reason."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest
from anthropic import AuthenticationError, BadRequestError, NotFoundError

from .conftest import HAIKU, READ_TOOL, SONNET, Serve, ask, words

OLD = {"anthropic-version": "2023-06-01"}
HAIKU_45 = "claude-haiku-4-5"


def call(identity: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": identity, "name": "read", "input": {"path": "a"}}


def result(identity: str) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": identity, "content": "x"}


def talk(*contents: Any) -> dict[str, Any]:
    """Messages of user and assistant in turn, beginning with the user."""
    roles = ["user", "assistant"]
    return {"messages": [{"role": roles[i % 2], "content": content} for i, content in enumerate(contents)]}


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}


OBJECT = {"type": "object", "properties": {}, "additionalProperties": False}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "temperature": ({"extra_body": {"temperature": 1.0}}, "temperature: Extra inputs"),
    "top_p": ({"extra_body": {"top_p": 0.5}}, "top_p: Extra inputs"),
    "top_k": ({"extra_body": {"top_k": 5}}, "top_k: Extra inputs"),
    "temperature on 5.5, old version": (
        {"extra_body": {"temperature": 0.2}, "extra_headers": OLD},
        "does not support sampling",
    ),
    "unknown field": ({"extra_body": {"foo": 1}}, "foo: Extra inputs are not permitted"),
    "wrong type": ({"extra_body": {"max_tokens": "many"}}, "max_tokens: Expected `int`, got `str`"),
    "negative max_tokens": ({"max_tokens": -1}, "max_tokens"),
    "max_tokens over the model's": ({"max_tokens": 128_001, "stream": True}, "128001 > 128000"),
    "no messages": ({"messages": []}, "at least one message"),
    "assistant first": ({"messages": [{"role": "assistant", "content": "x"}]}, "first message must use"),
    "empty content": (talk(""), "messages.0: all messages must have non-empty content"),
    "empty text block": (talk([{"type": "text", "text": ""}]), "messages.0.content.0: text content blocks"),
    "unknown block": (talk([{"type": "video"}]), "messages.0.content.0"),
    "tool call by the user": (talk([call("t1")]), "`tool_use` blocks are not permitted in user"),
    "prefill on haiku 5.5": (talk("a", "b"), "does not support assistant message prefill"),
    "prefill on sonnet 5.5": ({"model": SONNET, **talk("a", "b")}, "not support assistant message prefill"),
    "result without a call": (talk("a", "b", [result("t1")]), "unexpected `tool_use_id`.*t1"),
    "result of an older call": (
        talk("a", [call("t1")], [result("t1")], "b", [result("t1")]),
        "messages.4: unexpected `tool_use_id`",
    ),
    "call without a result": (talk("a", [call("t1"), call("t2")], [result("t1")]), "immediately after: t2"),
    "text before the result": (
        talk("a", [call("t1")], [{"type": "text", "text": "x"}, result("t1")]),
        "immediately after: t1",
    ),
    "two calls of one id": (talk("a", [call("t1"), call("t1")], [result("t1")]), "ids must be unique"),
    "two results of one call": (talk("a", [call("t1")], [result("t1"), result("t1")]), "single result"),
    "disabled thinking on sonnet 5.5": (
        {"model": SONNET, "thinking": {"type": "disabled"}},
        '"disabled" is not supported for this model. Use "adaptive" or "between_tools"',
    ),
    "budget on haiku 5.5": ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "not supported"),
    "adaptive on haiku 4.5": ({"model": HAIKU_45, "thinking": {"type": "adaptive"}}, "not supported"),
    "effort on haiku 4.5": ({"model": HAIKU_45, "output_config": {"effort": "low"}}, "effort"),
    "disabled thinking at xhigh": (
        {"thinking": {"type": "disabled"}, "output_config": {"effort": "xhigh"}},
        "not supported at effort 'xhigh'",
    ),
    "small budget": (
        {"model": HAIKU_45, "thinking": {"type": "enabled", "budget_tokens": 10}},
        "should be at least 1024",
    ),
    "budget over max_tokens": (
        {"model": HAIKU_45, "thinking": {"type": "enabled", "budget_tokens": 1024}},
        "`max_tokens` must be greater",
    ),
    "forced tool on sonnet 5.5": (
        {"model": SONNET, "tools": [READ_TOOL], "tool_choice": {"type": "any"}},
        "forced tool use is not supported",
    ),
    "named tool on sonnet 5.5": (
        {"model": SONNET, "tools": [READ_TOOL], "tool_choice": {"type": "tool", "name": "read"}},
        "forced tool use is not supported",
    ),
    "forced tool with thinking": (
        {"tools": [READ_TOOL], "tool_choice": {"type": "any"}, "thinking": {"type": "adaptive"}},
        "Thinking may not be enabled",
    ),
    "forced unknown tool": (
        {"tools": [READ_TOOL], "tool_choice": {"type": "tool", "name": "write"}},
        "Tool 'write' not found",
    ),
    "tool_choice without tools": ({"tool_choice": {"type": "auto"}}, "while providing tools"),
    "tool of a bad name": ({"tools": [{**READ_TOOL, "name": "a b"}]}, "tools.0.name"),
    "two tools of one name": ({"tools": [READ_TOOL, READ_TOOL]}, "must be unique"),
    "tool without a schema": ({"tools": [{"name": "read"}]}, "tools.0.input_schema: Field required"),
    "schema that is no object": (
        {"tools": [{"name": "read", "input_schema": {"type": "array"}}]},
        "tools.0.input_schema.type",
    ),
    "open object in a format": (
        strict({"type": "object", "properties": {}}),
        "'additionalProperties' must be explicitly set to false",
    ),
    "open object in an array": (
        strict({**OBJECT, "properties": {"a": {"type": "array", "items": {"type": "object"}}}}),
        "schema.properties.a.items: For 'object' type",
    ),
    "bounds in a format": (
        strict({**OBJECT, "properties": {"a": {"type": "integer", "minimum": 1}}}),
        "'minimum' is not supported",
    ),
    "pre-warm with a stream": ({"max_tokens": 0, "stream": True}, "not supported with stream"),
    "pre-warm with a format": ({"max_tokens": 0, **strict(OBJECT)}, "output_config.format"),
    "pre-warm with a forced tool": (
        {"max_tokens": 0, "tools": [READ_TOOL], "tool_choice": {"type": "any"}},
        "forced tool_choice",
    ),
    "pre-warm with thinking": (
        {"model": HAIKU_45, "max_tokens": 0, "thinking": {"type": "enabled", "budget_tokens": 1024}},
        "thinking.type enabled",
    ),
    "context window": ({"model": HAIKU_45, **talk(words(200_001))}, "200001 tokens > 200000 maximum"),
    "foreign signature": (
        talk("a", [{"type": "thinking", "thinking": "x", "signature": "abc"}], "c"),
        "messages.1.content.0: Invalid `signature`",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_refused_requests(serve: Serve, case: str) -> None:
    more, problem = REFUSED[case]
    server = await serve({"text": "ok"})
    with pytest.raises(BadRequestError) as caught:
        await server.client().messages.create(**ask(**more))
    assert caught.value.type == "invalid_request_error"
    assert re.search(problem, server.model.log[-1].error_message or "")
    assert server.model.log[-1].status == 400
    assert server.model.log[-1].error == "invalid_request_error"


ACCEPTED: dict[str, dict[str, Any]] = {
    "temperature on haiku 4.5, old version": {
        "model": HAIKU_45,
        "extra_body": {"temperature": 0.2},
        "extra_headers": OLD,
    },
    "default temperature on 5.5, old version": {"extra_body": {"temperature": 1}, "extra_headers": OLD},
    "prefill on haiku 4.5": {"model": HAIKU_45, **talk("a", "b")},
    "disabled thinking on haiku 5.5": {
        "thinking": {"type": "disabled"},
        "output_config": {"effort": "high"},
    },
    "system message after the user's": {
        "messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "cwd"}]
    },
    "bash tool": {"tools": [{"type": "bash_20250124", "name": "bash"}]},
    "results in two user messages": {
        "messages": [
            *talk("a", [call("t1"), call("t2")], [result("t1")])["messages"],
            {"role": "user", "content": [result("t2"), {"type": "text", "text": "go"}]},
        ]
    },
}


@pytest.mark.parametrize("case", ACCEPTED)
async def test_accepted_requests(serve: Serve, case: str) -> None:
    server = await serve({"text": "ok"}, {"text": "ok"})
    message = await server.client().messages.create(**ask(**ACCEPTED[case]))
    assert message.content[0].text == "ok"


async def test_forced_tools_on_haiku(serve: Serve) -> None:
    server = await serve({"tool": [{"name": "read", "input": {"path": "a"}}]})
    choice = {"type": "tool", "name": "read"}
    message = await server.client().messages.create(**ask(tools=[READ_TOOL], tool_choice=choice))
    assert message.stop_reason == "tool_use"


async def test_an_unknown_model_is_not_found(serve: Serve) -> None:
    client = (await serve({"text": "ok"})).client()
    with pytest.raises(NotFoundError, match="claude-haiku-9") as caught:
        await client.messages.create(**ask(model="claude-haiku-9"))
    assert caught.value.type == "not_found_error"


async def test_thinking_blocks_are_bound_to_their_text_and_their_past(serve: Serve) -> None:
    server = await serve({"thinking": "Hm.", "text": "b"}, {"text": "d"})
    client = server.client()
    request = ask("a", thinking={"type": "adaptive", "display": "summarized"})
    first = await client.messages.create(**request)
    thinking, text = [block.model_dump(exclude_none=True) for block in first.content]

    async def go_on(start: str, *content: dict[str, Any], **more: Any) -> str:
        message = await client.messages.create(**{**request, **talk(start, list(content), "c"), **more})
        return str(message.content[0].text)

    assert await go_on("a", thinking, text) == "d"
    assert await go_on("z", text) == "d"
    with pytest.raises(BadRequestError, match="cannot be modified"):
        await go_on("a", {**thinking, "thinking": "Aha."}, text)
    with pytest.raises(BadRequestError, match="belongs to other messages"):
        await go_on("z", thinking, text)
    drop = {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}}
    beta = {"anthropic-beta": "thinking-binding-controls-2026-08-01"}
    assert await go_on("z", thinking, text, thinking=drop, extra_headers=beta) == "d"


async def test_moving_a_breakpoint_does_not_unbind_thinking(serve: Serve) -> None:
    server = await serve({"thinking": "Hm.", "text": "b"}, {"text": "d"})
    client = server.client()
    block = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}
    first = await client.messages.create(**ask(messages=[{"role": "user", "content": [block]}]))
    content = [block.model_dump(exclude_none=True) for block in first.content]
    assert (await client.messages.create(**ask(**talk("a", content, "c")))).stop_reason == "end_turn"


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({}, 401, "authentication_error"),
        ({"x-api-key": "sk-bad-1", **OLD}, 401, "authentication_error"),
        ({"authorization": "Bearer sk-bad", **OLD}, 401, "authentication_error"),
        ({"authorization": "Basic c2s=", **OLD}, 401, "authentication_error"),
        ({"x-api-key": "sk-good"}, 400, "invalid_request_error"),
        ({"x-api-key": "sk-good", "anthropic-version": "2024-01-01"}, 400, "invalid_request_error"),
        ({"x-api-key": "sk-good", **OLD}, 200, None),
        ({"authorization": "Bearer sk-good", **OLD}, 200, None),
        ({"authorization": "Bearer sk-good", "anthropic-version": "2026-10-21"}, 200, None),
    ],
)
async def test_credentials_and_versions(
    serve: Serve, headers: dict[str, str], status: int, kind: str | None
) -> None:
    server = await serve({"text": "ok"})
    async with httpx2.AsyncClient(verify=False) as client:
        answer = await client.post(f"{server.url}/v1/messages", json=ask(), headers=headers)
    assert answer.status_code == status
    assert answer.headers["x-contextune-offline"]
    if kind is not None:
        assert answer.json()["error"]["type"] == kind
        assert answer.json()["request_id"] == answer.headers["request-id"]


async def test_the_keys_that_are_refused_can_be_chosen(serve: Serve) -> None:
    server = await serve({"text": "ok"}, accept_key=lambda key: key == "sk-only")
    with pytest.raises(AuthenticationError, match="invalid x-api-key"):
        await server.client().messages.create(**ask())
    assert (await server.client(api_key="sk-only").messages.create(**ask())).id


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"model": 1}', b'{"model": "\xff"}'])
async def test_a_body_that_is_no_request(serve: Serve, body: bytes) -> None:
    server = await serve({"text": "ok"})
    async with httpx2.AsyncClient(verify=False, headers={"x-api-key": "k", **OLD}) as client:
        answer = await client.post(f"{server.url}/v1/messages", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_a_body_over_32_megabytes_is_too_large(serve: Serve) -> None:
    server = await serve({"text": "ok"})
    async with httpx2.AsyncClient(verify=False, headers={"x-api-key": "k", **OLD}) as client:
        answer = await client.post(f"{server.url}/v1/messages", content=b" " * (32 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.json()["error"]["type"] == "request_too_large"


async def test_count_tokens_obeys_the_same_rules(serve: Serve) -> None:
    client = (await serve({"text": "ok"})).client()
    with pytest.raises(BadRequestError, match="disabled"):
        await client.messages.count_tokens(
            model=SONNET, messages=[{"role": "user", "content": "a"}], thinking={"type": "disabled"}
        )
    with pytest.raises(NotFoundError):
        await client.messages.count_tokens(model="gpt", messages=[{"role": "user", "content": "a"}])
    with pytest.raises(BadRequestError, match="max_tokens: Extra inputs"):
        await client.messages.count_tokens(
            model=HAIKU, messages=[{"role": "user", "content": "a"}], extra_body={"max_tokens": 1}
        )

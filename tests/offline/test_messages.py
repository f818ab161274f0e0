"""Messages as the real SDK sees them: whole, streamed, with tools, thinking and structured output."""

from __future__ import annotations

from typing import Any

import httpx2
import msgspec
import pytest
from anthropic import BadRequestError, InternalServerError
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter

from contextune.offline.script import parse_script

from .conftest import READ_TOOL, SONNET, Serve, ask, words

TURN: dict[str, Any] = {
    "thinking": "The function is in the second file.",
    "text": "I read the function and its tests first.",
    "tool": [
        {"name": "read", "input": {"path": "boltons/iterutils.py"}},
        {"name": "read", "input": {"path": "tests/test_iterutils.py " + "x" * 700}},
    ],
}
EVENTS: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
HEADERS = {"x-api-key": "sk-test", "anthropic-version": "2023-06-01"}


async def raw_events(url: str, body: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The events of a stream as they stand on the wire."""
    async with httpx2.AsyncClient(verify=False) as client:
        answer = await client.post(f"{url}/v1/messages", json={**body, "stream": True}, headers=HEADERS)
    assert answer.headers["content-type"].startswith("text/event-stream")
    frames = [frame.split("\n") for frame in answer.text.strip().split("\n\n")]
    return [
        (name.removeprefix("event: "), msgspec.json.decode(data.removeprefix("data: ")))
        for name, data in frames
    ]


async def test_a_whole_message_is_what_the_sdk_declares(serve: Serve) -> None:
    server = await serve(TURN)
    async with httpx2.AsyncClient(verify=False) as client:
        answer = await client.post(
            f"{server.url}/v1/messages",
            json=ask(tools=[READ_TOOL], thinking={"type": "adaptive", "display": "summarized"}),
            headers=HEADERS,
        )
    assert answer.headers["x-contextune-offline"] == "scripted replies, no AI"
    assert answer.headers["request-id"].startswith("req_offline_")
    message = Message.model_validate_json(answer.content, strict=False)
    assert [block.type for block in message.content] == ["thinking", "text", "tool_use", "tool_use"]
    assert message.stop_reason == "tool_use"
    assert message.content[0].type == "thinking"
    assert message.content[0].thinking == TURN["thinking"]
    assert message.content[2].type == "tool_use"
    assert message.content[2].input == {"path": "boltons/iterutils.py"}
    details = message.usage.output_tokens_details
    assert details is not None
    assert details.thinking_tokens == 9  # 35 bytes
    assert message.usage.service_tier == "standard"


async def test_a_stream_has_the_events_of_the_api_in_its_order(serve: Serve) -> None:
    server = await serve(TURN)
    body = ask(tools=[READ_TOOL], thinking={"type": "adaptive", "display": "summarized"})
    events = await raw_events(server.url, body)
    for name, payload in events:
        assert payload["type"] == name
        if name != "ping":
            EVENTS.validate_python(payload)
    names = [name for name, _ in events]
    assert names[:3] == ["message_start", "content_block_start", "ping"]
    assert names[-2:] == ["message_delta", "message_stop"]
    assert names.count("content_block_start") == names.count("content_block_stop") == 4
    deltas: dict[int, list[dict[str, Any]]] = {}
    for name, payload in events:
        if name == "content_block_delta":
            deltas.setdefault(payload["index"], []).append(payload["delta"])
    assert [delta["type"] for delta in deltas[0]] == ["thinking_delta", "signature_delta"]
    assert {delta["type"] for delta in deltas[1]} == {"text_delta"}
    assert {delta["type"] for delta in deltas[3]} == {"input_json_delta"}
    assert deltas[3][0]["partial_json"] == ""
    assert len(deltas[2]) == 4
    assert len(deltas[3]) > 3
    joined = "".join(delta["partial_json"] for delta in deltas[3])
    assert msgspec.json.decode(joined) == TURN["tool"][1]["input"]
    start, closing = events[0][1]["message"], events[-2][1]
    assert start["content"] == []
    assert start["stop_reason"] is None
    assert start["usage"]["output_tokens"] == 1
    assert "cache_creation" in start["usage"]
    assert "cache_creation" not in closing["usage"]
    assert closing["usage"]["output_tokens"] > 100


async def test_streamed_and_whole_messages_are_the_same(serve: Serve) -> None:
    server = await serve(TURN)
    client = server.client()
    request = ask(tools=[READ_TOOL])
    whole = await client.messages.create(**request)
    async with client.messages.stream(**request) as stream:
        helped = await stream.get_final_message()
    raw = await client.messages.create(**request, stream=True)
    seen = [event.type async for event in raw]
    assert helped.usage == whole.usage
    assert helped.stop_reason == whole.stop_reason == "tool_use"
    assert [block.model_dump(exclude={"id"}) for block in helped.content if block.type == "tool_use"] == [
        block.model_dump(exclude={"id"}) for block in whole.content if block.type == "tool_use"
    ]
    assert seen[0] == "message_start"
    assert seen[-1] == "message_stop"
    assert len({helped.id, whole.id}) == 2


async def test_thinking_is_omitted_by_default_and_still_billed(serve: Serve) -> None:
    server = await serve({"thinking": words(50), "text": "Done."})
    message = await server.client().messages.create(**ask())
    block = message.content[0]
    assert block.type == "thinking"
    assert block.thinking == ""
    assert block.signature
    assert message.usage.output_tokens == 50 + 2


async def test_disabled_thinking_leaves_the_thinking_out(serve: Serve) -> None:
    server = await serve({"thinking": words(50), "text": "Done."})
    message = await server.client().messages.create(**ask(thinking={"type": "disabled"}))
    assert [block.type for block in message.content] == ["text"]
    assert message.usage.output_tokens == 2


async def test_a_conversation_goes_on_with_tool_results(serve: Serve) -> None:
    server = await serve(TURN, {"text": "All tests passed.", "expect": ["12 passed"]})
    client = server.client()
    request = ask(tools=[READ_TOOL])
    first = await client.messages.create(**request)
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": [{"type": "text", "text": "12 passed"}]}
        for block in first.content
        if block.type == "tool_use"
    ]
    request["messages"] += [first.to_param(), {"role": "user", "content": results}]
    second = await client.messages.create(**request)
    assert second.stop_reason == "end_turn"
    assert second.content[0].type == "text"
    assert [(entry.conversation, entry.turn) for entry in server.model.log] == [("any", 1), ("any", 2)]
    assert server.model.unused() == []


async def test_calls_of_which_nobody_knows_how_they_ended_are_made_once_more(serve: Serve) -> None:
    calls = [{"name": "read", "input": {"path": path}} for path in ("a", "b")]
    turns = [{"text": "I look.", "tool": calls}, {"text": "All passed.", "expect": ["12 passed"]}]
    script = parse_script(
        "test", {"again": ["is not known"], "conversation": [{"name": "any", "turn": turns}]}
    )
    server = await serve(scripts=[script])
    client, request = server.client(), ask(tools=[READ_TOOL])

    async def said(*results: str) -> Any:
        """What comes after these results of the newest calls."""
        message = await client.messages.create(**request)
        uses = [block for block in message.content if block.type == "tool_use"]
        given = [
            {"type": "tool_result", "tool_use_id": use.id, "content": text}
            for use, text in zip(uses, results, strict=True)
        ]
        request["messages"] += [message.to_param(), {"role": "user", "content": given}]
        return [use.input for use in uses]

    assert await said("12 passed", "That is not known.") == [{"path": "a"}, {"path": "b"}]
    assert await said("That is not known, either.") == [{"path": "b"}]
    assert await said("12 passed") == [{"path": "b"}]
    last = await client.messages.create(**request)
    assert last.content[0].type == "text"
    assert last.content[0].text == "All passed."
    assert [entry.turn for entry in server.model.log] == [1, 1, 1, 2]
    assert server.model.unused() == []


async def test_what_a_turn_expects_is_demanded(serve: Serve) -> None:
    server = await serve({"text": "Good.", "expect": ["12 passed", "Do"]})
    with pytest.raises(BadRequestError, match="'12 passed'") as caught:
        await server.client().messages.create(**ask())
    assert "'Do'" not in caught.value.message


async def test_text_between_tool_calls_is_thinking_on_sonnet_5_5(serve: Serve) -> None:
    call = {"name": "read", "input": {"path": "a"}}
    server = await serve({"text": "I look.", "tool": [call]}, {"text": "Now the next.", "tool": [call]})
    client = server.client()
    request = ask(model=SONNET, tools=[READ_TOOL], thinking={"type": "between_tools"})
    first = await client.messages.create(**request)
    assert [block.type for block in first.content] == ["text", "tool_use"]
    result = {"type": "tool_result", "tool_use_id": first.content[1].id, "content": "x"}
    request["messages"] += [first.to_param(), {"role": "user", "content": [result]}]
    second = await client.messages.create(**request)
    assert [block.type for block in second.content] == ["thinking", "tool_use"]
    assert second.content[0].thinking == "Now the next."


FORMAT = {
    "type": "json_schema",
    "schema": {
        "type": "object",
        "properties": {
            "tasks": {"type": "array", "items": {"$ref": "#/$defs/task"}},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["tasks"],
        "additionalProperties": False,
        "$defs": {
            "task": {
                "type": "object",
                "properties": {"key": {"type": "string"}, "size": {"enum": ["s", "m"]}},
                "required": ["key"],
                "additionalProperties": False,
            }
        },
    },
}


async def test_structured_output_is_one_text_block_of_json(serve: Serve) -> None:
    answer = {"tasks": [{"key": "count", "size": "s"}], "note": "n"}
    server = await serve({"json": answer})
    message = await server.client().messages.create(
        **ask(model=SONNET, output_config={"format": FORMAT, "effort": "low"})
    )
    assert [block.type for block in message.content] == ["text"]
    assert msgspec.json.decode(message.content[0].text) == answer


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"note": "n"}, "required property 'tasks' is missing"),
        ({"tasks": [{"key": 1}]}, r"\$.tasks\[0\].key: expected string, got int"),
        ({"tasks": [{"key": "a", "size": "l"}]}, r"\$.tasks\[0\].size: expected one of"),
        ({"tasks": [], "more": 1}, "'more' is not in the schema"),
        ({"tasks": [], "note": 1}, r"\$.note: expected string"),
    ],
)
async def test_a_scripted_reply_that_breaks_the_schema_is_a_script_error(
    serve: Serve, answer: dict[str, Any], problem: str
) -> None:
    server = await serve({"json": answer})
    with pytest.raises(InternalServerError, match=problem) as caught:
        await server.client(max_retries=2).messages.create(**ask(output_config={"format": FORMAT}))
    assert "script error" in caught.value.message
    assert len(server.model.log) == 1  # clients are told not to try again


async def test_a_call_of_a_tool_that_the_request_lacks_is_a_script_error(serve: Serve) -> None:
    server = await serve({"tool": [{"name": "write", "input": {}}]})
    with pytest.raises(InternalServerError, match="'write' is called, and the request declares"):
        await server.client().messages.create(**ask(tools=[READ_TOOL]))


async def test_an_unchecked_call_goes_out_as_it_is(serve: Serve) -> None:
    server = await serve({"tool": [{"name": "write", "input": {"a": 1}, "unchecked": True}]})
    message = await server.client().messages.create(**ask(tools=[READ_TOOL]))
    assert message.content[0].name == "write"


async def test_strict_tools_get_only_inputs_that_conform(serve: Serve) -> None:
    server = await serve({"tool": [{"name": "read", "input": {"path": 3}}]})
    with pytest.raises(InternalServerError, match=r"strict schema at \$.path: expected string"):
        await server.client().messages.create(**ask(tools=[{**READ_TOOL, "strict": True}]))


async def test_a_reply_longer_than_max_tokens_is_cut(serve: Serve) -> None:
    call = {"name": "read", "input": {"path": "a"}}
    server = await serve({"text": words(10) + words(10, "v"), "tool": [call]})
    client = server.client()
    message = await client.messages.create(**ask(max_tokens=12, tools=[READ_TOOL]))
    assert message.stop_reason == "max_tokens"
    assert [block.type for block in message.content] == ["text"]
    assert message.content[0].text == words(10) + words(2, "v")
    assert message.usage.output_tokens == 12
    async with client.messages.stream(**ask(max_tokens=22, tools=[READ_TOOL])) as stream:
        streamed = await stream.get_final_message()
    assert streamed.stop_reason == "max_tokens"
    assert [block.type for block in streamed.content] == ["text", "tool_use"]
    assert streamed.usage.output_tokens == 22


async def test_a_stop_sequence_ends_the_text(serve: Serve) -> None:
    server = await serve({"text": "one STOP two"})
    message = await server.client().messages.create(**ask(stop_sequences=["STOP"]))
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "STOP")
    assert message.content[0].text == "one "


async def test_count_tokens_and_usage_agree(serve: Serve) -> None:
    server = await serve(TURN)
    client = server.client()
    request = ask("ü" * 5, system=words(7), tools=[READ_TOOL])
    counted = await client.messages.count_tokens(**{k: v for k, v in request.items() if k != "max_tokens"})
    message = await client.messages.create(**request)
    assert counted.input_tokens == message.usage.input_tokens
    bare = await client.messages.count_tokens(model=request["model"], messages=request["messages"])
    assert bare.input_tokens == 3  # ten bytes, four to a token, rounded up


async def test_thinking_costs_as_input_what_it_cost_as_output(serve: Serve) -> None:
    server = await serve({"thinking": words(50), "text": words(4)}, {"text": "ok"})
    client = server.client()
    request = ask(words(8))
    first = await client.messages.create(**request)
    request["messages"] += [first.to_param(), {"role": "user", "content": words(6)}]
    second = await client.messages.create(**request)
    assert first.usage.output_tokens == 54
    assert second.usage.input_tokens == 8 + 54 + 6

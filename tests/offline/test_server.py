"""The server around the messages: models, log, limits, latency, many at once, and its life."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from anthropic import AsyncAnthropic, NotFoundError, RateLimitError
from anthropic.types import ModelInfo

from contextune.offline.limits import RateLimit
from contextune.offline.log import LoggedRequest
from contextune.offline.pace import Latency
from contextune.offline.server import OfflineModel
from contextune.offline.server import serve as serve_forever

from .conftest import HAIKU, READ_TOOL, SONNET, Clock, Serve, ask, words

HEADERS = {"x-api-key": "k", "anthropic-version": "2023-06-01"}


async def test_models_are_listed_page_by_page(serve: Serve) -> None:
    server = await serve({"text": "ok"})
    client = server.client()
    listed = [model async for model in client.models.list(limit=3)]
    ids = [model.id for model in listed]
    assert ids[:2] == [HAIKU, SONNET]
    assert len(ids) == len(set(ids)) == 8
    assert {model.display_name for model in listed} == {"Offline model (scripted, no AI)"}
    page = await client.models.list(limit=2, before_id=ids[4])
    assert [model.id for model in page.data] == ids[2:4]
    async with httpx2.AsyncClient(verify=False, base_url=server.url, headers=HEADERS) as raw:
        for entry in (await raw.get("/v1/models")).json()["data"]:
            ModelInfo.model_validate(entry)
        assert (await raw.get("/v1/models?limit=0")).status_code == 400


async def test_one_model(serve: Serve) -> None:
    client = (await serve({"text": "ok"})).client()
    model = await client.models.retrieve("claude-haiku-4-5-20251001")
    assert (model.id, model.max_input_tokens, model.max_tokens) == ("claude-haiku-4-5", 200_000, 64_000)
    assert model.capabilities is not None
    assert not model.capabilities.effort.supported
    sonnet = await client.models.retrieve(SONNET)
    assert sonnet.capabilities is not None
    assert not sonnet.capabilities.thinking.types.disabled.supported
    with pytest.raises(NotFoundError):
        await client.models.retrieve("gpt")


async def test_other_paths_are_not_found_in_the_apis_shape(serve: Serve) -> None:
    server = await serve({"text": "ok"})
    async with httpx2.AsyncClient(verify=False, base_url=server.url, headers=HEADERS) as raw:
        for answer in (await raw.get("/v1/nothing"), await raw.get("/v1/messages")):
            assert answer.status_code in (404, 405)
            assert answer.json()["error"]["type"] == "not_found_error"
            assert answer.headers["x-contextune-offline"]


async def test_the_script_and_the_log_can_be_read(serve: Serve) -> None:
    server = await serve({"text": "ok"}, {"text": "never"})
    await server.client(api_key="sk-secret").messages.create(
        **ask(system=words(600), cache_control={"type": "ephemeral"}, output_config={"effort": "low"})
    )
    async with httpx2.AsyncClient(verify=False, base_url=server.url) as raw:
        script = (await raw.get("/contextune/script")).json()
        log = (await raw.get("/contextune/log")).text
    assert "no AI" in script["about"]
    assert script["scripts"] == [{"name": "test", "about": "", "conversations": {"any": 2}}]
    assert script["unused"] == ["test: any, reply 2"]
    assert "sk-secret" not in log
    (entry,) = msgspec.convert(msgspec.json.decode(log)["requests"], list[LoggedRequest])
    assert entry == server.model.log[0]
    assert entry.at == 1_800_000_000_000
    assert (entry.model, entry.effort, entry.max_tokens) == (HAIKU, "low", 1024)
    assert (entry.status, entry.ending, entry.stop_reason) == (200, "complete", "end_turn")
    assert entry.usage is not None
    assert entry.usage.cache_creation_input_tokens == 600 + 2
    assert entry.cache is not None
    assert (entry.cache.breakpoints, entry.cache.hit_block, entry.cache.minimum) == ((1,), None, 512)


async def test_a_rate_limit_refuses_and_tells_when_to_come_back(serve: Serve, clock: Clock) -> None:
    server = await serve({"text": "ok"}, limits=RateLimit(requests_per_minute=2))
    client = server.client()
    raw = await client.messages.with_raw_response.create(**ask())
    assert raw.headers["anthropic-ratelimit-requests-limit"] == "2"
    assert raw.headers["anthropic-ratelimit-requests-remaining"] == "1"
    assert raw.headers["anthropic-ratelimit-requests-reset"] == "2027-01-15T08:00:30Z"
    await client.messages.create(**ask())
    with pytest.raises(RateLimitError) as caught:
        await client.messages.create(**ask())
    assert caught.value.response.headers["retry-after"] == "30"
    await client.messages.create(**ask(model=SONNET))  # another line of models
    await server.client(api_key="sk-other").messages.create(**ask())
    clock.now += 30
    await client.messages.create(**ask())
    with pytest.raises(RateLimitError):
        await client.messages.create(**ask())


async def test_output_and_input_limits(serve: Serve, clock: Clock) -> None:
    turn = {"text": words(300)}
    client = (await serve(turn, limits=RateLimit(output_tokens_per_minute=200))).client()
    await client.messages.create(**ask())  # runs into the red by 100
    with pytest.raises(RateLimitError, match="200 output tokens per minute") as caught:
        await client.messages.create(**ask())
    assert caught.value.response.headers["retry-after"] == "31"
    clock.now += 31
    await client.messages.create(**ask(stream=False))
    client = (await serve(turn, limits=RateLimit(input_tokens_per_minute=1000))).client()
    request = ask(system=words(800), cache_control={"type": "ephemeral"})
    for _ in range(3):  # reads from the cache are free
        await client.messages.create(**request)
    with pytest.raises(RateLimitError, match="1000 input tokens per minute"):
        await client.messages.create(**ask(system=words(800)))


async def test_simulated_latency(serve: Serve) -> None:
    server = await serve({"text": words(240)}, latency=Latency(first_byte_ms=100, per_token_ms=1))
    client = server.client()
    loop = asyncio.get_running_loop()
    began = loop.time()
    stream = await client.messages.create(**ask(), stream=True)
    assert loop.time() - began >= 0.1
    arrivals = [loop.time() - began async for _ in stream]
    assert arrivals[0] < arrivals[-1] - 0.1
    assert arrivals[-1] >= 0.34
    began = loop.time()
    await client.messages.create(**ask())
    assert loop.time() - began >= 0.34


async def converse(client: AsyncAnthropic, number: int, turns: int) -> int:
    """One agent's conversation, streamed, with a tool call in each turn; the tokens read from the cache."""
    messages: list[Any] = [{"role": "user", "content": f"Task {number:03d}. " + words(200)}]
    read = 0
    for _ in range(turns):
        async with client.messages.stream(
            model=HAIKU,
            max_tokens=1024,
            system=words(1000),
            messages=messages,
            tools=[READ_TOOL],  # type: ignore[list-item]
            cache_control={"type": "ephemeral"},
        ) as stream:
            message = await stream.get_final_message()
        read += message.usage.cache_read_input_tokens or 0
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": words(500)}
            for block in message.content
            if block.type == "tool_use"
        ]
        messages += [message.to_param(), {"role": "user", "content": results or "go on"}]
    return read


async def test_a_hundred_conversations_at_once(serve: Serve) -> None:
    turn = {"text": words(60), "tool": [{"name": "read", "input": {"path": "a" * 300}}]}
    server = await serve(turn, turn, turn, {"text": "done"})
    client = server.client()
    read = await asyncio.gather(*(converse(client, number, 4) for number in range(100)))
    assert len(server.model.log) == 400
    assert {entry.ending for entry in server.model.log} == {"complete"}
    assert server.model.unused() == []
    assert len(set(read)) == 1  # the same account for every agent
    assert read[0] > 3 * 1200


async def test_close_may_be_called_twice_and_frees_the_port() -> None:
    first = OfflineModel([])
    url = await first.start()
    port = int(url.rpartition(":")[2])
    assert url.startswith("http://127.0.0.1:")
    second = OfflineModel([])
    with pytest.raises(OSError, match=str(port)):
        await second.start(port)
    await first.close()
    await first.close()
    assert await second.start(port) == url
    await second.close()


async def test_serve_prints_its_url_and_writes_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script, log = tmp_path / "demo.toml", tmp_path / "log.jsonl"
    script.write_text('[[conversation]]\nname = "any"\n[[conversation.turn]]\ntext = "ok"\n')
    serving = asyncio.create_task(serve_forever(0, [script], log))
    printed = ""
    async with asyncio.timeout(5):
        while not (found := re.match(r"(http://127\.0\.0\.1:\d+)\n", printed)):
            await asyncio.sleep(0)
            printed += capsys.readouterr().out
    async with AsyncAnthropic(api_key="sk-secret", base_url=found[1]) as client:
        await client.messages.create(**ask())
        await client.messages.count_tokens(model=HAIKU, messages=[{"role": "user", "content": "x"}])
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    lines = [msgspec.json.decode(line, type=LoggedRequest) for line in log.read_bytes().splitlines()]
    assert [line.path for line in lines] == ["/v1/messages", "/v1/messages/count_tokens"]
    assert b"sk-secret" not in log.read_bytes()


def test_reading_scripts_imports_no_web_server() -> None:
    import subprocess

    code = "import sys, contextune.offline.script; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0

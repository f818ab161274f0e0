"""A client that reads slowly or not at all, and one that writes faster than it is understood."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contextune.server.client import BEHIND
from contextune.server.frames import Frames, frame
from contextune.server.pipes import AHEAD, CHUNK, ClientStalled, PipeWriter, StreamWriter, read_pipe
from contextune.server.server import while_it_reads
from tests.protocol import samples as s
from tests.server.editor import Editor
from tests.server.played import Played
from tests.server.test_stdio import INITIALIZE, LEAVE, PATIENCE

PIECE = b"x" * 100_000


def a_pipe() -> tuple[int, int]:
    return os.pipe()


async def stalled(writer: PipeWriter | StreamWriter) -> str:
    """What is said when a writer gives up on a client that reads nothing."""
    for _ in range(100):
        writer.write(PIECE)
        await asyncio.sleep(0)
    assert writer.unread <= 1_000_000 + len(PIECE)
    with pytest.raises(ClientStalled) as caught:
        await asyncio.wait_for(writer.patience.ended, PATIENCE)
    return str(caught.value)


async def test_a_pipe_that_nobody_reads_is_given_up() -> None:
    source, sink = a_pipe()
    writer = PipeWriter(sink, most=1_000_000)
    assert (await stalled(writer)).endswith("the session ends. Its Runs can be resumed.")
    os.close(source)
    writer.close()


async def test_a_socket_that_nobody_reads_is_given_up() -> None:
    connected: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    listener = await asyncio.start_server(lambda _, writer: connected.set_result(writer), "127.0.0.1", 0)
    _, client = await asyncio.open_connection(*listener.sockets[0].getsockname())
    writer = StreamWriter(await connected, most=1_000_000)
    # The kernel takes some megabytes before anything waits.
    while writer.unread == 0:
        writer.write(PIECE)
    assert await stalled(writer)
    writer.close()
    client.close()
    listener.close()


async def test_a_conversation_with_whoever_does_not_read_is_ended() -> None:
    source, sink = a_pipe()
    writer = PipeWriter(sink, most=0)
    ended = asyncio.Event()

    async def conversation() -> int:
        try:
            while True:
                writer.write(PIECE)
                await asyncio.sleep(0)
        finally:
            ended.set()

    assert await asyncio.wait_for(while_it_reads(conversation(), writer.patience), PATIENCE) == 1
    assert ended.is_set()
    os.close(source)
    writer.close()


async def test_all_that_was_queued_is_read_by_whoever_reads_slowly() -> None:
    source, sink = a_pipe()
    writer = PipeWriter(sink)
    for number in range(2_000):
        writer.write(b"%d;" % number * 20)
    read = asyncio.ensure_future(asyncio.to_thread(_everything, source))
    await asyncio.to_thread(writer.close)
    assert await read == b"".join(b"%d;" % number * 20 for number in range(2_000))
    assert writer.unread == 0


def _everything(source: int) -> bytes:
    with os.fdopen(source, "rb") as pipe:
        return pipe.read()


async def test_a_short_answer_waits_for_no_thread() -> None:
    source, sink = a_pipe()
    writer = PipeWriter(sink)
    os.set_blocking(source, False)
    writer.write(b"an answer")
    assert os.read(source, CHUNK) == b"an answer"
    assert writer.unread == 0
    writer.close()
    os.close(source)


async def test_what_is_short_comes_after_what_is_long() -> None:
    source, sink = a_pipe()
    writer = PipeWriter(sink)
    written = b""
    for number in range(300):
        data = b"%d;" % number * (40_000 if number % 3 == 0 else 1)
        writer.write(data)
        written += data
    read = asyncio.ensure_future(asyncio.to_thread(_everything, source))
    await asyncio.to_thread(writer.close)
    assert await read == written


async def test_a_file_is_read_as_pipes_are(tmp_path: Path) -> None:
    file = tmp_path / "messages"
    file.write_bytes(PIECE)
    with file.open("rb") as opened:
        assert b"".join([data async for data in read_pipe(opened.fileno())]) == PIECE


async def test_a_flood_waits_outside() -> None:
    source, sink = a_pipe()
    sent = 0

    def flood() -> None:
        nonlocal sent
        with os.fdopen(sink, "wb", buffering=0) as pipe:
            for _ in range(100):
                sent += pipe.write(b"y" * CHUNK)

    flooding = asyncio.ensure_future(asyncio.to_thread(flood))
    chunks: AsyncIterator[bytes] = read_pipe(source)
    first = await anext(chunks)
    await asyncio.wait([flooding], timeout=0.3)
    assert not flooding.done()
    assert sent <= (AHEAD + 4) * CHUNK
    total = len(first)
    async for chunk in chunks:
        total += len(chunk)
    assert total == 100 * CHUNK
    await flooding


async def test_news_wait_for_whoever_is_behind_and_answers_do_not(
    editor: Editor, app: Played, folder: Path
) -> None:
    await editor.open(folder)
    await app.until("warm")
    editor.unread = BEHIND + 1
    app.happen(s.created(s.make_quote(str(folder))))
    last = app.happen(*s.started("round-up"))
    assert (await editor.ask("contextune/run/get", {"runId": last.id}))["run"]["sequence"] == last.seq
    assert editor.all("contextune/run/changed") == []
    editor.unread = 0
    heard = await editor.hear("contextune/run/changed")
    assert heard["run"]["sequence"] == last.seq
    assert len(editor.all("contextune/run/changed")) == 1


async def test_a_real_server_outlives_a_flood_of_tiny_messages(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "contextune", "serve"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "CONTEXTUNE_HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    tiny = frame(b'{"jsonrpc":"2.0","method":"$/x"}')
    unknown = [frame(json.dumps(_unknown(number)).encode()) for number in range(5_000)]
    process.stdin.write(INITIALIZE + tiny * 50_000 + b"".join(unknown) + LEAVE)
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    messages: list[Any] = list(Frames().feed(out))
    answered = [m["id"] for m in messages if "method" not in m]
    assert answered == [1, *range(10, 5_010), 2]
    assert process.returncode == 0


def _unknown(number: int) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number + 10, "method": "contextune/run/fly"}

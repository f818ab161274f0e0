"""Whatever bytes come, the next whole message is answered: every attack of the corpus, and variations."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from contextune.server.frames import Frames, Malformed, frame
from contextune.server.server import messages_of
from tests.server.test_stdio import INITIALIZE, LEAVE, PATIENCE

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.bin"))
PING: dict[str, Any] = {"jsonrpc": "2.0", "id": 77, "method": "contextune/run/fly", "params": {}}
PING_BYTES = frame(json.dumps(PING).encode())
VARIATIONS = 2_000
STALLED = b"Content-Length: 400\r\n\r\n{"


async def heard(*chunks: bytes, stall: float) -> list[dict[str, Any] | Malformed]:
    """The messages of a client that stays, silent, after its last chunk until the ping was understood."""
    found: list[dict[str, Any] | Malformed] = []
    understood = asyncio.Event()

    async def incoming() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk
        await understood.wait()

    async for message in messages_of(incoming(), stall):
        found.append(message)
        if message == PING:
            understood.set()
    return found


def test_the_corpus_is_there() -> None:
    assert len(CORPUS) >= 42


@pytest.mark.parametrize("attack", CORPUS, ids=lambda path: path.stem)
async def test_the_next_message_is_understood(attack: Path) -> None:
    data = attack.read_bytes()
    for chunks in ([data, PING_BYTES], [data + PING_BYTES]):
        messages = await asyncio.wait_for(heard(*chunks, stall=0.05), PATIENCE)
        assert messages[-1] == PING


async def test_a_message_that_comes_slowly_is_waited_for() -> None:
    pieces = [PING_BYTES[n : n + 7] for n in range(0, len(PING_BYTES), 7)]

    async def incoming() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece
            await asyncio.sleep(0)

    assert [message async for message in messages_of(incoming(), PATIENCE)] == [PING]


async def test_a_message_that_never_comes_whole_is_told_and_given_up() -> None:
    messages = await asyncio.wait_for(heard(STALLED, PING_BYTES, stall=0.05), PATIENCE)
    assert [message.code for message in messages if isinstance(message, Malformed)] == [-32700]


def test_variations_of_the_corpus_raise_nothing_and_hold_little() -> None:
    chance = Random(20261126)
    attacks = [path.read_bytes() for path in CORPUS]
    for _ in range(VARIATIONS):
        data = bytearray(chance.choice(attacks)[:2_000] + PING_BYTES + chance.choice(attacks)[:2_000])
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(data))
            match chance.randint(0, 2):
                case 0:
                    data[place] = chance.randrange(256)
                case 1:
                    del data[place : place + chance.randint(1, 20)]
                case _:
                    data[place:place] = chance.randbytes(chance.randint(1, 20))
        frames = Frames()
        list(frames.feed(bytes(data)))
        while frames.is_waiting:
            list(frames.give_up())
        assert list(frames.feed(PING_BYTES * 2))[-1] == PING


async def test_a_real_server_answers_after_every_attack(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "contextune", "serve"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "CONTEXTUNE_HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(INITIALIZE)
    answered = 0
    for number, attack in enumerate(CORPUS, start=1000):
        ping = frame(json.dumps(PING | {"id": number}).encode())
        process.stdin.write(attack.read_bytes() + ping)
        await asyncio.wait_for(process.stdout.readuntil(f'"id":{number},'.encode()), PATIENCE)
        answered += 1
    assert answered == len(CORPUS)
    process.stdin.write(LEAVE)
    await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0

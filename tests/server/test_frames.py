"""Framing against broken and hostile peers: whatever comes, the next whole message is understood."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextune.server.frames import MAX_HEADER, Frames, Malformed, frame, written

PING: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"text": "grüß 🦀"}}
PING_BYTES = frame(json.dumps(PING, ensure_ascii=False).encode())


def all_of(*chunks: bytes) -> list[dict[str, Any] | Malformed]:
    frames = Frames()
    return [message for chunk in chunks for message in frames.feed(chunk)]


def codes(messages: list[dict[str, Any] | Malformed]) -> list[int]:
    return [message.code for message in messages if isinstance(message, Malformed)]


@given(st.lists(st.integers(1, len(PING_BYTES) * 3 - 1), max_size=8))
def test_cuts_between_chunks_do_not_matter(cuts: list[int]) -> None:
    data = PING_BYTES * 3
    edges = [0, *sorted(set(cuts)), len(data)]
    assert all_of(*(data[a:b] for a, b in pairwise(edges))) == [PING] * 3


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: %d\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc\r\nContent-Length: %d\r\n\r\n",
        b"content-length:%d\r\n\r\n",
        b"Content-Length: %d\n\n",
    ],
)
def test_headers_come_in_several_spellings(header: bytes) -> None:
    body = json.dumps(PING).encode()
    assert all_of(header % len(body) + body) == [PING]


@pytest.mark.parametrize(
    ("attack", "answers"),
    [
        (b"Content-Length: 1000000000000000\r\n\r\n", []),
        (b"Content-Length: 999999999999999\r\n\r\n", [-32600]),
        (b"Content-Length: 4000000000\r\n\r\n{}", [-32600]),
        (b"Content-Length: -5\r\n\r\n", []),
        (b"Content-Length: twelve\r\n\r\n", []),
        (b"Content-Length: 0\r\n\r\n", [-32700]),
        (b"Content-Length: 5\r\n\r\n" + b'{"jsonrpc":"2.0"}', [-32700]),
        (b"Content-Length: 2\r\n\r\n{}", [-32600]),
        (b"Content-Length: 4\r\n\r\nnull", [-32600]),
        (b"Content-Length: 7\r\n\r\n[{},{}]", [-32600]),
        (b"Content-Length: 3\r\n\r\n\xff\xfe\xfd", [-32700]),
        (b"Content-Length: 4\r\n\r\n{{{{", [-32700]),
        (b"Content-Length: 30000\r\n\r\n" + b"[" * 30000, [-32700]),
        (b"X-Noise: " + b"a" * 3 * MAX_HEADER, [-32700]),
        (b"Content-Length: 5\r\n" + b"X: y\r\n" * 4000, [-32700]),
        (b"\r\n\r\n\r\n", []),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", []),
        (bytes(range(256)) * 3, []),
    ],
)
def test_after_an_attack_the_next_message_is_understood(attack: bytes, answers: list[int]) -> None:
    messages = all_of(attack, PING_BYTES)
    assert messages[-1] == PING
    assert set(codes(messages)) == set(answers)
    assert all_of(attack + PING_BYTES)[-1] == PING


def test_half_a_surrogate_pair_goes_both_ways() -> None:
    message = {"jsonrpc": "2.0", "method": "x", "params": {"text": "\ud800 and more"}}
    [heard] = Frames().feed(frame(json.dumps(message).encode()))
    assert heard == message
    assert json.loads(written(heard)) == message


def test_a_length_that_is_too_long_gives_back_the_message_it_swallowed() -> None:
    body = b'{"jsonrpc":"2.0","method":"x"}'
    swallowing = b"Content-Length: %d\r\n\r\n" % (len(body) + 20) + body
    messages = all_of(swallowing, PING_BYTES)
    assert codes(messages) == [-32700]
    assert messages[-1] == PING


def test_a_message_may_be_as_long_as_the_bound_and_no_longer() -> None:
    body = json.dumps(PING).encode()
    assert list(Frames(max_body=len(body)).feed(frame(body))) == [PING]
    [refused] = Frames(max_body=len(body) - 1).feed(frame(body))
    assert isinstance(refused, Malformed)
    assert refused.code == -32600


@given(st.binary(max_size=400))
def test_no_bytes_raise(data: bytes) -> None:
    frames = Frames()
    list(frames.feed(data))
    list(frames.feed(data[::-1]))

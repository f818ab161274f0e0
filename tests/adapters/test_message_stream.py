"""Replies read as the server writes them: events cut anywhere, errors in any form, connections kept."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from contextune.adapters.models.message_stream import LONGEST, Lines, Unreadable
from contextune.core.errors import ModelProblem, ModelRefusal
from tests.adapters.spoken import Answer, asked, behind, model_at, recorded, spoken, stream, whole

PLAIN = b'event: a\ndata: {"x":\ndata: 1}\n\n: a comment\nid: 7\nevent:b\ndata:2\n\ndata: 3\n\n\n'
EVENTS = [(b"a", b'{"x":\n1}'), (b"b", b"2"), (b"", b"3"), (b"", b"")]


def read(chunks: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    lines = Lines()
    return [event for chunk in chunks for event in lines.events(chunk)]


@pytest.mark.parametrize("text", [PLAIN, PLAIN.replace(b"\n", b"\r\n")], ids=["lf", "crlf"])
def test_events_may_be_cut_anywhere(text: bytes) -> None:
    assert read([text]) == EVENTS
    assert read([text[n : n + 1] for n in range(len(text))]) == EVENTS
    chance = random.Random(7)
    for _ in range(50):
        cuts = sorted(chance.choices(range(len(text)), k=4))
        assert read([text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]) == EVENTS


@pytest.mark.parametrize("chunk", [b"x" * (1 << 18), b"data:" + b"x" * (1 << 18) + b"\n"])
def test_what_has_no_end_is_not_kept(chunk: bytes) -> None:
    read([chunk] * (LONGEST // len(chunk)))
    with pytest.raises(Unreadable, match="an event of more than"):
        read([chunk] * (LONGEST // len(chunk) + 2))


async def test_a_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with recorded(stream(*spoken("Hi."))) as (server, url):
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        model = model_at("http://messages.invalid")
        assert (await model.send(asked())).text == "Hi."
        await model.close()
    assert server.paths == ["http://messages.invalid/v1/messages"]
    async with recorded(stream(*spoken("Hi."))) as (server, url):
        model = model_at(url)
        assert (await model.send(asked())).text == "Hi."
        await model.close()
    assert server.paths == ["/v1/messages"]


async def test_a_connection_serves_the_next_request() -> None:
    class Noting(Answer):
        async def send(self, http):  # type: ignore[no-untyped-def]
            ports.add(http.transport.get_extra_info("peername")[1])
            return await super().send(http)

    ports: set[int] = set()
    body = stream(*spoken("Hi.")).body
    answers = [Noting(body, kind="text/event-stream") for _ in range(3)]
    async with behind(*answers) as (model, server):
        for _ in answers:
            assert (await model.send(asked())).text == "Hi."
    assert len(ports) == 1
    assert set(server.paths) == {"/v1/messages"}


async def test_the_server_learns_what_it_needs_and_no_more() -> None:
    async with behind(stream(*spoken("Hi."))) as (model, server):
        await model.send(asked())
    told = {name.lower(): value for name, value in server.headers[0].items()}
    assert told["authorization"] == "Bearer sk-test" or told["x-api-key"] == "sk-test"
    assert "anthropic-version" in told
    assert not [name for name in told if "stainless" in name]
    assert server.asked[0]["stream"] is True


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (whole({"error": "Not here."}, status=404), '{"error": "Not here."}'),
        (whole([], status=404), "[]"),
        (Answer(b"<html>\n No  such page\xff", status=404, kind="text/html"), "<html> No such page�"),
        (Answer(b"", status=404, kind="text/plain"), "Error code: 404"),
    ],
)
async def test_an_error_in_any_form_is_told_in_the_servers_words(answer: Answer, said: str) -> None:
    async with behind(answer) as (model, _):
        with pytest.raises(ModelRefusal) as caught:
            await model.send(asked())
    assert str(caught.value) == f"The model's server refuses the request (404): {said}"


@pytest.mark.parametrize("data", [b"[1]", b"7", b'"x"', b"{", b"\xff"])
async def test_events_that_are_none_are_said(data: bytes) -> None:
    answer = Answer(b"event: message_start\ndata: " + data + b"\n\n", kind="text/event-stream")
    async with behind(answer) as (model, _):
        with pytest.raises(ModelProblem, match="The reply cannot be read"):
            await model.send(asked())

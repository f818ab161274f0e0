"""Ids, answers and cancelling: a request has one answer, and no message ends the session."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contextune.core.check import Check
from contextune.server import client, protocol
from contextune.server.envelope import MAX_ID, flaw, is_id
from tests.server.editor import Editor, RpcError
from tests.server.played import Played

SLOW = "contextune/doctor/check"


def request(request_id: Any, method: str = SLOW, params: Any = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def notification(method: str, params: Any = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


@pytest.fixture
def go(app: Played, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Until this is set, `SLOW` has no answer."""
    go = asyncio.Event()

    async def wait(_: Path | None) -> list[Check]:
        await go.wait()
        return []

    monkeypatch.setattr(app, "doctor", wait)
    return go


async def strays(editor: Editor) -> list[tuple[Any, int | None]]:
    """What came that answers none of the editor's own questions: ids, and the codes of errors."""
    assert await editor.ask("contextune/run/list") == {"runs": []}
    return [(message["id"], message.get("error", {}).get("code")) for message in editor.stray]


@pytest.mark.parametrize("value", [0, -1, 7, MAX_ID, "", "a", "7"])
def test_texts_and_whole_numbers_are_ids(value: Any) -> None:
    assert is_id(value)
    assert flaw(request(value)) == ""


@pytest.mark.parametrize("value", [None, True, 1.5, 1.0, {}, {"a": 1}, [], [1], MAX_ID + 1, -(10**400)])
def test_nothing_else_is_one(value: Any) -> None:
    assert not is_id(value)
    assert flaw(request(value)) == "Expected a text or a whole number as `id`."


@pytest.mark.parametrize(
    "message",
    [
        7,
        [],
        {},
        {"jsonrpc": "2.0"},
        {"jsonrpc": "2.0", "id": 5},
        {"jsonrpc": "2.0", "id": {}, "result": 1},
        {"jsonrpc": "2.0", "id": 4, "method": ["x"]},
        {"jsonrpc": "2.0", "method": {}},
        {"jsonrpc": "2.0", "id": 4, "method": None},
        {"jsonrpc": 2.0, "id": 4, "method": "x"},
    ],
)
def test_what_is_no_message(message: Any) -> None:
    assert flaw(message).startswith("Expected")


def test_an_error_without_an_id_answers_what_could_not_be_read() -> None:
    assert flaw({"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": ""}}) == ""


@pytest.mark.parametrize("request_id", [None, True, 1.5, {}, [1]])
async def test_a_request_whose_id_is_none_is_refused_with_null(
    editor: Editor, folder: Path, request_id: Any
) -> None:
    editor.send(request(request_id, "initialize", {"capabilities": {}}))
    await editor.open(folder)
    editor.send(request(request_id, "contextune/run/list"))
    assert await strays(editor) == [(None, -32600)] * 2
    assert all("traceback" not in str(message).lower() for message in editor.stray)


async def test_an_id_in_use_is_refused_and_its_request_still_has_one_answer(
    editor: Editor, folder: Path, go: asyncio.Event
) -> None:
    await editor.open(folder)
    editor.send(request("a"))
    editor.send(request("a", "contextune/run/list"))
    assert await strays(editor) == [(None, -32600)]
    assert editor.stray[0]["error"]["message"] == "The id 'a' is in use."
    go.set()
    await editor.ask(SLOW)
    editor.send(request("a", "contextune/run/list"))
    assert (await strays(editor))[1:] == [("a", None), ("a", None)]


async def test_ids_of_another_type_are_others(editor: Editor, folder: Path, go: asyncio.Event) -> None:
    await editor.open(folder)
    editor.send(request(1000))
    editor.send(request("1000"))
    go.set()
    await editor.ask(SLOW)
    assert await strays(editor) == [(1000, None), ("1000", None)]


async def test_a_cancelled_request_is_answered_once(editor: Editor, folder: Path, go: asyncio.Event) -> None:
    await editor.open(folder)
    editor.send(request("a"))
    for _ in range(3):
        editor.send(notification("$/cancelRequest", {"id": "a"}))
    assert await strays(editor) == [("a", -32800)]
    editor.send(request("a", "contextune/run/list"))
    assert (await strays(editor))[1:] == [("a", None)]


@pytest.mark.parametrize("params", [{"id": "zz"}, {"id": {}}, {"id": []}, {"id": None}, {}, None, [], 7, "x"])
async def test_cancelling_what_there_is_not_is_ignored(editor: Editor, folder: Path, params: Any) -> None:
    await editor.open(folder)
    editor.send(notification("$/cancelRequest", params))
    assert await strays(editor) == []


@pytest.mark.parametrize("method", ["$/cancelRequest", "textDocument/didClose", "$/unheardOf"])
async def test_what_has_no_answer_is_refused_if_one_is_wanted(
    editor: Editor, folder: Path, method: str
) -> None:
    await editor.open(folder)
    editor.send(request("a", method, {"id": 1}))
    assert await strays(editor) == [("a", -32601)]
    assert editor.all("window/showMessage") == []


@pytest.mark.parametrize(
    "answer", [{"result": 1}, {"error": {"code": 1, "message": "x"}}, {"error": "x"}, {"error": None}]
)
async def test_an_answer_to_nobody_or_to_oneself_is_left_out(
    editor: Editor, folder: Path, go: asyncio.Event, answer: dict[str, Any]
) -> None:
    await editor.open(folder)
    editor.send(request("a"))
    for request_id in ("a", "nobody", 99, None):
        editor.send({"jsonrpc": "2.0", "id": request_id, **answer})
    assert await strays(editor) == []
    go.set()
    await editor.ask(SLOW)
    assert await strays(editor) == [("a", None)]


async def test_an_answer_that_comes_too_late_is_left_out(
    editor: Editor, app: Played, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_question(_: Any) -> Any:
        raise LookupError

    monkeypatch.setattr(client, "ANSWER", 0.01)
    editor.answers["workspace/configuration"] = open_question
    await editor.open(folder, capabilities={"workspace": {"configuration": True}})
    await app.until("warm")  # the folder was opened without the editor's settings
    assert editor.ids
    for request_id in editor.ids:
        editor.send({"jsonrpc": "2.0", "id": request_id, "result": [{}]})
    assert await strays(editor) == []


async def test_members_that_nobody_knows_are_left_out(editor: Editor, folder: Path) -> None:
    await editor.open(folder)
    editor.send({**request("a", "contextune/run/list"), "result": 3, "trace": {}})
    assert await strays(editor) == [("a", None)]


async def test_requests_that_wait_are_bounded(
    editor: Editor, folder: Path, go: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    await editor.open(folder)
    monkeypatch.setattr(protocol, "MAX_OPEN", 5)
    asked = [asyncio.ensure_future(editor.ask(SLOW)) for _ in range(20)]
    await asyncio.wait(asked, return_when=asyncio.FIRST_EXCEPTION)
    go.set()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, RpcError)]
    assert {error.code for error in refused} == {-32803}
    assert await editor.ask("contextune/run/list") == {"runs": []}

"""Code lenses while the language server is being imported: the same as later, and no message is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from contextune.adapters.source.scan import RipgrepScanner
from contextune.core.errors import UsageProblem
from contextune.core.todos.todo import MARKERS, Todo
from contextune.glance import glance
from contextune.protocol.words import ENGLISH, speak
from contextune.server.early import Early, meanwhile
from contextune.server.lenses import lenses
from contextune.server.marks import Marks
from contextune.server.protocol import converter
from contextune.server.session import Session
from tests.server.editor import Editor
from tests.server.played import Played

TEXT = "def volume():\n    # TODO: round up\n    return 1\n\n\n# FIXME(ann): all of it\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("CONTEXTUNE_HOME", str(home))
    return home


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "work"
    (root / "pack").mkdir(parents=True)
    (root / "pack" / "a.py").write_text("# other words on disk\n", encoding="utf-8")
    return root


def hello(root: Path, **settings: Any) -> dict[str, Any]:
    return {
        "capabilities": {},
        "locale": "de",
        "workspaceFolders": [{"uri": root.as_uri(), "name": "work"}],
        "initializationOptions": {"client": "contextune-vscode", "contextune": settings},
    }


def opened(file: Path, text: str = TEXT) -> dict[str, Any]:
    document = {"uri": file.as_uri(), "languageId": "python", "version": 1, "text": text}
    return {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": document}}


def asked(file: Path, number: int = 7) -> dict[str, Any]:
    params = {"textDocument": {"uri": file.as_uri()}}
    return {"jsonrpc": "2.0", "id": number, "method": "textDocument/codeLens", "params": params}


def told(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


async def test_they_are_the_lenses_that_the_server_will_tell(root: Path, home: Path) -> None:
    file = root / "pack" / "a.py"
    try:
        early = Early(hello(root), glance)
        early.hear(opened(file))
        found = await early.lenses(asked(file))
        todos = RipgrepScanner().scan_text("pack/a.py", TEXT.encode(), markers=MARKERS)
        later = converter().unstructure(lenses(file, root, todos, Marks(), extension=True))
        assert [lens["command"]["title"] for lens in later] == ["Delegieren", "Delegieren"]
        assert json.loads(json.dumps(found)) == json.loads(json.dumps(later))
        assert early.known(file.as_uri()) == found
        early.hear(told("textDocument/didChange", textDocument={"uri": file.as_uri()}))
        assert early.known(file.as_uri()) is None
        assert await early.lenses(asked(file)) is None
    finally:
        speak(ENGLISH)


async def test_settings_and_ignore_files_count(root: Path, home: Path) -> None:
    file, hidden = root / "pack" / "a.py", root / "node_modules" / "b.py"
    early = Early({**hello(root, markers=["FIXME"]), "locale": "en"}, glance)
    early.hear(opened(file))
    early.hear(opened(hidden))
    found = await early.lenses(asked(file))
    assert found is not None
    assert [lens["range"]["start"]["line"] for lens in found] == [5]
    assert await early.lenses(asked(hidden)) == []


async def test_what_it_cannot_know_is_left_to_the_server(root: Path, home: Path) -> None:
    file = root / "pack" / "a.py"
    wrong = Early({**hello(root, markers="all"), "locale": "en"}, glance)
    wrong.hear(opened(file))
    assert await wrong.lenses(asked(file)) is None
    early = Early({**hello(root), "locale": 5}, glance)
    assert await early.lenses(asked(file)) is None
    elsewhere = root.parent / "elsewhere.py"
    early.hear(opened(elsewhere))
    assert await early.lenses(asked(elsewhere)) is None
    early.hear({"method": "textDocument/didOpen", "params": [1]})
    early.hear({"method": "textDocument/didOpen", "params": {"textDocument": {"uri": 1, "text": "x"}}})
    odd: list[Mapping[str, Any]] = [{"method": "textDocument/codeLens", "id": 1, "params": 3}, {"id": 1}]
    for message in odd:
        assert await early.lenses(dict(message)) is None


async def test_other_messages_wait_in_their_order_and_none_is_lost(root: Path) -> None:
    file = root / "pack" / "a.py"
    todo = Todo(id="t", path="pack/a.py", line=2, column=5, end_line=2, marker="TODO", text="round up")
    early = Early({**hello(root), "locale": "en"}, lambda *_: [todo])
    incoming: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    async def messages() -> AsyncIterator[dict[str, Any]]:
        while (message := await incoming.get()) is not None:
            yield message

    loading: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    answers: list[Any] = []
    before = [told("initialized"), opened(file), {"id": 3, "method": "textDocument/hover", "params": {}}]
    for message in (*before, asked(file, 8)):
        incoming.put_nowait(message)
    waiting = asyncio.create_task(
        meanwhile(messages(), loading, early, lambda number, result: answers.append((number, len(result))))
    )
    await early.used.wait()
    assert answers == [(8, 1)]
    assert not waiting.done()
    loading.set_result(None)
    others = await waiting
    late = asked(file, 9)
    incoming.put_nowait(late)
    incoming.put_nowait(None)
    assert [message async for message in others] == [*before, late]


async def test_a_client_that_leaves_meanwhile_and_a_failed_import_both_end_it(root: Path) -> None:
    async def none() -> AsyncIterator[dict[str, Any]]:
        nothing: list[dict[str, Any]] = []
        for message in nothing:
            yield message

    early = Early({**hello(root), "locale": "en"}, lambda *_: [])
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done.set_result(None)
    assert [message async for message in await meanwhile(none(), done, early, lambda *_: None)] == []
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    failed.set_exception(UsageProblem("no"))
    with pytest.raises(UsageProblem):
        await meanwhile(none(), failed, early, lambda *_: None)


async def test_the_server_repeats_them_until_it_knows_the_todos(
    app: Played, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "parcel/sizes.py"
    todo = Todo(id="t", path="parcel/sizes.py", line=3, column=1, end_line=3, marker="TODO", text="early")

    async def load() -> Any:
        return lambda *_: [todo]

    editor = Editor(app.compose, load)
    ready = False
    monkeypatch.setattr(Session, "has_todos", lambda *_: ready)
    monkeypatch.setattr("contextune.server.server.HEAD_START", 20.0)
    await editor.open(folder)
    editor.send(opened(file))
    document = {"textDocument": {"uri": file.as_uri()}}
    first = await editor.ask("textDocument/codeLens", document)
    assert [lens["range"]["start"]["line"] for lens in first] == [2]
    await app.until("warm")
    assert await editor.ask("textDocument/codeLens", document) == first
    ready = True
    lines = [lens["range"]["start"]["line"] for lens in await editor.ask("textDocument/codeLens", document)]
    assert len(lines) == 2
    assert 2 not in lines
    await asyncio.wait_for(editor.hang_up(), 20)

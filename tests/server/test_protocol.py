"""The session's manners: order of messages, errors as sentences, no secrets in logs."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from contextune.core.errors import PlaceProblem
from contextune.protocol.methods import METHODS
from contextune.protocol.revision import REVISION
from contextune.server.frames import Frames, frame
from contextune.server.hello import greeting
from contextune.server.language_server import ContextuneServer
from contextune.server.methods import HANDLERS, REQUESTS
from contextune.server.pipes import Silence
from tests.server.editor import Editor, RpcError
from tests.server.played import Played


async def failing(editor: Editor, method: str, params: Any = None) -> RpcError:
    with pytest.raises(RpcError) as caught:
        await editor.ask(method, params)
    return caught.value


def test_every_request_of_the_table_has_a_handler_of_its_types() -> None:
    wanted = {m.name: (m.params, m.result) for m in METHODS if m.direction == "request"}
    assert {method.name for method in REQUESTS} == set(wanted) == set(HANDLERS)
    for name, handler in HANDLERS.items():
        hints = list(get_type_hints(handler).values())
        params = hints[1] if hints[1] is not type(None) else None
        assert (params, hints[2]) == wanted[name], name


async def test_initialize_tells_what_the_server_can(editor: Editor, folder: Path) -> None:
    result = await editor.open(folder)
    able = result["capabilities"]
    assert result["serverInfo"]["name"] == "contextune"
    assert able["codeActionProvider"] == {
        "codeActionKinds": ["refactor.contextune", "quickfix"],
        "resolveProvider": False,
    }
    assert able["codeLensProvider"] == {"resolveProvider": False}
    assert able["hoverProvider"] is True
    assert able["textDocumentSync"]["openClose"] is True
    assert able["textDocumentSync"]["change"] == 2
    assert able["textDocumentSync"]["save"] == {"includeText": False}
    assert able["workspace"]["workspaceFolders"] == {"supported": True, "changeNotifications": True}
    commands = able["executeCommandProvider"]["commands"]
    assert "contextune.lsp.delegateTodo" in commands
    assert all(command.startswith("contextune.lsp.") for command in commands)


@pytest.mark.parametrize(
    "capabilities",
    [
        {},
        {"general": {"positionEncodings": ["utf-8", "utf-16"]}},
        {"general": {"positionEncodings": ["utf-32"]}},
        {"general": {"positionEncodings": ["latin-1"]}},
        {"general": {}, "notebookDocument": {"synchronization": {}}},
        {"textDocument": {"synchronization": {"willSave": True, "willSaveWaitUntil": True}}},
        {"workspace": {"fileOperations": {"didCreate": True, "willRename": True}}},
    ],
)
async def test_the_early_answer_is_the_one_that_pygls_makes(app: Played, capabilities: Any) -> None:
    class Kept(Silence):
        data = b""

        def write(self, data: bytes) -> None:
            self.data += data

    kept = Kept()
    params = {"processId": None, "rootUri": None, "capabilities": capabilities}
    request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    ContextuneServer(app.compose).protocol.begin(request, kept, answered=False)
    [answer] = Frames().feed(kept.data)
    assert isinstance(answer, dict)
    # pygls writes these as absent or false by the client's abilities, which means the same.
    for never in ("willSave", "willSaveWaitUntil"):
        assert not answer["result"]["capabilities"]["textDocumentSync"].pop(never, False)
    early = greeting(params)
    assert early is not None
    # It is for our own extension, which asks plainly.
    assert early["capabilities"].pop("experimental") == {"contextune": {"protocol": REVISION}}
    assert answer["result"] == early


async def test_initialize_that_is_not_plainly_right_is_judged_by_pygls(editor: Editor) -> None:
    assert greeting({"processId": None}) is greeting(None) is greeting({"capabilities": []}) is None
    error = await failing(editor, "initialize", {"processId": None, "rootUri": None})
    assert (error.code, error.message) == (-32602, "required field missing @ $.params.capabilities")
    assert (await failing(editor, "contextune/run/list")).code == -32002
    await editor.open()
    assert await editor.ask("contextune/run/list") == {"runs": []}


def test_initialize_waits_for_no_heavy_import() -> None:
    script = """
import asyncio, json, sys
from contextune.server.frames import frame
from contextune.server.server import converse

class Sink:
    unread = 0
    data = b""
    loaded = None
    def write(self, data):
        self.data += data
        self.loaded = self.loaded or set(sys.modules)
    def close(self): pass

async def incoming():
    params = {"processId": None, "rootUri": None, "capabilities": {}}
    yield frame(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}).encode())

async def never(): raise RuntimeError

sink = Sink()
asyncio.run(converse(incoming(), sink, never))
assert b"codeActionProvider" in sink.data, sink.data
heavy = {"anthropic", "git", "github", "aiohttp", "pygments", "watchfiles", "rich", "contextune.compose"}
print(sorted(heavy & set(sys.modules)), sorted({"pygls", "lsprotocol", "attrs"} & sink.loaded))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[] []"


async def test_the_order_of_a_session_is_kept(editor: Editor, folder: Path) -> None:
    early = await failing(editor, "contextune/run/list", {})
    assert (early.code, early.message) == (-32002, "The first request must be `initialize`.")
    await editor.open(folder)
    twice = await failing(editor, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    assert twice.code == -32600
    assert await editor.ask("shutdown") is None
    late = await failing(editor, "contextune/run/list", {})
    assert (late.code, late.message) == (-32600, "The session is shut down.")
    editor.tell("exit", None)
    assert await editor.ended() == 0


async def test_exit_without_shutdown_is_an_error_and_hanging_up_is_not(app: Played, folder: Path) -> None:
    abrupt = Editor(app.compose)
    await abrupt.open(folder)
    await app.until("warm")
    abrupt.tell("exit", None)
    assert await abrupt.ended() == 1
    await app.until("close")
    gone = Editor(app.compose)
    await gone.open(folder)
    assert await gone.hang_up() == 0


@pytest.mark.parametrize(
    ("method", "params", "said"),
    [
        ("contextune/run/get", {}, "Object missing required field `runId`"),
        ("contextune/run/get", {"runId": 5}, "Expected `str`, got `int` - at `$.runId`"),
        ("contextune/run/get", {"runId": "r", "extra": 1}, "Object contains unknown field `extra`"),
        ("contextune/run/start", {"quoteId": "q", "edits": [{"id": 1}]}, "at `$.edits[0].id`"),
        ("contextune/run/start", {"quoteId": "q", "budget": "much"}, "at `$.budget`"),
        ("contextune/run/accept", {"runId": "r", "mode": "force"}, "at `$.mode`"),
        ("contextune/quote/create", {"todoIds": "t_1"}, "at `$.todoIds`"),
        ("contextune/todo/list", [1], "Expected `object`, got `array`"),
        ("contextune/doctor/check", {"x": 1}, "Expected no parameters."),
        ("textDocument/hover", {"textDocument": {"uri": 5}}, "params.position"),
        ("textDocument/codeAction", {}, "params.textDocument"),
        ("workspace/executeCommand", {"command": "contextune.lsp.nothing"}, "contextune.lsp.nothing"),
        (
            "workspace/executeCommand",
            {"command": "contextune.lsp.acceptRun", "arguments": [{"runId": 1}]},
            "$.runId",
        ),
        (
            "workspace/executeCommand",
            {"command": "contextune.lsp.acceptRun", "arguments": [{}, {}]},
            "one argument",
        ),
        (
            "workspace/executeCommand",
            {"command": "contextune.lsp.delegateTodo", "arguments": [{}]},
            "todoIds",
        ),
    ],
)
async def test_malformed_params_are_named(
    editor: Editor, folder: Path, method: str, params: Any, said: str
) -> None:
    await editor.open(folder)
    error = await failing(editor, method, params)
    assert error.code == -32602
    assert said in error.message
    assert await editor.ask("contextune/run/list", {}) == {"runs": []}


JUNK: list[Any] = [
    None,
    [],
    {},
    [{}],
    7,
    "x",
    True,
    {"": None},
    {"runId": None},
    {"runId": [1]},
    {"folder": 3},
]
JUNK += [{"runId": "", "taskId": "", "text": ""}, {"todoIds": [{}]}, {"runId": "r_1", "taskId": "\ud800"}]


@pytest.mark.parametrize("method", [method.name for method in REQUESTS] + ["workspace/executeCommand"])
async def test_junk_gets_one_answer_and_never_an_internal_error(
    editor: Editor, folder: Path, method: str
) -> None:
    await editor.open(folder)
    for junk in JUNK:
        _, code = await outcome(editor, method, junk)
        assert code in {None, -32602, -32000}, junk
    assert editor.stray == []


async def outcome(editor: Editor, method: str, params: Any) -> tuple[Any, int | None]:
    """A request's result, or the code of its error."""
    try:
        return await editor.ask(method, params), None
    except RpcError as error:
        return None, error.code


async def test_unknown_methods_are_refused_and_unknown_notifications_ignored(
    editor: Editor, folder: Path
) -> None:
    await editor.open(folder)
    editor.tell("$/unheardOf", {"a": 1})
    editor.tell("textDocument/didOpen", {"textDocument": {}})
    error = await failing(editor, "contextune/run/fly", {})
    assert (error.code, error.message) == (-32601, "Method Not Found: contextune/run/fly")


async def test_broken_messages_are_answered_and_the_session_goes_on(editor: Editor, folder: Path) -> None:
    await editor.open(folder)
    editor.send_bytes(frame(b"{nonsense") + frame(b"[]") + b"Content-Length: 99999999999\r\n\r\n")
    assert await editor.ask("contextune/run/list") == {"runs": []}
    assert [(m["id"], m["error"]["code"]) for m in editor.stray] == [
        (None, -32700),
        (None, -32600),
        (None, -32600),
    ]


async def test_our_errors_are_sentences_with_a_kind(editor: Editor, app: Played, folder: Path) -> None:
    await editor.open(folder)
    error = await failing(editor, "contextune/run/get", {"runId": "r_9"})
    assert (error.code, error.message, error.data) == (
        -32000,
        "'r_9' is no run. `contextune runs` lists them.",
        {"kind": "usage_problem"},
    )
    nothing = await failing(editor, "contextune/quote/create", {})
    assert nothing.data == {"kind": "usage_problem"}


async def test_an_unforeseen_problem_shows_no_traceback(
    editor: Editor, app: Played, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: Path | None) -> list[Any]:
        raise RuntimeError("secret detail at /home/ada")

    monkeypatch.setattr(app, "doctor", broken)
    await editor.open(folder)
    error = await failing(editor, "contextune/doctor/check")
    assert (error.code, error.message, error.data) == (
        -32603,
        "An unforeseen problem: RuntimeError. The log has the details.",
        None,
    )


async def test_a_failing_composition_is_told_to_whoever_asks(folder: Path) -> None:
    async def compose() -> Any:
        raise PlaceProblem("The state folder cannot be written. Set CONTEXTUNE_HOME to one that can.")

    editor = Editor(compose)
    await editor.open(folder)
    error = await failing(editor, "contextune/run/list", {})
    assert (error.code, error.data) == (-32000, {"kind": "place_problem"})
    assert (await editor.hear("window/showMessage"))["message"] == error.message
    assert await editor.hang_up() == 0


async def test_a_key_is_never_logged(
    editor: Editor, app: Played, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await editor.open(folder)
    assert await editor.ask("contextune/credential/set", {"apiKey": "sk-ant-secret"}) == {"source": "editor"}
    await failing(editor, "contextune/credential/set", {"apiKey": "sk-ant-secret", "more": 1})
    await failing(editor, "contextune/credential/set", {"apiKey": {"nested": "sk-ant-secret"}})
    assert ("set_key", "sk-ant-secret") in app.calls
    assert "sk-ant-secret" not in caplog.text
    assert all("sk-ant-secret" not in str(params) for _, params in editor.said)

"""The server as a process, with pytest-lsp's client as an editor that knows nothing of us, on the sample.

The model is the offline model; git, the gate and the file system are real.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Union

import pytest
import pytest_lsp
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from contextune.cli.output import Output
from contextune.cli.sample import prepare

PATIENCE = 90.0
"""Seconds until something that does not come fails a test: a Run of the sample with its gates takes some."""

pytestmark = pytest.mark.timeout(240)


class PlainEditor:
    """pytest-lsp's client, with ears: everything the server says is kept and can be waited for."""

    def __init__(self, home: Path) -> None:
        self.client = pytest_lsp.make_test_lsp_client()
        self.answers: Callable[[types.ShowMessageRequestParams], str | None] = lambda _: None
        self.said: list[tuple[str, Any]] = []
        self._home = home
        self._came = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        converter: Any = self.client.protocol._converter

        def action(value: Any, _: object) -> Any:
            # lsprotocol takes every object with a `command` for a Command; in one, it is a string.
            kind = types.Command if isinstance(value.get("command"), str) else types.CodeAction
            return converter.structure(value, kind)

        converter.register_structure_hook(Union[types.Command, types.CodeAction], action)  # noqa: UP007
        features = self.client.protocol.fm.features
        for method in (types.WINDOW_SHOW_MESSAGE, types.PROGRESS, types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS):
            features[method] = self._kept(method, features[method])
        for method in (
            types.WORKSPACE_CODE_LENS_REFRESH,
            "contextune/todo/changed",
            "contextune/quote/changed",
            "contextune/run/changed",
            "contextune/meter/changed",
        ):
            features[method] = self._kept(method, None)
        features[types.WINDOW_SHOW_MESSAGE_REQUEST] = self._asked

    async def start(self, repository: Path) -> types.InitializeResult:
        environment = {
            **os.environ,
            "CONTEXTUNE_HOME": str(self._home),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        }
        environment.pop("ANTHROPIC_API_KEY", None)
        arguments = ["-m", "contextune", "serve", "--stdio"]
        await self.client.start_io(sys.executable, *arguments, env=environment)
        params = types.InitializeParams(
            capabilities=pytest_lsp.client_capabilities("neovim"),
            workspace_folders=[types.WorkspaceFolder(uri=repository.as_uri(), name="parcel")],
            initialization_options={"contextune": {"offline": True}},
        )
        result = await asyncio.wait_for(self.client.initialize_session(params), PATIENCE)
        await self.hear("contextune/todo/changed")
        return result

    async def stop(self) -> int | None:
        await asyncio.wait_for(self.client.shutdown_session(), PATIENCE)
        await asyncio.wait_for(self._stop(), PATIENCE)
        assert self.client.error is None
        server = self.client._server
        return server.returncode if server is not None else None

    async def kill(self) -> None:
        server = self.client._server
        assert server is not None
        server.kill()
        await asyncio.wait_for(self._stop(), PATIENCE)

    async def _stop(self) -> None:
        client: Any = self.client
        await client.stop()

    async def hear(self, method: str, match: Callable[[Any], bool] = lambda _: True) -> Any:
        """The first message of a method, told before or yet to come, that matches."""
        found: list[Any] = []

        def came() -> bool:
            found[:] = [params for name, params in self.said if name == method and match(params)]
            return bool(found)

        async with self._came:
            try:
                await asyncio.wait_for(self._came.wait_for(came), PATIENCE)
            except TimeoutError:
                heard = "\n".join(f"{name} {str(params)[:400]}" for name, params in self.said[-40:])
                raise AssertionError(f"{method} did not come. Heard:\n{heard}") from None
        return found[0]

    async def message(self, beginning: str) -> str:
        """A shown message that begins so."""
        shown = await self.hear(types.WINDOW_SHOW_MESSAGE, lambda m: m.message.startswith(beginning))
        return str(shown.message)

    async def actions(self, file: Path, line: int) -> dict[str, types.Command]:
        """Code actions of a line that counts from 1, by title."""
        where = types.Position(line=line - 1, character=0)
        params = types.CodeActionParams(
            text_document=types.TextDocumentIdentifier(uri=file.as_uri()),
            range=types.Range(start=where, end=where),
            context=types.CodeActionContext(diagnostics=[]),
        )
        found = await asyncio.wait_for(self.client.text_document_code_action_async(params), PATIENCE)
        actions = [action for action in found or [] if isinstance(action, types.CodeAction)]
        assert all(action.kind == "refactor.contextune" for action in actions)
        return {action.title: action.command for action in actions if action.command is not None}

    async def lenses(self, file: Path) -> list[types.Command]:
        params = types.CodeLensParams(text_document=types.TextDocumentIdentifier(uri=file.as_uri()))
        found = await asyncio.wait_for(self.client.text_document_code_lens_async(params), PATIENCE)
        return [lens.command for lens in found or [] if lens.command is not None]

    async def execute(self, command: types.Command) -> Any:
        params = types.ExecuteCommandParams(command=command.command, arguments=command.arguments)
        return await asyncio.wait_for(self.client.workspace_execute_command_async(params), PATIENCE)

    async def ask(self, method: str, params: Any = None) -> Any:
        protocol: Any = self.client.protocol
        return await asyncio.wait_for(protocol.send_request_async(method, params), PATIENCE)

    def _kept(self, method: str, further: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
        def keep(params: Any) -> Any:
            self._hear(method, params)
            return further(params) if further is not None else None

        return keep

    def _asked(self, params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
        self._hear(types.WINDOW_SHOW_MESSAGE_REQUEST, params)
        chosen = self.answers(params)
        return types.MessageActionItem(title=chosen) if chosen is not None else None

    def _hear(self, method: str, params: Any) -> None:
        self.said.append((method, params))
        task = asyncio.get_running_loop().create_task(self._wake())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wake(self) -> None:
        async with self._came:
            self._came.notify_all()


def git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=repository, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


def state(repository: Path) -> tuple[str, str, dict[str, bytes]]:
    """HEAD, the status, and every file's bytes."""
    files = {
        str(path.relative_to(repository)): path.read_bytes()
        for path in sorted(repository.rglob("*"))
        if path.is_file() and ".git" not in path.parts and "__pycache__" not in path.parts
    }
    return git(repository, "rev-parse", "HEAD"), git(repository, "status", "--porcelain"), files


def first(params: types.ShowMessageRequestParams) -> str:
    return (params.actions or [])[0].title


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The sample project in a repository of its own, with a name that needs encoding."""
    return prepare("parcel", tmp_path / "with space", Output(as_json=True))


@pytest.fixture
async def editor(tmp_path: Path) -> AsyncIterator[PlainEditor]:
    editor = PlainEditor(tmp_path / "home")
    yield editor
    if not editor.client.stopped:
        await editor.stop()


def line_of(file: Path, text: str) -> int:
    return next(n for n, line in enumerate(file.read_text().splitlines(), 1) if text in line)


async def test_one_todo_from_code_action_to_undo(editor: PlainEditor, repository: Path) -> None:
    before = state(repository)
    money = repository / "parcel/money.py"
    await editor.start(repository)
    line = line_of(money, "TODO")
    actions = await editor.actions(money, line)
    assert list(actions) == ["Delegate this TODO", "Parallelize the TODOs in the workspace"]
    assert await editor.actions(money, 1) == {}
    assert [command.title for command in await editor.lenses(money)] == ["Delegate"]

    editor.answers = first
    assert await editor.execute(actions["Delegate this TODO"]) is None
    quoted = await editor.hear(types.WINDOW_SHOW_MESSAGE_REQUEST)
    assert [action.title for action in quoted.actions] == ["Start", "Cancel"]
    assert re.search(r"1 task in 1 wave, (\$\d|unpriced)", quoted.message)
    accepted = await editor.message("Accepted")
    assert "main" in accepted
    outcome = editor.said[[n for n, _ in editor.said].index(types.WINDOW_SHOW_MESSAGE_REQUEST) :]
    asked = [params.message for name, params in outcome if name == types.WINDOW_SHOW_MESSAGE_REQUEST]
    assert "1 of 1 task accepted for $" in asked[-1]

    bars = editor.client.progress_reports
    kinds = [[type(value).__name__ for value in bar] for bar in bars.values()]
    assert len(kinds) == 2
    assert all(bar[0] == "WorkDoneProgressBegin" and bar[-1] == "WorkDoneProgressEnd" for bar in kinds)
    assert "TODO" not in money.read_text()
    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "rev-list", "--count", f"{before[0]}..HEAD") != "0"

    [undo] = [command for command in await editor.lenses(money) if command.title.startswith("Undo")]
    await editor.execute(undo)
    await editor.message("Undone")
    assert state(repository) == before
    assert await editor.stop() == 0


async def test_cancelling_the_bar_stops_the_run_and_keeps_the_branch(
    editor: PlainEditor, repository: Path
) -> None:
    before = state(repository)
    await editor.start(repository)
    actions = await editor.actions(
        repository / "parcel/money.py", line_of(repository / "parcel/money.py", "TODO")
    )
    editor.answers = first
    await editor.execute(actions["Parallelize the TODOs in the workspace"])
    begun = await editor.hear(
        types.PROGRESS,
        lambda p: p.value.get("kind") == "begin" and not p.value["title"].endswith("quote"),
    )
    editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token=begun.token))
    changed = await editor.hear("contextune/run/changed", lambda m: m.run.state == "cancelled")
    run = await editor.ask("contextune/run/get", {"runId": changed.run.id})
    assert {task.state for task in run.run.tasks} <= {"cancelled", "accepted", "skipped"}
    assert "cancelled" in {task.state for task in run.run.tasks}
    assert state(repository) == before
    assert await editor.stop() == 0


async def test_after_a_restart_a_result_can_still_be_undone(
    editor: PlainEditor, repository: Path, tmp_path: Path
) -> None:
    before = state(repository)
    money = repository / "parcel/money.py"
    await editor.start(repository)
    editor.answers = first
    await editor.execute((await editor.actions(money, line_of(money, "TODO")))["Delegate this TODO"])
    await editor.message("Accepted")
    await editor.kill()

    again = PlainEditor(tmp_path / "home")
    await again.start(repository)
    runs = await again.ask("contextune/run/list", {})
    assert [(run.state, run.canUndo) for run in runs.runs] == [("accepted", True)]
    await again.execute(types.Command(title="Undo", command="contextune.lsp.undoRun"))
    await again.message("Undone")
    assert state(repository) == before
    assert await again.stop() == 0


async def test_mistakes_of_a_client_are_answered(
    editor: PlainEditor, repository: Path, record_property: Callable[[str, object], None]
) -> None:
    began = time.perf_counter()
    result = await editor.start(repository)
    record_property("initialize_and_first_scan_ms", round((time.perf_counter() - began) * 1000))
    assert result.server_info is not None
    assert result.server_info.name == "contextune"
    for method, params, code in [
        ("contextune/run/get", {"runId": 7}, -32602),
        ("contextune/run/get", {"runId": "r_unknown"}, -32000),
        ("contextune/run/fly", {}, -32601),
    ]:
        with pytest.raises(JsonRpcException) as caught:
            await editor.ask(method, params)
        assert caught.value.code == code
    todos = await editor.ask("contextune/todo/list", {})
    assert {todo.path for todo in todos.todos} >= {"parcel/money.py", "parcel/sizes.py"}
    assert not any("belts" in todo.text for todo in todos.todos), "a TODO inside a string is none"
    assert await editor.stop() == 0


def framed(text: str) -> bytes:
    return f"Content-Length: {len(text)}\r\n\r\n{text}".encode()


INITIALIZE = framed(
    '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":null,"rootUri":null,"capabilities":{}}}'
)
LEAVE = framed('{"jsonrpc":"2.0","id":2,"method":"shutdown"}') + framed('{"jsonrpc":"2.0","method":"exit"}')


async def test_what_others_print_never_reaches_the_client() -> None:
    script = """
import os, subprocess, sys
import contextune.server.server as server

async def noisy():
    print("noise of Python", flush=True)
    os.write(1, b"noise of C\\n")
    subprocess.run([sys.executable, "-c", "print('noise of a child', open(0).read())"], check=True)
    raise RuntimeError("enough")

server._compose = noisy
raise SystemExit(server.serve_stdio())
"""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(INITIALIZE + framed('{"jsonrpc":"2.0","id":9,"method":"contextune/run/list"}'))
    answered = await asyncio.wait_for(process.stdout.readuntil(b"RuntimeError"), PATIENCE)
    process.stdin.write(LEAVE)
    rest, said = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0, said
    assert b"noise" not in answered + rest
    assert b"noise of Python" in said
    assert b"noise of C" in said
    assert b"noise of a child" in said


async def test_a_socket_serves_one_client(tmp_path: Path) -> None:
    environment = {**os.environ, "CONTEXTUNE_HOME": str(tmp_path / "home")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "contextune", "serve", "--socket", "0"),
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    assert process.stderr is not None
    said = await asyncio.wait_for(process.stderr.readline(), PATIENCE)
    port = int(said.decode().rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(INITIALIZE + LEAVE)
    data = await asyncio.wait_for(reader.read(), PATIENCE)
    assert b'"name":"contextune"' in data
    assert b'"id":2' in data
    writer.close()
    assert await asyncio.wait_for(process.wait(), PATIENCE) == 0


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "contextune", "serve", "--socket", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 4
    assert f"Port {port} of 127.0.0.1 cannot be used" in done.stderr

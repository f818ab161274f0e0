"""Requests from the daemon to the editor: answered, cancelled, answered wrongly, never answered."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contextune.core.errors import ModelProblem
from contextune.core.model.conversation import Message, Text, ToolUse
from contextune.core.model.editor_models import EditorFailure, EditorModel, EditorReply, EditorRequest
from contextune.server.editor_models import LIST, SEND, WiredEditorModels
from tests.server.editor import Editor, RpcError
from tests.server.played import Played

EXTENSION = {"client": "contextune-vscode"}
REQUEST = EditorRequest(
    vendor="copilot",
    id="claude-haiku-5",
    messages=(Message(role="user", blocks=(Text(text="Say a word."),)),),
    tools=(),
)
MODEL = {"vendor": "copilot", "id": "claude-haiku-5", "family": "claude-haiku-5", "name": "Claude Haiku 5"}


async def connected(editor: Editor, app: Played, folder: Path) -> WiredEditorModels:
    await editor.open(folder, options=EXTENSION)
    await editor.ask("contextune/todo/list", {"folder": str(folder)})
    assert isinstance(app.editor_models, WiredEditorModels)
    return app.editor_models


async def test_models_and_replies_come_over_the_wire(editor: Editor, app: Played, folder: Path) -> None:
    asked: list[Any] = []

    def answer(params: Any) -> Any:
        asked.append(params)
        return {"outcome": outcome}

    block = {"kind": "text", "text": "Hello.", "cache": False}
    call = {"kind": "tool_use", "id": "c", "name": "read", "input": {"path": "a"}}
    outcome = {"kind": "reply", "blocks": [block, call], "inputTokens": 5, "outputTokens": 2}
    editor.answers = {LIST: lambda _: {"models": [MODEL]}, SEND: answer}
    models = await connected(editor, app, folder)
    assert await models.list() == (EditorModel(**MODEL),)
    assert await models.send(REQUEST) == EditorReply(
        blocks=(Text(text="Hello."), ToolUse(id="c", name="read", input={"path": "a"})),
        input_tokens=5,
        output_tokens=2,
    )
    said = {"kind": "text", "text": "Say a word.", "cache": False}
    request = {"vendor": "copilot", "id": "claude-haiku-5", "tools": []}
    assert asked == [{"request": {**request, "messages": [{"role": "user", "blocks": [said]}]}}]


async def test_a_failure_comes_over_the_wire(editor: Editor, app: Played, folder: Path) -> None:
    outcome = {"kind": "failure", "trouble": "consent", "text": "No.", "begun": False}
    editor.answers[SEND] = lambda _: {"outcome": outcome}
    models = await connected(editor, app, folder)
    assert await models.send(REQUEST) == EditorFailure(trouble="consent", text="No.", begun=False)


WRONG: tuple[Any, ...] = (
    None,
    [],
    {"outcome": None},
    {"outcome": {"kind": "reply"}},
    {"outcome": {"kind": "failure", "trouble": "sabotage", "text": "", "begun": False}},
    {"outcome": {"kind": "reply", "blocks": [{"kind": "thinking"}], "inputTokens": 1, "outputTokens": 1}},
    {
        "outcome": {
            "kind": "reply",
            "blocks": [{"kind": "tool_use", "id": "c", "name": "read", "input": "all of it"}],
            "inputTokens": 1,
            "outputTokens": 1,
        }
    },
)


@pytest.mark.parametrize("answer", WRONG)
async def test_an_answer_that_makes_no_sense_is_a_broken_reply(
    editor: Editor, app: Played, folder: Path, answer: Any
) -> None:
    editor.answers[SEND] = lambda _: answer
    models = await connected(editor, app, folder)
    with pytest.raises(ModelProblem, match="The editor's answer cannot be read") as caught:
        await models.send(REQUEST)
    assert caught.value.begun


async def test_an_error_of_the_editor_is_told(editor: Editor, app: Played, folder: Path) -> None:
    def refuse(_: Any) -> None:
        raise RpcError({"code": -32601, "message": "Unhandled method"})

    editor.answers[LIST] = refuse
    models = await connected(editor, app, folder)
    with pytest.raises(ModelProblem, match="The editor cannot reach its models: Unhandled method"):
        await models.list()


def leave_open(_: Any) -> None:
    raise LookupError


async def test_cancelling_cancels_it_in_the_editor(editor: Editor, app: Played, folder: Path) -> None:
    editor.answers[SEND] = leave_open
    models = await connected(editor, app, folder)
    sending = asyncio.create_task(models.send(REQUEST))
    await editor.hear(SEND)
    asked = editor.ids[-1]
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert await editor.hear("$/cancelRequest") == {"id": asked}
    # The editor answers all the same, and the session goes on.
    editor.send({"jsonrpc": "2.0", "id": asked, "result": None})
    assert (await editor.ask("contextune/todo/list", {"folder": str(folder)}))["todos"]


async def test_an_editor_that_never_answers_is_not_waited_for(
    editor: Editor, app: Played, folder: Path
) -> None:
    editor.answers[SEND] = leave_open
    known = await connected(editor, app, folder)
    models = WiredEditorModels(known._server, sending=0.0)
    with pytest.raises(ModelProblem, match="The editor did not answer within 0 s") as caught:
        await models.send(REQUEST)
    assert caught.value.begun


async def test_another_editor_lends_no_models(editor: Editor, app: Played, folder: Path) -> None:
    await editor.open(folder)
    await editor.ask("contextune/todo/list", {"folder": str(folder)})
    assert not hasattr(app, "editor_models")

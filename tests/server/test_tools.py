"""The tools for agents of the editor: asked for first, then called; refusals are answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contextune.core.errors import PlaceProblem
from contextune.core.permission import OtherAgents
from tests.protocol import samples as s
from tests.server.editor import Editor, RpcError
from tests.server.played import Played


async def prepared(editor: Editor, name: str, **given: Any) -> str:
    question: str = (await editor.ask("contextune/tool/prepare", {"name": name, "input": given}))["question"]
    return question


async def called(editor: Editor, name: str, confirmed: bool = False, **given: Any) -> tuple[bool, str]:
    params = {"name": name, "input": given, "confirmed": confirmed}
    answer = await editor.ask("contextune/tool/call", params)
    return answer["failed"], answer["text"]


async def test_what_reads_is_done_at_once(editor: Editor, app: Played, folder: Path) -> None:
    await editor.open(folder)
    assert await prepared(editor, "todos") == ""
    failed, text = await called(editor, "todos")
    assert not failed
    assert s.TODOS[0].id in text


async def test_what_spends_needs_consent(editor: Editor, app: Played, folder: Path) -> None:
    await editor.open(folder)
    question = await prepared(editor, "quote", all=True)
    assert question == (
        "Make a quote for every Todo? It runs the tests once, and planning may cost cents, "
        "$2.00 at the very most."
    )
    failed, text = await called(editor, "quote", all=True)
    assert failed
    assert "`quote` needs the user's consent" in text
    assert not [one for one in app.calls if one[0] == "quote"]
    failed, text = await called(editor, "quote", confirmed=True, all=True)
    assert not failed
    assert "Quote q_1: " in text
    assert await prepared(editor, "run", quoteId="q_1", limit="1") == (
        "Start “2 TODOs of sizes.py”: 2 Tasks, $0.0100 to $0.0400, likely $0.0200, $1.00 at most?"
    )


async def test_a_denied_tool_is_refused_also_with_consent(editor: Editor, app: Played, folder: Path) -> None:
    app.permissions = OtherAgents(quote="deny")
    await editor.open(folder)
    failed, text = await called(editor, "quote", confirmed=True, all=True)
    assert failed
    assert "contextune.otherAgents in VS Code" in text
    with pytest.raises(RpcError, match="does not let other agents call `quote`"):
        await prepared(editor, "quote", all=True)


async def test_bad_input_is_an_answer(editor: Editor, app: Played, folder: Path) -> None:
    await editor.open(folder)
    assert (await called(editor, "fly"))[1].startswith("There is no tool 'fly'.")
    assert (await called(editor, "todos", path=1))[1] == (
        "todos: Expected `str`, got `int` - at `$.path`. It may be given `path`."
    )
    assert (await called(editor, "run", confirmed=True, quoteId="x", limit="1"))[0]


async def test_an_application_that_cannot_be_had_is_an_answer(folder: Path) -> None:
    async def broken() -> Any:
        raise PlaceProblem("The disk is gone.")

    editor = Editor(broken)
    await editor.open(folder)
    assert await called(editor, "todos") == (True, "The disk is gone.")
    await editor.hang_up()

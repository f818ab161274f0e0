"""Parameters that are wrong, made for every field of every method: -32602, with the path, and no Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_lsp
from lsprotocol import converters

from contextune.protocol.methods import METHODS
from tests.server.editor import Editor, RpcError

WRONG: tuple[Any, ...] = ({"no such member": 1}, 3.5, [{"no such member": 1}], True, "no such value")

FIELDS = [
    (method.name, field.encode_name, field.type, field.required)
    for method in METHODS
    if method.direction == "request" and method.params is not None
    for field in msgspec.structs.fields(method.params)
]

LSP: dict[str, dict[str, Any]] = {
    "textDocument/hover": {
        "textDocument": {"uri": "file:///a.py"},
        "position": {"line": 0, "character": 0},
    },
    "textDocument/codeLens": {"textDocument": {"uri": "file:///a.py"}},
    "textDocument/codeAction": {
        "textDocument": {"uri": "file:///a.py"},
        "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}},
        "context": {"diagnostics": []},
    },
    "workspace/executeCommand": {"command": "contextune.lsp.doctor"},
}


CLIENTS = ("visual_studio_code", "neovim", "emacs")
DOCUMENT: dict[str, Any] = {"uri": "file:///a.py", "languageId": "python", "text": ""}


def wrong_for(kind: Any) -> list[Any]:
    """Values that a field of this type cannot have."""
    found = []
    for value in WRONG:
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError:
            found.append(value)
    return found


async def refused(editor: Editor, method: str, params: Any) -> str:
    with pytest.raises(RpcError) as caught:
        await editor.ask(method, params)
    assert caught.value.code == -32602, (method, params, caught.value.message)
    assert caught.value.data is None
    for word in ("Traceback", 'File "', "__init__", "object at 0x", "<class"):
        assert word not in caught.value.message, caught.value.message
    return caught.value.message


def test_the_fields_are_many() -> None:
    assert len(FIELDS) >= 40
    assert all(wrong_for(kind) for _, _, kind, _ in FIELDS)


async def test_each_field_of_each_method_is_named_when_it_is_wrong(editor: Editor, folder: Path) -> None:
    await editor.open(folder)
    for method, name, kind, _ in FIELDS:
        for value in wrong_for(kind):
            assert f"`$.{name}" in await refused(editor, method, {name: value})


async def test_each_field_that_is_missing_is_named(editor: Editor, folder: Path) -> None:
    await editor.open(folder)
    for method, name, _, required in FIELDS:
        if required:
            others = [other for owner, other, _, needed in FIELDS if owner == method and needed]
            first = others[0]
            said = await refused(editor, method, {})
            assert f"missing required field `{first}`" in said
            assert name in others


@pytest.mark.parametrize("method", sorted({method for method, *_ in FIELDS}))
async def test_a_field_that_there_is_not_is_named(editor: Editor, folder: Path, method: str) -> None:
    await editor.open(folder)
    for name in ("run_id", "RunId", "", "x\u0000", "__class__", "\ud800"):
        assert "unknown field" in await refused(editor, method, {name: 1})


@pytest.mark.parametrize("method", sorted(LSP))
async def test_each_member_of_a_standard_method_is_named_when_it_is_wrong(
    editor: Editor, folder: Path, method: str
) -> None:
    await editor.open(folder)
    for params, path in broken(LSP[method]):
        said = await refused(editor, method, params)
        assert path in said, (params, said)
    junks: list[Any] = [None, [], 7, "x", True]
    for junk in junks:
        await refused(editor, method, junk)


@pytest.mark.parametrize("name", CLIENTS)
async def test_what_real_editors_send_is_right(editor: Editor, folder: Path, name: str) -> None:
    capabilities = converters.get_converter().unstructure(pytest_lsp.client_capabilities(name))
    await editor.open(folder, capabilities=capabilities)
    editor.tell("textDocument/didOpen", {"textDocument": {**DOCUMENT, "version": 1.0}})
    assert await editor.ask("textDocument/codeLens", {"textDocument": DOCUMENT}) == []
    assert editor.all("window/showMessage") == []


def broken(whole: dict[str, Any], path: str = "$.params") -> list[tuple[dict[str, Any], str]]:
    """The parameters with one member left out or made wrong, and that member's path."""
    found: list[tuple[dict[str, Any], str]] = []
    for name, value in whole.items():
        here = f"{path}.{name}"
        without = {key: other for key, other in whole.items() if key != name}
        found += [(without, here), (whole | {name: [[7]]}, here), (whole | {name: 7.5}, here)]
        if isinstance(value, dict):
            found += [(whole | {name: inner}, where) for inner, where in broken(value, here)]
    return found

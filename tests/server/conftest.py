"""An editor on a played application, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.editor import Editor
from tests.server.played import Played


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file that the played Todos are in."""
    root = tmp_path.resolve() / "with space"
    (root / "parcel").mkdir(parents=True)
    (root / "parcel/sizes.py").write_text("# TODO: round up\n" * 40)
    return root


@pytest.fixture
async def app(folder: Path) -> Played:
    return Played(folder)


@pytest.fixture
async def editor(app: Played) -> AsyncIterator[Editor]:
    editor = Editor(app.compose)
    yield editor
    await asyncio.wait_for(editor.hang_up(), 20)
    assert len(set(editor.ids)) == len(editor.ids)

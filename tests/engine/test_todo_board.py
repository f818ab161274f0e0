"""The board of Todos: typing is waited for, saving is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from contextune.adapters.files.watch import FileWatcher
from contextune.compose import repository_todos
from contextune.core.settings import Settings
from contextune.core.todo_ports import Watcher
from contextune.core.todos.todo import Todo
from contextune.engine.desk.todos import TodoBoard
from contextune.engine.surroundings.world import World


class Blind:
    """A watcher that never sees anything."""

    async def watch(self, _: Path) -> AsyncIterator[frozenset[str]]:
        await asyncio.Event().wait()
        yield frozenset()


class Late:
    """A watcher whose folder changes just before its watch is set."""

    def __init__(self, file: Path, text: str) -> None:
        self._file, self._text = file, text

    async def watch(self, root: Path) -> AsyncIterator[frozenset[str]]:
        self._file.write_text(self._text)
        async for paths in FileWatcher().watch(root):
            yield paths


def world_with(watcher: Watcher) -> World:
    """A world in which nothing but Todos is looked for."""
    world = SimpleNamespace(
        settings=SimpleNamespace(load=lambda *_: Settings()),
        todo_index=lambda root, *_: repository_todos(root),
        watcher=watcher,
    )
    return cast(World, world)


async def test_what_changes_between_the_first_scan_and_the_watch_is_seen(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    (root / "a.py").write_text("# TODO: one\n")
    board = TodoBoard(world_with(Late(root / "b.py", "# TODO: two\n")))
    told: asyncio.Queue[tuple[Todo, ...]] = asyncio.Queue()
    board.subscribe(lambda _, todos: told.put_nowait(todos))
    assert [todo.text for todo in await board.list(root)] == ["one"]
    async with asyncio.timeout(20):
        while [todo.text for todo in await told.get()] != ["one", "two"]:
            pass
    await board.close()


async def test_a_saved_file_is_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contextune.engine.desk.todos.DEBOUNCE", 3600.0)
    root = tmp_path.resolve()
    file = root / "a.py"
    file.write_text("# TODO: one\n")
    board = TodoBoard(world_with(Blind()))
    assert not board.is_open(root)
    assert [todo.text for todo in await board.list(root)] == ["one"]
    assert board.is_open(root)
    told: asyncio.Queue[tuple[Todo, ...]] = asyncio.Queue()
    board.subscribe(lambda _, todos: told.put_nowait(todos))
    board.set_buffer(file, b"# TODO: typed\n")
    assert await board.lines(root, "a.py") == ("# TODO: typed",)
    file.write_text("# TODO: saved\n")
    board.set_buffer(file, None)
    assert [todo.text for todo in await asyncio.wait_for(told.get(), 20)] == ["saved"]
    assert [todo.text for todo in board.of_file(root / "x" / ".." / "a.py")] == ["saved"]
    assert await board.lines(root, "a.py") == ("# TODO: saved",)
    assert await board.lines(root, "gone.py") is None
    await board.close()

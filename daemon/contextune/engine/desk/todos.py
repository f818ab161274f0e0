"""The Todos of open folders, kept fresh: disk changes and unsaved buffers both count."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from contextune.core.errors import ContextuneError
from contextune.core.plain_text import source_lines
from contextune.core.todo_ports import TodoIndex
from contextune.core.todos.todo import Todo
from contextune.engine.surroundings.world import World

Listener = Callable[[Path, tuple[Todo, ...]], None]

DEBOUNCE = 0.15
"""Seconds between a keystroke and the rescan of its file."""


class _Folder:
    """One open folder. `by_file` is what the index last said: reading it never waits for a scan."""

    def __init__(self, root: Path, index: TodoIndex) -> None:
        self.root = root
        self.index = index
        self.by_file: dict[str, tuple[Todo, ...]] = {}
        self.buffers: dict[str, bytes] = {}
        self.watching: asyncio.Task[None] | None = None
        self.pending: dict[str, asyncio.TimerHandle] = {}
        self.rescanning = asyncio.Lock()

    def take(self) -> None:
        """Take over what the index says now. Blocking."""
        by_file: dict[str, list[Todo]] = {}
        for todo in self.index.todos():
            by_file.setdefault(todo.path, []).append(todo)
        self.by_file = {path: tuple(todos) for path, todos in by_file.items()}


class TodoBoard:
    """Todos by folder and file, in memory."""

    def __init__(self, world: World, *, edited: Callable[[Path], None] = lambda _: None) -> None:
        """`edited` is called with a file whose unsaved text changed."""
        self._world = world
        self._edited = edited
        self._folders: dict[Path, _Folder] = {}
        self._opening: dict[Path, asyncio.Future[None]] = {}
        self._listeners: list[Listener] = []
        self._background: set[asyncio.Task[None]] = set()

    async def open(self, folder: Path) -> None:
        """Scan a folder once and watch it from then on."""
        folder = folder.resolve()
        opening = self._opening.get(folder)
        if opening is None:
            opening = asyncio.ensure_future(self._open(folder))
            self._opening[folder] = opening
        try:
            await asyncio.shield(opening)
        except ContextuneError:
            self._opening.pop(folder, None)
            raise

    async def list(self, folder: Path) -> tuple[Todo, ...]:
        """All Todos of a folder, by path and line."""
        await self.open(folder)
        return _sorted(self._folders[folder.resolve()])

    def is_open(self, folder: Path) -> bool:
        """Whether a folder was scanned."""
        return folder in self._folders

    def of_file(self, file: Path) -> tuple[Todo, ...]:
        """The Todos of a file that lies in an open folder, from memory."""
        located = self._locate(file)
        return located[0].by_file.get(located[1], ()) if located else ()

    async def lines(self, folder: Path, path: str) -> tuple[str, ...] | None:
        """The lines of a file as the user has them, unsaved ones too; None if it cannot be read."""
        await self.open(folder)
        known = self._folders[folder.resolve()]
        content = known.buffers.get(path)
        if content is None:
            content = await asyncio.to_thread(_content, known.root / path)
        return None if content is None else tuple(source_lines(content.decode(errors="replace")))

    def set_buffer(self, file: Path, content: bytes | None) -> None:
        """The editor's unsaved text of a file; None when it equals the disk again."""
        located = self._locate(file)
        if located is None:
            return
        folder, path = located
        if content is None:
            folder.buffers.pop(path, None)
        else:
            folder.buffers[path] = content
        self._edited(folder.root / path)
        waiting = folder.pending.pop(path, None)
        if waiting is not None:
            waiting.cancel()
        if content is None:
            self._rescan_soon(folder, path)  # saved or closed: nobody is typing
            return
        loop = asyncio.get_running_loop()
        folder.pending[path] = loop.call_later(DEBOUNCE, self._rescan_soon, folder, path)

    def overlays(self, root: Path) -> dict[str, bytes]:
        """The unsaved buffers below a folder, by path from there, in whichever folder they were opened."""
        root = root.resolve()
        return {
            (folder.root / path).relative_to(root).as_posix(): content
            for folder in self._folders.values()
            for path, content in folder.buffers.items()
            if (folder.root / path).is_relative_to(root)
        }

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call back with all Todos of a folder whenever they change; returns the way to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def close(self) -> None:
        """Stop watching."""
        tasks = [folder.watching for folder in self._folders.values() if folder.watching]
        for folder in self._folders.values():
            for waiting in folder.pending.values():
                waiting.cancel()
        for task in [*tasks, *self._background]:
            task.cancel()
        if tasks or self._background:
            await asyncio.wait([*tasks, *self._background])

    async def _open(self, root: Path) -> None:
        settings = self._world.settings.load(root, {})
        folder = _Folder(root, self._world.todo_index(root, settings.markers, settings.exclude))
        await asyncio.to_thread(folder.index.load)
        await asyncio.to_thread(folder.take)
        self._folders[root] = folder
        folder.watching = asyncio.create_task(self._watch(folder), name=f"watch {root}")
        self._tell(folder)

    async def _watch(self, folder: _Folder) -> None:
        async for paths in self._world.watcher.watch(folder.root):
            if paths:
                changed = await asyncio.to_thread(folder.index.refresh, paths)
            else:  # the watch is set: another look finds what changed since the first one
                changed = await asyncio.to_thread(folder.index.load)
            await self._changed(folder, changed)

    def _rescan_soon(self, folder: _Folder, path: str) -> None:
        folder.pending.pop(path, None)
        task = asyncio.create_task(self._rescan(folder, path))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _rescan(self, folder: _Folder, path: str) -> None:
        # One after the other, each with the newest text: what was typed must not overtake what was saved.
        async with folder.rescanning:
            content = folder.buffers.get(path)
            changed = await asyncio.to_thread(folder.index.set_overlay, path, content)
        await self._changed(folder, changed)

    async def _changed(self, folder: _Folder, paths: frozenset[str]) -> None:
        if paths:
            await asyncio.to_thread(folder.take)
            self._tell(folder)

    def _locate(self, file: Path) -> tuple[_Folder, str] | None:
        # A path that is resolved already, as the editor's are, costs no look at the disk.
        return self._below(file) or self._below(file.resolve())

    def _below(self, file: Path) -> tuple[_Folder, str] | None:
        if ".." in file.parts:
            return None
        for root, folder in self._folders.items():
            if file.is_relative_to(root):
                return folder, file.relative_to(root).as_posix()
        return None

    def _tell(self, folder: _Folder) -> None:
        todos = _sorted(folder)
        for listener in list(self._listeners):
            listener(folder.root, todos)


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _sorted(folder: _Folder) -> tuple[Todo, ...]:
    return tuple(todo for path in sorted(folder.by_file) for todo in folder.by_file[path])

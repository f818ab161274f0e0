"""One client's session: its folders, what is known of its Runs, and what is told to it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from contextune.core.errors import ContextuneError, UsageProblem
from contextune.core.model.money import Bill
from contextune.core.model.requests import RequestSettled
from contextune.core.runs.events import AnyEvent, TaskEnded
from contextune.core.runs.run import Run
from contextune.core.todos.todo import Todo
from contextune.protocol.convert import run_view
from contextune.protocol.days import seconds_left, start_of, today
from contextune.protocol.meter import meter_view
from contextune.protocol.params import RunChanged, TodoListResult
from contextune.protocol.views import MeterView, RunView
from contextune.protocol.words import mark, shown, t
from contextune.server.buffers import Buffers
from contextune.server.client import Client
from contextune.server.client_options import snake_keys
from contextune.server.diagnostics import Overlaps
from contextune.server.failures import sentence
from contextune.server.known_todos import KnownTodos
from contextune.server.lenses import ShownLenses, lenses
from contextune.server.marks import Marks
from contextune.server.pace import (
    INTERVAL,
    LEDGER_INTERVAL,
    LENS_INTERVAL,
    METER_INTERVAL,
    run_interval,
    standing,
)
from contextune.server.places import folder_path
from contextune.server.radar_hints import RadarHints, Shared
from contextune.server.stream import Coalescer
from contextune.server.told import Told

if TYPE_CHECKING:
    from contextune.delegation.desk import Desk
    from contextune.engine.application import Application
    from contextune.engine.desk.todo_facts import TodoFacts

log = logging.getLogger(__name__)

FIRST_TODOS = 10.0
"""Seconds that a question about a TODO waits for the first list: its code lens may be shown before."""

GO_ON, LATER = mark("Go on"), mark("Later")

Compose = Callable[[], Awaitable["Application"]]


class Session:
    """State of one client's session. `application()` is composed on first use, after `initialize`."""

    def __init__(self, client: Client, compose: Compose) -> None:
        self._loop = loop = asyncio.get_running_loop()
        self.client = client
        self.marks = Marks()
        self.buffers = Buffers(self._buffer)
        self.folders: dict[Path, tuple[Todo, ...]] = {}
        """Open folders, in the editor's order, with their Todos."""
        self._opening: dict[Path, asyncio.Event] = {}
        """Set for a folder when its first list is there, or failed."""
        self.known = KnownTodos(self._facts_of, self._show_lenses)
        self.lenses = ShownLenses(client.open_uris, self._lenses_of)
        self.quotes: dict[str, str] = {}
        """Quote ids as the client knows them, from `quote/create` on, to the application's."""
        self.desks: dict[Path, Desk] = {}
        """What agents of the editor work at, by folder."""
        self.editor_settings: Mapping[str, Any] = {}
        """What the editor sent by itself, at the start or later; keys in camelCase."""
        self._unread_settings = 0
        self._settings_read = asyncio.Event()
        self._settings_read.set()
        self._compose = compose
        self._composing: asyncio.Task[Application] | None = None
        self._composed: Application | None = None
        self._stream = Coalescer(loop, INTERVAL, lambda: client.is_behind)
        self._lenses = Coalescer(loop, LENS_INTERVAL, lambda: client.is_behind)
        self._ledger = Coalescer(loop, LEDGER_INTERVAL)
        shared = Shared(client.publish)
        self._overlaps = Overlaps(self.marks, self.todos_of, shared.of("overlaps"), client.uri)
        self.radar = RadarHints(self.marks, self._base_text, self.buffers.text, shared.of("radar"))
        self._background: set[asyncio.Task[None]] = set()
        self._meter: MeterView | None = None
        self._stood: dict[str, Hashable] = {}
        """How each Run stood when the client was last told of it."""
        self._fence_lack = ""
        self._told = Told()
        self._spent: tuple[str, Bill] = ("", Bill())
        """A day, and what it has cost so far."""
        self._midnight = loop.call_later(seconds_left(), self.count_today)
        self._unsubscribe: list[Callable[[], None]] = []

    # What handlers ask for.

    async def application(self) -> Application:
        """The application. Raises ContextuneError if it cannot be composed."""
        if self._composing is None:
            self._composing = asyncio.get_running_loop().create_task(self._start())
        return await asyncio.shield(self._composing)

    def folder(self, named: str | None) -> Path:
        """A folder by its path or URI, or the first of the workspace. Raises UsageProblem."""
        if named is not None:
            path = folder_path(named)
            if path is None:
                raise UsageProblem(f"Folder {named!r}: expected an absolute path or a file URI.")
            return path.resolve()
        if not self.folders:
            raise UsageProblem("No folder is open in the editor. Open one, or name it.")
        return next(iter(self.folders))

    def folder_of(self, file: Path) -> Path | None:
        """The innermost open folder that holds a file; None if none does."""
        holding = (folder for folder in self.folders if file.is_relative_to(folder))
        return max(holding, key=lambda folder: len(folder.parts), default=None)

    def todos_of(self, file: Path) -> tuple[Todo, ...]:
        """A file's Todos, from memory; none before the application is there."""
        return self._composed.todos.of_file(file) if self._composed is not None else ()

    async def first_todos(self, folder: Path) -> None:
        """Wait until the Todos of a folder are known, or cannot be; a short while at most."""
        opening = self._opening.get(folder)
        if opening is not None and not opening.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(opening.wait(), FIRST_TODOS)

    def has_todos(self, folder: Path) -> bool:
        """Whether the Todos of a folder are known by now."""
        return self._composed is not None and self._composed.todos.is_open(folder)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something in the background; a problem is shown to the user, never lost."""
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        # For work that is cancelled before it began.
        task.add_done_callback(lambda _: work.close())
        return task

    # The life of a session.

    def change_folders(self, added: list[Path], removed: list[Path]) -> None:
        """The editor opened and closed folders; Runs in closed ones go on."""
        for folder in removed:
            self.folders.pop(folder.resolve(), None)
            self._opening.pop(folder.resolve(), None)
        fresh = [folder.resolve() for folder in added]
        self._opening.update({folder: asyncio.Event() for folder in fresh})
        self.folders.update({folder: () for folder in fresh if folder not in self.folders})
        self._await_settings()
        self.spawn(self._open(fresh))

    async def _open(self, folders: list[Path]) -> None:
        """Settings and Todos of folders, and the Runs that still concern the user."""
        try:
            application = await self.application()
            await self.configure()
        finally:
            self._have_settings()
        for folder in folders:
            try:
                await application.todos.open(folder)
                todos = await application.todos.list(folder)
                if folder in self.folders:
                    self.folders[folder] = todos
            except ContextuneError as problem:
                self.client.say(sentence(problem), "warning")
            finally:
                if folder in self._opening:
                    self._opening[folder].set()
            await self._recall(application, folder)
        await self.look_at_fence()
        self.buffers.resend()
        self.show_marks()
        self._show_meter()
        await application.warm()

    async def _recall(self, application: Application, folder: Path) -> None:
        try:
            for run in await application.follow(folder):
                self.marks.put(run)
        except ContextuneError as problem:
            # A folder without a repository is no reason to disturb until a Quote is asked for.
            log.info("No Runs of %s: %s", folder, problem)

    async def look_at_fence(self) -> None:
        """Have the meter tell where agents work without a Fence, or may not for the lack of one."""
        application, said = await self.application(), []
        for folder in self.folders:
            with suppress(ContextuneError):  # a folder without a repository has no agents
                said.append(await application.fence_lack(folder))
        self._fence_lack = " ".join(dict.fromkeys(filter(None, said)))
        self._show_meter()

    def settings_changed(self, sent: Mapping[str, Any] | None) -> None:
        """The editor says that its settings changed, and perhaps to what."""
        self._await_settings()
        self.spawn(self._reconfigure(sent))

    async def _reconfigure(self, sent: Mapping[str, Any] | None) -> None:
        try:
            await self.configure(sent)
        finally:
            self._have_settings()

    async def configured(self) -> None:
        """Return when all settings are read that the editor has spoken of."""
        await self._settings_read.wait()

    def _await_settings(self) -> None:
        self._unread_settings += 1
        self._settings_read.clear()

    def _have_settings(self) -> None:
        self._unread_settings -= 1
        if not self._unread_settings:
            self._settings_read.set()

    async def configure(self, sent: Mapping[str, Any] | None = None) -> None:
        """Take the settings that the editor sent by itself, if any, and those that it tells when asked."""
        application = await self.application()
        self.editor_settings = self.editor_settings if sent is None else sent
        folders = list(self.folders)
        of_all, *of_each = await self.client.settings(folders) or [{}]
        layers = [(None, {**self.editor_settings, **of_all}), *zip(folders, of_each, strict=False)]
        for folder, values in layers:
            try:
                application.configure(folder, snake_keys(values))
            except UsageProblem as problem:
                self.client.say(sentence(problem), "error")
        self._show_meter()

    async def close(self) -> None:
        """End what is in the background and close the application; Runs stay resumable."""
        self._midnight.cancel()
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        for task in list(self._background):
            task.cancel()
        if self._background:
            await asyncio.wait(self._background)
        if self._composing is not None:
            await asyncio.wait([self._composing])
        if self._composed is not None:
            await self._composed.close()

    async def _start(self) -> Application:
        application = await self._compose()
        self._unsubscribe = [
            application.subscribe(self._on_event),
            application.todos.subscribe(self._on_todos),
        ]
        if self.client.is_extension:
            application.set_editor_models(self.client.models)
        application.lookout.begin(left=self._on_left, changed=self._on_driver)
        self._composed = application
        return application

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        # The answer to the request that asked for this leaves before the first news of it.
        await asyncio.sleep(0)
        try:
            await work
        except Exception as problem:  # noqa: BLE001  # the last stop of a background task: it is shown
            self.client.say(sentence(problem), "error")

    def _buffer(self, file: Path, content: bytes | None) -> None:
        if self._composed is not None:
            self._composed.todos.set_buffer(file, content)

    async def _base_text(self, run_id: str, path: str) -> bytes | None:
        return await (await self.application()).file_at(run_id, None, path, "base")

    # What is told to the client.

    def _on_event(self, run: Run, event: AnyEvent) -> None:
        if isinstance(event, TaskEnded):
            self.known.outdate()
        self.marks.put(run)
        is_news = self._stood.get(run.id) != standing(run)
        self._offer_run(run, is_news=is_news)
        self._stream.offer("meter", self._show_meter, INTERVAL if is_news else METER_INTERVAL)
        if isinstance(event, RequestSettled):
            self.count_today()
        self.show_marks()

    def _offer_run(self, run: Run, *, is_news: bool) -> None:
        interval = run_interval(run, is_news=is_news)
        self._stream.offer(("run", run.id), lambda: self._tell_run(run.id), interval)

    def _tell_run(self, run_id: str) -> None:
        run = self.marks.runs[run_id]
        self._stood[run_id] = standing(run)
        view = self.view(run)
        self.client.changed(self._told.news(view) if self.client.is_extension else RunChanged(run=view))

    def view(self, run: Run) -> RunView:
        """A Run as the client is told of it."""
        driver = self._composed.lookout.driver(run.id) if self._composed is not None else "nobody"
        return run_view(run, driver)

    def _on_driver(self, run_id: str) -> None:
        if run_id in self.marks.runs:
            self._offer_run(self.marks.runs[run_id], is_news=True)

    async def _on_left(self, run: Run) -> bool:
        """Go on with a Run whose process is gone, or ask; False while neither is possible."""
        by_itself = (await self.application()).goes_on_by_itself(run)
        if by_itself is not None:
            self.spawn(self._take_over(run, asked=not by_itself))
        return by_itself is not None

    async def _take_over(self, run: Run, *, asked: bool) -> None:
        if asked:
            text = t("“{title}” is unfinished, and its process has ended. Go on with it?", title=run.title)
            if await self.client.choose(text, [GO_ON, LATER]) != GO_ON:
                return
        await (await self.application()).take_over(run.id)

    def _on_todos(self, folder: Path, todos: tuple[Todo, ...]) -> None:
        if folder not in self.folders:
            return
        self.folders[folder] = todos
        self._stream.offer(("todos", folder), lambda: self._tell_todos(folder))
        self.show_marks()

    def _tell_todos(self, folder: Path) -> None:
        if folder in self.folders:
            self.client.changed(TodoListResult(folder=str(folder), todos=self.folders[folder]))

    async def _facts_of(self, folder: Path, todos: Sequence[Todo]) -> Sequence[TodoFacts]:
        return await (await self.application()).facts.of(folder, todos)

    def _show_lenses(self) -> None:
        self._lenses.offer("lenses", self._refresh_lenses)

    def _refresh_lenses(self) -> None:
        if self.lenses.are_outdated():
            self.client.refresh_lenses()

    def _lenses_of(self, file: Path) -> list[types.CodeLens]:
        folder, extension = self.folder_of(file), self.client.is_extension
        if folder is None:
            return []
        todos = self.todos_of(file)
        return lenses(file, folder, todos, self.marks, extension=extension, prices=self.known.prices)

    def show_marks(self) -> None:
        """What is known of Todos changed: have lenses and hints follow."""
        self._show_lenses()
        self._stream.offer("overlaps", self._overlaps.refresh)
        if not self.radar.is_idle:
            self._lenses.offer("radar", self._show_radar)

    def _show_radar(self) -> None:
        self.spawn(self.radar.refresh())

    def count_today(self) -> None:
        """Have the meter follow: the Ledger alone knows of planning, of samples and of other processes."""
        self._ledger.offer("today", self._count_soon)

    def _count_soon(self) -> None:
        self.spawn(self._count_today())

    async def _count_today(self) -> None:
        application, day = await self.application(), today()
        try:
            self._spent = (day, await application.spent(start_of(day)))
        except ContextuneError as problem:
            log.warning("What today has cost is not known: %s", problem)
        self._midnight.cancel()
        self._midnight = self._loop.call_later(seconds_left(), self.count_today)
        self._show_meter()

    def _show_meter(self) -> None:
        day, spent = self._spent
        if day != today():
            spent = Bill()
            self.count_today()
        runs = list(self.marks.runs.values())
        offline = self._composed is not None and self._composed.credential() == "offline"
        meter = meter_view(runs, spent, offline=offline, fence_lack=shown(self._fence_lack))
        if meter != self._meter:
            self._meter = meter
            self.client.changed(meter)

"""A user's desk: a small repository, a model server on loopback that plays scripts, and the application."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from contextune.adapters.commands.line_watch import FolderLineWatch
from contextune.adapters.commands.shell import FencedShell
from contextune.adapters.fence.choice import NoFence
from contextune.adapters.files.workspace import WorktreeFiles
from contextune.adapters.git.program import require_git
from contextune.adapters.git.repository import open_repository
from contextune.adapters.journal.baselines import BaselineFolder
from contextune.adapters.journal.mailbox import FolderMailbox
from contextune.adapters.journal.store import SqliteJournal
from contextune.adapters.machine.clock import SystemClock
from contextune.adapters.machine.report import ThisMachine
from contextune.adapters.machine.role_files import RoleFolders
from contextune.adapters.machine.settings_store import LayeredSettings
from contextune.adapters.machine.user_files import UserFiles
from contextune.adapters.models.anthropic_model import AnthropicModel
from contextune.adapters.models.pressure_board import PressureFolder
from contextune.adapters.models.prices import PriceTable
from contextune.adapters.pool.choice import PoolChoice
from contextune.adapters.pool.local import LocalPool
from contextune.adapters.source.outline import LayoutOutliner
from contextune.adapters.source.scan import RipgrepScanner
from contextune.adapters.source.todo_index import TodoIndex
from contextune.core.check import Check
from contextune.core.errors import PlaceProblem
from contextune.core.event import Event
from contextune.core.forge.forge import Forges, NoForges
from contextune.core.model.editor_models import EditorModels
from contextune.core.planning.plan import Plan, Task
from contextune.core.planning.quote import Quote
from contextune.core.ports import Model, Repository, Shell
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.core.settings import CredentialSource, Provider
from contextune.engine.application import Application
from contextune.engine.quotes.quote import QuoteRequest
from contextune.engine.surroundings.processors import Processors
from contextune.engine.surroundings.world import FenceFacts, World
from contextune.offline.script import parse_script
from contextune.offline.server import OfflineModel
from tests.adapters.git_place import Place

PYTHON = f"{sys.executable} -S -B"
GATE = f"{PYTHON} -m unittest -q"
PATIENCE = 30.0
"""Seconds that a test waits for an event; only a bug takes that long."""

FILES = {
    ".gitignore": "__pycache__/\n",
    "calc/__init__.py": "",
    "calc/area.py": "def area(w, h):\n    # TODO: refuse negative sizes\n    return w * h\n",
    "calc/names.py": 'def greet(name):\n    # TODO: greet politely\n    return "hi " + name\n',
    "calc/rates.py": "RATE = 2\n\n\ndef price(hours):\n    # TODO: round up\n    return hours * RATE\n",
    "tests/__init__.py": "",
    "tests/test_calc.py": """\
import unittest

from calc.area import area
from calc.names import greet
from calc.rates import price


class TestCalc(unittest.TestCase):
    def test_area(self):
        self.assertEqual(area(2, 3), 6)

    def test_greet(self):
        self.assertIn("Ada", greet("Ada"))

    def test_price(self):
        self.assertEqual(price(3), 6)
""",
}
"""The repository: three modules with a Todo each, and one test of each."""

AREA, NAMES, RATES = "refuse negative sizes", "greet politely", "round up"


class Served:
    """engine.surroundings.world.Models: the real adapter, at a server that the test has started."""

    def __init__(self, url: str, key: str = "sk-test") -> None:
        self.url = url
        self.key = key
        self._model: AnthropicModel | None = None

    async def get(self, *, offline: bool, provider: Provider) -> Model:
        del offline, provider
        if self._model is None:
            self._model = AnthropicModel(api_key=self.key, base_url=self.url, offline=True, timeout=PATIENCE)
        return self._model

    def set_key(self, key: str | None) -> None:
        self.key = key or ""

    def set_offline(self, offline: bool) -> None:
        del offline

    def require(self, provider: Provider) -> None:
        if not self.key:
            raise PlaceProblem("There is no API key.")

    def set_editor(self, editor: EditorModels | None) -> None:
        pass

    def source(self, provider: Provider) -> CredentialSource:
        return "editor" if self.key else "none"

    def place(self, provider: Provider) -> str:
        return f"{provider}.example"

    def server(self, provider: Provider) -> Check:
        return Check(name="Model server", state="ok", detail=f"{self.url}: {provider}")

    async def close(self) -> None:
        if self._model is not None:
            await self._model.close()
            self._model = None


class StillWatcher:
    """core.ports.Watcher of a folder in which nobody else writes."""

    async def watch(self, root: Path) -> AsyncIterator[frozenset[str]]:
        await asyncio.Event().wait()
        yield frozenset()


class Lamp:
    """core.ports.KeepAwake: how often it was lit, and whether it is."""

    def __init__(self) -> None:
        self.lit = 0
        self.is_on = False

    def how(self) -> str | None:
        return "a lamp"

    @contextmanager
    def held(self) -> Iterator[None]:
        self.lit += 1
        self.is_on = True
        try:
            yield
        finally:
            self.is_on = False


class Desk:
    """One user at one repository. Everything that the application tells is in `heard`."""

    def __init__(self, place: Place, home: Path, server: OfflineModel, url: str) -> None:
        self.place = place
        self.home = home
        self.server = server
        self.models = Served(url)
        self.heard: list[ev.AnyEvent] = []
        self._news = asyncio.Event()
        self._latest: dict[str, Run] = {}
        self.settings_text = ""
        self.awake = Lamp()
        self.fence = FenceFacts("played", "The test's own commands need none.")
        self.forges: Forges = NoForges()
        """GitHub, for the application that is opened next."""
        self.processors = Processors(64)
        """Of the application that is opened next; so many that commands wait for the test alone."""
        self.app = self.open()

    def open(self, **options: Any) -> Application:
        """An application on this home: a second one is what another process would be."""
        files = UserFiles({"CONTEXTUNE_HOME": str(self.home)})
        self.journal = SqliteJournal(files.journal)
        """Of the application that was opened last."""
        shell = FencedShell(NoFence("the test's own commands need none."))

        def fenced(worktree: Path, repository: Repository) -> Shell:
            del worktree, repository
            return shell

        async def warm() -> None: ...

        self.world = World(
            home=files.state,
            clock=SystemClock(),
            journal=self.journal,
            mailbox=FolderMailbox(files.state / "runs"),
            baselines=BaselineFolder(files.state / "baselines"),
            prices=PriceTable({}),
            pressure=PressureFolder(files.state / "pressure"),
            models=self.models,
            settings=LayeredSettings(files),
            scanner=RipgrepScanner(),
            outliner=LayoutOutliner(),
            todo_index=lambda root, markers, exclude: TodoIndex(
                RipgrepScanner(), root, markers=markers, exclude=exclude
            ),
            watcher=StillWatcher(),
            git=require_git,
            open_repository=open_repository,
            pools=PoolChoice(
                LocalPool(shell=fenced, setup_shell=fenced, files=WorktreeFiles, line_watch=FolderLineWatch())
            ),
            fence=lambda: self.fence,
            command_limits=lambda: "the test",
            awake=self.awake,
            machine=ThisMachine(),
            role_files=RoleFolders(files, None),
            processors=self.processors,
            forges=self.forges,
            warm=warm,
        )
        app = Application(self.world, **options)
        app.subscribe(self._hear)
        return app

    def set_up(self, text: str) -> None:
        """Write the user's settings file."""
        self.settings_text = self.settings_text or text
        (self.home / "settings.toml").write_text(text)

    async def close(self) -> None:
        await asyncio.wait_for(self.app.close(), PATIENCE)
        await self.server.close()

    async def quote(self, *tasks: Task, app: Application | None = None, **overrides: Any) -> Quote:
        """A Quote for ready Tasks; for all Todos if there are none."""
        plan = Plan(tasks=tasks) if tasks else None
        ids = {todo_id for task in tasks for todo_id in task.todo_ids}
        request = QuoteRequest(folder=self.place.root, plan=plan, all=not tasks, todo_ids=tuple(ids))
        return await (app or self.app).quote(request, overrides=overrides)

    async def start(self, *tasks: Task, **overrides: Any) -> Run:
        """A Run of these Tasks, begun."""
        return await self.app.start((await self.quote(*tasks, **overrides)).id)

    async def finish(self, *tasks: Task, **overrides: Any) -> Run:
        """A Run of these Tasks, driven to its end."""
        run = await self.start(*tasks, **overrides)
        return await self.wait(run.id)

    async def wait(self, run_id: str, app: Application | None = None) -> Run:
        return await asyncio.wait_for((app or self.app).wait(run_id), PATIENCE)

    async def until(self, holds: Callable[[Run], bool], run_id: str | None = None) -> Run:
        """Wait for the first event after which something holds of a Run, by default the only one."""

        async def looking() -> Run:
            while True:
                for run in self._latest.values():
                    if (run_id is None or run.id == run_id) and holds(run):
                        return run
                self._news.clear()
                await self._news.wait()

        return await asyncio.wait_for(looking(), PATIENCE)

    async def event(self, kind: type[Event], **fields: Any) -> ev.AnyEvent:
        """Wait for an event of a kind with these values, told already or still to come."""

        async def looking() -> ev.AnyEvent:
            while True:
                for event in self.heard:
                    if isinstance(event, kind) and all(getattr(event, k) == v for k, v in fields.items()):
                        return event
                self._news.clear()
                await self._news.wait()

        return await asyncio.wait_for(looking(), PATIENCE)

    def told(self, kind: type[Event], **fields: Any) -> list[ev.AnyEvent]:
        """The events of a kind with these values so far."""
        return [
            event
            for event in self.heard
            if isinstance(event, kind) and all(getattr(event, k) == v for k, v in fields.items())
        ]

    def file(self, commit: str | None, path: str) -> str:
        """A file as a commit has it."""
        return self.place.git("show", f"{commit}:{path}").decode()

    def refs(self, below: str = "refs") -> list[str]:
        return self.place.said("for-each-ref", "--format=%(refname)", below).splitlines()

    def _hear(self, run: Run, event: ev.AnyEvent) -> None:
        self.heard.append(event)
        self._latest[run.id] = run
        self._news.set()


def new_repository(root: Path, files: Mapping[str, str] = FILES) -> Place:
    """A repository with one commit of these files."""
    root.mkdir(parents=True)
    place = Place(root)
    place.git("init", "-q", "-b", "main")
    for path, content in files.items():
        place.write(path, content)
    place.commit("first")
    return place


def serve(conversations: Sequence[dict[str, Any]], **options: Any) -> OfflineModel:
    """A server that plays these conversations."""
    return OfflineModel([parse_script("test", {"conversation": list(conversations)})], **options)


def task(title: str, *files: str, after: Collection[str] = (), **more: Any) -> Task:
    """A Task whose id is the first word of its title."""
    return Task(
        id=title.split(maxsplit=1)[0],
        title=title,
        brief=f"Do: {title}.",
        files=files,
        depends_on=tuple(after),
        **more,
    )


def plays(
    title: str,
    *turns: dict[str, Any],
    user: Sequence[str] = (),
    unless: Sequence[str] = (),
    role: str = "",
    **when: Any,
) -> dict[str, Any]:
    """The conversation of the agent of a Task. `user` and `unless` are looked for in its first message."""
    heading = f"# Task: {title}"
    name = "-".join([title, *user, role, *map(str, when.values())])
    conditions: dict[str, Any] = {"user": [heading, *user], "unless": list(unless), **when}
    if role:
        conditions["system"] = f"You are the {role}"
    return {"name": name, "when": conditions, "turn": list(turns)}


def turn(*calls: dict[str, Any], text: str | None = None, **more: Any) -> dict[str, Any]:
    """One reply: words and tool calls."""
    said: dict[str, Any] = {"tool": list(calls), **more}
    if text is not None:
        said["text"] = text
    return said


def edit(path: str, old: str, new: str) -> dict[str, Any]:
    return {"name": "edit", "input": {"edits": [{"path": path, "old": old, "new": new}]}}


def write(path: str, content: str) -> dict[str, Any]:
    return {"name": "write", "input": {"files": [{"path": path, "content": content}]}}


def read(*paths: str) -> dict[str, Any]:
    return {"name": "read", "input": {"files": [{"path": path} for path in paths]}}


def bash(command: str) -> dict[str, Any]:
    return {"name": "bash", "input": {"command": command}}


def until(flag: Path) -> str:
    """Shell words that wait until the test makes a file; no longer than the process that runs them lives."""
    return f"while [ ! -e '{flag}' ] && kill -0 $PPID 2>&-; do sleep 0.01; done"


def waits_for(flag: Path) -> dict[str, Any]:
    """A command of the agent that goes on until the test makes a file."""
    return bash(until(flag))


def finish(summary: str = "Done.", **more: str) -> dict[str, Any]:
    return {"name": "finish", "input": {"summary": summary, **more}}


def ask(question: str, *choices: str) -> dict[str, Any]:
    return {"name": "ask", "input": {"question": question, "choices": list(choices)}}

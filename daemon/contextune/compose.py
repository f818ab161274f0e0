"""The composition root: the only place where adapters are made and put behind their ports."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

from contextune.adapters.commands.cgroup import find_groups
from contextune.adapters.commands.command_group import CommandGroups
from contextune.adapters.commands.command_limits import CommandLimits
from contextune.adapters.commands.command_watch import LOOKING, can_look
from contextune.adapters.commands.job_object import find_jobs
from contextune.adapters.commands.line_watch import FolderLineWatch
from contextune.adapters.commands.shell import ClosedShell, FencedShell, Reach
from contextune.adapters.fence import landlock
from contextune.adapters.fence.choice import Fence, NoFence, find_fence
from contextune.adapters.fence.fence_advice import advice
from contextune.adapters.fence.landlock_fence import Landlock, unfit
from contextune.adapters.files.ripgrep import find_ripgrep
from contextune.adapters.files.watch import FileWatcher
from contextune.adapters.files.workspace import WorktreeFiles
from contextune.adapters.forge.choice import GitHubChoice
from contextune.adapters.git.program import require_git
from contextune.adapters.git.repository import open_repository
from contextune.adapters.journal.baselines import BaselineFolder
from contextune.adapters.journal.journal_file import connect_durable
from contextune.adapters.journal.mailbox import FolderMailbox
from contextune.adapters.journal.store import SqliteJournal
from contextune.adapters.machine.awake import Inhibitor
from contextune.adapters.machine.clock import SystemClock
from contextune.adapters.machine.interpreter import (
    Tidying,
    keep_what_is_loaded,
    let_threads_wait,
    share_finely,
)
from contextune.adapters.machine.open_files import raise_limit
from contextune.adapters.machine.processors import Pressure, usable_processors
from contextune.adapters.machine.report import ThisMachine
from contextune.adapters.machine.role_files import RoleFolders
from contextune.adapters.machine.settings_store import LayeredSettings
from contextune.adapters.machine.user_files import UserFiles
from contextune.adapters.models.choice import ModelChoice
from contextune.adapters.models.pressure_board import PressureFolder
from contextune.adapters.models.prices import PriceTable, read_own_prices
from contextune.adapters.pool.choice import PoolChoice
from contextune.adapters.pool.local import LocalPool
from contextune.adapters.pool.orders import Rules
from contextune.adapters.pool.ray_pool import RayPool
from contextune.adapters.source.outline import LayoutOutliner
from contextune.adapters.source.scan import RipgrepScanner, arguments_for
from contextune.adapters.source.todo_index import TodoIndex
from contextune.core.allow_list import AllowList
from contextune.core.errors import ContextuneError, PlaceProblem
from contextune.core.ports import Clock, Journal, Model, PriceBook, Repository, Shell
from contextune.core.process_ports import PressureBoard
from contextune.core.settings import Settings
from contextune.core.todos.todo import MARKERS
from contextune.engine.application import Application
from contextune.engine.surroundings.limits import House
from contextune.engine.surroundings.processors import Processors
from contextune.engine.surroundings.unfenced import why_closed
from contextune.engine.surroundings.world import FenceFacts, Models, World


class Rows(Protocol):
    """What is needed of an SQLite connection."""

    def execute(self, statement: str, /) -> object:
        """Run a statement."""
        ...

    def executemany(self, statement: str, values: Sequence[tuple[bytes, ...]], /) -> object:
        """Run it for each of some values."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


SECRETS = (
    *("ANTHROPIC_API_KEY", "GITHUB_TOKEN", "ANTHROPIC_FOUNDRY_API_KEY"),
    *("AWS_BEARER_TOKEN_BEDROCK", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
)
"""Variables whose values are masked in everything that is kept."""

ENVIRONMENTS = (".venv", "venv", "node_modules")
"""Folders of the user's checkout that commands in a worktree may read: its installed packages."""

_trying = threading.Lock()


def model_at(url: str, key: str) -> Model:
    """A model at a server of ours, such as the offline model's, that knows all of the API."""
    from contextune.adapters.models.anthropic_model import AnthropicModel

    return AnthropicModel(api_key=key, base_url=url, offline=True)


def journal_at(path: Path) -> Journal:
    """A journal in a file of one's own, in a process that shares its time as the product's does."""
    share_finely()
    return SqliteJournal(path)


def unfenced_shell() -> Shell:
    """A shell without a Fence, to compare with."""
    return FencedShell(NoFence("it is what the Fence is compared with.", supervised=False))


def ripgrep(root: Path, markers: Sequence[str]) -> list[str]:
    """ripgrep alone, as the product runs it in a folder: what the list of Todos is compared with."""
    return [find_ripgrep(), "--no-config", "--color=never", *arguments_for(root, markers)]


def repository_todos(root: Path) -> TodoIndex:
    """The Todos of a repository, not yet read, by the markers that count unless settings name others."""
    return TodoIndex(RipgrepScanner(), root, markers=MARKERS)


def fenced_shell(root: Path, home: Path, *, limits: bool, hosts: Sequence[str] = ()) -> tuple[str, Shell]:
    """The Fence that works here for a repository, by name, and a shell inside it. Blocking."""
    fence = find_fence(readable=_readable(root), hidden=[home])
    most = _limits(Settings())
    return fence.name, FencedShell(fence, most if limits else None, _reach(hosts, home), _groups())


def _groups() -> CommandGroups | None:
    """What lets the system hold the limits of commands, tried once a process. Blocking for some 10 ms."""
    # `cache` alone would try it as often as threads ask for it at once.
    with _trying:
        return _found_groups()


@cache
def _found_groups() -> CommandGroups | None:
    return find_jobs() or find_groups()


def _command_limits() -> str | None:
    """By what memory and processes of commands are bounded here; None if nothing does."""
    groups = _groups()
    if groups is not None:
        return groups.detail
    return LOOKING if can_look() else None


def landlock_shell(root: Path, home: Path) -> Shell | None:
    """A shell under Landlock, also where a better Fence works; None where it can't be had."""
    if sys.platform != "linux" or unfit(landlock.version()):
        return None
    return FencedShell(Landlock(readable=_readable(root), hidden=[home]))


def _limits(chosen: Settings) -> CommandLimits:
    return CommandLimits(
        memory=chosen.command_memory,
        processes=chosen.command_processes,
        files=chosen.command_files,
        disk=chosen.task_disk,
    )


def _reach(hosts: Sequence[str], state: Path) -> Reach | None:
    return Reach(AllowList(hosts), state / "doors") if hosts else None


def _readable(root: Path) -> list[Path]:
    paths = [Path(sys.prefix), Path(sys.base_prefix), *(root / name for name in ENVIRONMENTS)]
    return [path for path in paths if path.exists()]


def rows_at(path: Path) -> Rows:
    """SQLite alone, set up as the Journal sets it up: what the Journal is compared with."""
    return connect_durable(path)


def pressure_in(folder: Path) -> PressureBoard:
    """What is known of a server's limits, shared by all processes that use this folder."""
    return PressureFolder(folder)


def price_list() -> PriceBook:
    """The prices that ship with the product."""
    return PriceTable()


def system_clock() -> Clock:
    """The machine's own clock."""
    return SystemClock()


async def compose(
    *,
    offline: bool = False,
    home: Path | None = None,
    models: Models | None = None,
    unfenced: bool = False,
) -> Application:
    """The application on this machine; see `make_world`."""
    let_threads_wait(asyncio.get_running_loop())
    # In a thread: the Journal may have to be brought to the current version.
    world = await asyncio.to_thread(make_world, offline=offline, home=home, models=models, unfenced=unfenced)
    keep_what_is_loaded()
    return Application(world)


def make_world(
    *,
    offline: bool = False,
    home: Path | None = None,
    models: Models | None = None,
    unfenced: bool = False,
) -> World:
    """The adapters of this machine. `offline` uses the offline model whatever the settings say.

    `home` stands in for the user's folders, and `models` for the choice of a server, where given. `unfenced`
    lets commands run where there is no Fence: for scripts of our own, in repositories of our own. Blocking.
    """
    share_finely()
    files = UserFiles({"CONTEXTUNE_HOME": str(home)} if home else None)
    models = models or ModelChoice(offline=offline)
    scanner = RipgrepScanner()
    settings = LayeredSettings(files, offline=offline, unfenced=unfenced)

    @cache
    def fence_for(root: Path, network: bool) -> Fence:
        return find_fence(readable=_readable(root), hidden=[files.state], network=network)

    def shell(worktree: Path, repository: Repository) -> Shell:
        del worktree
        why = why_closed(fence(), settings, repository.root)
        if why:
            return ClosedShell(why)
        chosen = settings.load(repository.root, {})
        limits = _limits(chosen)
        reach = _reach(chosen.allowed_hosts, files.state)
        return FencedShell(fence_for(repository.root, False), limits, reach, _groups())

    def setup_shell(worktree: Path, repository: Repository) -> Shell:
        del worktree
        why = why_closed(fence(), settings, repository.root)
        if why:
            return ClosedShell(why)
        return FencedShell(fence_for(repository.root, True))

    def rules(repository: Repository) -> Rules:
        root = repository.root
        chosen, packages = settings.load(root, {}), tuple(str(root / name) for name in ENVIRONMENTS)
        return Rules(_limits(chosen), chosen.allowed_hosts, packages, settings.is_unfenced(root))

    def connect(name: str) -> RayPool:
        return RayPool(name, files.state, rules)

    warmed = False

    async def warm() -> None:
        nonlocal warmed
        if warmed:
            return
        if isinstance(models, ModelChoice):
            await models.warm()
        warmed = True
        keep_what_is_loaded()

    @cache
    def fence() -> FenceFacts:
        found = fence_for(Path.cwd(), False)
        is_whole = found.name not in {"landlock", "none"}
        return FenceFacts(found.name, found.detail, "" if is_whole else advice(), found.has_door)

    return World(
        home=files.state,
        clock=SystemClock(),
        journal=_journal(files),
        mailbox=FolderMailbox(files.state / "runs"),
        awake=Inhibitor(),
        machine=ThisMachine(more=models.editor_key if isinstance(models, ModelChoice) else lambda: None),
        baselines=BaselineFolder(files.state / "baselines"),
        prices=PriceTable(read_own_prices(files.prices)),
        pressure=PressureFolder(files.state / "pressure"),
        models=models,
        settings=settings,
        scanner=scanner,
        outliner=LayoutOutliner(),
        todo_index=lambda root, markers, exclude: TodoIndex(scanner, root, markers=markers, exclude=exclude),
        watcher=FileWatcher(),
        git=require_git,
        open_repository=open_repository,
        pools=PoolChoice(
            LocalPool(
                shell=shell, setup_shell=setup_shell, files=WorktreeFiles, line_watch=FolderLineWatch()
            ),
            connect,
        ),
        fence=fence,
        command_limits=_command_limits,
        open_files=raise_limit(),
        forges=GitHubChoice(),
        role_files=RoleFolders(files, None if home else Path.home()),
        house=House(rested=Tidying()),
        processors=Processors(usable_processors(), pressure=Pressure()),
        warm=warm,
    )


def _journal(files: UserFiles) -> SqliteJournal:
    secrets = [value for name in SECRETS if (value := os.environ.get(name, "").strip())]
    try:
        return SqliteJournal(files.journal, secrets=secrets)
    except ContextuneError as problem:
        raise PlaceProblem(str(problem)) from None

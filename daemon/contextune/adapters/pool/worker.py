"""A worker: runs commands on its own machine, in worktrees of its own clone, inside the Fence there.

It holds no truth: what its commands change goes back to the daemon as a pack, and what it has goes with it.
It knows nothing of what calls it from another machine.
"""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import socket
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from contextune import __version__
from contextune.adapters.commands.cgroup import find_groups
from contextune.adapters.commands.command_group import CommandGroups
from contextune.adapters.commands.line_watch import FolderLineWatch
from contextune.adapters.commands.shell import ClosedShell, FencedShell, Reach
from contextune.adapters.fence.choice import Fence, find_fence
from contextune.adapters.files.workspace import WorktreeFiles
from contextune.adapters.git.carrier import Carrier, begin_at, new_clone
from contextune.adapters.git.repository import GitRepository
from contextune.adapters.pool.orders import Call, Hello, Opened, Ran, Rules, State, Wanted
from contextune.adapters.pool.worker_home import WorkerHome
from contextune.core.allow_list import AllowList
from contextune.core.errors import ContextuneError, ToolProblem
from contextune.core.ports import Shell
from contextune.core.proof.line_watch import LineWatching, Seen


@dataclass(slots=True)
class _Mirror:
    """A worktree that stands for one of the daemon's."""

    repository: GitRepository
    path: Path
    carrier: Carrier
    rules: Rules
    port: socket.socket
    head: str
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    running: asyncio.Task[Ran] | None = None
    watching: LineWatching | None = None


class Worker:
    """Runs what one daemon asks for. Every method may be called while others are at work."""

    def __init__(self, slots: int, home: str | None = None) -> None:
        """`slots` commands run at a time; clones and worktrees stand below `home`."""
        self._slots = slots
        self._free = asyncio.Semaphore(slots)
        self._home = WorkerHome(
            Path(home or os.environ.get("CONTEXTUNE_WORKER_HOME") or tempfile.gettempdir())
        )
        self._clones: dict[str, GitRepository] = {}
        self._cloning = asyncio.Lock()
        self._mirrors: dict[str, _Mirror] = {}

    async def hello(self) -> Hello:
        """What this worker is."""
        fence = await asyncio.to_thread(lambda: self._any_fence)
        return Hello(__version__, platform.node(), fence.name, fence.detail, self._slots)

    async def ping(self) -> int:
        """A sign of life: the process."""
        return os.getpid()

    async def open(self, name: str, clone: str, state: State, rules: Rules) -> Opened:
        """A new worktree at a state, in the place of one of this name."""
        await self.leave(name)
        repository = await self._clone(clone, state)
        path = self._home.folder / "worktrees" / name
        await asyncio.to_thread(repository.add_worktree, path, f"contextune/{name}", state.head)
        port = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port.bind(("127.0.0.1", 0))
        carrier = repository.carrier(path)
        self._mirrors[name] = mirror = _Mirror(repository, path, carrier, rules, port, state.head)
        async with mirror.busy:
            await asyncio.to_thread(_bring, mirror, state)
        return Opened(str(path))

    async def run(self, name: str, state: State, call: Call) -> Ran:
        """Bring a worktree to a state, run a command in it, and tell what it holds then."""
        mirror, loop = self._mirror(name), asyncio.get_running_loop()
        asked = loop.time()
        async with mirror.busy, self._free:
            waited = loop.time() - asked
            mirror.running = asyncio.ensure_future(self._run(mirror, state, call))
            try:
                return (await mirror.running)._replace(waited=waited)
            except asyncio.CancelledError:
                raise ToolProblem("The command was stopped.") from None
            finally:
                mirror.running = None

    async def stop(self, name: str) -> None:
        """End the command that runs in a worktree, if one does."""
        mirror = self._mirrors.get(name)
        if mirror is not None and mirror.running is not None:
            mirror.running.cancel()

    async def watch(self, name: str, wanted: Wanted) -> dict[str, str]:
        """Have the next command in a worktree watched; what it must be started with."""
        mirror = self._mirror(name)
        await self.watched(name)
        mirror.watching = await asyncio.to_thread(
            FolderLineWatch().begin, mirror.path, wanted.lines, scripts=wanted.scripts
        )
        return dict(mirror.watching.environment)

    async def watched(self, name: str) -> Seen:
        """What was seen of it."""
        mirror = self._mirror(name)
        watching, mirror.watching = mirror.watching, None
        return Seen() if watching is None else await asyncio.to_thread(watching.end)

    async def read(self, name: str, path: str) -> tuple[bytes, int]:
        """A file that a command left in a worktree, and when it changed, in milliseconds."""
        files = WorktreeFiles(self._mirror(name).path)
        return await asyncio.to_thread(lambda: (files.read(path), files.changed_at(path)))

    async def leave(self, name: str) -> None:
        """Remove a worktree; the daemon has all that it held."""
        mirror = self._mirrors.pop(name, None)
        if mirror is None:
            return
        if mirror.running is not None:
            mirror.running.cancel()
        mirror.port.close()
        async with mirror.busy:
            await asyncio.to_thread(_remove, mirror)

    async def close(self) -> None:
        """Remove all of it."""
        for name in list(self._mirrors):
            with suppress(ContextuneError):
                await self.leave(name)
        await asyncio.to_thread(self._home.remove)

    async def _run(self, mirror: _Mirror, state: State, call: Call) -> Ran:
        await asyncio.to_thread(_bring, mirror, state)
        shell = await asyncio.to_thread(self._shell, mirror, call.networked)
        environment = dict(call.environment)
        if "PORT" in environment:
            environment["PORT"] = str(mirror.port.getsockname()[1])
        result = await shell.run(
            call.command,
            cwd=mirror.path,
            timeout=call.timeout,
            environment=environment,
            output_limit=call.output_limit,
        )
        after = await asyncio.to_thread(mirror.carrier.state)
        pack = await asyncio.to_thread(mirror.carrier.pack, [after], [state.tree])
        return Ran(result, after, pack)

    async def _clone(self, name: str, state: State) -> GitRepository:
        async with self._cloning:
            known = self._clones.get(name)
            if known is None:
                known = await asyncio.to_thread(_new_clone, self._home.folder / "clones" / name, state)
                self._clones[name] = known
            else:
                await asyncio.to_thread(known.receive, state.pack)
            return known

    def _mirror(self, name: str) -> _Mirror:
        mirror = self._mirrors.get(name)
        if mirror is None:
            raise ToolProblem("The worker has no worktree for this Task any more. Run the command again.")
        return mirror

    def _shell(self, mirror: _Mirror, networked: bool) -> Shell:
        rules = mirror.rules
        fence = self._fence(tuple(path for path in rules.readable if Path(path).exists()), networked)
        if fence.name == "none" and not rules.unfenced:
            return ClosedShell(
                f"There is no Fence on the worker {platform.node()}, so it runs no commands. {fence.detail}"
            )
        if networked:
            return FencedShell(fence)
        reach = Reach(AllowList(rules.hosts), self._home.folder / "doors") if rules.hosts else None
        return FencedShell(fence, rules.limits, reach, self._groups)

    def _fence(self, readable: tuple[str, ...], network: bool) -> Fence:
        shown = [Path(sys.prefix), Path(sys.base_prefix), *map(Path, readable)]
        hidden = [self._home.top, Path.home() / ".ray"]
        return find_fence(readable=shown, hidden=hidden, network=network)

    @cached_property
    def _any_fence(self) -> Fence:
        return self._fence((), False)

    @cached_property
    def _groups(self) -> CommandGroups | None:
        return find_groups()


def _new_clone(folder: Path, state: State) -> GitRepository:
    shutil.rmtree(folder, ignore_errors=True)
    git = new_clone(folder)
    Carrier(git).unpack(state.pack)
    begin_at(git, state.head)
    return GitRepository(folder, git.git_dir, git.git_dir)


def _bring(mirror: _Mirror, state: State) -> None:
    """Make a worktree hold what the daemon's does."""
    mirror.carrier.unpack(state.pack)
    if state.head != mirror.head:
        mirror.carrier.stand_on(state.head)
        mirror.head = state.head
    if mirror.carrier.state() != state.tree:
        mirror.carrier.put(state.tree)
    for name, file in state.files.items():
        files = WorktreeFiles(mirror.path)
        files.write(name, file.content)
        (files.root / name).chmod(file.mode)


def _remove(mirror: _Mirror) -> None:
    with suppress(ContextuneError):
        name = mirror.path.name
        mirror.repository.remove_worktree(mirror.path, f"refs/contextune/salvage/worker/{name}")

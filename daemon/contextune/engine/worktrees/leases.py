"""Leases: a worktree with its branch, port and environment for each Task, outside the user's folder."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from contextune.core.errors import ContextuneError, GitProblem
from contextune.core.model.ledger import PLANNING
from contextune.core.ports import Repository, Shell
from contextune.core.runs.run import Run
from contextune.core.settings import Settings
from contextune.engine.surroundings.world import World

OUTPUT_TAIL = 2_000
BASE = "base"
"""The name of the worktree in which a Quote has the Gate run on the Base."""


@dataclass(slots=True)
class Lease:
    """A worktree held by one Task."""

    path: Path
    branch: str
    start: str
    port: int
    shell: Shell
    environment: dict[str, str] = field(default_factory=dict)
    is_new: bool = False
    """Whether it was made just now, so that nobody has worked in it."""
    ready_at: float = 0.0
    """When its set-up was done, in seconds since the epoch."""


class Leases:
    """Makes and takes back the worktrees of one Run."""

    def __init__(
        self,
        world: World,
        repository: Repository,
        run_id: str,
        settings: Settings,
        *,
        origin: Path | None = None,
        room: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`room` sees to it, before a worktree is made, that there is disk for it. It may raise.

        `origin` is where the repository stood when the Run began, if it was moved since.
        """
        self._folder = worktrees_folder(world.home, origin or repository.root) / run_id
        self._world = world
        self._repository = repository
        self._run_id = run_id
        self._settings = settings
        self._room = room
        self._ports: dict[str, socket.socket] = {}
        self.problems: list[str] = []
        """What teardown commands failed with: no reason to keep a worktree, but one to tell."""

    @classmethod
    def of(
        cls,
        world: World,
        repository: Repository,
        run: Run,
        settings: Settings,
        *,
        room: Callable[[], Awaitable[None]] | None = None,
    ) -> Leases:
        """Those of a Run, wherever its repository stands now."""
        return cls(world, repository, run.id, settings, origin=Path(run.origin), room=room)

    def path(self, name: str) -> Path:
        """Where the worktree of a Task stands."""
        return self._folder / name

    def branch(self, name: str) -> str:
        """The branch of a Task."""
        return f"contextune/{self._run_id}/{name}"

    async def take(self, name: str, start: str) -> Lease:
        """A new worktree at a commit, set up; or the one that this Task already has, as it stands."""
        path, ready = self.path(name), self._ready(name)
        is_new = not (path.exists() and ready.exists())
        if is_new:
            if self._room is not None and not path.exists():
                await self._room()
            ready.unlink(missing_ok=True)
            await asyncio.to_thread(self._make, name, start)
        lease = Lease(
            path=path,
            branch=self.branch(name),
            start=start,
            port=self._hold_port(name),
            shell=await asyncio.to_thread(self._world.shell, path, self._repository),
            is_new=is_new,
        )
        lease.environment = {
            "PORT": str(lease.port),
            "CONTEXTUNE_RUN": self._run_id,
            "CONTEXTUNE_TASK": name,
        }
        # A process may die, or the command fail, before the set-up is done: only its end counts.
        if is_new:
            if self._settings.setup:
                await self._hook(lease, "set-up", self._settings.setup)
            ready.touch()
        lease.ready_at = ready.stat().st_mtime
        return lease

    def _make(self, name: str, start: str) -> None:
        """A worktree at a commit. One that is there was not finished: no agent has worked in it.

        A person, or the set-up, may have; what they wrote is kept in a Salvage.
        """
        path = self.path(name)
        if path.exists():
            try:
                if self._holds_work(path, start):
                    self._repository.upkeep.keep(path, self._salvage_ref(name))
                self._repository.reset_worktree(path, start)
            except GitProblem:
                self._remove(name)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._repository.add_worktree(path, self.branch(name), start)
        self._repository.hydrate(path)

    def _holds_work(self, path: Path, start: str) -> bool:
        """Whether there is more in a worktree than its commit; what was not written yet is no work."""
        changes = self._repository.changes(start, self._repository.worktree_tree(path))
        return any(change.after is not None for change in changes)

    def _salvage_ref(self, name: str) -> str:
        return f"refs/contextune/salvage/{self._run_id}/{name}"

    async def give_back(self, name: str) -> str | None:
        """Remove a Task's worktree. Returns the Salvage ref that keeps its unfinished work, or None."""
        path = self.path(name)
        held = self._ports.pop(name, None)
        if held is not None:
            held.close()
        if self._settings.teardown and path.is_dir():
            shell = await asyncio.to_thread(self._world.shell, path, self._repository)
            lease = Lease(path=path, branch=self.branch(name), start="", port=0, shell=shell)
            try:
                await self._hook(lease, "teardown", self._settings.teardown)
            except ContextuneError as problem:
                self.problems.append(str(problem))
        return await asyncio.to_thread(self._remove, name)

    def close(self) -> None:
        """Let go of the ports; worktrees stay."""
        for held in self._ports.values():
            held.close()
        self._ports.clear()

    def _remove(self, name: str) -> str | None:
        path, ready = self.path(name), self._ready(name)
        # Ignored files that are older than the end of the set-up are not the agent's.
        since = ready.stat().st_mtime if ready.exists() else 0.0
        start, ref = f"refs/heads/{self.branch(name)}", self._salvage_ref(name)
        kept = self._repository.upkeep.remove(path, ref, start, since)
        ready.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            path.parent.rmdir()
        return kept

    def _ready(self, name: str) -> Path:
        """A file beside a worktree that is there once the worktree has been set up."""
        return self.path(name).with_name(f".{name}.ready")

    def _hold_port(self, name: str) -> int:
        held = self._ports.get(name)
        if held is None:
            # Bound but not listening: no other Lease gets the port, and a program of this Task, which sets
            # SO_REUSEADDR as servers do, can still listen on it.
            held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.bind(("127.0.0.1", 0))
            self._ports[name] = held
        port: int = held.getsockname()[1]
        return port

    async def _hook(self, lease: Lease, what: str, command: str) -> None:
        shell = await asyncio.to_thread(self._world.setup_shell, lease.path, self._repository)
        result = await shell.run(
            command,
            cwd=lease.path,
            timeout=self._settings.gate_timeout,
            environment=lease.environment,
            output_limit=OUTPUT_TAIL,
        )
        if result.exit_code != 0 or result.timed_out:
            raise ContextuneError(
                f"The {what} command `{command}` failed with exit code {result.exit_code}: "
                f"{result.output.strip()[-OUTPUT_TAIL:]}"
            )


def worktrees_folder(home: Path, root: Path) -> Path:
    """Where all worktrees of a repository stand: named for it, and unique."""
    mark = hashlib.sha256(str(root).encode()).hexdigest()[:8]
    return home / "worktrees" / f"{root.name}-{mark}"


async def give_back_bases(world: World, repository: Repository, settings: Settings) -> None:
    """Give back the worktrees in which Quotes, whose process is gone, had the Gate run."""
    for path in sorted(worktrees_folder(world.home, repository.root).glob(f"*/{BASE}")):
        quote_id = path.parent.name
        with world.mailbox.own(PLANNING + quote_id) as is_left:
            if is_left:
                with contextlib.suppress(
                    ContextuneError
                ):  # what cannot be given back now is listed by `worktrees`
                    await Leases(world, repository, quote_id, settings).give_back(BASE)

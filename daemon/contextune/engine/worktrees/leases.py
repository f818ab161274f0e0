"""Leases: a worktree with its branch, port and environment for each Task, outside the user's folder."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from contextune.core.errors import ContextuneError, GitProblem
from contextune.core.pool_name import LOCAL
from contextune.core.ports import Repository, Shell
from contextune.core.runs.run import Run
from contextune.core.settings import Settings
from contextune.core.workplaces import SetUp, Workplace
from contextune.engine.surroundings.in_turn import InTurn
from contextune.engine.surroundings.world import World

OUTPUT_TAIL = 2_000
BASE = "base"
"""The name of the worktree in which a Quote has the Gate run on the Base."""

BESIDE = 2
"""Worktrees that are made at once beyond one for each processor: git waits for the disk now and then."""

AHEAD = ".ahead"
"""How the names of the marks end that stand beside worktrees made ahead."""

Room = Callable[[], Awaitable[None]]
"""Sees to it that there is disk for one more worktree. May raise."""

Waits = Callable[[str, bool], Awaitable[None]]
"""Told that a command in the worktree of this name waits for a processor, or waits no longer."""


@dataclass(slots=True)
class Lease:
    """A worktree held by one Task."""

    path: Path
    branch: str
    start: str
    port: int
    workplace: Workplace
    shell: Shell
    environment: dict[str, str] = field(default_factory=dict)
    is_new: bool = False
    """Whether it was made just now, so that nobody has worked in it."""
    ready_at: float = 0.0
    """When its set-up was done, in seconds since the epoch."""

    @property
    def waited_ms(self) -> int:
        """How long its commands have waited for a processor in all."""
        return round(self.workplace.waited * 1000)


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
        room: Room | None = None,
    ) -> None:
        """`room` is asked before a worktree is made.

        `origin` is where the repository stood when the Run began, if it was moved since.
        """
        self._folder = worktrees_folder(world.home, origin or repository.root) / run_id
        self._world = world
        self.repository = repository
        self._run_id = run_id
        self._settings = settings
        self.room = room
        self.waits: Waits | None = None
        self._making = asyncio.Semaphore(world.processors.count + BESIDE)
        """Who makes a worktree for a Task that waits for it. All at once, a hundred would all be ready at the
        end, and none before."""
        self._coming: dict[str, asyncio.Event] = {}
        """Worktrees that are being made ahead."""
        self._ports: dict[str, socket.socket] = {}
        self._workplaces: dict[str, Workplace] = {}
        self.problems: list[str] = []
        """What teardown commands failed with: no reason to keep a worktree, but one to tell."""

    @classmethod
    def of(
        cls,
        world: World,
        repository: Repository,
        run: Run,
        settings: Settings,
    ) -> Leases:
        """Those of a Run, wherever its repository stands now."""
        return cls(world, repository, run.id, settings, origin=Path(run.origin))

    def path(self, name: str) -> Path:
        """Where the worktree of a Task stands."""
        return self._folder / name

    def branch(self, name: str) -> str:
        """The branch of a Task."""
        return f"contextune/{self._run_id}/{name}"

    async def prepare(self, name: str, start: str) -> None:
        """Make the worktree of a Task that is about to begin at a commit, set up, before it is asked for.

        Nobody works in it before `take`. Does nothing if it is there already. Raises ContextuneError.
        """
        path = self.path(name)
        if path.exists() or name in self._coming:
            return
        coming = self._coming[name] = asyncio.Event()
        try:
            await _to_its_end(self._mark_and_make, name, start)
            await self._set_up(await self._lease(name, start))
            self._ready(name).touch()
        finally:
            del self._coming[name]
            coming.set()

    async def take(self, name: str, start: str) -> Lease:
        """A worktree at a commit, set up: a new one, made ahead or now; or the one a Task has already.

        That is left as it stands.
        """
        coming = self._coming.get(name)
        if coming is not None:
            await coming.wait()
        path, ready = self.path(name), self._ready(name)
        ahead = self._made_ahead(name)
        is_there = path.exists() and ready.exists() and ahead in (None, start)
        if not is_there:
            if self.room is not None and not path.exists():
                await self.room()
            ready.unlink(missing_ok=True)
            async with self._making:
                await asyncio.to_thread(self._make, name, start, ahead or start)
        lease = await self._lease(name, start)
        lease.is_new = ahead is not None or not is_there
        # A process may die, or the command fail, before the set-up is done: only its end counts.
        if not is_there:
            await self._set_up(lease)
            ready.touch()
        self._ahead(name).unlink(missing_ok=True)
        lease.ready_at = ready.stat().st_mtime
        return lease

    async def give_back_unused(self) -> None:
        """Remove the worktrees that were made ahead and that nobody took."""
        for mark in sorted(self._folder.glob(f".*{AHEAD}")):
            name = mark.name.removeprefix(".").removesuffix(AHEAD)
            with contextlib.suppress(ContextuneError):  # what stays is listed by `worktrees`
                await self.give_back(name)

    async def _lease(self, name: str, start: str) -> Lease:
        port = self._hold_port(name)
        environment = {"PORT": str(port), "CONTEXTUNE_RUN": self._run_id, "CONTEXTUNE_TASK": name}
        return await asyncio.to_thread(self._open, name, start, port, environment)

    def _open(self, name: str, start: str, port: int, environment: dict[str, str]) -> Lease:
        workplace = self._workplaces.get(name)
        if workplace is None:
            settings, set_up = self._settings, None
            if settings.setup:
                set_up = SetUp(settings.setup, settings.gate_timeout, environment)
            pool = self._world.pools.of(settings.pool)
            workplace = pool.workplace(self.path(name), self.repository, set_up)
            if settings.pool == LOCAL:  # machines of another pool keep within their own processors
                workplace = InTurn(
                    workplace, self._world.processors, self._run_id, lambda waits: self._told(name, waits)
                )
            self._workplaces[name] = workplace
        return Lease(
            path=self.path(name),
            branch=self.branch(name),
            start=start,
            port=port,
            workplace=workplace,
            shell=workplace.shell,
            environment=environment,
        )

    async def _told(self, name: str, waits: bool) -> None:
        if self.waits is not None:
            await self.waits(name, waits)

    async def _set_up(self, lease: Lease) -> None:
        if self._settings.setup:
            await self._hook(lease, "set-up", self._settings.setup)

    def _mark_and_make(self, name: str, start: str) -> None:
        # The mark comes first: a process that dies leaves no worktree of which nobody knows whose it is.
        self._folder.mkdir(parents=True, exist_ok=True)
        self._ahead(name).write_text(start, "utf-8")
        self._make(name, start, start)

    def _make(self, name: str, start: str, made_at: str) -> None:
        """A worktree at a commit. One that is there was not finished, or made ahead at another commit.

        So no agent has worked in it. A person, or the set-up, may have; what they wrote is kept in a Salvage.
        """
        path = self.path(name)
        if path.exists():
            try:
                if self._holds_work(path, made_at):
                    self.repository.upkeep.keep(path, self._salvage_ref(name))
                self.repository.restart_worktree(path, start)
            except GitProblem:
                self._remove(name)
        if not path.exists():
            self.repository.add_worktree(path, self.branch(name), start)
        self.repository.hydrate(path)

    def _holds_work(self, path: Path, start: str) -> bool:
        """Whether there is more in a worktree than its commit; what was not written yet is no work."""
        changes = self.repository.changes(start, self.repository.worktree_tree(path))
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
            try:
                lease = await asyncio.to_thread(self._open, name, "", 0, {})
                await self._hook(lease, "teardown", self._settings.teardown)
            except ContextuneError as problem:
                self.problems.append(str(problem))
        workplace = self._workplaces.pop(name, None)
        if workplace is not None:
            await workplace.leave()
        return await asyncio.to_thread(self._remove, name)

    def close(self) -> None:
        """Let go of the ports; worktrees stay."""
        for held in self._ports.values():
            held.close()
        self._ports.clear()

    def _remove(self, name: str) -> str | None:
        path, ready = self.path(name), self._ready(name)
        # Ignored files that are older than the end of the set-up are not the agent's; here, none has worked.
        is_unused = self._made_ahead(name) is not None
        since = math.inf if is_unused else ready.stat().st_mtime if ready.exists() else 0.0
        start, ref = f"refs/heads/{self.branch(name)}", self._salvage_ref(name)
        kept = self.repository.upkeep.remove(path, ref, start, since)
        for mark in (ready, self._ahead(name)):
            mark.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            path.parent.rmdir()
        return kept

    def _ready(self, name: str) -> Path:
        """A file beside a worktree that is there once the worktree has been set up."""
        return self.path(name).with_name(f".{name}.ready")

    def _ahead(self, name: str) -> Path:
        """A file beside a worktree that was made ahead, until it is taken; it holds the commit."""
        return self.path(name).with_name(f".{name}{AHEAD}")

    def _made_ahead(self, name: str) -> str | None:
        """The commit at which a worktree was made ahead; None if it was taken since, or not made ahead."""
        try:
            return self._ahead(name).read_text("utf-8")
        except OSError:
            return None

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
        shell = await asyncio.to_thread(lambda: lease.workplace.setup_shell)
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


async def _to_its_end(work: Callable[..., None], *given: str) -> None:
    """Run work in a thread; who is cancelled waits for its end, which no cancellation brings about."""
    thread = asyncio.ensure_future(asyncio.to_thread(work, *given))
    try:
        await asyncio.shield(thread)
    except asyncio.CancelledError:
        await asyncio.wait([thread])
        raise


def worktrees_folder(home: Path, root: Path) -> Path:
    """Where all worktrees of a repository stand: named for it, and unique."""
    mark = hashlib.sha256(str(root).encode()).hexdigest()[:8]
    return home / "worktrees" / f"{root.name}-{mark}"

"""Workplaces on other machines: a worktree's state goes to one, a command runs there, its change comes back.

The worktree beside the daemon stays the truth, so that Radar, Salvage and Evidence know no other; a worker
that is lost takes nothing with it but the command that it ran.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from contextune.adapters.files.workspace import WorktreeFiles
from contextune.adapters.git.carrier import CarriedFile
from contextune.adapters.git.repository import GitRepository, open_repository
from contextune.adapters.git.worktrees import INCLUDE_FILE
from contextune.adapters.pool.links import Link
from contextune.adapters.pool.orders import Call, Opened, Ran, Rules, State, Wanted
from contextune.core.errors import ContextuneError, PlaceProblem, ToolProblem, WorkerLost
from contextune.core.ports import Repository, Shell, Workspace
from contextune.core.proof.evidence import CommandResult
from contextune.core.proof.line_watch import LineWatch, LineWatching, Seen
from contextune.core.workplaces import SetUp, Workplace

TRIES = 4
"""Workers that may be lost one after the other while a worktree is brought to one."""
BRIEF = 60.0
"""Seconds that a worker may take for what takes it no time."""

Choose = Callable[[], Link]
"""The worker that has most room. Raises PlaceProblem if none is there. Blocking."""


@dataclass(slots=True)
class Mirror:
    """What a worker has of a worktree."""

    link: Link
    name: str
    path: str
    head: str
    tree: str | None
    """None if that is not known."""
    set_up: bool


class RemotePool:
    """core.workplaces.Pool over workers."""

    def __init__(self, choose: Choose, rules: Callable[[Repository], Rules]) -> None:
        """`rules` is the Fence that the user's settings give a repository."""
        self._choose = choose
        self._rules = rules
        self._places: dict[Path, RemoteWorkplace] = {}
        self._repositories: dict[Path, GitRepository] = {}
        self._lock = threading.Lock()

    def workplace(self, worktree: Path, repository: Repository, set_up: SetUp | None) -> Workplace:
        """The place of a worktree; which worker it is on is seen to when a command is run."""
        with self._lock:
            known = self._repositories.get(repository.root)
            if known is None:
                known = self._repositories[repository.root] = open_repository(repository.root)
            place = self._places.get(worktree)
            if place is None:
                rules = self._rules
                place = self._places[worktree] = RemoteWorkplace(
                    worktree, known, set_up, self._choose, lambda: rules(repository), self._forget
                )
                # While the model thinks of its first turn.
                threading.Thread(target=place.warm, name="to-worker", daemon=True).start()
            return place

    def link_of(self, name: str) -> Link:
        """The way to the worker that has a worktree of this name. Raises PlaceProblem if none has."""
        with self._lock:
            for worktree, place in self._places.items():
                if worktree.name == name and place.mirror is not None:
                    return place.mirror.link
        raise PlaceProblem(f"No worker has a worktree {name}.")

    def _forget(self, worktree: Path) -> None:
        with self._lock:
            self._places.pop(worktree, None)


@dataclass(slots=True, eq=False)
class RemoteWorkplace:
    """core.workplaces.Workplace of one worktree, on whichever worker is there."""

    worktree: Path
    repository: GitRepository
    set_up: SetUp | None
    choose: Choose
    rules: Callable[[], Rules]
    forget: Callable[[Path], None]
    mirror: Mirror | None = None
    is_left: bool = False
    waited: float = 0.0
    """Seconds that its commands have waited for a free processor of their worker in all."""
    written: set[str] = field(default_factory=set)
    """Files that the tools have written since a worker was told."""
    _opening: threading.Lock = field(default_factory=threading.Lock)
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    _reading: threading.Lock = field(default_factory=threading.Lock)
    """A worktree's carrier has one caller at a time."""

    @property
    def files(self) -> Workspace:
        """The file tools: of the worktree itself; what git ignores is looked for where its commands ran."""
        return _Files(self)

    @property
    def shell(self) -> Shell:
        """Runs commands inside the worker's Fence."""
        return _Shell(self, networked=False)

    @property
    def setup_shell(self) -> Shell:
        """The same with the network on."""
        return _Shell(self, networked=True)

    @property
    def line_watch(self) -> LineWatch:
        """Watches on the worker."""
        return _Watch(self)

    def warm(self) -> None:
        """Bring the worktree to a worker before it is asked for; what goes wrong is told when it is."""
        with suppress(ContextuneError):
            self.opened()

    async def leave(self) -> None:
        """Have the worker remove what it has."""
        self.forget(self.worktree)
        await asyncio.to_thread(self._leave)

    def _leave(self) -> None:
        with self._opening:
            mirror, self.mirror = self.mirror, None
            self.is_left = True
        if mirror is not None:
            mirror.link.places -= 1
            with suppress(ContextuneError, TimeoutError):
                mirror.link.ask("leave", mirror.name, timeout=BRIEF)

    async def run(self, call: Call) -> CommandResult:
        """Run a command on a worker. Raises WorkerLost, ToolProblem or PlaceProblem."""
        async with self._busy:
            mirror = await asyncio.to_thread(self.opened)
            if self.set_up is not None and not mirror.set_up and not call.networked:
                mirror = await self._set_up_there(self.set_up)
            ran = await self._run(mirror, call)
            # Only a set-up command has the network on: what it did need not be done again.
            mirror.set_up = mirror.set_up or call.networked
            return ran

    async def _set_up_there(self, set_up: SetUp) -> Mirror:
        """The mirror after the set-up, on another worker if one is lost meanwhile."""
        for _ in range(TRIES):
            mirror = await asyncio.to_thread(self.opened)
            call = Call(set_up.command, set_up.timeout, dict(set_up.environment), 2_000, networked=True)
            with suppress(WorkerLost):
                result = await self._run(mirror, call)
                if result.exit_code != 0:
                    raise ToolProblem(
                        f"The set-up command `{set_up.command}` failed on {mirror.link.hello.machine} with "
                        f"exit code {result.exit_code}: {result.output.strip()}"
                    )
                mirror.set_up = True
                return mirror
        raise WorkerLost(f"Every worker was lost that set up {self.worktree.name}. Start workers.")

    async def _run(self, mirror: Mirror, call: Call) -> CommandResult:
        state = await asyncio.to_thread(self._state, mirror)
        here, there = str(self.worktree), mirror.path
        sent = call._replace(
            command=call.command.replace(here, there),
            environment={name: value.replace(here, there) for name, value in call.environment.items()},
        )
        mirror.tree = None
        try:
            asked = await asyncio.to_thread(mirror.link.call, "run", mirror.name, state, sent)
            ran: Ran = await asyncio.wrap_future(asked)
        except WorkerLost:
            self._lose(mirror)
            raise
        except asyncio.CancelledError:
            mirror.link.call("stop", mirror.name)
            raise
        self.waited += ran.waited
        await asyncio.to_thread(self._bring, state.tree, ran)
        mirror.head, mirror.tree = state.head, ran.tree
        output = ran.result.output.replace(there, here)
        return msgspec.structs.replace(ran.result, command=call.command, output=output)

    def opened(self) -> Mirror:
        """The worktree on a worker, brought there if it is on none. Blocking."""
        with self._opening:
            if self.mirror is not None and not self.mirror.link.is_lost:
                return self.mirror
            if self.is_left:
                raise PlaceProblem(f"The worktree {self.worktree.name} was given back.")
            for _ in range(TRIES):
                with suppress(WorkerLost):
                    self.mirror = self._open(self.choose())
                    return self.mirror
        raise PlaceProblem(f"Every worker was lost that {self.worktree.name} was brought to. Start workers.")

    def _open(self, link: Link) -> Mirror:
        clone = hashlib.sha256(str(self.repository.root).encode()).hexdigest()[:16]
        name = f"{self.worktree.name}-{secrets.token_hex(4)}"
        link.places += 1
        try:
            with link.cloning, self._reading:
                carrier = self.repository.carrier(self.worktree)
                head, tree = carrier.head(), carrier.state()
                pack = carrier.pack([head, tree], link.commits.get(clone, ()))
                files = carrier.included(self.repository.root / INCLUDE_FILE) | carrier.ignored(self.written)
                state = State(head, tree, pack, files)
                opened: Opened = link.ask("open", name, clone, state, self.rules())
                link.commits.setdefault(clone, set()).add(head)
        except BaseException:
            link.places -= 1
            raise
        return Mirror(link, name, opened.path, head, tree, set_up=False)

    def _state(self, mirror: Mirror) -> State:
        known = [mirror.head] if mirror.tree is None else [mirror.head, mirror.tree]
        with self._reading:
            carrier = self.repository.carrier(self.worktree)
            head, tree = carrier.head(), carrier.state()
            written, self.written = self.written, set()
            files: Mapping[str, CarriedFile] = carrier.ignored(written)
            return State(head, tree, carrier.pack([head, tree], known), files)

    def _bring(self, before: str, ran: Ran) -> None:
        """Take over what a command changed. Where somebody wrote meanwhile, only the changed files are."""
        if ran.tree == before:
            return
        with self._reading:
            carrier = self.repository.carrier(self.worktree)
            self.repository.receive(ran.pack)
            now, after = carrier.state(), ran.tree
            if now != before:
                changed = [change.path for change in self.repository.changes(before, after)]
                after = self.repository.mix(now, after, changed)
            carrier.put(after)

    def _lose(self, mirror: Mirror) -> None:
        with self._opening:
            if self.mirror is mirror:
                self.mirror = None


@dataclass(frozen=True, slots=True)
class _Shell:
    """core.ports.Shell on a worker."""

    place: RemoteWorkplace
    networked: bool

    async def run(
        self,
        command: str,
        *,
        cwd: Path,
        timeout: float,
        environment: Mapping[str, str],
        output_limit: int = 30_000,
    ) -> CommandResult:
        """Run a shell command there, to its end or its time limit in seconds."""
        del cwd  # the worktree's own counterpart
        return await self.place.run(Call(command, timeout, dict(environment), output_limit, self.networked))


@dataclass(frozen=True, slots=True)
class _Watch:
    """core.proof.line_watch.LineWatch on a worker."""

    place: RemoteWorkplace

    def begin(self, worktree: Path, wanted: Mapping[str, Collection[int]], *, scripts: bool) -> LineWatching:
        """Get ready to watch there."""
        del worktree
        mirror = self.place.opened()
        lines = {path: sorted(numbers) for path, numbers in wanted.items()}
        try:
            environment = mirror.link.ask("watch", mirror.name, Wanted(lines, scripts), timeout=BRIEF)
        except (WorkerLost, TimeoutError):
            environment = {}
        return _Watching(mirror, environment)


@dataclass(frozen=True, slots=True)
class _Watching:
    """core.proof.line_watch.LineWatching on a worker."""

    mirror: Mirror
    environment: Mapping[str, str]

    def end(self) -> Seen:
        """What was seen; nothing if the worker is gone, which claims nothing."""
        try:
            seen: Seen = self.mirror.link.ask("watched", self.mirror.name, timeout=BRIEF)
        except (ToolProblem, TimeoutError):
            return Seen(escaped=True)
        return seen


class _Files(WorktreeFiles):
    """core.ports.Workspace of the daemon's worktree, which also reads what a worker alone has."""

    def __init__(self, place: RemoteWorkplace) -> None:
        super().__init__(place.worktree)
        self._place = place

    def read(self, path: str) -> bytes:
        """A file's bytes. Raises ToolProblem."""
        try:
            return super().read(path)
        except ToolProblem:
            found = self._elsewhere(path)
            if found is None:
                raise
            return found[0]

    def write(self, path: str, content: bytes) -> None:
        """Create or replace a file; the worker gets it with the next command."""
        super().write(path, content)
        self._place.written.add(path)

    def changed_at(self, path: str) -> int:
        """When a file's content last changed, in milliseconds since the epoch. Raises ToolProblem."""
        try:
            return super().changed_at(path)
        except ToolProblem:
            found = self._elsewhere(path)
            if found is None:
                raise
            return found[1]

    def _elsewhere(self, path: str) -> tuple[bytes, int] | None:
        mirror = self._place.mirror
        if mirror is None:
            return None
        try:
            found: tuple[bytes, int] = mirror.link.ask("read", mirror.name, path, timeout=BRIEF)
        except (ToolProblem, TimeoutError):
            return None
        return found

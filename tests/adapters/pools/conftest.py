"""A pool of each kind, for the contract that all of them keep: here, on a worker in this process, on Ray."""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from contextune.adapters.commands.command_limits import CommandLimits
from contextune.adapters.commands.line_watch import FolderLineWatch
from contextune.adapters.commands.shell import FencedShell
from contextune.adapters.fence.choice import NoFence
from contextune.adapters.files.workspace import WorktreeFiles
from contextune.adapters.pool.links import Link
from contextune.adapters.pool.local import LocalPool
from contextune.adapters.pool.orders import Rules
from contextune.adapters.pool.remote import RemotePool
from contextune.adapters.pool.worker import Worker
from contextune.core.errors import WorkerLost
from contextune.core.ports import Repository
from contextune.core.workplaces import Pool
from tests.adapters.git_place import Place

LIMITS = CommandLimits(memory=2_000_000_000, processes=200, files=1_024, disk=1_000_000_000)
HAS_RAY = importlib.util.find_spec("ray") is not None
KINDS = (
    "local",
    "worker",
    pytest.param(
        "ray",
        marks=pytest.mark.skipif(not HAS_RAY, reason="Ray is not installed: pip install contextune[ray]"),
    ),
)


def rules(repository: Repository) -> Rules:
    """The test's own commands need no Fence."""
    del repository
    return Rules(LIMITS, (), (), unfenced=True)


class InProcess:
    """Workers in a thread of this process, as a Ray actor is in a process of its own."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.links: list[Link] = []
        self._workers: list[Worker] = []
        self.gone: set[int] = set()
        self.ran = threading.Semaphore(0)
        """Counts the commands that were sent to workers."""

    def begin(self) -> Link:
        """One more worker."""
        number = len(self.links)
        worker: Worker = self._wait(self._make(number))
        self._workers.append(worker)

        def submit(method: str, arguments: tuple[Any, ...]) -> Future[Any]:
            if number in self.gone:
                raise WorkerLost("It is gone.")
            if method == "run":
                self.ran.release()
            return asyncio.run_coroutine_threadsafe(getattr(worker, method)(*arguments), self._loop)

        link = Link(submit, self._wait(worker.hello()), lambda: None)
        self.links.append(link)
        return link

    async def _make(self, number: int) -> Worker:
        return Worker(2, str(self._home / f"worker{number}"))

    def choose(self) -> Link:
        """The worker with most room."""
        there = [link for link in self.links if not link.is_lost]
        return min(there, key=lambda link: link.places) if there else self.begin()

    def kill(self, link: Link) -> None:
        """Lose a worker in the midst of whatever it does."""
        self.gone.add(self.links.index(link))
        link.lose()

    def close(self) -> None:
        self._wait(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        for worker in self._workers:
            await worker.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*left, return_exceptions=True)
        await self._loop.shutdown_default_executor()

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A repository with some of everything that a worktree may hold."""
    root = tmp_path / "user"
    root.mkdir()
    here = Place(root)
    here.git("init", "-q", "-b", "main")
    here.git("config", "user.name", "Ada")
    here.git("config", "user.email", "ada@localhost")
    here.write(".gitignore", "*.out\nbuild/\n")
    here.write("a.txt", "one\n")
    here.write("old.txt", "old\n")
    here.write("tool.sh", "#!/bin/sh\necho tool\n", 0o755)
    here.git("add", "-A")
    here.git("commit", "-q", "-m", "Base")
    return here


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[InProcess]:
    """Workers of this process."""
    found = InProcess(tmp_path / "workers")
    yield found
    found.close()


@pytest.fixture(scope="session")
def on_ray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Pool]]:
    """A Ray cluster on loopback, begun when it is first asked for."""
    known: list[Any] = []

    def pool() -> Pool:
        if not known:
            from contextune.adapters.pool.ray_pool import RayPool

            known.append(RayPool("ray", tmp_path_factory.mktemp("ray"), rules))
        found: Pool = known[0]
        return found

    yield pool
    for found in known:
        found.close()


@pytest.fixture(params=KINDS)
def pool(request: pytest.FixtureRequest, workers: InProcess, on_ray: Callable[[], Pool]) -> Pool:
    """Each kind of pool."""
    shell = FencedShell(NoFence("the test's own commands need none."))
    match request.param:
        case "local":
            return LocalPool(
                shell=lambda *_: shell,
                setup_shell=lambda *_: shell,
                files=WorktreeFiles,
                line_watch=FolderLineWatch(),
            )
        case "worker":
            return RemotePool(workers.choose, rules)
        case _:
            return on_ray()

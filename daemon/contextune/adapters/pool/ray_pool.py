"""A Ray cluster as a pool: a worker for each of its machines, watched, and replaced when one is lost.

Ray carries calls and starts workers, nothing else: it tries nothing again, for what was done is the Journal's
to say. Ray is imported here alone, and only when a pool names it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from contextune import __version__
from contextune.adapters.pool.links import Link
from contextune.adapters.pool.orders import Hello, Rules
from contextune.adapters.pool.remote import RemotePool
from contextune.adapters.pool.worker import Worker
from contextune.core.errors import ContextuneError, PlaceProblem, WorkerLost
from contextune.core.plain_text import one_line
from contextune.core.pool_name import RAY
from contextune.core.ports import Repository
from contextune.core.workplaces import SetUp, Workplace

NOT_INSTALLED = (
    "The pool {name} needs Ray, which is not installed. Install it with: pip install 'contextune[ray]'. "
    "Or set `pool` to local."
)
BEAT = 1.0
"""Seconds between two looks at a worker."""
SILENCE = 3.0
"""Seconds without a sign of life after which a worker is taken for lost."""
LOOK = 5.0
"""Seconds between two looks for machines that have joined."""
BEGIN = 60.0
"""Seconds that the first worker of a cluster may take."""


class RayPool:
    """core.workplaces.Pool on the machines of a Ray cluster."""

    def __init__(self, name: str, state: Path, rules: Callable[[Repository], Rules]) -> None:
        """Connect to a cluster, or begin one on this machine, and start a worker on each of its machines.

        `state` holds the token of a cluster of our own. Raises PlaceProblem. Blocking.
        """
        _sign_in(name, state)
        try:
            # By name: where it is not installed, nothing is known of it.
            ray: Any = import_module("ray")
        except ImportError:
            raise PlaceProblem(NOT_INSTALLED.format(name=name)) from None
        self._ray = ray
        self._name = name
        self._links: dict[str, Link] = {}
        """Workers by machine."""
        self._beginning: dict[str, Any] = {}
        self._problem = ""
        self._changed = threading.Condition()
        self._over = threading.Event()
        self._is_ours = not ray.is_initialized()
        if self._is_ours:
            _connect(ray, name)
        # Else it prints of each worker that dies to stdout, which is the editor's. The version is pinned.
        printing: Any = import_module("ray._private.worker")
        printing._worker_logs_enabled = False
        self._remote = RemotePool(self._choose, rules)
        self._watcher = threading.Thread(target=self._watch, name="ray-workers", daemon=True)
        self._watcher.start()

    def workplace(self, worktree: Path, repository: Repository, set_up: SetUp | None) -> Workplace:
        """The place of a worktree on one of the machines."""
        return self._remote.workplace(worktree, repository, set_up)

    @property
    def workers(self) -> list[Link]:
        """The ways to the workers that are there."""
        with self._changed:
            return [link for link in self._links.values() if not link.is_lost]

    def process_of(self, worktree: str) -> int:
        """The process of the worker that has a worktree, by its name: for measuring its loss. Blocking."""
        return int(self._remote.link_of(worktree).ask("ping", timeout=SILENCE))

    def close(self) -> None:
        """End the workers, and the cluster if it was begun here."""
        self._over.set()
        with self._changed:
            self._changed.notify_all()
        self._watcher.join(SILENCE + BEAT)
        for link in self.workers:
            with contextlib.suppress(ContextuneError, NoAnswer):
                link.ask("close", timeout=SILENCE)
            link.lose()
        if self._is_ours:
            self._ray.shutdown()

    def _choose(self) -> Link:
        until = time.monotonic() + BEGIN
        with self._changed:
            while not self._over.is_set():
                there = [link for link in self._links.values() if not link.is_lost]
                if there:
                    return min(there, key=lambda link: link.places / link.hello.slots)
                if self._problem or time.monotonic() > until:
                    break
                self._changed.wait(BEAT)
        why = self._problem or f"No machine with a free processor joined it within {BEGIN:.0f} seconds."
        raise PlaceProblem(f"The pool {self._name} has no worker. {why}")

    def _watch(self) -> None:
        """Start workers where there are none, and see that those there are live."""
        looked = -LOOK
        while not self._over.is_set():
            if time.monotonic() - looked >= LOOK or any(link.is_lost for link in self._links.values()):
                with self._told():
                    self._look()
                looked = time.monotonic()
            with self._told():
                self._take_in()
            for link in self.workers:
                self._feel(link)
            self._over.wait(BEAT if self._links and not self._beginning else BEAT / 10)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Keep what goes wrong for whoever waits for a worker."""
        try:
            yield
        except Exception as problem:  # noqa: BLE001 - Ray raises what it likes; who waits is told
            with self._changed:
                self._problem = one_line(str(problem))[:500]
                self._changed.notify_all()

    def _look(self) -> None:
        """Begin a worker on each machine that has none; forget those that are gone."""
        machines = {
            node["NodeID"]: int(node["Resources"].get("CPU", 0))
            for node in self._ray.nodes()
            if node["Alive"]
        }
        with self._changed:
            for machine, link in list(self._links.items()):
                if link.is_lost:
                    del self._links[machine]
        for machine, processors in machines.items():
            if processors >= 1 and machine not in self._links and machine not in self._beginning:
                actor = self._actor(machine, processors)
                self._beginning[machine] = (actor, actor.hello.remote())
        for machine in set(self._beginning) - set(machines):
            del self._beginning[machine]

    def _actor(self, machine: str, processors: int) -> Any:
        strategies: Any = import_module("ray.util.scheduling_strategies")
        # No retries of Ray's: a command that was lost is not run again by itself.
        kind = self._ray.remote(max_restarts=0, max_task_retries=0, max_concurrency=1_000)(Worker)
        where = strategies.NodeAffinitySchedulingStrategy(machine, soft=False)
        return kind.options(num_cpus=processors, scheduling_strategy=where).remote(processors)

    def _take_in(self) -> None:
        """Have workers that are ready take part."""
        for machine, (actor, hello) in list(self._beginning.items()):
            ready, _ = self._ray.wait([hello], timeout=0)
            if not ready:
                continue
            del self._beginning[machine]
            told: Hello = self._ray.get(hello)
            if told.version != __version__:
                self._ray.kill(actor)
                raise PlaceProblem(
                    f"The worker {told.machine} has Contextune {told.version}, and this is {__version__}. "
                    "Install the same version on all machines."
                )
            with self._changed:
                self._links[machine] = Link(self._caller(actor), told, partial(self._end, actor))
                self._problem = ""
                self._changed.notify_all()

    def _caller(self, actor: Any) -> Callable[[str, tuple[Any, ...]], Future[Any]]:
        def submit(method: str, arguments: tuple[Any, ...]) -> Future[Any]:
            told: Future[Any] = Future()
            told.set_running_or_notify_cancel()
            try:
                asked = getattr(actor, method).remote(*arguments).future()
            except self._ray.exceptions.RayError as problem:
                raise WorkerLost(str(problem)) from None
            asked.add_done_callback(lambda done: _pass_on(self._ray, done, told))
            return told

        return submit

    def _feel(self, link: Link) -> None:
        """Lose a worker that gives no sign of life."""
        try:
            link.ask("ping", timeout=SILENCE)
        except NoAnswer:
            link.lose()
        except ContextuneError:
            pass

    def _end(self, actor: Any) -> None:
        with contextlib.suppress(Exception):  # it may be gone, and the cluster with it
            self._ray.kill(actor, no_restart=True)


def _pass_on(ray: Any, done: Future[Any], told: Future[Any]) -> None:
    """An answer, or a worker's own error, or that the worker is gone."""
    try:
        told.set_result(done.result())
    except ray.exceptions.RayTaskError as problem:
        cause = problem.cause
        told.set_exception(cause if isinstance(cause, Exception) else ContextuneError(str(problem)))
    except Exception as problem:  # noqa: BLE001 - RayError, and those of its client
        told.set_exception(WorkerLost(str(problem)))


def _sign_in(name: str, state: Path) -> None:
    """Have Ray let in nobody without the token. It reads these variables when it is imported."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    if os.environ["RAY_AUTH_MODE"] != "token":
        raise PlaceProblem(
            "RAY_AUTH_MODE is not `token`: whoever reaches such a cluster runs commands on it. Unset it, and "
            "give the token in RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH."
        )
    given = any(os.environ.get(key) for key in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"))
    if given or (Path.home() / ".ray" / "auth_token").exists():
        return
    if name != RAY:
        raise PlaceProblem(
            f"There is no token for the Ray cluster {name}. Set RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH, or "
            "run `ray get-auth-token --generate` and give all machines of the cluster that token."
        )
    path = state / "ray" / "token"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), "ascii")
    os.environ["RAY_AUTH_TOKEN_PATH"] = str(path)


def _connect(ray: Any, name: str) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": False}
    try:
        if name == RAY:
            ray.init(address="local", include_dashboard=False, **quiet)
        else:
            _reach(ray, name, quiet)
    except Exception as problem:  # noqa: BLE001 - of many kinds, and all of them mean this
        raise PlaceProblem(
            f"The Ray cluster {name} can't be reached: {one_line(str(problem))[:500]} See that it runs, that "
            "its address and token are right, and that it has the same versions of Python and Ray."
        ) from None


def _reach(ray: Any, name: str, quiet: dict[str, Any]) -> None:
    try:
        ray.init(address=name, **quiet)
    except (RuntimeError, ConnectionError):
        # A busy head may take longer to start a server for this client than it waits for it.
        ray.init(address=name, **quiet)

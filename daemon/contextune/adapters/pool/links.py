"""The way to one worker, whatever carries it: calls, signs of life, and the end of both."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from contextune.adapters.pool.orders import Hello
from contextune.core.errors import WorkerLost

T = TypeVar("T")

Submit = Callable[[str, tuple[Any, ...]], "Future[Any]"]
"""Calls a method of a worker. The Future fails with WorkerLost if the worker is gone."""

LOST = (
    "The worker {machine} was lost while it ran the command. Whether that ran to its end is not known; what "
    "it changed is gone, and all files are as they were before. If it is safe to run it twice, run it again: "
    "another worker takes it."
)


class Link:
    """The way to one worker. Safe to share between threads."""

    def __init__(self, submit: Submit, hello: Hello, end: Callable[[], None]) -> None:
        """`end` ends the worker; it may be gone already."""
        self.hello = hello
        self._submit = submit
        self._end = end
        self._lock = threading.Lock()
        self._waiting: set[Future[Any]] = set()
        self.places = 0
        """Worktrees that work there."""
        self.commits: dict[str, set[str]] = {}
        """What each clone there has."""
        self.cloning = threading.Lock()
        self.is_lost = False

    def call(self, method: str, *arguments: Any) -> Future[Any]:
        """Call a method of the worker. The Future fails with WorkerLost once that is known to be gone."""
        told: Future[Any] = Future()
        told.set_running_or_notify_cancel()
        with self._lock:
            if self.is_lost:
                told.set_exception(self._lost())
                return told
            self._waiting.add(told)
        try:
            asked = self._submit(method, arguments)
        except WorkerLost:
            self.lose()
            return told
        asked.add_done_callback(lambda done: self._answered(told, done))
        return told

    def ask(self, method: str, *arguments: Any, timeout: float | None = None) -> Any:
        """Call a method and wait for its answer. Blocking. Raises TimeoutError after so many seconds."""
        return self.call(method, *arguments).result(timeout)

    def lose(self) -> None:
        """The worker is gone: all calls to it fail, and it is ended if it is not."""
        with self._lock:
            if self.is_lost:
                return
            self.is_lost = True
            waiting, self._waiting = self._waiting, set()
        for told in waiting:
            told.set_exception(self._lost())
        # Whoever carries calls may have told of the loss in a thread that it needs itself to end a worker.
        threading.Thread(target=self._end, name="end-worker", daemon=True).start()

    def _answered(self, told: Future[Any], asked: Future[Any]) -> None:
        try:
            problem = asked.exception()
        except CancelledError:
            problem = self._lost()
        if isinstance(problem, WorkerLost):
            self.lose()
            return
        with self._lock:
            if told not in self._waiting:
                return
            self._waiting.remove(told)
        if problem is None:
            told.set_result(asked.result())
        else:
            told.set_exception(problem)

    def _lost(self) -> WorkerLost:
        return WorkerLost(LOST.format(machine=self.hello.machine))

"""What all processes of a user know about a server's limits: a small file for each line, behind a lock.

A process holds a lock of its own while it lives. The kernel drops it with the process, and what the process
had under way then counts no more.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import secrets
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from contextune.core.model.admission import Line

log = logging.getLogger(__name__)

T = TypeVar("T")

LOCK_WAIT = 2.0
"""Seconds; a lock is held for a fraction of a millisecond, so that only a stopped process holds it longer."""
LONGEST = 1_000_000
"""Bytes; a line is a few hundred."""
LEFT_BEHIND = 3_600.0
"""Seconds after which the lock of a process that has gone is removed."""


class PressureFolder:
    """core.process_ports.PressureBoard in a folder of the state folder.

    Where the folder cannot be used, this process goes by what it knows alone.
    """

    blocks = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._alive: weakref.finalize[..., PressureFolder] | None = None
        self._alone: dict[str, Line] = {}
        self._warned = False
        self._threads = threading.Lock()

    @property
    def process(self) -> str:
        """The name of this process among the holders of a line."""
        return self._process

    def change(self, line: str, change: Callable[[Line], tuple[Line, T]]) -> T:
        """Replace the state of a line, alone; returns what `change` gives beside it."""
        with self._threads:
            try:
                self._live()
                with self._locked(line) as handle:
                    state, result = change(self._read(handle, line))
                    _write(handle, msgspec.json.encode(state))
                    self._alone[line] = state
            except OSError as problem:
                if not self._warned:
                    log.warning("The model's limits are not shared with other processes: %s", problem)
                self._warned = True
                self._alone[line], result = change(self._alone.get(line, Line()).without(self._others(line)))
            return result

    def _live(self) -> None:
        """Show other processes that this one lives."""
        if self._alive is not None:
            return
        processes = self._folder / "processes"
        processes.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in processes.iterdir():
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > LEFT_BEHIND:
                    self._has_gone(path.name)
        path = processes / self._process
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        self._alive = weakref.finalize(self, _leave, path, handle)

    def _has_gone(self, process: str) -> bool:
        path = self._folder / "processes" / process
        try:
            handle = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            path.unlink(missing_ok=True)
            return True
        finally:
            os.close(handle)

    @contextmanager
    def _locked(self, line: str) -> Iterator[int]:
        handle = os.open(self._path(line), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            give_up = time.monotonic() + LOCK_WAIT
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > give_up:
                        raise
                    time.sleep(0.001)
            yield handle
        finally:
            os.close(handle)

    def _read(self, handle: int, line: str) -> Line:
        content = os.pread(handle, LONGEST, 0)
        if not content:
            return Line()
        try:
            state = msgspec.json.decode(content, type=Line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            log.warning("What was known of the limits of %s cannot be read and is dropped: %s", line, problem)
            return Line()
        others = {holder.process for holder in state.holders} - {self._process}
        return state.without(other for other in others if self._has_gone(other))

    def _others(self, line: str) -> list[str]:
        known = self._alone.get(line, Line())
        return [holder.process for holder in known.holders if holder.process != self._process]

    def _path(self, line: str) -> Path:
        # A model may have any name; the hash tells apart what looks the same as a file.
        plain = re.sub(r"[^A-Za-z0-9.-]", "_", line)[:60]
        return self._folder / f"{plain}-{hashlib.sha256(line.encode()).hexdigest()[:8]}.json"


def _write(handle: int, content: bytes) -> None:
    # In place, under the lock that is on this very file: what breaks off is dropped by the next reader.
    os.pwrite(handle, content, 0)
    os.ftruncate(handle, len(content))


def _leave(path: Path, handle: int) -> None:
    with suppress(OSError):
        path.unlink()
    os.close(handle)

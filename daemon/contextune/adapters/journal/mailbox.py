"""Who drives a Run, and how one process asks another: a lock a Run, and letters in a folder beside it.

The kernel holds the lock for as long as its process lives, so that whoever has the lock knows that no other
process can still write. A process that drives a Run gives a sign of life every few seconds. Where none comes
any more although the process is there, it hangs: it can be ended, and its Runs taken over.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from contextune.core.process_ports import Letter

log = logging.getLogger(__name__)

ORPHAN_SECONDS = 2.0
"""How long a lock is waited for whose owner is dead: a child that it had just begun holds it until it is a
program of its own."""

STEP = 0.005
"""Seconds between two looks at such a lock."""

LOOKS, MOMENT = 20, 0.000_2
"""How often a lock is tried that others may hold for as long as a look takes, and seconds between."""

LEASED = b"leased"
"""Marks a lock whose owner gives signs of life."""


LETTER, DRAFT = ".json", ".draft"
"""How the names of letters end; a draft is none yet, and must not be taken for one: a glob sees all names."""

SENDINGS = 3
"""How often a letter is written whose folder goes away meanwhile."""


class FolderMailbox:
    """core.process_ports.Mailbox in a folder of the state. The kernel drops a lock with its process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def own(self, run_id: str) -> Iterator[bool]:
        """Hold the Run while the context lasts; yields False if another process holds it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._lock(run_id), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not _won(handle):
                yield False
                return
            os.ftruncate(handle, 0)
            os.pwrite(handle, _name_of(os.getpid()), 0)
            self._letters(run_id).mkdir(exist_ok=True, mode=0o700)
            try:
                yield True
            finally:
                with suppress(OSError):  # a letter that came too late stays
                    self._letters(run_id).rmdir()
                os.ftruncate(handle, 0)
                _let_go(handle)
        finally:
            os.close(handle)

    async def freed(self, run_id: str) -> None:
        """Wait a moment where the lock is held by nothing but what a dead process had just begun."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ORPHAN_SECONDS):
                # The kernel tells nobody when such a child lets go.
                while not self.is_owned(run_id) and not self._is_left(run_id):  # noqa: ASYNC110
                    await asyncio.sleep(STEP)

    def beat(self, run_id: str) -> None:
        """Give a sign of life for a Run that this process holds."""
        lock = self._lock(run_id)
        if not lock.read_bytes().endswith(LEASED):
            with lock.open("ab") as file:
                file.write(b" " + LEASED)
        os.utime(lock)

    def last_beat(self, run_id: str) -> int | None:
        """When the process that holds a Run last gave a sign of life, in milliseconds since the epoch.

        None if nobody holds it, or its owner gives no such signs.
        """
        lock = self._lock(run_id)
        if not self.is_owned(run_id) or not lock.read_bytes().endswith(LEASED):
            return None
        return lock.stat().st_mtime_ns // 1_000_000

    async def oust(self, run_id: str) -> None:
        """End the process that holds a Run and gives no sign of life; returns once it is gone or can't be."""
        name = self._lock(run_id).read_bytes()
        if not self.is_owned(run_id) or not name.endswith(LEASED):
            return
        number = int(name.partition(b" ")[0])
        if number != os.getpid() and _name_of(number) == name.removesuffix(b" " + LEASED):
            log.warning("Process %s drives run %s without a sign of life and is ended.", number, run_id)
            with suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)
            with suppress(TimeoutError):
                async with asyncio.timeout(ORPHAN_SECONDS):
                    while self.is_owned(run_id):  # noqa: ASYNC110  # the kernel tells nobody
                        await asyncio.sleep(STEP)

    def is_owned(self, run_id: str) -> bool:
        """Whether some process, this one included, drives the Run."""
        try:
            handle = os.open(self._lock(run_id), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return not _is_free(handle) and _is_alive(os.pread(handle, 64, 0))
        finally:
            os.close(handle)

    def _is_left(self, run_id: str) -> bool:
        try:
            handle = os.open(self._lock(run_id), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            return _is_free(handle)
        finally:
            os.close(handle)

    def send(self, run_id: str, letter: Letter) -> None:
        """Put a letter into the box of the process that drives the Run."""
        folder = self._letters(run_id)
        name = secrets.token_hex(8)
        draft = folder / f"{name}{DRAFT}"
        for attempt in range(SENDINGS):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                draft.write_bytes(msgspec.json.encode(letter))
                draft.rename(folder / f"{name}{LETTER}")
                return
            except FileNotFoundError:  # who drove the Run has just let go of it, and of the folder
                if attempt + 1 == SENDINGS:
                    raise

    async def letters(self, run_id: str) -> AsyncIterator[Letter]:
        """What was asked of this process, oldest first, as it arrives."""
        import watchfiles

        folder = self._letters(run_id)
        stop = asyncio.Event()
        watching = watchfiles.awatch(
            folder, stop_event=stop, debounce=50, step=20, recursive=False, yield_on_timeout=True,
            rust_timeout=1_000,
        )  # fmt: skip
        try:
            for letter in self._take(folder):
                yield letter
            async for _ in watching:
                for letter in self._take(folder):
                    yield letter
        finally:
            stop.set()

    def _take(self, folder: Path) -> list[Letter]:
        taken = []
        for file in sorted(folder.glob(f"*{LETTER}"), key=lambda file: file.stat().st_mtime_ns):
            try:
                taken.append(msgspec.json.decode(file.read_bytes(), type=Letter))
            except msgspec.MsgspecError as problem:
                log.warning("A letter cannot be read and is dropped: %s", problem)
            file.unlink()
        return taken

    def _lock(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.lock"

    def _letters(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.letters"


def _won(handle: int) -> bool:
    """Take the lock; one that nobody living holds is looked at again, as others look at it, too."""
    for _ in range(LOOKS):
        if _taken(handle):
            return True
        name = os.pread(handle, 64, 0)
        if name and _is_alive(name):
            return False
        time.sleep(MOMENT)
    return False


def _taken(handle: int) -> bool:
    """Take the lock, if nobody holds it; it goes when the handle is closed."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_free(handle: int) -> bool:
    """Whether nobody holds the lock; it is taken for no longer than that look."""
    if not _taken(handle):
        return False
    _let_go(handle)
    return True


def _let_go(handle: int) -> None:
    """Give the lock up. To close it is not enough: a child that is just being started has a copy."""
    fcntl.flock(handle, fcntl.LOCK_UN)


def _name_of(pid: int) -> bytes:
    """A process, as no later one is called: its number, and when it began where the system tells."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return b"%d" % pid
    return b"%d" % pid if facts[0] == b"Z" else b"%d %b" % (pid, facts[19])


def _is_alive(name: bytes) -> bool:
    """Whether the process with this name is there; taken for granted of one that is not named."""
    name = name.removesuffix(b" " + LEASED)
    number, _, began = name.partition(b" ")
    if not number.isdigit():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not began or _name_of(int(number)) == name

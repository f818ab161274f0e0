"""How one process asks another, which drives a Run: a lock a Run, and letters in a folder beside it."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from contextune.core.ports import Letter

log = logging.getLogger(__name__)

ORPHAN_SECONDS = 2.0
"""How long a lock is waited for whose owner is dead: a child that it had just begun holds it until it is a
program of its own."""


class FolderMailbox:
    """core.ports.Mailbox in a folder of the state folder. The kernel drops a lock with its process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def own(self, run_id: str) -> Iterator[bool]:
        """Hold the Run while the context lasts; yields False if another process holds it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._lock(run_id), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not _taken(handle):
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
        finally:
            os.close(handle)

    def is_owned(self, run_id: str) -> bool:
        """Whether some process, this one included, drives the Run."""
        try:
            handle = os.open(self._lock(run_id), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _is_alive(os.pread(handle, 64, 0))
        finally:
            os.close(handle)
        return False

    def send(self, run_id: str, letter: Letter) -> None:
        """Put a letter into the box of the process that drives the Run."""
        folder = self._letters(run_id)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{secrets.token_hex(8)}.json"
        draft = folder / f".{name}"
        draft.write_bytes(msgspec.json.encode(letter))
        draft.rename(folder / name)

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
        for file in sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns):
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


def _taken(handle: int) -> bool:
    """Take the lock, if no living process holds it."""
    until = time.monotonic() + ORPHAN_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if _is_alive(os.pread(handle, 64, 0)) or time.monotonic() > until:
                return False
            time.sleep(0.002)
        else:
            return True


def _name_of(pid: int) -> bytes:
    """A process, as no later one is called: its number, and when it began where the system tells."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return b"%d" % pid
    return b"%d" % pid if facts[0] == b"Z" else b"%d %b" % (pid, facts[19])


def _is_alive(name: bytes) -> bool:
    """Whether the process with this name is there; taken for granted of one that is not named."""
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

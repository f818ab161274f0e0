"""How one process asks another, which drives a Run: a lock a Run, and letters in a folder beside it."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from contextune.core.ports import Letter

log = logging.getLogger(__name__)


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
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
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
            return True
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

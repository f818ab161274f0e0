"""Unsaved editor text on its way to the Todo board, as the bytes that saving would write."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable
from pathlib import Path

Sink = Callable[[Path, bytes | None], None]


def on_disk(file: Path) -> bytes:
    """A file's bytes; none if there is no readable file."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def as_bytes(text: str, disk: bytes) -> bytes | None:
    """What saving this text would write, given what the disk holds; None if that cannot be known.

    Editors drop a byte order mark from the text. A file that is not UTF-8 is saved in an encoding that the
    protocol does not tell.
    """
    try:
        disk.decode("utf-8")
        content = text.encode("utf-8")
    except UnicodeError:
        return None
    return codecs.BOM_UTF8 + content if disk.startswith(codecs.BOM_UTF8) else content


class Buffers:
    """The open files of one client. Reads a file once when it is opened, never per keystroke."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._texts: dict[Path, str] = {}
        self._disks: dict[Path, bytes] = {}
        """What the disk held when the file was opened or last saved."""
        self._unsaved: set[Path] = set()
        self._reading: set[asyncio.Task[None]] = set()

    def opened(self, file: Path, text: str) -> None:
        """A file was opened; its text may differ from the disk already."""
        self._texts[file] = text
        task = asyncio.get_running_loop().create_task(self._compare(file))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    def changed(self, file: Path, text: str) -> None:
        """The text of an open file changed."""
        if file in self._texts:
            self._texts[file] = text
            self._tell(file)

    def saved(self, file: Path) -> None:
        """The text of an open file is on disk."""
        if file in self._disks:
            content = as_bytes(self._texts[file], self._disks[file])
            self._disks[file] = self._disks[file] if content is None else content
        if file in self._texts:
            # Also where nothing was known to be unsaved: the disk may have been read while it was written.
            self._unsaved.discard(file)
            self._sink(file, None)

    def closed(self, file: Path) -> None:
        """The file is open no more: the disk counts again."""
        self._texts.pop(file, None)
        self._disks.pop(file, None)
        self._disk_counts(file)

    def text(self, file: Path) -> str:
        """What the user sees in a file: its unsaved text, or the disk. Blocking."""
        known = self._texts.get(file)
        return on_disk(file).decode("utf-8", "replace") if known is None else known

    def resend(self) -> None:
        """Tell every unsaved text anew, for a folder that was opened after its files."""
        for file in sorted(self._unsaved):
            self._tell(file)

    async def _compare(self, file: Path) -> None:
        disk = await asyncio.to_thread(on_disk, file)
        if file in self._texts:
            self._disks[file] = disk
            self._tell(file)

    def _tell(self, file: Path) -> None:
        if file not in self._disks:
            return
        content = as_bytes(self._texts[file], self._disks[file])
        if content is None or content == self._disks[file]:
            self._disk_counts(file)
        else:
            self._unsaved.add(file)
            self._sink(file, content)

    def _disk_counts(self, file: Path) -> None:
        if file in self._unsaved:
            self._unsaved.discard(file)
            self._sink(file, None)

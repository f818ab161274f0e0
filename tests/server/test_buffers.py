"""Unsaved text reaches the board as the bytes that saving would write."""

from __future__ import annotations

import asyncio
import codecs
from pathlib import Path

import pytest

from contextune.server.buffers import Buffers, as_bytes

Told = list[tuple[str, bytes | None]]


class Board:
    """Keeps what it is told and wakes who waits for that."""

    def __init__(self) -> None:
        self.told: Told = []
        self._came = asyncio.Event()

    def set_buffer(self, file: Path, content: bytes | None) -> None:
        self.told.append((file.name, content))
        self._came.set()

    async def more_than(self, count: int) -> Told:
        while len(self.told) <= count:
            self._came.clear()
            await asyncio.wait_for(self._came.wait(), 10)
        return self.told


def test_a_byte_order_mark_stays_and_other_encodings_are_left_alone() -> None:
    assert as_bytes("grüß\r\n", b"") == "grüß\r\n".encode()
    assert as_bytes("a", codecs.BOM_UTF8 + b"b") == codecs.BOM_UTF8 + b"a"
    assert as_bytes("grüß", "grün".encode("latin-1")) is None
    assert as_bytes("\ud800", b"") is None


async def test_a_file_that_is_only_looked_at_is_no_buffer(tmp_path: Path) -> None:
    board = Board()
    buffers = Buffers(board.set_buffer)
    same, other = tmp_path / "same.py", tmp_path / "other.py"
    same.write_text("a\n")
    other.write_text("a\n")
    buffers.opened(same, "a\n")
    buffers.opened(other, "b\n")
    assert await board.more_than(0) == [("other.py", b"b\n")]


async def test_edits_count_until_the_file_is_saved_or_closed(tmp_path: Path) -> None:
    board = Board()
    buffers = Buffers(board.set_buffer)
    file = tmp_path / "a.py"
    file.write_text("one\n")
    buffers.opened(file, "two\n")
    await board.more_than(0)
    buffers.changed(file, "three\n")
    buffers.saved(file)
    buffers.changed(file, "four\n")
    buffers.closed(file)
    buffers.changed(tmp_path / "never-opened.py", "x")
    buffers.saved(tmp_path / "never-opened.py")
    assert board.told == [
        ("a.py", b"two\n"),
        ("a.py", b"three\n"),
        ("a.py", None),
        ("a.py", b"four\n"),
        ("a.py", None),
    ]


async def test_a_new_file_and_edits_made_while_it_is_read_are_not_lost(tmp_path: Path) -> None:
    board = Board()
    buffers = Buffers(board.set_buffer)
    new = tmp_path / "new.py"
    buffers.opened(new, "")
    buffers.changed(new, "# TODO: write\n")
    assert await board.more_than(0) == [("new.py", b"# TODO: write\n")]


@pytest.mark.parametrize("edited", ["two\n", "one\n"])
async def test_open_files_are_told_anew_when_their_folder_opens(tmp_path: Path, edited: str) -> None:
    board = Board()
    buffers = Buffers(board.set_buffer)
    file = tmp_path / "a.py"
    file.write_text("one\n")
    buffers.opened(file, "two\n")
    await board.more_than(0)
    buffers.changed(file, edited)
    board.told.clear()
    buffers.resend()
    assert board.told == ([("a.py", b"two\n")] if edited == "two\n" else [])


async def test_a_save_is_told_also_where_nothing_was_known_to_be_unsaved(tmp_path: Path) -> None:
    board = Board()
    buffers = Buffers(board.set_buffer)
    file, other = tmp_path / "a.py", tmp_path / "b.py"
    file.write_text("one\n")
    other.write_text("one\n")
    buffers.opened(file, "one\n")
    buffers.opened(other, "two\n")
    await board.more_than(0)
    await asyncio.gather(*buffers._reading)
    buffers.saved(file)
    assert board.told == [("b.py", b"two\n"), ("a.py", None)]

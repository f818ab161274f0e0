"""The board that all processes of a user share: alone while it changes, tolerant of damage and of death."""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from contextune.adapters.models import pressure_board
from contextune.adapters.models.pressure_board import PressureFolder
from contextune.core.model.admission import Line, Ticket, admit

NOW = 1_800_000_000_000


def take(board: PressureFolder, line: str = "haiku") -> Ticket | None:
    """Try to let one request leave, of three at a time."""

    def change(state: Line) -> tuple[Line, Ticket | None]:
        state = replace(state, window=3.0)
        admission = admit(state, NOW, board.process, prompt_tokens=10, since=NOW)
        return admission.line, admission.ticket

    return board.change(line, change)


def look(board: PressureFolder, line: str = "haiku") -> Line:
    return board.change(line, lambda state: (state, state))


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def test_what_one_process_wrote_another_one_reads(tmp_path: Path) -> None:
    one, two = PressureFolder(tmp_path), PressureFolder(tmp_path)
    assert one.process != two.process
    assert [bool(take(board)) for board in (one, two, one, two)] == [True, True, True, False]
    seen = look(two)
    assert seen == look(one)
    assert {holder.process: holder.in_flight.requests for holder in seen.holders} == {
        one.process: 2,
        two.process: 1,
    }


def test_lines_are_apart_whatever_a_model_is_called(tmp_path: Path) -> None:
    folder = tmp_path / "pressure"
    board = PressureFolder(folder)
    names = ["haiku", "sonnet", "../../etc/passwd", "a/b", "a_b", "ä" * 300, ""]
    for name in names:
        assert take(board, name) is not None
    assert [look(board, name).in_flight.requests for name in names] == [1] * len(names)
    assert len(files(folder)) == len(names)
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"\xff\xfe", b"[]", b'{"window": 0}', b'{"buckets": [{"resource": "wishes"}]}', b"\0" * 4000],
)
def test_damage_is_forgotten(tmp_path: Path, damage: bytes) -> None:
    board = PressureFolder(tmp_path)
    take(board)
    (file,) = files(tmp_path)
    file.write_bytes(damage)
    assert look(board) == Line()
    assert take(board) is not None
    assert look(PressureFolder(tmp_path)).in_flight.requests == 1


def test_what_was_written_is_never_followed_by_older_bytes(tmp_path: Path) -> None:
    board = PressureFolder(tmp_path)
    for _ in range(3):
        take(board)
    board.change("haiku", lambda state: (Line(at=NOW), None))
    assert look(board) == Line(at=NOW)


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from tests.adapters.test_pressure_board import *\n"
        "board = PressureFolder(pathlib.Path(sys.argv[1]))\n"
        "print([bool(take(board)) for _ in range(3)], flush=True)\n"
        "sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"[True, True, True]\n"
        board = PressureFolder(tmp_path)
        assert take(board) is None
        other.kill()
    assert take(board) is not None
    assert look(board).in_flight.requests == 1
    assert [path.name for path in (tmp_path / "processes").iterdir()] == [board.process]


def test_a_process_leaves_nothing_behind(tmp_path: Path) -> None:
    board = PressureFolder(tmp_path)
    take(board)
    assert len(list((tmp_path / "processes").iterdir())) == 1
    del board
    assert list((tmp_path / "processes").iterdir()) == []


def test_locks_of_processes_that_went_long_ago_are_removed(tmp_path: Path) -> None:
    gone = tmp_path / "processes" / "1-gone"
    gone.parent.mkdir()
    gone.touch()
    os.utime(gone, (1, 1))
    board = PressureFolder(tmp_path)
    take(board)
    assert [path.name for path in gone.parent.iterdir()] == [board.process]


def test_every_change_of_many_at_once_counts(tmp_path: Path) -> None:
    boards = [PressureFolder(tmp_path) for _ in range(4)]

    def count(board: PressureFolder) -> None:
        for _ in range(100):
            board.change("haiku", lambda state: (replace(state, answered_for=state.answered_for + 1), None))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count, boards * 2))
    assert look(boards[0]).answered_for == 800


def test_without_a_folder_a_process_goes_by_what_it_knows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "pressure"
    blocked.write_text("a file where the folder should be")
    board = PressureFolder(blocked)
    with caplog.at_level(logging.WARNING):
        assert [bool(take(board)) for _ in range(4)] == [True, True, True, False]
    assert caplog.text.count("not shared with other processes") == 1


def test_a_process_that_was_stopped_within_a_change_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pressure_board, "LOCK_WAIT", 0.05)
    board = PressureFolder(tmp_path)
    take(board)
    with files(tmp_path)[0].open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert take(board) is not None, "it goes on by what it knew"
        assert look(board).in_flight.requests == 2

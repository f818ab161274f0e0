"""Who drives a Run: the living process that took it, and not what a dead one left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contextune.adapters.journal.mailbox import FolderMailbox
from contextune.core.process_ports import Letter

OWNER = """
import os, sys
from pathlib import Path
from contextune.adapters.journal.mailbox import FolderMailbox
with FolderMailbox(Path(sys.argv[1])).own("r_1") as owned:
    assert owned
    if not os.fork():
        # A child that is no program of its own yet holds the lock with its parent, and outlives it.
        os.read(0, 1)
        os._exit(0)
    print("owned", flush=True)
    os.kill(os.getpid(), 9) if len(sys.argv) > 2 else os.read(0, 1)
"""


def owner(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder), *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"owned\n"
    return process


def test_a_living_owner_keeps_the_run(tmp_path: Path) -> None:
    process = owner(tmp_path)
    box = FolderMailbox(tmp_path)
    try:
        assert box.is_owned("r_1")
        with box.own("r_1") as owned:
            assert not owned
    finally:
        process.kill()
        process.communicate()


async def test_the_child_of_a_dead_owner_does_not(tmp_path: Path) -> None:
    process = owner(tmp_path, "die")
    assert process.wait() == -signal.SIGKILL
    box = FolderMailbox(tmp_path)
    assert process.stdout is not None
    process.stdout.close()
    assert not box.is_owned("r_1")
    # The child goes when its input ends; until then the lock is waited for.
    assert process.stdin is not None
    process.stdin.close()
    await box.freed("r_1")
    with box.own("r_1") as owned:
        assert owned
        assert box.is_owned("r_1")
        assert (tmp_path / "r_1.lock").read_bytes().startswith(b"%d" % os.getpid())
    assert not box.is_owned("r_1")


LET_GO = """
import os, sys
from pathlib import Path
from contextune.adapters.journal.mailbox import FolderMailbox
box = FolderMailbox(Path(sys.argv[1]))
with box.own("r_1") as owned:
    assert owned
    reading, writing = os.pipe()
    if not os.fork():
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
with box.own("r_1") as again:
    print(again)
"""


def test_who_lets_go_can_take_it_again_whatever_its_children_hold(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LET_GO, str(tmp_path)], capture_output=True, timeout=30, check=True
    )
    assert done.stdout == b"True\n"


LOOKED_AT = """
import fcntl, os, sys
from pathlib import Path
from contextune.adapters.journal import mailbox
box = mailbox.FolderMailbox(Path(sys.argv[1]))
with box.own("r_1"):
    pass
reading, writing = os.pipe()
flock = fcntl.flock

def starting_a_child(handle, how):
    flock(handle, how)
    if how & fcntl.LOCK_EX and not os.fork():
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)

fcntl.flock = starting_a_child
seen = box.is_owned("r_1")
fcntl.flock = flock
with box.own("r_1") as owned:
    print(seen, owned)
"""


def test_a_look_keeps_nobody_from_taking_it_whatever_is_started_meanwhile(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOKED_AT, str(tmp_path)], capture_output=True, timeout=30, check=True
    )
    assert done.stdout == b"False True\n"


async def test_an_owner_without_a_sign_of_life_is_ended(tmp_path: Path) -> None:
    process = owner(tmp_path)
    box = FolderMailbox(tmp_path)
    assert box.last_beat("r_1") is None
    await box.oust("r_1")
    assert process.poll() is None, "an owner that gives no signs was taken for one that hangs"
    box.beat("r_1")  # as the owner would
    first = box.last_beat("r_1")
    assert first is not None
    process.send_signal(signal.SIGSTOP)
    assert box.is_owned("r_1")
    await box.oust("r_1")
    assert process.wait() == -signal.SIGKILL
    assert not box.is_owned("r_1")
    assert box.last_beat("r_1") is None
    process.communicate()


async def test_no_process_ends_itself(tmp_path: Path) -> None:
    box = FolderMailbox(tmp_path)
    with box.own("r_1") as owned:
        assert owned
        box.beat("r_1")
        beat = box.last_beat("r_1")
        os.utime(tmp_path / "r_1.lock", (1, 1))
        assert box.last_beat("r_1") == 1_000
        box.beat("r_1")
        assert beat is not None
        assert (box.last_beat("r_1") or 0) >= beat
        await box.oust("r_1")
    with box.own("r_1"):
        assert box.last_beat("r_1") is None, "signs of an earlier owner count for a later one"


def test_looks_of_others_do_not_keep_a_run_from_its_owner(tmp_path: Path) -> None:
    """To look whether a lock is held takes it for a moment: whoever wants it tries again."""
    box = FolderMailbox(tmp_path)
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            box.is_owned("r_1")

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(200):
            with box.own("r_1") as owned:
                assert owned
    finally:
        stop.set()
        for looker in lookers:
            looker.join()


async def test_a_letter_that_is_being_written_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads at any step of the writing gets the letter whole, and once."""
    box = FolderMailbox(tmp_path)
    taken: list[Letter] = []

    def reading(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(path: Path, *given: Any) -> Any:
            if change is Path.write_bytes:
                path.touch()
                taken.extend(box._take(path.parent))
            done = change(path, *given)
            taken.extend(box._take(path.parent))
            return done

        return changed

    monkeypatch.setattr(Path, "write_bytes", reading(Path.write_bytes))
    monkeypatch.setattr(Path, "rename", reading(Path.rename))
    box.send("r_1", Letter(verb="cancel"))
    assert taken == [Letter(verb="cancel")]


def test_a_letter_whose_folder_goes_away_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver lets go of the Run between the making of the folder and the writing."""
    box, mkdir = FolderMailbox(tmp_path), Path.mkdir
    gone: list[Path] = []

    def made(path: Path, **given: Any) -> None:
        mkdir(path, **given)
        if not gone and path.name == "r_1.letters":
            gone.append(path)
            path.rmdir()

    monkeypatch.setattr(Path, "mkdir", made)
    box.send("r_1", Letter(verb="pause"))
    assert gone
    assert box._take(gone[0]) == [Letter(verb="pause")]

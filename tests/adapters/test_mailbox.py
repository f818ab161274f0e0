"""Who drives a Run: the living process that took it, and not what a dead one left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from contextune.adapters.mailbox import FolderMailbox

OWNER = """
import os, sys
from pathlib import Path
from contextune.adapters.mailbox import FolderMailbox
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


def test_the_child_of_a_dead_owner_does_not(tmp_path: Path) -> None:
    process = owner(tmp_path, "die")
    assert process.wait() == -signal.SIGKILL
    box = FolderMailbox(tmp_path)
    assert process.stdout is not None
    process.stdout.close()
    assert not box.is_owned("r_1")
    # The child goes when its input ends; until then the lock is waited for.
    assert process.stdin is not None
    process.stdin.close()
    with box.own("r_1") as owned:
        assert owned
        assert box.is_owned("r_1")
        assert (tmp_path / "r_1.lock").read_bytes().startswith(b"%d" % os.getpid())
    assert not box.is_owned("r_1")

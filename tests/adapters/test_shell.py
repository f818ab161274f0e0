from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from contextune.adapters.commands.bounded_output import BoundedOutput
from contextune.adapters.commands.shell import TIMED_OUT, ClosedShell, FencedShell
from contextune.adapters.fence.choice import NoFence
from contextune.core.errors import PlaceProblem, ToolProblem
from contextune.core.ports import Shell
from contextune.core.proof.evidence import CommandResult


async def run(
    command: str,
    cwd: Path,
    *,
    timeout: float = 20,
    environment: Mapping[str, str] | None = None,
    output_limit: int = 30_000,
) -> CommandResult:
    shell: Shell = FencedShell(NoFence("this is a test."))
    return await shell.run(
        command, cwd=cwd, timeout=timeout, environment=environment or {}, output_limit=output_limit
    )


def ended(pid: int) -> bool:
    """Whether a process is over, or is so within 20 seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 20)[0])
    finally:
        os.close(handle)


async def test_output_and_exit_code(tmp_path: Path) -> None:
    result = await run("echo out; echo err >&2; pwd; exit 3", tmp_path)
    assert result.output == f"out\nerr\n{tmp_path}\n"
    assert (result.exit_code, result.timed_out, result.truncated) == (3, False, False)
    assert (await run("kill -SEGV $$", tmp_path)).exit_code == 139
    assert (await run("no_such_command_here", tmp_path)).exit_code == 127


async def test_standard_input_is_empty(tmp_path: Path) -> None:
    assert (await run("read line || echo none", tmp_path)).output == "none\n"


async def test_environment_is_listed_and_holds_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ANTHROPIC_API_KEY", "GITHUB_TOKEN", "MY_TOKEN", "OTHER", "LD_PRELOAD_X", "GIT_DIR"):
        monkeypatch.setenv(name, "leaked")
    given = {"PORT": "4000", "SOME_KEY": "leaked", "ANTHROPIC_BASE_URL": "leaked", "BASH_ENV": "leaked"}
    result = await run("env", tmp_path, environment=given)
    assert "leaked" not in result.output
    names = {line.partition("=")[0] for line in result.output.splitlines()}
    assert {"PATH", "HOME", "PORT", "TERM", "NO_COLOR", "GIT_TERMINAL_PROMPT"} <= names
    assert "TERM=dumb\n" in result.output
    assert "PYTHONDONTWRITEBYTECODE=1\n" in result.output


async def test_the_whole_group_ends_when_the_time_is_up(tmp_path: Path) -> None:
    started = time.monotonic()
    command = "trap '' TERM; (trap '' TERM; echo $BASHPID; while :; do read -t 100 < <(:); done) & wait"
    result = await run(command, tmp_path, timeout=0.5)
    assert result.timed_out
    assert result.exit_code == TIMED_OUT
    assert time.monotonic() - started < 15
    assert ended(int(result.output.split()[0]))


async def test_a_polite_command_may_clean_up_when_the_time_is_up(tmp_path: Path) -> None:
    result = await run("trap 'echo bye; exit 0' TERM; sleep 60 & wait", tmp_path, timeout=0.3)
    assert (result.timed_out, result.output) == (True, "bye\n")


async def test_returns_when_the_shell_ends_and_kills_what_it_left(tmp_path: Path) -> None:
    started = time.monotonic()
    result = await run("sleep 300 & echo $!; echo done", tmp_path)
    assert result.output.split()[1] == "done"
    assert time.monotonic() - started < 10
    assert ended(int(result.output.split()[0]))
    # A child with a session of its own keeps the output open, and yet does not keep us.
    result = await run("setsid sleep 5 & echo done", tmp_path)
    assert result.output == "done\n"


async def test_cancellation_kills(tmp_path: Path) -> None:
    fifo = tmp_path / "pid"
    os.mkfifo(fifo)
    task = asyncio.create_task(run("sleep 300 & echo $! > pid; wait", tmp_path))
    pid = int(await asyncio.to_thread(fifo.read_text))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended(pid)


async def test_a_flood_is_bounded(tmp_path: Path) -> None:
    result = await run("echo first; yes 'ä flood' | head -c 30000000; echo last", tmp_path, output_limit=2000)
    assert result.truncated
    assert result.output.startswith("first\nä flood\n")
    assert result.output.endswith("last\n")
    assert "bytes left out …" in result.output
    assert "\ufffd" not in result.output
    assert len(result.output) < 2100
    assert result.exit_code == 0


async def test_keys_in_the_output_are_masked(tmp_path: Path) -> None:
    assert (await run("echo ghp_" + "a1B2" * 9, tmp_path)).output == "ghp_[masked]\n"


async def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ToolProblem, match="can't be started"):
        await run("true", tmp_path / "gone")


def open_handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_leaves_no_handles(tmp_path: Path) -> None:
    await run("true", tmp_path)
    before = open_handles()
    for _ in range(20):
        await run("echo x", tmp_path)
    assert open_handles() <= before


@pytest.mark.parametrize("size", [0, 9, 10, 11, 19, 20, 21, 1000])
@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_bounded_output_accounts_for_every_byte(size: int, step: int) -> None:
    data = bytes(65 + i % 26 for i in range(size))
    output = BoundedOutput(20)
    for i in range(0, size, step):
        output.add(data[i : i + step])
    if size <= 20:
        assert (output.text(), output.left_out) == (data.decode(), 0)
    else:
        head, left, tail = output.text().split("\n")
        assert (head, tail) == (data[:10].decode(), data[-10:].decode())
        assert left == f"… {size - 20} bytes left out …"


LEAVES = "setsid sh -c 'echo $$ > pid; exec sleep 600' > /dev/null 2>&1 & until [ -s pid ]; do :; done"
"""Starts what leaves the session, and waits until it is there."""


def left(cwd: Path) -> int:
    return int((cwd / "pid").read_text())


async def test_what_leaves_the_session_ends_with_its_command(tmp_path: Path) -> None:
    result = await run(f"{LEAVES}; echo done", tmp_path)
    assert (result.exit_code, result.output) == (0, "done\n")
    assert ended(left(tmp_path))


async def test_what_leaves_the_session_ends_when_the_time_is_up(tmp_path: Path) -> None:
    result = await run(f"{LEAVES}; sleep 600", tmp_path, timeout=1)
    assert result.timed_out
    assert ended(left(tmp_path))


async def test_what_leaves_the_session_ends_on_cancellation(tmp_path: Path) -> None:
    going = asyncio.create_task(run(f"{LEAVES}; sleep 600", tmp_path))
    await asyncio.to_thread(until_there, tmp_path / "pid")
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert ended(left(tmp_path))


async def test_what_is_cancelled_while_it_begins_ends_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine a command may be well on its way before its start is over here."""
    held, begin = asyncio.Event(), asyncio.create_subprocess_exec

    async def slowly(*argv: str, **given: Any) -> asyncio.subprocess.Process:
        process = await begin(*argv, **given)
        await held.wait()
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", slowly)
    going = asyncio.create_task(run(f"{LEAVES}; sleep 600", tmp_path))
    await asyncio.to_thread(until_there, tmp_path / "pid")
    going.cancel()
    await asyncio.sleep(0)
    held.set()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert ended(left(tmp_path))


def until_there(file: Path) -> None:
    while not (file.is_file() and file.read_text()):
        os.sched_yield()


DAEMON = """
import asyncio, sys
from pathlib import Path
from contextune.adapters.fence.choice import NoFence
from contextune.adapters.commands.shell import FencedShell
cwd = Path(sys.argv[1])
asyncio.run(FencedShell(NoFence("")).run(sys.argv[2], cwd=cwd, timeout=600, environment={}))
"""


AS_IT_IS = "NoFence.wrap = lambda self, argv, **_: list(argv)"


@pytest.mark.parametrize("supervised", [True, False], ids=["supervised", "as it is"])
def test_nothing_outlives_a_daemon_that_is_killed(tmp_path: Path, supervised: bool) -> None:
    """Without the process in between, what left the session of a command lives on."""
    script = DAEMON if supervised else DAEMON.replace("asyncio.run(", f"{AS_IT_IS}\nasyncio.run(")
    daemon = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), f"{LEAVES}; sleep 600"])
    until_there(tmp_path / "pid")
    daemon.kill()
    daemon.wait()
    if supervised:
        assert ended(left(tmp_path))
    else:
        assert not select.select([os.pidfd_open(left(tmp_path))], [], [], 0)[0]
        os.kill(left(tmp_path), signal.SIGKILL)


async def test_a_closed_shell_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PlaceProblem, match="Install bubblewrap"):
        await ClosedShell("Install bubblewrap.").run("touch here", cwd=tmp_path, timeout=1, environment={})
    assert not (tmp_path / "here").exists()


def test_nothing_is_run_for_a_daemon_that_has_died_already(tmp_path: Path) -> None:
    line = NoFence("").wrap(["touch", str(tmp_path / "here")], cwd=tmp_path, environment={})
    gone = subprocess.Popen(["true"])
    gone.wait()
    line[line.index(str(os.getpid()))] = str(gone.pid)
    assert subprocess.run(line, check=False).returncode == 128 + signal.SIGTERM
    assert not (tmp_path / "here").exists()

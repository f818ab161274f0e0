"""What hostile commands do: inside the Fence nothing; without it, where it is safe to show, their worst."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from contextune.adapters.commands.cgroup import find_groups
from contextune.adapters.commands.command_group import CommandGroups
from contextune.adapters.commands.command_limits import CommandLimits
from contextune.adapters.commands.shell import FencedShell
from contextune.adapters.fence.choice import NoFence, find_fence
from contextune.core.proof.evidence import CommandResult
from tests.adapters.test_fence import Place
from tests.adapters.test_shell import ended

FENCE = find_fence()
FIRED = "FIRED"
"""What a command prints once its exploit has worked."""


class Input(NamedTuple):
    """One hostile command. `bare` tells whether it is shown to work without a Fence."""

    number: int
    command: str
    bare: bool = True


COMMANDS = (
    Input(1, "echo x > ../other/a.txt && echo FIRED"),
    Input(2, "echo x > /etc/contextune-evil && echo FIRED", bare=False),
    Input(3, "cat {home}/.ssh/id /etc/shadow 2>&- | grep -q . && echo FIRED"),
    Input(
        4,
        "ln -s {home} lnk && echo x > lnk/through && [ -s {home}/.ssh/id ] && echo FIRED",
    ),
    Input(9, "echo gitdir: /tmp/evil > .git && echo FIRED"),
    Input(10, "mv .git elsewhere && echo FIRED"),
    Input(10, "rm -f .git && [ ! -e .git ] && echo FIRED"),
    Input(11, "git config core.fsmonitor 'touch fired' && echo FIRED"),
    Input(12, "echo '#!/bin/sh' > $(git rev-parse --git-common-dir)/hooks/pre-commit && echo FIRED"),
    Input(
        13,
        "git config extensions.worktreeConfig true && git config --worktree filter.x.clean f && echo FIRED",
    ),
    Input(15, "echo '* merge=evil' > $(git rev-parse --git-common-dir)/info/attributes && echo FIRED"),
    Input(18, "git config core.sshCommand 'touch fired' && echo FIRED"),
    Input(23, "git update-ref refs/heads/main HEAD && git branch evil && echo FIRED"),
    Input(24, "cat /proc/[0-9]*/environ 2>&- | tr '\\0' '\\n' | grep -q =LEAKED && echo FIRED"),
    Input(26, "echo x > .vscode/tasks.json && echo FIRED"),
    Input(26, "mv .vscode elsewhere && echo FIRED"),
    Input(31, "(exec 3<>/dev/tcp/127.0.0.1/{port}) && echo FIRED"),
    Input(31, "getent hosts example.org && echo FIRED", bare=False),
    Input(32, "timeout 3 bash -c '(exec 3<>/dev/tcp/169.254.169.254/80)' && echo FIRED", bare=False),
    Input(33, "test -S {socket} && echo FIRED"),
    Input(33, "ls /run/docker.sock /var/run/docker.sock && echo FIRED", bare=False),
    Input(34, "kill -0 {daemon} && echo FIRED"),
    Input(35, "unshare -U true && echo FIRED", bare=False),
    Input(44, "echo x > /dev/tty && echo FIRED", bare=False),
    Input(45, "grep -q 'NoNewPrivs:.*0' /proc/self/status && echo FIRED"),
    Input(47, "git push -q {user} HEAD:refs/heads/stolen && echo FIRED"),
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("LEAKED_KEY", "LEAKED")
    # What /proc shows of an environment is what the process began with.
    holder = subprocess.Popen(["sleep", "600"], env={**os.environ, "LEAKED_KEY": "LEAKED"})
    made = Place(tmp_path)
    (made.tree / ".vscode").mkdir()
    (made.tree / ".vscode" / "tasks.json").write_text("{}")
    yield made
    holder.kill()
    holder.wait()


async def attempt(place: Place, command: str, *, fenced: bool) -> CommandResult:
    agent = place.home / "agent.sock"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(agent))
        try:
            filled = command.format(
                home=place.home,
                user=place.user,
                daemon=os.getpid(),
                port=server.getsockname()[1],
                socket=agent,
            )
            fence = find_fence(hidden=[place.state]) if fenced else NoFence("it shows what the Fence is for.")
            return await place.run(filled, fence=fence)
        finally:
            agent.unlink()


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(one, marks=pytest.mark.hostile(one.number), id=f"{one.number}-{i}")
        for i, one in enumerate(COMMANDS)
    ],
)
async def test_a_command_is_held_back(place: Place, given: Input) -> None:
    assert FENCE.name != "none", FENCE.detail
    (place.home / "through").unlink(missing_ok=True)
    done = await attempt(place, given.command, fenced=True)
    assert FIRED not in done.output, done.output
    assert not (place.home / "through").exists()
    if given.bare:
        bare = await attempt(place, given.command, fenced=False)
        assert FIRED in bare.output, f"it does nothing without the Fence either: {bare.output}"


async def limited(
    folder: Path, command: str, groups: CommandGroups | None = None, **limits: int
) -> CommandResult:
    ample = CommandLimits(memory=4_000_000_000, processes=512, files=4_096, disk=5_000_000_000)
    fence = find_fence(readable=[Path(sys.prefix), Path(sys.base_prefix)])
    return await FencedShell(fence, ample._replace(**limits), groups=groups).run(
        command, cwd=folder, timeout=60, environment={}
    )


@pytest.mark.hostile(36)
async def test_a_fork_bomb_is_stopped(tmp_path: Path) -> None:
    done = await limited(tmp_path, "for n in $(seq 200); do sleep 60 & done; wait; echo FIRED", processes=60)
    assert "more than 60 processes" in done.output
    assert FIRED not in done.output


@pytest.mark.hostile(37)
@pytest.mark.parametrize("held", ["by the kernel, where it can", "by looking"])
async def test_a_memory_bomb_is_stopped(tmp_path: Path, held: str) -> None:
    groups = find_groups() if held.startswith("by the kernel") else None
    hungry = f"{sys.executable} -c 'import time; x = bytearray(300_000_000); time.sleep(60)'; echo FIRED"
    done = await limited(tmp_path, hungry, groups, memory=150_000_000)
    assert "more than 0.1 GB of memory" in done.output
    assert FIRED not in done.output


@pytest.mark.hostile(39)
async def test_a_flood_of_output_is_bounded(place: Place) -> None:
    done = await place.run("yes FLOOD | head -c 100000000")
    assert len(done.output) < 40_000
    assert done.truncated
    assert "bytes left out" in done.output


@pytest.mark.hostile(40)
async def test_what_holds_the_output_is_not_waited_for(place: Place) -> None:
    done = await place.run("sleep 600 & echo hi")
    assert (done.output, done.timed_out) == ("hi\n", False)


@pytest.mark.hostile(41)
@pytest.mark.parametrize("fenced", [True, False])
async def test_what_leaves_its_session_ends_with_the_command(place: Place, fenced: bool) -> None:
    leaves = (
        "setsid nohup sh -c 'echo here > pid; exec sleep 601' > /dev/null 2>&1 & until [ -s pid ]; do :; done"
    )
    fence = find_fence(hidden=[place.state]) if fenced else NoFence("the test compares.")
    await place.run(leaves, fence=fence)
    # The kernel takes a moment to end what is left of a namespace.
    assert all(ended(pid) for pid in _sleepers(b"601"))


DAEMON = """
import asyncio, sys
from pathlib import Path
from contextune.adapters.fence.choice import find_fence
from contextune.adapters.commands.shell import FencedShell
cwd = Path(sys.argv[1])
asyncio.run(FencedShell(find_fence()).run(sys.argv[2], cwd=cwd, timeout=600, environment={}))
"""


@pytest.mark.hostile(42)
def test_a_killed_daemon_leaves_no_orphan(place: Place) -> None:
    command = "setsid sleep 602 & echo x > here; sleep 602"
    daemon = subprocess.Popen([sys.executable, "-c", DAEMON, str(place.tree), command])
    while not (place.tree / "here").exists() or not _sleepers(b"602"):
        assert daemon.poll() is None
    sleepers = _sleepers(b"602")
    daemon.kill()
    daemon.wait()
    assert all(ended(pid) for pid in sleepers)


def _sleepers(seconds: bytes) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cmdline").read_bytes().startswith(b"sleep\x00" + seconds):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.mark.hostile(43)
async def test_who_waits_for_input_meets_its_end(place: Place) -> None:
    done = await place.run("read line; echo $?; cat; python3 -c 'input()' 2>&1 | tail -1")
    assert done.output.splitlines()[0] == "1"
    assert not done.timed_out


@pytest.mark.hostile(25)
async def test_a_key_in_output_is_masked(place: Place) -> None:
    key = "sk-ant-api03-" + "a1B2" * 20
    done = await place.run(f"echo key={key}; echo {key} >&2")
    assert key not in done.output
    assert "key=" in done.output


@pytest.mark.hostile(50)
async def test_variables_that_run_things_are_left_out(place: Place) -> None:
    script = place.tree / "evil.sh"
    script.write_text("echo FIRED\n")
    assert await asyncio.to_thread(_bash_with, {"BASH_ENV": str(script)}) == "FIRED\n"
    given = {
        "BASH_ENV": str(script),
        "ENV": str(script),
        "LD_PRELOAD": "/evil.so",
        "LD_LIBRARY_PATH": "/evil",
    }
    fence = find_fence(hidden=[place.state])
    done = await FencedShell(fence).run("env", cwd=place.tree, timeout=60, environment=given)
    assert FIRED not in done.output
    assert "evil" not in done.output


def _bash_with(environment: dict[str, str]) -> str:
    done = subprocess.run(["bash", "-c", "true"], env=environment, capture_output=True, text=True, check=True)
    return done.stdout

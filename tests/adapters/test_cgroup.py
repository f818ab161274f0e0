"""Limits that the kernel holds: each bomb goes beyond them without a group, and not with one."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import contextune
from contextune.adapters.commands import cgroup
from contextune.adapters.commands.cgroup import CgroupGroup, CgroupGroups, find_groups
from contextune.adapters.commands.cgroup_places import Place, find_places
from contextune.adapters.commands.command_limits import CommandLimits
from contextune.adapters.commands.shell import FencedShell
from contextune.adapters.fence import landlock
from contextune.adapters.fence.choice import Fence, NoFence, find_fence
from contextune.adapters.fence.landlock_fence import Landlock, unfit
from contextune.core.proof.evidence import CommandResult

AMPLE = CommandLimits(memory=4_000_000_000, processes=512, files=4_096, disk=5_000_000_000)
LITTLE = AMPLE._replace(memory=60_000_000)
FEW = AMPLE._replace(processes=12)
NOBODY = 65_534

MEMORY_BOMB = f"{sys.executable} -c 'x = bytearray(120_000_000); print(\"FIRED\")'; echo after"
FORKS = """
import os, signal
children = []
try:
    for _ in range({most}):
        child = os.fork()
        if not child:
            signal.pause()
        children.append(child)
except OSError:
    pass
print(len(children))
for child in children:
    os.kill(child, signal.SIGKILL)
"""
FORK_BOMB = """
import os, signal
while True:
    try:
        if not os.fork():
            signal.pause()
    except OSError:
        pass
"""


def python(source: str) -> str:
    return f"{sys.executable} -c '{source}'"


@pytest.fixture(scope="module")
def groups() -> CgroupGroups:
    found = find_groups()
    if found is None:
        pytest.skip("no cgroup can be made here by this user")
    return found


@pytest.fixture(params=["fenced", "landlock", "unfenced"])
def fence(request: pytest.FixtureRequest) -> Fence:
    if request.param == "unfenced":
        return NoFence("the test compares.")
    if request.param == "landlock":
        why = unfit(landlock.version())
        if why:
            pytest.skip(why)
        return Landlock(readable=[Path(sys.prefix), Path(sys.base_prefix)])
    found = find_fence(readable=[Path(sys.prefix), Path(sys.base_prefix)])
    if found.name == "none":
        pytest.skip(found.detail)
    return found


async def run(
    fence: Fence, groups: CgroupGroups | None, folder: Path, command: str, limits: CommandLimits = AMPLE
) -> CommandResult:
    shell = FencedShell(fence, limits, groups=groups)
    return await shell.run(command, cwd=folder, timeout=60, environment={})


def left(groups: CgroupGroups) -> list[Path]:
    """Folders of commands of this process."""
    names = f"contextune-{cgroup._owner(os.getpid())}-*"
    return [found for folder in groups._place.folders for found in folder.glob(names)]


async def kept(groups: CgroupGroups) -> list[Path]:
    """The same once all that is under way in threads is done; no command can be run after it."""
    await asyncio.get_running_loop().shutdown_default_executor()
    return left(groups)


def runs(pid: int) -> bool:
    """Whether a process is there and has not ended; one that nobody waited for has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_memory(fence: Fence, groups: CgroupGroups, tmp_path: Path) -> None:
    # As quick as this no look four times a second would be.
    assert (await run(fence, None, tmp_path, MEMORY_BOMB)).output.startswith("FIRED")
    done = await run(fence, groups, tmp_path, MEMORY_BOMB, LITTLE)
    assert done.output == "\n[stopped: It used more than 0.1 GB of memory.]\n"
    assert (done.exit_code, done.timed_out, await kept(groups)) == (137, False, [])


async def test_processes(fence: Fence, groups: CgroupGroups, tmp_path: Path) -> None:
    forks = python(FORKS.format(most=40)) + "; echo after"
    assert (await run(fence, None, tmp_path, forks)).output == "40\nafter\n"
    done = await run(fence, groups, tmp_path, forks, FEW)
    number, after, *said = done.output.split("\n", 2)
    assert (0 < int(number) < FEW.processes, after) == (True, "after")
    assert said == ["\n[refused: The system refused it more than 12 processes and threads at a time.]\n"]
    assert (done.exit_code, await kept(groups)) == (0, [])


async def test_a_fork_bomb_is_stopped(fence: Fence, groups: CgroupGroups, tmp_path: Path) -> None:
    done = await run(fence, groups, tmp_path, python(FORK_BOMB) + "; echo after", FEW)
    assert done.output == "\n[stopped: It had more than 12 processes and threads.]\n"
    assert (done.exit_code, done.timed_out, await kept(groups)) == (137, False, [])


async def test_what_stays_within_is_left_alone(fence: Fence, groups: CgroupGroups, tmp_path: Path) -> None:
    done = await run(fence, groups, tmp_path, "echo fine; (exit 3)")
    assert (done.exit_code, done.output, await kept(groups)) == (3, "fine\n", [])


async def test_what_outlives_a_command_is_killed(groups: CgroupGroups, tmp_path: Path) -> None:
    """Without a supervisor, so that it is the group that ends it."""
    # Told once it has a session of its own: before, it goes with the shell's.
    leaves = (
        "setsid sh -c 'echo $$ > left; exec sleep 600' & until [ -s left ]; do :; done; cat left; rm left"
    )
    nothing_else = NoFence("the test compares.", supervised=False)
    survivor = int((await run(nothing_else, None, tmp_path, leaves)).output)
    assert runs(survivor)
    os.kill(survivor, signal.SIGKILL)
    killed = int((await run(nothing_else, groups, tmp_path, leaves)).output)
    assert await kept(groups) == []
    assert not runs(killed)


async def test_a_cancelled_command_leaves_no_group(
    fence: Fence, groups: CgroupGroups, tmp_path: Path
) -> None:
    (tmp_path / "here").write_text("")
    os.mkfifo(tmp_path / "started")
    running = asyncio.ensure_future(run(fence, groups, tmp_path, "echo go > started; sleep 600"))
    await asyncio.to_thread((tmp_path / "started").read_text)
    assert left(groups) != []
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await kept(groups) == []


async def test_nothing_leaves_its_group_from_inside_a_fence(
    fence: Fence, groups: CgroupGroups, tmp_path: Path
) -> None:
    if fence.name == "none":
        pytest.skip("this is what a Fence is for")
    top = groups._place.pids
    leaves = f"echo 0 > {top}/cgroup.procs || echo held; mkdir {top}/escape || echo held"
    assert (await run(fence, groups, tmp_path, leaves)).output.count("held\n") == 2
    assert not (top / "escape").exists()


def test_what_a_dead_daemon_left_is_removed(groups: CgroupGroups) -> None:
    place = groups._place
    dead = f"contextune-{cgroup._namespace()}-{os.getpid()}-1-7"
    group = CgroupGroup(place, dead, AMPLE)
    group.make()
    stays = group.launch(["sh", "-c", "echo in; exec sleep 600"])
    with subprocess.Popen(stays, stdout=subprocess.PIPE, text=True) as left_over:
        assert left_over.stdout is not None
        assert left_over.stdout.readline() == "in\n"
        # Of another pid namespace, and of a daemon that lives: both stay.
        others = [CgroupGroup(place, f"contextune-1-{os.getpid()}-1-7", AMPLE), groups.group(AMPLE)]
        for other in others:
            other.make()
        assert find_groups([place]) is not None
        assert left_over.wait() == -signal.SIGKILL
    gone, *kept = [[path for path in one._folders if path.exists()] for one in (group, *others)]
    for other in others:
        other.remove()
    assert (gone, kept) == ([], [other._folders for other in others])


def test_a_group_that_could_not_be_made_ends_nothing_of_another(groups: CgroupGroups) -> None:
    one = groups.group(AMPLE)
    one.make()
    stays = one.launch(["sh", "-c", "echo in; exec sleep 600"])
    with subprocess.Popen(stays, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        same = CgroupGroup(groups._place, one._memory.name, AMPLE)
        with pytest.raises(FileExistsError):
            same.make()
        same.remove()
        assert process.poll() is None
        one.remove()
        assert process.wait() == -signal.SIGKILL


def test_no_two_groups_share_a_name(groups: CgroupGroups) -> None:
    other = CgroupGroups(groups._place)
    names = [one.group(AMPLE)._memory.name for one in (groups, other, groups, other)]
    assert len(set(names)) == 4


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a cgroup away")
def test_an_ordinary_user(groups: CgroupGroups) -> None:
    """As where a service manager gave a part of the hierarchy to the user."""
    python = shutil.which(f"python3.{sys.version_info.minor}", path="/usr/bin:/bin")
    if python is None:
        pytest.skip("an ordinary user can read no Python of this version")
    given = groups.group(AMPLE)
    given.make()
    try:
        for folder in given._folders:
            for path in (folder, folder / "cgroup.procs"):
                os.chown(path, NOBODY, NOBODY)
        place = Place(given._memory, given._pids, groups._place.unified)
        if place.unified:
            pytest.skip("a process of root's cgroup is moved by root alone")
        said = subprocess.run(
            [python, "-c", AS_USER.format(place=tuple(map(str, place[:2])), bomb=MEMORY_BOMB_ALONE)],
            env={"PYTHONPATH": str(Path(contextune.__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"},
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        given.remove()
    assert said.stderr == ""
    assert said.stdout == "bare 0\nin a group, True\nIt used more than 0.1 GB of memory.\n"


MEMORY_BOMB_ALONE = "x = bytearray(120_000_000)"
AS_USER = """
import subprocess, sys, threading
from pathlib import Path
from contextune.adapters.commands.cgroup import find_groups
from contextune.adapters.commands.cgroup_places import Place
from contextune.adapters.commands.command_limits import CommandLimits
bomb = [sys.executable, "-c", "{bomb}"]
print("bare", subprocess.run(bomb).returncode)
groups = find_groups([Place(*map(Path, {place}), False)])
group = groups.group(CommandLimits(memory=60_000_000, processes=12, files=9, disk=9))
group.make()
running = subprocess.Popen(group.launch(bomb))
while not group.passed() and running.poll() is None:
    pass
said = group.passed()
group.end()
print("in a group,", running.wait() != 0)
group.remove()
print(said)
"""


class TestVersion2:
    """In a folder that stands in for the hierarchy: what is written, and what is read of it."""

    @pytest.fixture
    def group(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CgroupGroup:
        monkeypatch.setattr(cgroup, "MOST_SECONDS", 0.0)
        group = CgroupGroups(Place(tmp_path, tmp_path, unified=True)).group(LITTLE._replace(processes=12))
        group.make()
        return group

    def test_limits(self, group: CgroupGroup) -> None:
        written = {file.name: file.read_text() for file in group._memory.iterdir()}
        assert written == {
            "memory.max": "60000000",
            "memory.swap.max": "0",
            "memory.oom.group": "1",
            "pids.max": "12",
        }

    def test_a_supervisor_is_not_killed_with_its_command(self, tmp_path: Path) -> None:
        group = CgroupGroups(Place(tmp_path, tmp_path, unified=True)).group(AMPLE, supervised=True)
        group.make()
        assert (group._memory / "memory.oom.group").read_text() == "0"

    def test_a_command_moves_itself_in(self, group: CgroupGroup) -> None:
        done = subprocess.run(group.launch(["echo", "a b", "$c"]), capture_output=True, text=True, check=True)
        assert done.stdout == "a b $c\n"
        assert (group._memory / "cgroup.procs").read_text() == "0\n"

    def test_a_command_that_cannot_is_not_started(self, tmp_path: Path) -> None:
        absent = CgroupGroups(Place(tmp_path, tmp_path, unified=True)).group(LITTLE._replace(processes=12))
        done = subprocess.run(absent.launch(["echo", "FIRED"]), capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (
            125,
            "The command could not be put under its limits, and was not started.\n",
        )

    @pytest.mark.parametrize(
        ("memory", "pids", "passed", "refused"),
        [
            ("oom 0\noom_kill 0\n", "max 0\n", "", False),
            ("oom 1\noom_kill 3\n", "max 0\n", "It used more than 0.1 GB of memory.", False),
            ("oom 0\noom_kill 3\n", "max 0\n", "The system was short of memory and ended it.", False),
            ("oom 0\noom_kill 0\n", "max 2\n", "", True),
            ("oom 0\noom_kill 0\n", "max 1000\n", "It had more than 12 processes and threads.", True),
        ],
    )
    def test_events(self, group: CgroupGroup, memory: str, pids: str, passed: str, refused: bool) -> None:
        (group._memory / "memory.events").write_text(memory)
        (group._pids / "pids.events").write_text(pids)
        assert (group.passed(), bool(group.refused())) == (passed, refused)

    def test_all_are_killed_at_once(self, group: CgroupGroup) -> None:
        kill = group._memory / "cgroup.kill"
        kill.touch()
        group.end()
        assert kill.read_text() == "1"

    def test_one_by_one_where_the_kernel_is_older(self, group: CgroupGroup) -> None:
        with subprocess.Popen(["sleep", "600"]) as sleeper:
            # 0 stands for a process of another pid namespace, and would mean ourselves.
            (group._memory / "cgroup.procs").write_text(f"0\n{sleeper.pid}\n")
            group.end()
            assert sleeper.wait() == -signal.SIGKILL


def test_places_are_looked_for_here() -> None:
    assert all(folder.is_dir() for place in find_places() for folder in place.folders)

"""What a command may use: reaching a limit is a sentence in its output."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from contextune.adapters.commands.command_limits import CommandLimits, used_by
from contextune.adapters.commands.shell import FencedShell
from contextune.adapters.fence.choice import Fence, NoFence, find_fence
from contextune.adapters.files import growth
from contextune.core.proof.evidence import CommandResult

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
AMPLE = CommandLimits(memory=4_000_000_000, processes=512, files=4_096, disk=5_000_000_000)


@pytest.fixture(params=["fenced", "unfenced"])
def fence(request: pytest.FixtureRequest) -> Fence:
    if request.param == "unfenced":
        return NoFence("the test compares.")
    found = find_fence(readable=[Path(sys.prefix), Path(sys.base_prefix)])
    if found.name == "none":
        pytest.skip(found.detail)
    return found


async def run(fence: Fence, folder: Path, command: str, **limits: int) -> CommandResult:
    shell = FencedShell(fence, AMPLE._replace(**limits))
    return await shell.run(command, cwd=folder, timeout=60, environment={})


async def test_memory(fence: Fence, tmp_path: Path) -> None:
    hungry = f"{sys.executable} -c 'import time; x = bytearray(300_000_000); time.sleep(60)'; echo after"
    done = await run(fence, tmp_path, hungry, memory=200_000_000)
    assert done.output == "\n[stopped: It used more than 0.2 GB of memory.]\n"
    assert (done.exit_code, done.timed_out) == (137, False)


async def test_processes(fence: Fence, tmp_path: Path) -> None:
    many = "for n in $(seq 40); do sleep 60 & done; wait"
    done = await run(fence, tmp_path, many, processes=20)
    assert done.output == "\n[stopped: It had more than 20 processes and threads.]\n"


async def test_many_files_that_fill_the_disk(fence: Fence, tmp_path: Path) -> None:
    # Goes on until it is stopped, and no further than 400 MB if nothing does.
    fills = "for n in $(seq 100); do head -c 4000000 /dev/zero > f$n; sleep 0.05; done; sleep 50; echo after"
    done = await run(fence, tmp_path, fills, disk=10_000_000)
    assert done.output == (
        "\n[stopped: Its files took more than the 0.01 GB that the setting task_disk allows.]\n"
    )
    assert (done.exit_code, done.timed_out) == (137, False)


async def test_one_file_that_fills_the_disk(fence: Fence, tmp_path: Path) -> None:
    done = await run(fence, tmp_path, "exec dd if=/dev/zero of=f bs=1M count=100 status=none", disk=1_000_000)
    assert (done.exit_code, (tmp_path / "f").stat().st_size <= 1_000_000) == (153, True)
    assert done.output.endswith("\n[stopped: A file of it grew larger than the setting task_disk allows.]\n")


async def test_a_disk_that_is_nearly_full(
    fence: Fence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = iter([growth.FLOOR, growth.FLOOR])
    monkeypatch.setattr(growth, "free", lambda _: next(free, growth.FLOOR - 1))
    done = await run(fence, tmp_path, "sleep 50; echo after")
    assert done.output == "\n[stopped: It left less than 200 MB free on the disk.]\n"


async def test_what_others_write_is_not_held_against_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = iter([10**12, 10**11])
    monkeypatch.setattr(growth, "free", lambda _: next(free))
    assert growth.GrowthWatch(tmp_path, 10_000_000).passed() == ""


async def test_a_broken_pipe_ends_a_program(fence: Fence, tmp_path: Path) -> None:
    done = await run(fence, tmp_path, "yes | head -n 1; echo ${PIPESTATUS[0]}")
    assert done.output == "y\n141\n"


async def test_open_files(fence: Fence, tmp_path: Path) -> None:
    done = await run(fence, tmp_path, "ulimit -n", files=100)
    assert done.output == "100\n"


async def test_what_stays_within_is_left_alone(fence: Fence, tmp_path: Path) -> None:
    done = await run(fence, tmp_path, "sleep 0.6; echo fine")
    assert (done.exit_code, done.output, done.command) == (0, "fine\n", "sleep 0.6; echo fine")


def test_what_is_gone_uses_nothing() -> None:
    assert used_by(2**22 + 1) == (0, (), 0)

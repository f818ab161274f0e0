"""What becomes of work when the machine that did it is gone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contextune.adapters.pool.choice import PoolChoice
from contextune.adapters.pool.ray_pool import RayPool
from contextune.adapters.pool.remote import RemotePool
from contextune.core.errors import PlaceProblem, WorkerLost
from contextune.core.ports import Repository, Shell
from contextune.core.proof.evidence import CommandResult
from contextune.core.workplaces import SetUp, Workplace
from contextune.engine.proof.gate import Gate
from tests.adapters.git_place import Place
from tests.adapters.pools.conftest import InProcess, rules


def at_work(workers: InProcess, place: Place, folder: Path, set_up: SetUp | None = None) -> Workplace:
    place.open().add_worktree(folder, "contextune/r/t1", "HEAD")
    return RemotePool(workers.choose, rules).workplace(folder, place.open(), set_up)


async def run(at: Workplace, worktree: Path, command: str) -> CommandResult:
    return await at.shell.run(command, cwd=worktree, timeout=60, environment={})


async def lost_meanwhile(workers: InProcess, at: Workplace, worktree: Path, command: str) -> Any:
    """What running a command raises whose worker is lost meanwhile."""
    running = asyncio.ensure_future(run(at, worktree, command))
    await asyncio.to_thread(workers.ran.acquire)
    workers.kill(workers.links[-1])
    return (await asyncio.gather(running, return_exceptions=True))[0]


async def test_a_command_whose_worker_is_lost_is_not_run_again_by_itself(
    workers: InProcess, place: Place, tmp_path: Path
) -> None:
    worktree = tmp_path / "t1"
    at = at_work(workers, place, worktree)
    await run(at, worktree, "echo kept > kept.txt")
    workers.ran.acquire()
    problem = await lost_meanwhile(workers, at, worktree, "echo lost > lost.txt; sleep 60")
    assert isinstance(problem, WorkerLost)
    assert "Whether that ran to its end is not known" in str(problem)
    # The next command goes on elsewhere, with the files as they were before.
    assert (await run(at, worktree, "cat kept.txt; ls lost.txt || true")).output.startswith("kept\n")
    assert len(workers.links) == 2
    assert not (worktree / "lost.txt").exists()


async def test_the_set_up_is_run_on_each_worker(workers: InProcess, place: Place, tmp_path: Path) -> None:
    worktree = tmp_path / "t1"
    set_up = SetUp("mkdir -p build && echo ready > build/ready", 60, {})
    at = at_work(workers, place, worktree, set_up)
    assert (await run(at, worktree, "cat build/ready")).output == "ready\n"
    workers.kill(workers.links[0])
    assert (await run(at, worktree, "cat build/ready")).output == "ready\n"


class Losing:
    """A shell whose machine is lost a number of times."""

    def __init__(self, times: int) -> None:
        self.left = times

    async def run(self, command: str, **_: Any) -> CommandResult:
        if self.left:
            self.left -= 1
            raise WorkerLost("It is gone.")
        return CommandResult(command=command, exit_code=0, output="1 passed", duration_ms=1)


async def judged(shell: Shell, place: Place) -> int:
    gate = Gate(place.open(), timeout=60)
    baseline = await gate.baseline("true", shell, cwd=place.root, tree="", environment={})
    return baseline.exit_code


async def test_the_gate_is_run_again_elsewhere(place: Place) -> None:
    assert await judged(Losing(2), place) == 0


async def test_a_gate_that_takes_every_machine_down_is_given_up(place: Place) -> None:
    with pytest.raises(WorkerLost):
        await judged(Losing(10), place)


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("contextune.adapters.pool.ray_pool.import_module", missing)
    monkeypatch.setenv("RAY_AUTH_TOKEN", "played")
    with pytest.raises(PlaceProblem, match=r"pip install 'contextune\[ray\]'"):
        RayPool("ray", tmp_path, rules)


def test_a_cluster_without_a_token_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    with pytest.raises(PlaceProblem, match="whoever reaches such a cluster runs commands on it"):
        RayPool("ray", tmp_path, rules)
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.delenv("RAY_AUTH_TOKEN_PATH", raising=False)
    with pytest.raises(PlaceProblem, match="no token for the Ray cluster"):
        RayPool("ray://127.0.0.1:1", tmp_path, rules)


async def test_where_only_this_machine_can_be_used_another_pool_is_refused() -> None:
    class Here:
        def workplace(self, worktree: Path, repository: Repository, set_up: SetUp | None) -> Workplace:
            raise NotImplementedError

    choice = PoolChoice(Here())
    with pytest.raises(PlaceProblem, match="ray://a:1"):
        choice.of("ray://a:1")
    await choice.close()

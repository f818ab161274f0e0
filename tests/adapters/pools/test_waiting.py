"""A command that waits for a processor of a worker says for how long: that counts for no time limit."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from contextune.adapters.pool.remote import RemotePool
from contextune.core.workplaces import Workplace
from tests.adapters.git_place import Place
from tests.adapters.pools.conftest import InProcess, rules


async def test_what_waits_for_a_worker_is_told_apart_from_what_runs(
    workers: InProcess, place: Place, tmp_path: Path
) -> None:
    link = await asyncio.to_thread(workers.begin)  # or each of two that look at once begins one
    pool = RemotePool(workers.choose, rules)
    repository = place.open()
    at: list[Workplace] = []
    for number in range(3):
        worktree = tmp_path / "worktrees" / f"t{number}"
        repository.add_worktree(worktree, f"contextune/r/t{number}", "HEAD")
        at.append(pool.workplace(worktree, repository, None))

    async def run(number: int, command: str) -> None:
        cwd = tmp_path / "worktrees" / f"t{number}"
        assert (await at[number].shell.run(command, cwd=cwd, timeout=60, environment={})).exit_code == 0

    # A worker of these tests runs two commands at a time.
    first = [asyncio.ensure_future(run(number, "sleep 60")) for number in (0, 1)]
    for _ in first:
        await asyncio.to_thread(workers.ran.acquire)
    last = asyncio.ensure_future(run(2, "true"))
    await asyncio.to_thread(workers.ran.acquire)
    await asyncio.to_thread(link.ask, "ping")
    began = time.monotonic()
    place.said("status")
    held = time.monotonic() - began
    for one in first:
        one.cancel()
    await last
    await asyncio.gather(*first, return_exceptions=True)
    assert at[2].waited >= held
    for workplace in at:
        await workplace.leave()

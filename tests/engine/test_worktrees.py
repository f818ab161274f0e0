"""Leases and what becomes of them: set-up, ports, listing and cleaning."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from contextune.core import events as ev
from contextune.core.errors import ContextuneError
from tests.engine.conftest import MakeDesk
from tests.engine.world import GATE, bash, edit, finish, plays, task, turn, waits_for, write

BROKEN = edit("calc/area.py", "return w * h", "return w + h + 10")
ONE_RUNG = f"""
gate = {GATE!r}
gate_retries = 0
ladder = [{{model = "claude-haiku-5-5", effort = "low"}}]
"""


async def test_a_lease_is_set_up_hydrated_and_has_a_port_of_its_own(desk: MakeDesk, tmp_path: Path) -> None:
    flag, log = tmp_path / "go on", tmp_path / "log"
    look = bash("echo $PORT $CONTEXTUNE_TASK; cat .env set-up-ran; pwd")
    here = await desk(
        plays("first work", turn(look), turn(waits_for(flag)), turn(write("a.txt", "a\n"), finish())),
        plays("second work", turn(look), turn(waits_for(flag)), turn(write("b.txt", "b\n"), finish())),
        settings=f"gate = {GATE!r}\nsetup = 'touch set-up-ran; echo $CONTEXTUNE_TASK $PWD >> {log}'\n",
    )
    here.place.write(".gitignore", "__pycache__/\n.env\nset-up-ran\n")
    here.place.write(".worktreeinclude", ".env\n")
    here.place.write(".env", "MODE=test\n")
    await here.start(task("first work"), task("second work"))
    await asyncio.gather(
        *(here.event(ev.MessageAdded, task_id=task_id, turn=2) for task_id in ("first", "second"))
    )
    run = await here.until(lambda run: all(t.port is not None for t in run.tasks))
    ports = {t.port for t in run.tasks}
    assert len(ports) == 2
    for port in ports:
        # Held so that no other Lease gets it, and yet free for a program that the Task starts.
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", port or 0))
            server.listen()
    said = await here.app.transcript(run.id, "first")
    assert f"{run.task('first').port} first\nMODE=test\n{run.task('first').worktree}" in said
    set_up = sorted(line.split()[0] for line in log.read_text().splitlines())
    assert set_up == ["base", "first", "second"]
    flag.touch()
    done = await here.wait(run.id)
    assert done.state == "review"
    # Worktrees stand outside the user's folder.
    assert all(not Path(t.worktree or "/").is_relative_to(here.place.root) for t in done.tasks)
    assert [change.path for change in done.changes] == ["a.txt", "b.txt"]


async def test_a_set_up_that_fails_is_told_and_leaves_nothing(desk: MakeDesk) -> None:
    here = await desk(settings=f"gate = {GATE!r}\nsetup = 'echo no compiler; exit 2'\n")
    refs = here.refs()
    with pytest.raises(ContextuneError, match=r"set-up command .* failed with exit code 2: no compiler"):
        await here.quote(task("any work"))
    assert here.refs() == refs
    assert not list((here.home / "worktrees").glob("*/*/*"))


async def test_a_set_up_that_failed_is_run_again(desk: MakeDesk, tmp_path: Path) -> None:
    mended, log = tmp_path / "mended", tmp_path / "log"
    set_up = f"[ $CONTEXTUNE_TASK != good ] || {{ echo x >> {log}; [ -e {mended} ]; }}"
    here = await desk(
        plays("good work", turn(write("good.txt", "good\n"), finish())),
        settings=f"gate = {GATE!r}\nsetup = {set_up!r}\n",
    )
    failed = await here.finish(task("good work"))
    assert failed.tasks[0].state == "failed"
    assert "set-up command" in failed.tasks[0].reason
    mended.touch()
    await here.app.retry_task(failed.id, "good")
    assert (await here.wait(failed.id)).state == "review"
    assert log.read_text() == "x\nx\n"


async def test_worktrees_are_listed_and_cleaned_once_nobody_needs_them(desk: MakeDesk) -> None:
    here = await desk(
        plays("red work", turn(BROKEN, write("scratch.txt", "half\n"), finish())),
        plays("good work", turn(write("good.txt", "good\n"), finish())),
        settings=ONE_RUNG,
    )
    failed = await here.finish(task("red work"))
    waiting = await here.finish(task("good work"))
    listed = {tree.task_id: tree for tree in (await here.app.desk.overview(here.place.root)).worktrees}
    assert set(listed) == {"red", "good", "ghost"}
    red, good = listed["red"], listed["good"]
    assert (red.run_id, red.dirty, red.in_use, red.removable) == (failed.id, True, False, True)
    assert (good.run_id, good.dirty, good.in_use, good.removable) == (waiting.id, False, True, False)
    assert red.branch == f"contextune/{failed.id}/red"
    assert red.size_bytes > 100

    removable, kept = await here.app.desk.clean(here.place.root, dry_run=True)
    assert ([tree.task_id for tree in removable], kept) == (["red"], [])
    assert Path(red.path).is_dir()

    before = here.place.state()
    removed, kept = await here.app.desk.clean(here.place.root, dry_run=False)
    assert [tree.task_id for tree in removed] == ["red"]
    assert not Path(red.path).exists()
    assert Path(good.path).is_dir()
    assert kept == [f"refs/contextune/salvage/{failed.id}/red"]
    assert here.file(kept[0], "scratch.txt") == "half\n"
    assert "w + h + 10" in here.file(kept[0], "calc/area.py")
    assert here.place.state() == before
    told = (await here.app.run(failed.id)).tasks[0]
    assert (told.worktree, told.salvage) == (None, kept[0])
    assert await here.app.desk.clean(here.place.root, dry_run=False) == ([], [])


async def test_a_task_whose_worktree_was_cleaned_can_be_done_again(desk: MakeDesk) -> None:
    here = await desk(
        plays("red work", turn(BROKEN, finish())),
        settings=ONE_RUNG,
    )
    failed = await here.finish(task("red work"))
    await here.app.desk.clean(here.place.root, dry_run=False)
    await here.app.retry_task(failed.id, "red")
    again = await here.wait(failed.id)
    assert [a.outcome for a in again.tasks[0].attempts] == ["red", "red"]
    assert again.tasks[0].worktree is not None


async def test_where_there_are_no_runs_there_is_nothing_to_list(desk: MakeDesk) -> None:
    here = await desk()
    assert (await here.app.desk.overview(here.place.root)).worktrees == ()
    assert (await here.app.desk.overview(None)).worktrees == ()

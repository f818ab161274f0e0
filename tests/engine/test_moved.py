"""A repository is moved, or copied, while it has Runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from contextune.core.errors import PlaceProblem
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.engine.application import Application
from contextune.engine.worktrees.leases import worktrees_folder
from tests.adapters.git_place import Place
from tests.engine.conftest import MakeDesk
from tests.engine.test_resume import killed
from tests.engine.world import Desk, finish, new_repository, plays, turn, write

IN_FLIGHT = ["RequestReserved second"] * 2


async def half_done(desk: MakeDesk) -> tuple[Desk, Run]:
    """A Run whose process was killed while the second reply of its agent was on its way."""
    here = await desk(
        plays(
            "second file",
            turn(write("calc/second.py", "SECOND = 2\n")),
            turn(finish("Second."), fault={"kind": "slow", "delay_ms": 3_000}),
        ),
        unplayed=True,
    )
    return here, await killed(here, IN_FLIGHT, "second file")


async def other(here: Desk) -> Application:
    """What a process is that is started after the repository was moved."""
    await here.app.close()
    here.app = here.open()
    return here.app


def moved(here: Desk, name: str = "elsewhere") -> Path:
    new = here.place.root.with_name(name)
    here.place.root.rename(new)
    return new


async def test_a_run_goes_on_where_its_repository_was_moved_to(desk: MakeDesk) -> None:
    here, left = await half_done(desk)
    old = here.place.root
    new = moved(here)
    app = await other(here)
    (run,) = await app.runs(new)
    assert (run.repository, run.origin, run.state) == (str(new), str(old), "running")
    await app.resume(run.id)
    done = await here.wait(run.id)
    assert (done.state, done.joined) == ("review", ("second",))
    # The agent went on in its own worktree, with what it had written before.
    assert [(a.outcome, a.turns) for a in done.task("second").attempts] == [("green", 2)]
    assert done.task("second").worktree == left.task("second").worktree
    accepted = await app.accept(run.id, "merge")
    assert accepted.state == "accepted"
    assert (new / "calc/second.py").read_text() == "SECOND = 2\n"
    assert not old.exists()
    assert not list((here.home / "worktrees").glob("*/*/*"))
    # What it cost is told of where the repository is now.
    entries = await here.journal.ledger(repository=str(new))
    assert {entry.stream for entry in entries} == {run.id}
    assert await here.journal.ledger(repository=str(old)) == []


async def test_a_run_can_be_moved_twice(desk: MakeDesk) -> None:
    here, left = await half_done(desk)
    first = moved(here)
    await (await other(here)).runs(first)
    second = first.rename(first.with_name("further"))
    app = await other(here)
    assert [run.repository for run in await app.runs(second)] == [str(second)]
    told = [event async for event in app.events(left.id) if isinstance(event, ev.RunMoved)]
    assert [event.repository for event in told] == [str(first), str(second)]
    await app.resume(left.id)
    assert (await here.wait(left.id)).state == "review"


async def test_a_copy_takes_no_run_from_the_repository_that_it_was_made_of(desk: MakeDesk) -> None:
    here, left = await half_done(desk)
    copy = here.place.root.with_name("copy")
    shutil.copytree(here.place.root, copy, symlinks=True)
    app = await other(here)
    assert await app.runs(copy) == []
    # Nor does it later, when the first one is gone.
    gone = here.place.root.rename(here.place.root.with_name("gone"))
    app = await other(here)
    assert await app.runs(copy) == []
    assert [run.id for run in await app.runs(gone)] == [left.id]
    await app.resume(left.id)
    assert (await here.wait(left.id)).state == "review"


async def test_a_run_whose_repository_is_gone_says_so(desk: MakeDesk) -> None:
    here, left = await half_done(desk)
    old = here.place.root
    new = moved(here)
    app = await other(here)
    with pytest.raises(PlaceProblem, match=r"is not there. If it was moved, open it where it is now"):
        await app.resume(left.id)
    # Another repository in its place is not taken for it.
    new_repository(old)
    with pytest.raises(PlaceProblem, match="Another repository stands at"):
        await app.resume(left.id)
    assert [run.id for run in await app.runs(new)] == [left.id]
    assert await app.runs(old) == []


async def test_worktrees_of_a_moved_run_are_listed_and_cleaned(desk: MakeDesk) -> None:
    here, left = await half_done(desk)
    new = moved(here)
    app = await other(here)
    await app.runs(new)
    trees = (await app.desk.overview(new)).worktrees
    # Beside that of its Task, the one in which its result would be tested may have been made ahead.
    assert {tree.task_id for tree in trees} | {"ghost"} == {"second", "ghost"}
    assert {(tree.run_id, tree.in_use, tree.findings) for tree in trees} == {(left.id, True, ())}
    await app.cancel(left.id)
    removed, kept = await app.desk.clean(new, dry_run=False)
    assert {one.path for one in removed} == {tree.path for tree in trees}
    assert kept == [f"refs/contextune/salvage/{left.id}/second"]
    assert Place(new).git("show", f"{kept[0]}:calc/second.py") == b"SECOND = 2\n"
    assert not worktrees_folder(here.home, here.place.root).joinpath(left.id).exists()

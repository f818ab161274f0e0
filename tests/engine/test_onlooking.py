"""The user's checkout is looked at before and after each Task."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.core.worktrees.checkout_look import CheckoutLook, look_text
from tests.engine.conftest import MakeDesk
from tests.engine.world import bash, finish, plays, task, turn, until, write

DONE = turn(write("calc/first.py", "FIRST = 1\n"), finish("First."))


async def test_a_run_leaves_the_checkout_as_it_was(desk: MakeDesk) -> None:
    here = await desk(plays("first file", DONE))
    here.place.write("notes.txt", "untracked\n")
    run = await here.finish(task("first file"))
    first = run.task("first")
    assert first.checkout_before is not None
    assert first.checkout_before == first.checkout_after
    assert first.checkout_changed == ()
    assert here.place.said("ls-tree", "--name-only", first.checkout_before.tree, "notes.txt") == "notes.txt"


@pytest.mark.parametrize("what", ["file", "index", "HEAD", "config", "hooks"])
async def test_what_someone_changed_meanwhile_is_named(desk: MakeDesk, tmp_path: Path, what: str) -> None:
    here = await desk(plays("first file", turn(bash(until(flag := tmp_path / "go on"))), DONE))
    run = await here.start(task("first file"))
    await here.until(lambda run: run.tasks[0].checkout_before is not None and run.tasks[0].state == "working")
    root = here.place.root
    match what:
        case "file":
            here.place.write("mine.txt", "mine\n")
        case "index":
            here.place.git("update-index", "--chmod=+x", "calc/area.py")
        case "HEAD":
            here.place.git("checkout", "-q", "-b", "elsewhere")
        case "config":
            here.place.git("config", "user.name", "Somebody")
        case _:
            (root / ".git" / "hooks").mkdir(exist_ok=True)
            (root / ".git" / "hooks" / "pre-commit").write_text("#!/bin/sh\n")
    flag.touch()
    done = await here.wait(run.id)
    wanted = {"file": ("mine.txt",), "index": ("calc/area.py", "index")}.get(what, (what,))
    assert set(done.task("first").checkout_changed) >= set(wanted[-1:])
    assert set(done.task("first").checkout_changed) <= set(wanted)


async def test_a_look_of_git_at_the_files_is_no_change(desk: MakeDesk, tmp_path: Path) -> None:
    here = await desk(plays("first file", turn(bash(until(flag := tmp_path / "go on"))), DONE))
    run = await here.start(task("first file"))
    await here.until(lambda run: run.tasks[0].checkout_before is not None and run.tasks[0].state == "working")
    (here.place.root / "calc" / "area.py").touch()
    here.place.git("update-index", "-q", "--refresh")
    flag.touch()
    assert (await here.wait(run.id)).task("first").checkout_changed == ()


def test_it_is_told_in_a_sentence() -> None:
    one, two = CheckoutLook(tree="1a2b3c4d55", parts={}), CheckoutLook(tree="ffffffff55", parts={})
    assert look_text(one, None, ()) == "Your checkout: 1a2b3c4d before"
    assert look_text(one, one, ()) == "Your checkout: 1a2b3c4d before, 1a2b3c4d after: equal"
    changed = ("a.py", "b.py", "c.py", "d.py")
    assert look_text(one, two, changed) == (
        "Your checkout: 1a2b3c4d before, ffffffff after; changed meanwhile: a.py, b.py, c.py and 1 more"
    )

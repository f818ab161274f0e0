"""Leases and what becomes of them: set-up, ports, listing and cleaning."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
from pathlib import Path

import pytest

from contextune.adapters.git.repository import open_repository
from contextune.agents.worktree_manager import Puzzle
from contextune.core.errors import ContextuneError, PlaceProblem, UsageProblem
from contextune.core.runs import events as ev
from contextune.core.worktrees.worktree import Finding
from contextune.engine.desk.worktree_advice import puzzles
from tests.adapters.git_place import Place
from tests.adapters.test_salvage import seen
from tests.engine.conftest import MakeDesk
from tests.engine.told import transcript
from tests.engine.world import GATE, Desk, bash, edit, finish, plays, task, turn, waits_for, write

BROKEN = edit("calc/area.py", "return w * h", "return w + h + 10")
BIG = "head -c 40000 /dev/zero > big.bin"
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
    said = await transcript(here.app, run.id, "first")
    assert f"{run.task('first').port} first\n    MODE=test\n    {run.task('first').worktree}" in said
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
    # Nobody should have worked in it yet; somebody did.
    (worktree(here, failed.id, "good") / "notes.txt").write_text("a person's\n")
    mended.touch()
    await here.app.retrying.retry(failed.id, "good")
    assert (await here.wait(failed.id)).state == "review"
    assert log.read_text() == "x\nx\n"
    assert not (worktree(here, failed.id, "good") / "notes.txt").exists()
    assert here.file(f"refs/contextune/salvage/{failed.id}/good", "notes.txt") == "a person's\n"


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
    assert (red.stays, good.stays) == (False, True)
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
    await here.app.retrying.retry(failed.id, "red")
    again = await here.wait(failed.id)
    assert [a.outcome for a in again.tasks[0].attempts] == ["red", "red"]
    assert again.tasks[0].worktree is not None


async def test_where_there_are_no_runs_there_is_nothing_to_list(desk: MakeDesk) -> None:
    here = await desk()
    assert (await here.app.desk.overview(here.place.root)).worktrees == ()
    assert (await here.app.desk.overview(None)).worktrees == ()


def worktree(here: Desk, run_id: str, name: str) -> Path:
    (folder,) = (here.home / "worktrees").iterdir()
    return folder / run_id / name


async def test_a_restored_salvage_is_as_the_agent_left_it(desk: MakeDesk) -> None:
    here = await desk(
        plays("red work", turn(BROKEN, write("scratch.txt", "half\n"), finish())), settings=ONE_RUNG
    )
    failed = await here.finish(task("red work"))
    path = worktree(here, failed.id, "red")
    left = seen(path)
    await here.app.desk.clean(here.place.root, dry_run=False)
    before, refs = here.place.state(), set(here.refs())
    (kept,) = [one for one in (await here.app.desk.salvages(here.place.root))[0] if one.name == "red"]
    assert (kept.run_id, kept.paths) == (failed.id, ("calc/area.py", "scratch.txt"))
    done = await here.app.desk.restore(here.place.root, "red")
    assert seen(Path(done.path)) == left
    assert set(here.refs()) - refs == {f"refs/heads/{done.branch}"}
    assert here.place.state() == before
    # It is the user's now: no clean-up takes it, but by name.
    assert await here.app.desk.clean(here.place.root, dry_run=False) == ([], [])
    again = await here.app.desk.restore(here.place.root, f"{failed.id}/red")
    assert again.path != done.path
    removed, refs_kept = await here.app.desk.clean(here.place.root, dry_run=False, names=[done.path])
    assert ([tree.path for tree in removed], len(refs_kept)) == ([done.path], 1)
    with pytest.raises(UsageProblem, match="No Salvage is called 'nothing'"):
        await here.app.desk.restore(None, "nothing")


async def test_salvages_go_only_when_the_user_says_so(desk: MakeDesk) -> None:
    here = await desk(plays("red work", turn(BROKEN, finish())), settings=ONE_RUNG)
    failed = await here.finish(task("red work"))
    _, (ref,) = await here.app.desk.clean(None, dry_run=False)
    assert await here.app.desk.drop_salvages(None, older_ms=3_600_000, dry_run=False) == []
    going = await here.app.desk.drop_salvages(None, older_ms=-2_000, dry_run=True)
    assert [one.ref for one in going] == [ref]
    assert ref in here.refs()
    await here.app.desk.drop_salvages(None, older_ms=-2_000, dry_run=False)
    assert ref not in here.refs()
    assert failed.state == "failed"


async def test_no_gc_takes_what_the_journal_names(desk: MakeDesk) -> None:
    red, green = turn(BROKEN, finish()), turn(write("good.txt", "good\n"), finish())
    here = await desk(plays("red work", red), plays("good work", green), settings=ONE_RUNG)
    runs = [await here.finish(task("red work")), await here.finish(task("good work"))]
    here.place.git("gc", "--quiet", "--prune=now")
    for run in runs:
        (attempt,) = run.tasks[0].attempts
        trees = {attempt.tree, attempt.evidence.tree} if attempt.evidence else set()
        assert trees
        for tree in trees:
            assert here.place.said("cat-file", "-t", tree) == "tree"
    # They go with the last Salvage of their Run.
    await here.app.desk.clean(None, dry_run=False)
    await here.app.desk.drop_salvages(None, older_ms=-2_000, dry_run=False)
    (left,) = here.refs("refs/contextune/attempts")
    assert left == f"refs/contextune/attempts/{runs[1].id}/good/1"


async def test_a_worktree_in_which_a_process_works_stays(desk: MakeDesk) -> None:
    here = await desk(plays("red work", turn(BROKEN, finish())), settings=ONE_RUNG)
    failed = await here.finish(task("red work"))
    path = worktree(here, failed.id, "red")
    terminal = await asyncio.create_subprocess_exec("sleep", "60", cwd=path / "calc")
    try:
        (tree,) = (await here.app.desk.overview(here.place.root)).worktrees
        assert [found.kind for found in tree.findings] == ["in_use"]
        assert tree.stays
        assert tree.findings[0].text == f"A process works in it: sleep ({terminal.pid})."
        assert await here.app.desk.clean(here.place.root, dry_run=False) == ([], [])
        with pytest.raises(UsageProblem, match=r"stays: A process works in it: sleep .* close the terminal"):
            await here.app.desk.clean(here.place.root, dry_run=False, names=["red"])
        assert path.is_dir()
    finally:
        terminal.kill()
        await terminal.wait()
    removed, _ = await here.app.desk.clean(here.place.root, dry_run=False)
    assert [one.path for one in removed] == [str(path)]


async def test_harm_is_diagnosed_told_and_mended(desk: MakeDesk) -> None:
    here = await desk(
        plays("red work", turn(BROKEN, finish())),
        plays("good work", turn(write("good.txt", "good\n"), finish())),
        settings=ONE_RUNG,
    )
    failed = await here.finish(task("red work"))
    waiting = await here.finish(task("good work"))
    red, good = worktree(here, failed.id, "red"), worktree(here, waiting.id, "good")
    tip = here.place.said("rev-parse", f"contextune/{failed.id}/red")
    (good / ".git").unlink()
    for path in red.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    red.rmdir()
    before = here.place.state()
    told = await here.app.desk.mend(here.place.root, dry_run=True)
    assert [(one.finding.kind, one.done) for one in told] == [("pointer", False), ("folder_missing", False)]
    assert not (good / ".git").exists()
    mended = await here.app.desk.mend(here.place.root, dry_run=False)
    assert [(one.finding.kind, one.done) for one in mended] == [("pointer", True), ("folder_missing", True)]
    assert Place(good).said("symbolic-ref", "HEAD") == f"refs/heads/contextune/{waiting.id}/good"
    assert here.place.state() == before
    assert await here.app.desk.mend(here.place.root, dry_run=False) == []
    # A branch of a Run that is over goes with its Salvage; that of a Run in review stays.
    assert f"refs/heads/contextune/{failed.id}/red" not in here.refs()
    assert f"refs/heads/contextune/{waiting.id}/good" in here.refs()
    assert here.place.said("cat-file", "-t", tip) == "commit"
    checks = {check.name: check for check in await here.app.doctor(here.place.root)}
    assert checks["Worktrees"].state == "ok"
    assert " of 20.0 GB" in checks["Worktrees"].detail


async def test_beyond_the_bound_the_oldest_that_nobody_needs_go_first(desk: MakeDesk) -> None:
    here = await desk(
        plays("red work", turn(BROKEN, bash(BIG), finish())),
        plays("rod work", turn(BROKEN, finish())),
        plays("good work", turn(write("good.txt", "good\n"), finish())),
        settings=ONE_RUNG,
    )
    red = await here.finish(task("red work"))
    rod = await here.finish(task("rod work"))
    here.set_up(ONE_RUNG + "worktree_disk = 30000\n")
    good = await here.finish(task("good work"))
    assert good.state == "review"
    notes = "\n".join((await here.app.run(good.id)).notes)
    assert f"{red.id}/red was given back. Its work is kept in refs/contextune/salvage/{red.id}/red." in notes
    assert not worktree(here, red.id, "red").exists()
    assert (await here.app.run(red.id)).tasks[0].salvage == f"refs/contextune/salvage/{red.id}/red"
    assert here.file(f"refs/contextune/salvage/{red.id}/red", "big.bin") == "\0" * 40_000
    # What waits for review is needed, whatever it takes.
    assert worktree(here, good.id, "good").is_dir()
    assert rod.id not in notes or "rod" in notes


async def test_where_those_in_use_alone_take_too_much_nothing_is_begun(desk: MakeDesk) -> None:
    here = await desk(
        plays("good work", turn(bash(BIG), finish())),
        settings=ONE_RUNG,
    )
    await here.finish(task("good work"))
    here.set_up(ONE_RUNG + "worktree_disk = 30000\n")
    here.place.write("more.txt", "another base\n")
    with pytest.raises(PlaceProblem, match=r"in use take .*; the setting `worktree_disk` allows 30 kB"):
        await here.quote(task("more work"))


async def test_what_has_no_name_goes_to_the_worktree_manager(desk: MakeDesk) -> None:
    said = {"opinions": [{"number": 1, "explanation": "Its branch was deleted.", "repair": "remove"}]}
    here = await desk(
        plays("red work", turn(BROKEN, write("scratch.txt", "half\n"), finish())),
        {
            "name": "manager",
            "when": {"system": "You are the worktree-manager", "user": ["git cannot read it"]},
            "turn": [{"text": json.dumps(said)}],
        },
        settings=ONE_RUNG,
    )
    failed = await here.finish(task("red work"))
    path = worktree(here, failed.id, "red")
    here.place.git("update-ref", "-d", f"refs/heads/contextune/{failed.id}/red")
    asked = puzzles(await here.app.desk.overview(None))
    assert [(one.finding.kind, one.repairs) for one in asked] == [("unknown", ("relink", "remove"))]
    assert (here.app.advice.price(asked) or 0) > 0
    (advice,) = await here.app.advice.ask(here.place.root, asked)
    assert (advice.explanation, advice.repair, advice.question) == ("Its branch was deleted.", "remove", "")
    assert path.is_dir()
    (entry,) = [one for one in await here.journal.ledger() if one.role == "worktree-manager"]
    assert (entry.stream.startswith("plan_w_"), entry.settled) == (True, True)
    done = await here.app.desk.repair_named(advice.finding, "remove")
    assert done.done
    assert here.file(f"refs/contextune/salvage/{failed.id}/red", "scratch.txt") == "half\n"
    assert not path.exists()


async def test_a_repair_that_was_not_offered_is_not_done(desk: MakeDesk) -> None:
    said = {"opinions": [{"number": 1, "explanation": "x", "repair": "remove"}]}
    manager = {"system": "You are the worktree-manager"}
    here = await desk(
        {"name": "one", "when": {**manager, "user": ["/one"]}, "turn": [{"text": json.dumps(said)}]},
    )

    def puzzle(place: str) -> Puzzle:
        finding = Finding(kind="unknown", place=place, text="git cannot read it: x")
        return Puzzle(finding=finding, worktree=None, repairs=("relink",))

    (advice,) = await here.app.advice.ask(here.place.root, [puzzle("/one")])
    assert advice.repair is None


async def test_the_worktree_of_a_quote_that_was_cut_off(desk: MakeDesk) -> None:
    here = await desk(plays("good work", turn(write("good.txt", "good\n"), finish())))
    await here.finish(task("good work"))
    left = worktree(here, "r_dead", "base")
    repository = open_repository(here.place.root)
    repository.add_worktree(left, "contextune/r_dead/base", "HEAD")
    found = {tree.path: tree for tree in (await here.app.desk.overview(None)).worktrees}[str(left)]
    assert [(one.kind, one.repair) for one in found.findings] == [("orphan", None)]
    assert not found.removable
    entry = here.place.root / ".git" / "worktrees" / "base"
    for name in ("index", "HEAD", "gitdir"):
        os.utime(entry / name, (1, 1))
    (mended,) = await here.app.desk.mend(None, dry_run=False)
    assert (mended.done, mended.text) == (True, "Removed; it held no work.")
    assert not left.parent.exists()
    assert "refs/heads/contextune/r_dead/base" not in here.refs()


async def test_an_accepted_run_leaves_no_salvage_of_what_was_merged(desk: MakeDesk) -> None:
    here = await desk(plays("good work", turn(write("good.txt", "good\n"), finish())))
    run = await here.finish(task("good work"))
    await here.app.accept(run.id, "merge")
    kept = {one.ref: one for one in (await here.app.desk.salvages(None))[0]}
    assert all(one.files == 0 for one in kept.values())
    assert not list((here.home / "worktrees").glob("*/*/*"))
    assert not list((here.home / "worktrees").glob("*/*"))

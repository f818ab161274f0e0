"""Accept where the user's branch moved meanwhile: the result is put on top of it, tested, and told."""

from __future__ import annotations

import pytest

from contextune.core.errors import MergeRefused, UsageProblem
from contextune.core.runs import events as ev
from contextune.core.runs.effects import AcceptRefused, AcceptStarted, GhostRebuilt
from contextune.core.runs.endings import RunUndone
from contextune.core.runs.run import Run
from tests.engine.conftest import MakeDesk
from tests.engine.test_accept import FIRST, SECOND
from tests.engine.world import AREA, Desk, finish, plays, task, turn, write

POLITE = 'def greet(name):\n    return "Dear " + name\n'
THIRD = plays("third file", turn(write("calc/third.py", "from calc.second import SECOND\n"), finish()))


async def reviewed(here: Desk) -> Run:
    return await here.finish(task(AREA, "calc/area.py"), task("second file"))


def gates(here: Desk) -> int:
    return len(here.told(ev.GateFinished, task_id=None))


async def test_the_result_is_put_on_top_of_it_tested_and_told(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    here.place.write("calc/names.py", POLITE)
    own = here.place.commit("politer")
    here.place.write("notes.txt", "mine\n")
    done = await here.app.accept(run.id, "merge")
    (rebuilt,) = here.told(GhostRebuilt)
    assert isinstance(rebuilt, GhostRebuilt)
    assert [placed.task_id for placed in rebuilt.placed] == list(run.joined)
    assert rebuilt.evidence is not None
    assert (rebuilt.evidence.verdict, rebuilt.evidence.reused) == ("green", False)
    assert "Dear" in here.file(rebuilt.ghost, "calc/names.py")
    assert (done.state, done.base.head) == ("accepted", own)
    assert all(held.is_whole for held in done.held)
    assert done.notes[-1].startswith(f"main is at {own[:10]}, not at {run.base.head[:10]}")
    assert "1 file differs." in done.notes[-1]
    assert "The Gate is green on that." in done.notes[-1]
    subjects = here.place.said("log", "--format=%s", f"{own}..main").splitlines()
    assert sorted(subjects) == sorted([AREA, "second file"])
    assert here.place.said("log", "-1", "--format=%H", "main@{1}") == own
    assert here.place.said("status", "--porcelain") == "?? notes.txt"
    await here.app.undo(run.id)
    assert here.place.said("rev-parse", "HEAD") == own
    assert here.place.read("notes.txt") == "mine\n"


async def test_a_task_that_cannot_be_merged_with_it_is_named_and_can_be_left_out(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    here.place.write("calc/area.py", "def area(w, h):\n    return abs(w * h)\n")
    own = here.place.commit("my own way")
    state, refs = here.place.state(), here.refs()
    with pytest.raises(MergeRefused, match=r"main has moved .* Task refuse .* calc/area\.py") as refused:
        await here.app.accept(run.id, "merge")
    assert f"contextune accept {run.id} --without refuse" in str(refused.value)
    assert (here.place.state(), here.refs()) == (state, refs)
    left = await here.app.run(run.id)
    assert (left.state, left.accepting, left.base) == ("review", None, run.base)
    done = await here.app.accept(run.id, "merge", without=["refuse"])
    assert done.state == "accepted"
    assert done.joined == ("second",)
    assert (done.task("refuse").state, done.task("refuse").joined) == ("cancelled", None)
    assert here.place.said("log", "--format=%s", f"{own}..main") == "second file"
    assert "abs" in here.place.read("calc/area.py")


async def test_a_task_that_turns_the_gate_red_there_is_named(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    # Merges without conflict, and fails with what the second Task brought.
    here.place.write(
        "tests/test_second.py",
        "import os\nimport unittest\n\n\nclass TestSecond(unittest.TestCase):\n"
        "    def test_none(self):\n        self.assertFalse(os.path.exists('calc/second.py'))\n",
    )
    here.place.commit("no second file, please")
    state = here.place.state()
    with pytest.raises(MergeRefused, match=r"Task second .* turns the Gate red there: .*test_none"):
        await here.app.accept(run.id, "merge")
    assert here.place.state() == state
    left = await here.app.run(run.id)
    assert (left.state, left.ghost) == ("review", run.ghost)
    assert here.place.said("rev-parse", f"contextune/{run.id}/ghost") == run.ghost
    done = await here.app.accept(run.id, "merge", without=["second"])
    assert (done.state, done.joined) == ("accepted", ("refuse",))


async def test_what_fails_there_by_itself_is_no_fault_of_the_run(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    here.place.write(
        "tests/test_red.py",
        "import unittest\n\n\nclass TestRed(unittest.TestCase):\n"
        "    def test_red(self):\n        self.fail('my own')\n",
    )
    here.place.commit("red by my own fault")
    done = await here.app.accept(run.id, "merge")
    assert done.state == "accepted"
    assert done.baseline is not None
    assert ["test_red" in name for name in done.baseline.failing] == [True]


async def test_a_task_is_left_out_where_nothing_moved(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    done = await here.app.accept(run.id, "merge", without=["refuse"])
    assert (done.state, done.joined) == ("accepted", ("second",))
    assert [change.path for change in done.changes] == ["calc/second.py"]
    assert "TODO" in here.place.read("calc/area.py")


async def test_what_cannot_be_left_out(desk: MakeDesk) -> None:
    here = await desk(SECOND, THIRD)
    run = await here.finish(task("second file"), task("third file", after=["second"]))
    for without, words in (
        (["nobody"], "no Task called nobody"),
        (["second"], "Task third builds on second"),
        (["second", "third"], "Nothing of run"),
    ):
        with pytest.raises(UsageProblem, match=words):
            await here.app.accept(run.id, "merge", without=without)
    assert (await here.app.run(run.id)).state == "review"


async def test_another_branch_only_where_it_is_meant(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    here.place.git("checkout", "-q", "-b", "side")
    here.place.write("calc/names.py", POLITE)
    here.place.commit("politer")
    main = here.place.said("rev-parse", "main")
    with pytest.raises(MergeRefused, match="started on main, and side is checked out"):
        await here.app.accept(run.id, "merge")
    done = await here.app.accept(run.id, "merge", here=True)
    assert done.accepted is not None
    assert (done.state, done.accepted.branch) == ("accepted", "side")
    assert here.place.said("rev-parse", "main") == main
    assert "ValueError" in here.place.read("calc/area.py")


async def test_a_crash_before_it_is_told_rebuilds_again_and_one_after_it_moves_once(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    here.place.write("calc/names.py", POLITE)
    own = here.place.commit("politer")
    intent = AcceptStarted(run_id=run.id, at=run.updated_at, mode="squash")
    await here.journal.append([intent])
    await here.app.resume(run.id)
    done = await here.app.run(run.id)
    assert (done.state, done.accepting, done.base.head) == ("accepted", None, own)
    assert here.place.said("rev-parse", "main^") == own
    # The branch has moved, and the process died before it could say so.
    repository = here.place.open()
    assert repository.accepted(done.ghost or "") is not None
    again = await here.app.undo(run.id)
    await here.app.accept(again.id, "squash")
    assert here.place.said("rev-parse", "main^") == own
    assert not here.told(AcceptRefused)


async def test_undo_reverts_once_the_branch_has_moved_on(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    before = here.place.state()
    await here.app.accept(run.id, "merge")
    here.place.write("calc/names.py", POLITE)
    own = here.place.commit("politer")
    undone = await here.app.undo(run.id)
    (event,) = here.told(RunUndone)
    assert isinstance(event, RunUndone)
    assert (undone.state, event.reverted) == ("undone", True)
    assert event.after == here.place.said("rev-parse", "main")
    assert len(here.place.said("log", "--format=%s", f"{own}..main").splitlines()) == 2
    assert here.place.read("calc/area.py").encode() == before.files["calc/area.py"][1]
    assert not (here.place.root / "calc/second.py").exists()
    # And wanted again after all: it is put on top of the reverts.
    done = await here.app.accept(run.id, "squash")
    assert done.state == "accepted"
    assert "ValueError" in here.place.read("calc/area.py")
    assert "Dear" in here.place.read("calc/names.py")

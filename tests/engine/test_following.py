"""A Run follows its branch: while agents are at work, and where its result waits for review."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.core.errors import MergeRefused, UsageProblem
from contextune.core.runs import events as ev
from contextune.core.runs.effects import GhostRebuilt
from tests.engine.conftest import MakeDesk
from tests.engine.test_accept import FIRST, GUARD, SECOND
from tests.engine.world import AREA, Desk, bash, finish, plays, task, turn, waits_for, write

POLITE = 'def greet(name):\n    return "Dear " + name\n'


def spoken_to(here: Desk, task_id: str) -> str:
    """All that an agent was told."""
    said = here.told(ev.MessageAdded, task_id=task_id)
    return "\n".join(str(event.message) for event in said if isinstance(event, ev.MessageAdded))


async def test_tasks_at_work_go_on_top_of_it_and_those_to_come_begin_there(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flag = tmp_path / "go on"
    later = plays("later file", turn(write("calc/later.py", "LATER = 1\n"), finish()))
    here = await desk(
        SECOND,
        plays(AREA, turn(GUARD, waits_for(flag)), turn(bash("true")), turn(finish("Guarded."))),
        later,
    )
    run = await here.start(
        task("second file"), task(AREA, "calc/area.py"), task("later file", after=["refuse"])
    )
    await here.event(ev.TaskJoined, task_id="second")
    await here.event(ev.MessageAdded, task_id="refuse", turn=1)
    here.place.write("calc/names.py", POLITE)
    own = here.place.commit("politer")
    followed = await here.app.rebase(run.id)
    assert followed.base.head == own
    (rebuilt,) = here.told(GhostRebuilt)
    assert isinstance(rebuilt, GhostRebuilt)
    assert [placed.task_id for placed in rebuilt.placed] == ["second"]
    flag.touch()
    done = await here.wait(run.id)
    assert (done.state, done.joined) == ("review", ("second", "refuse", "later"))
    assert "what the user changed meanwhile" in spoken_to(here, "refuse")
    assert here.told(ev.LeaseTaken, task_id="refuse", start=rebuilt.ghost)
    for path, words in (("names", "Dear"), ("area", "ValueError"), ("second", "SECOND"), ("later", "LATER")):
        assert words in here.file(done.ghost, f"calc/{path}.py")
    assert done.task("later").start is not None
    here.place.git("merge-base", "--is-ancestor", done.base.commit, done.task("later").start or "")
    assert [change.path for change in done.changes] == ["calc/area.py", "calc/later.py", "calc/second.py"]
    assert all(held.is_whole for held in done.held)
    accepted = await here.app.accept(run.id, "merge")
    assert accepted.state == "accepted"
    assert len(here.told(GhostRebuilt)) == 1


async def test_it_follows_unsaved_and_uncommitted_work_too(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(plays(AREA, turn(GUARD, waits_for(flag)), turn(finish("Guarded."))))
    run = await here.start(task(AREA, "calc/area.py"))
    await here.event(ev.MessageAdded, turn=1)
    here.place.write("calc/names.py", POLITE)
    followed = await here.app.rebase(run.id)
    assert (followed.ghost, followed.base.dirty) == (None, ("calc/names.py",))
    flag.touch()
    done = await here.wait(run.id)
    assert "Dear" in here.file(done.ghost, "calc/names.py")
    assert [change.path for change in done.changes] == ["calc/area.py"]


async def test_a_conflict_is_told_and_the_run_goes_on_as_it_did(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go on"
    here = await desk(FIRST, plays("slow one", turn(waits_for(flag)), turn(write("s.txt", "s\n"), finish())))
    run = await here.start(task(AREA, "calc/area.py"), task("slow one"))
    await here.event(ev.TaskJoined, task_id="refuse")
    here.place.write("calc/area.py", "def area(w, h):\n    return abs(w * h)\n")
    here.place.commit("my own way")
    with pytest.raises(MergeRefused, match=r"Task refuse .* calc/area\.py"):
        await here.app.rebase(run.id)
    flag.touch()
    done = await here.wait(run.id)
    assert (done.state, done.base, done.joined) == ("review", run.base, ("refuse", "slow"))


async def test_a_result_in_review_follows(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await here.finish(task(AREA, "calc/area.py"), task("second file"))
    here.place.write("calc/names.py", POLITE)
    own = here.place.commit("politer")
    state = here.place.state()
    done = await here.app.rebase(run.id)
    assert (done.state, done.base.head) == ("review", own)
    assert here.place.state() == state
    assert "The Gate is green on that." in done.notes[-1]
    with pytest.raises(UsageProblem, match="there is nothing to follow"):
        await here.app.rebase(run.id)
    here.place.git("checkout", "-q", "-b", "side")
    with pytest.raises(UsageProblem, match="started on main, and side is checked out"):
        await here.app.rebase(run.id)
    await here.app.discard(run.id)
    with pytest.raises(UsageProblem, match="can't follow"):
        await here.app.rebase(run.id)

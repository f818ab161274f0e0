"""The Radar of a Run: overlap between Tasks at work, with the Ghost, and with what the user edits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contextune.core.errors import UsageProblem
from contextune.core.overlap.radar import LineRange, LiveOverlap, OverlapFound, OverlapGone
from contextune.core.runs import events as ev
from contextune.core.runs.effects import ToolCalled
from contextune.engine.radar import radar
from tests.engine.conftest import MakeDesk
from tests.engine.world import bash, edit, finish, plays, task, turn, waits_for, write

OLD = "    return hours * RATE\n"
FEE = edit("calc/rates.py", OLD, "    return hours * RATE + 1\n")
ROUND = edit("calc/rates.py", OLD, "    return round(hours) * RATE\n")
BOTH = "Both change the same lines of calc/rates.py."


def rates(**sides: Any) -> LiveOverlap:
    lines = (LineRange(first=6, last=6),)
    return LiveOverlap(kind="textual", path="calc/rates.py", lines=lines, reason=BOTH, **sides)


async def test_two_tasks_that_change_the_same_lines_are_found_and_the_later_one_is_told(
    desk: MakeDesk, tmp_path: Path
) -> None:
    first, second = tmp_path / "first wrote", tmp_path / "both wrote"
    here = await desk(
        plays("add fee", turn(FEE), turn(waits_for(second)), turn(finish())),
        plays(
            "round hours",
            turn(waits_for(first)),
            turn(ROUND, waits_for(second)),
            turn(bash("true"), expect=["# Overlap with another Task at work, add fee", BOTH, "lines 6"]),
            turn(finish()),
        ),
        unplayed=True,
    )
    await here.start(task("add fee", "calc/rates.py"), task("round hours", "calc/rates.py"))
    await here.until(lambda run: run.task("add").files == ("calc/rates.py",))
    first.touch()
    found = await here.event(OverlapFound)
    assert isinstance(found, OverlapFound)
    assert found.overlap == rates(task_id="add", other="task", other_id="round")
    assert found.task_id == "round"
    run = await here.until(lambda run: bool(run.live_overlaps))
    assert (run.task("round").notices, run.task("round").noticed) == ((found.told,), 0)
    second.touch()
    run = await here.until(lambda run: run.task("round").attempts[0].turns > 2)
    assert (run.task("round").noticed, run.task("add").notices) == (1, ())
    assert len(here.told(OverlapFound, overlap=found.overlap)) == 1


async def test_what_was_accepted_overlaps_with_who_is_still_at_work(desk: MakeDesk, tmp_path: Path) -> None:
    joined = tmp_path / "first is in"
    here = await desk(
        plays("add fee", turn(FEE, finish())),
        plays("round hours", turn(ROUND), turn(waits_for(joined)), turn(finish())),
        settings="gate = 'true'\n",
        unplayed=True,
    )
    await here.start(task("add fee", "calc/rates.py"), task("round hours", "calc/rates.py"))
    found = await here.event(OverlapFound, task_id="round", overlap=rates(task_id="round", other="ghost"))
    assert isinstance(found, OverlapFound)
    assert found.told.startswith("# Overlap with work that was accepted already\ncalc/rates.py, lines 6 ")
    run = await here.until(lambda run: {one.other for one in run.live_overlaps} == {"ghost"})
    assert run.joined == ("add",)


async def test_an_unsaved_edit_of_the_user_is_seen_and_seen_to_go(
    desk: MakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(radar, "GRACE", 0.01)
    undo = tmp_path / "the user undid it"
    here = await desk(
        plays("add fee", turn(FEE), turn(waits_for(undo)), turn(finish())), settings="gate = 'true'\n"
    )
    await here.app.todos.open(here.place.root)
    await here.start(task("add fee", "calc/rates.py"))
    await here.until(lambda run: run.task("add").files == ("calc/rates.py",))
    text = here.file("HEAD", "calc/rates.py")
    here.app.todos.set_buffer(here.place.root / "calc/rates.py", text.replace("hours *", "2 *").encode())
    found = await here.event(OverlapFound)
    assert isinstance(found, OverlapFound)
    assert found.overlap == rates(task_id="add", other="user")
    assert "2 *" not in found.told
    here.app.todos.set_buffer(here.place.root / "calc/rates.py", None)
    await here.event(OverlapGone, overlap=found.overlap)
    undo.touch()
    run = await here.until(lambda run: run.state == "review")
    assert run.live_overlaps == ()
    assert here.place.said("status", "--porcelain") == ""


async def test_an_overlap_that_comes_back_at_once_is_told_once(desk: MakeDesk, tmp_path: Path) -> None:
    done = tmp_path / "done"
    back = edit("calc/rates.py", "return round(hours)", "return hours")
    here = await desk(
        plays("add fee", turn(FEE), turn(waits_for(done)), turn(finish())),
        plays(
            "round hours",
            turn(ROUND),
            turn(back),
            turn(ROUND),
            turn(edit("calc/area.py", "w * h", "h * w"), waits_for(done)),
            turn(finish()),
        ),
        settings="gate = 'true'\n",
        unplayed=True,
    )
    await here.start(task("add fee", "calc/rates.py"), task("round hours", "calc/rates.py"))
    await here.until(lambda run: len(run.task("round").files) == 2)
    await here.event(OverlapFound)
    await here.app._drives.drivers[here.heard[0].run_id].radar.compared()
    assert len(here.told(OverlapFound)) == 1
    assert here.told(OverlapGone) == []


async def test_a_task_that_is_to_wait_takes_its_next_turn_when_the_other_is_in(
    desk: MakeDesk, tmp_path: Path
) -> None:
    chosen, wrote = tmp_path / "it is to wait", tmp_path / "both wrote"
    here = await desk(
        plays("add fee", turn(FEE), turn(waits_for(chosen)), turn(finish())),
        plays("round hours", turn(ROUND), turn(waits_for(wrote)), turn(finish())),
        settings="gate = 'true'\n",
        unplayed=True,
    )
    run = await here.start(task("add fee", "calc/rates.py"), task("round hours", "calc/rates.py"))
    await here.event(OverlapFound)
    await here.app.choose_course(run.id, "round", "wait")
    with pytest.raises(UsageProblem, match="round waits for add already"):
        await here.app.choose_course(run.id, "add", "wait")
    wrote.touch()
    turns = (await here.until(lambda run: run.task("round").course == "wait")).task("round").attempts[0].turns
    chosen.touch()
    await here.event(ev.TaskJoined, task_id="add")
    waited = await here.app.run(run.id)
    assert waited.task("round").attempts[0].turns <= turns + 1
    await here.event(ev.TaskBounced, task_id="round")


async def test_a_task_is_put_on_top_of_the_other_and_its_agent_told(desk: MakeDesk, tmp_path: Path) -> None:
    chosen, wrote = tmp_path / "it is to wait", tmp_path / "both wrote"
    both = "    return round(hours) * RATE + 1\n"
    here = await desk(
        plays("add fee", turn(FEE), turn(waits_for(chosen)), turn(finish())),
        plays(
            "round hours",
            turn(ROUND, edit("calc/area.py", "w * h", "h * w")),
            turn(waits_for(wrote)),
            turn({"name": "read", "input": {"files": [{"path": "calc/rates.py"}]}}),
            turn(
                write("calc/rates.py", f"RATE = 2\n\n\ndef price(hours):\n{both}"),
                finish("Both."),
                expect=["# Your worktree has changed", "“add fee”", "conflict markers", "calc/rates.py"],
            ),
        ),
        settings="gate = 'true'\n",
        unplayed=True,
    )
    run = await here.start(task("add fee", "calc/rates.py"), task("round hours", "calc/rates.py"))
    await here.event(OverlapFound)
    await here.event(ToolCalled, task_id="round", name="bash")  # so that it is told after that one
    await here.app.choose_course(run.id, "round", "rebase")
    chosen.touch()
    await here.event(ev.TaskJoined, task_id="add")
    wrote.touch()
    run = await here.until(lambda run: run.state == "review")
    assert (run.joined, run.task("round").bounces) == (("add", "round"), 0)
    assert run.task("round").start == run.task("add").joined
    assert both in here.file(run.ghost, "calc/rates.py")
    assert "h * w" in here.file(run.ghost, "calc/area.py")
    assert len(here.refs("refs/contextune/kept")) == 1


async def test_only_a_task_that_overlaps_with_another_can_wait(desk: MakeDesk, tmp_path: Path) -> None:
    done = tmp_path / "done"
    here = await desk(
        plays("add fee", turn(FEE), turn(waits_for(done)), turn(finish())),
        settings="gate = 'true'\n",
        unplayed=True,
    )
    run = await here.start(task("add fee", "calc/rates.py"))
    await here.until(lambda run: bool(run.task("add").files))
    with pytest.raises(UsageProblem, match="overlaps with no other Task"):
        await here.app.choose_course(run.id, "add", "wait")
    done.touch()

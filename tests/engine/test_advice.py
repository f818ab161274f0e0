"""The skills' answers, from the numbers of a real repository; no model is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.core.errors import PlaceProblem, UsageProblem
from tests.engine.conftest import MakeDesk
from tests.engine.world import NAMES, edit, finish, plays, task, turn

POLITE = edit("calc/names.py", f'    # TODO: {NAMES}\n    return "hi "', '    return "hello "')
CLOSE = {
    "calc/both.py": "def both(x):\n    # TODO: refuse text\n    y = x * 2\n"
    "    # TODO: round it\n    return y\n\n\n"
    "def other(x):\n    # TODO: call both twice\n    return both(x)\n",
}


async def test_what_to_parallelise_is_told_from_the_todos_and_their_overlaps(desk: MakeDesk) -> None:
    made = await desk()
    said = await made.app.skills.advise(made.place.root, "parallel-development-expert")
    assert said.summary == "3 Todos make 3 Tasks: all can go side by side."
    wave = said.points[0]
    assert wave.text == "Wave 1, side by side:"
    assert all("probably $0." in detail for detail in wave.details)
    assert len(wave.details) == 3
    money = said.points[-1]
    assert money.text.startswith("In all $")
    assert "The same on Sonnet alone: $" in money.details[0]
    assert "No Task has ended here yet" in money.details[1]
    assert [step.arguments for step in said.steps] == [("run", "--all")]
    assert made.server.log == []


async def test_what_collides_is_told_with_its_reason(desk: MakeDesk) -> None:
    made = await desk(files=CLOSE)
    said = await made.app.skills.advise(made.place.root, "parallel-development-expert")
    assert "3 Todos make 2 Tasks" in said.summary
    reasons = [detail for point in said.points[1:-1] for detail in point.details]
    assert any("both()" in reason for reason in reasons), said


async def test_without_todos_there_is_nothing_to_do(desk: MakeDesk) -> None:
    made = await desk(files={"a.py": "x = 1\n"})
    said = await made.app.skills.advise(made.place.root, "parallel-development-expert")
    assert (said.points, said.steps) == ((), ())
    assert "no Todos" in said.summary


async def test_records_make_the_price_the_repositorys_own(desk: MakeDesk) -> None:
    made = await desk(plays("greet politely", turn(POLITE, finish())))
    await made.finish(task("greet politely", "calc/names.py"))
    said = await made.app.skills.advise(made.place.root, "parallel-development-expert")
    assert "Earlier quotes here:" in said.points[-1].details[-1]


async def test_worktrees_are_told_with_what_mends_them(desk: MakeDesk) -> None:
    made = await desk(plays("greet politely", turn(POLITE, finish())))
    said = await made.app.skills.advise(made.place.root, "git-worktree-master")
    assert said.summary == "There are no worktrees of Tasks here."
    run = await made.finish(task("greet politely", "calc/names.py"))
    trees = (await made.app.desk.overview(made.place.root)).worktrees
    tree = next(one for one in trees if one.run_id == run.id)
    said = await made.app.skills.advise(made.place.root, "git-worktree-master")
    assert said.summary.startswith(f"{len(trees)} worktree")
    Path(tree.path, ".git").write_text("gitdir: /gone\n")
    said = await made.app.skills.advise(made.place.root, "git-worktree-master")
    (told,) = [point for point in said.points if tree.path in point.text]
    assert "git does not work in it" in told.text
    assert told.details == ("The file is written anew; nothing else changes.",)
    assert ("worktrees", "mend") in [step.arguments for step in said.steps]


async def test_time_and_money_are_those_of_the_newest_run(desk: MakeDesk) -> None:
    made = await desk(plays("greet politely", turn(POLITE, finish())))
    said = await made.app.skills.advise(made.place.root, "performance-optimizer")
    assert "no Runs" in said.summary
    run = await made.finish(task("greet politely", "calc/names.py"))
    said = await made.app.skills.advise(made.place.root, "performance-optimizer")
    assert f"“{run.title}”" in said.summary
    assert all(" took " in detail for detail in said.points[0].details), said
    assert said.points[0].details
    (agents,) = [point for point in said.points if point.text == "What agents cost and came to:"]
    assert agents.details[0].startswith("parallel-task-executor: $0.")
    assert " for 1 call, " in agents.details[0]
    assert ("show", run.id) in [step.arguments for step in said.steps]


async def test_what_can_be_asked_is_told_by_what_comes_of_it(desk: MakeDesk) -> None:
    made = await desk()
    said = await made.app.skills.advise(made.place.root, "intent-recognition")
    reads, changes, spends = said.points
    assert "List the Todos" in reads.details
    assert any("clean up the finished worktrees" in detail for detail in changes.details)
    assert any("in parallel" in detail for detail in spends.details)


async def test_bad_input_is_named(desk: MakeDesk, tmp_path_factory: pytest.TempPathFactory) -> None:
    made = await desk()
    with pytest.raises(UsageProblem, match="'x' is no skill"):
        await made.app.skills.advise(made.place.root, "x")
    with pytest.raises(PlaceProblem):
        await made.app.skills.advise(tmp_path_factory.mktemp("bare"), "parallel-development-expert")

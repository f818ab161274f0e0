"""A Task goes back to a turn, its files and its conversation, and goes on from there by other words."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.core.errors import UsageProblem
from contextune.core.runs import events as ev
from contextune.core.runs.effects import TaskRewound, TurnKept
from tests.engine.conftest import MakeDesk
from tests.engine.test_accept import FIRST, SECOND
from tests.engine.world import AREA, bash, finish, plays, task, turn, waits_for, write

THREE = plays(
    "draft it",
    turn(write("calc/one.py", "ONE = 1\n")),
    turn(write("calc/two.py", "TWO = 2\n"), bash("echo more >> calc/one.py")),
    turn(finish("Two files.")),
)
"""Two turns that write."""


async def test_a_result_in_review_goes_back_and_on(desk: MakeDesk) -> None:
    here = await desk(THREE, SECOND, unplayed=True)
    run = await here.finish(task("draft it"), task("second file"))
    kept = [event for event in here.told(TurnKept, task_id="draft") if isinstance(event, TurnKept)]
    assert [event.turn for event in kept] == [1, 2]
    assert here.file(kept[0].tree, "calc/one.py") == "ONE = 1\n"
    branch = here.place.state()
    await here.app.rewind(run.id, "draft", 1, "Make an other file instead.")
    done = await here.wait(run.id)
    (rewound,) = here.told(TaskRewound)
    assert isinstance(rewound, TaskRewound)
    assert (rewound.attempt, rewound.turn) == (1, 1)
    assert here.file(rewound.kept, "calc/two.py") == "TWO = 2\n"
    assert here.place.state() == branch
    # Its second turn, done again on what the first one left.
    assert (done.state, set(done.joined)) == ("review", {"draft", "second"})
    assert here.file(done.ghost, "calc/one.py") == "ONE = 1\nmore\n"
    newest = done.task("draft").attempts[-1]
    assert (newest.number, newest.reason) == (2, "Taken back to turn 1 of attempt 1.")
    said = [
        e for e in here.told(ev.MessageAdded, task_id="draft", attempt=2) if isinstance(e, ev.MessageAdded)
    ]
    assert "Make an other file instead." in str(said[2].message)
    assert [event.turn for event in said[:3]] == [0, 1, 1]


async def test_a_task_at_work_is_stopped_and_goes_on_from_there(desk: MakeDesk, tmp_path: Path) -> None:
    here = await desk(
        plays(
            "draft it",
            turn(write("calc/one.py", "ONE = 1\n")),
            turn(write("calc/two.py", "TWO = 2\n")),
            turn(waits_for(tmp_path / "never")),
        ),
        FIRST,
        unplayed=True,
    )
    run = await here.start(task("draft it"), task(AREA, "calc/area.py"))
    await here.event(TurnKept, task_id="draft", turn=2)
    await here.event(ev.MessageAdded, task_id="draft", turn=3)
    await here.app.rewind(run.id, "draft", 0, "From the start.")
    await here.event(TaskRewound, task_id="draft")
    event = await here.event(ev.MessageAdded, task_id="draft", attempt=2, turn=0)
    assert isinstance(event, ev.MessageAdded)
    assert "From the start." in str(event.message)
    worktree = Path((await here.app.run(run.id)).task("draft").worktree or "")
    await here.event(ev.MessageAdded, task_id="draft", attempt=2, turn=1)
    kept = here.refs(f"refs/contextune/kept/{run.id}/draft")
    assert any("TWO" in here.file(ref, "calc/two.py") for ref in kept)
    assert worktree.is_dir()
    await here.app.cancel(run.id)
    await here.wait(run.id)


async def test_there_is_no_such_turn(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await here.finish(task(AREA, "calc/area.py"), task("second file"))
    with pytest.raises(UsageProblem, match="has the turns 0 to 1"):
        await here.app.rewind(run.id, "second", 7, "Again.")
    with pytest.raises(UsageProblem, match="no such attempt"):
        await here.app.rewind(run.id, "second", 1, "Again.", attempt=9)
    with pytest.raises(UsageProblem, match="nothing to say"):
        await here.app.rewind(run.id, "second", 1, " ")
    await here.app.accept(run.id, "merge")
    with pytest.raises(UsageProblem, match="is accepted"):
        await here.app.rewind(run.id, "second", 1, "Again.")

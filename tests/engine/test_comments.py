"""Comments of the user on lines: kept, sent together, and heard by the agents."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.core.errors import UsageProblem
from contextune.core.runs import events as ev
from contextune.core.runs.comments import Comment, CommentsSent, TaskReopened
from tests.engine.conftest import MakeDesk
from tests.engine.world import edit, finish, plays, task, turn, waits_for, write

LOUDER = "call it by its whole name"


def comment(text: str, task_id: str = "first", path: str = "calc/new.py", name: str = "c1") -> Comment:
    return Comment(id=name, task_id=task_id, path=path, line=1, quote="N = 1", text=text)


async def test_a_joined_task_is_taken_up_with_the_comments_and_rejoins(desk: MakeDesk) -> None:
    here = await desk(
        plays("first work", turn(write("calc/new.py", "N = 1\n"), finish("First.")), unless=[LOUDER]),
        plays("first work", turn(edit("calc/new.py", "N =", "NUMBER ="), finish("Named.")), user=[LOUDER]),
        plays("second work", turn(write("calc/other.py", "O = 1\n"), finish("Second."))),
    )
    run = await here.finish(task("first work"), task("second work"))
    assert run.state == "review"
    kept = await here.app.reviews.comment(run.id, comment(LOUDER))
    assert [(one.text, one.sent) for one in kept.comments] == [(LOUDER, False)]
    going = await here.app.reviews.send_comments(run.id)
    assert (going.state, going.joined) == ("running", ("second",))
    done = await here.wait(run.id)
    assert (done.state, done.joined) == ("review", ("second", "first"))
    assert here.file(done.ghost, "calc/new.py") == "NUMBER = 1\n"
    assert here.file(done.ghost, "calc/other.py") == "O = 1\n"
    # One commit for all that the Task did, and nothing of it twice.
    first = done.task("first")
    assert [change.path for change in first.changes] == ["calc/new.py"]
    assert first.bounces == 0
    assert all(one.sent for one in done.comments)
    assert all(one.is_whole for one in done.held)
    (reopened,) = here.told(TaskReopened)
    assert isinstance(reopened, TaskReopened)
    assert '<file path="calc/new.py" line="1">\nN = 1\n</file>' in reopened.handed
    await here.app.accept(run.id, "merge")
    assert here.place.said("log", "-3", "--format=%s").splitlines() == ["first work", "second work", "first"]


async def test_an_agent_at_work_hears_the_comments_with_its_next_turn(desk: MakeDesk, tmp_path: Path) -> None:
    flag = tmp_path / "go"
    here = await desk(
        plays(
            "first work",
            turn(write("calc/new.py", "N = 1\n"), waits_for(flag)),
            turn(edit("calc/new.py", "N =", "NUMBER ="), finish("Named.")),
        ),
    )
    run = await here.start(task("first work"))
    await here.event(ev.FilesTouched)
    await here.app.reviews.comment(run.id, comment(LOUDER))
    await here.app.reviews.comment(run.id, comment("and no more", name="c2"))
    await here.app.reviews.remove_comment(run.id, "c2")
    await here.app.reviews.send_comments(run.id)
    told = await here.event(ev.AgentTold)
    assert isinstance(told, ev.AgentTold)
    assert LOUDER in told.text
    assert "and no more" not in told.text
    (sent,) = here.told(CommentsSent)
    assert isinstance(sent, CommentsSent)
    assert sent.comment_ids == ("c1",)
    flag.touch()
    done = await here.wait(run.id)
    assert here.file(done.ghost, "calc/new.py") == "NUMBER = 1\n"
    with pytest.raises(UsageProblem, match="no comment that was not sent"):
        await here.app.reviews.send_comments(run.id)


async def test_a_task_that_others_were_built_on_is_not_taken_out(desk: MakeDesk) -> None:
    here = await desk(
        plays("first work", turn(write("calc/new.py", "N = 1\n"), finish())),
        plays("second work", turn(edit("calc/new.py", "N = 1", "N = 2"), finish())),
    )
    run = await here.finish(task("first work"), task("second work", after=["first"]))
    await here.app.reviews.comment(run.id, comment(LOUDER))
    with pytest.raises(UsageProblem, match="second work was built on what first work changed"):
        await here.app.reviews.send_comments(run.id)
    same = await here.app.run(run.id)
    assert (same.state, same.ghost, same.joined) == ("review", run.ghost, ("first", "second"))
    assert [one.sent for one in same.comments] == [False]


async def test_bad_comments_are_refused(desk: MakeDesk) -> None:
    here = await desk(plays("first work", turn(write("calc/new.py", "N = 1\n"), finish())))
    run = await here.finish(task("first work"))
    for bad in (comment(" "), comment("x" * 10_001), comment("x", task_id="third")):
        with pytest.raises(UsageProblem):
            await here.app.reviews.comment(run.id, bad)
    with pytest.raises(UsageProblem, match="no open comment"):
        await here.app.reviews.remove_comment(run.id, "c9")

"""The result of a Run is looked at, Task by Task, before it is called one."""

from __future__ import annotations

import msgspec
import pytest

from contextune.core.errors import UsageProblem
from contextune.core.runs.wish import AcceptWish
from contextune.engine.integration.accept import refuse
from contextune.engine.integration.holding import what_is_held
from tests.engine.conftest import MakeDesk
from tests.engine.world import Desk, edit, finish, plays, task, turn, write

RATE = edit("calc/rates.py", "RATE = 2\n", "RATE = 2  # an hour\n")


async def two_tasks(desk: MakeDesk) -> Desk:
    """Both change a file, one after the other; the first one another file, too."""
    return await desk(
        plays("first work", turn(RATE, write("calc/first.py", "FIRST = 1\n"), finish("First."))),
        plays("second work", turn(edit("calc/rates.py", "# an hour", "# an hour, net"), finish("Second."))),
    )


async def test_each_accepted_task_is_in_the_result(desk: MakeDesk) -> None:
    here = await two_tasks(desk)
    run = await here.finish(task("first work"), task("second work", after=["first"]))
    first, second = run.held
    assert [one.task_id for one in run.held] == ["first", "second"]
    assert (first.commit, second.commit) == (run.task("first").joined, run.ghost)
    assert second.tree == here.place.said("rev-parse", f"{run.ghost}^{{tree}}")
    assert first.is_whole
    assert second.is_whole
    assert (await here.app.accept(run.id, "merge")).state == "accepted"


async def test_a_result_that_lacks_something_is_not_accepted(desk: MakeDesk) -> None:
    here = await two_tasks(desk)
    run = await here.finish(task("first work"), task("second work", after=["first"]))
    repository = here.place.open()
    # A Ghost as a faulty merge would make it: the second Task's commit without the first one's file.
    without = repository.mix(run.ghost or "", run.base.commit, ["calc/first.py"])
    faulty = repository.commit_tree(without, [run.ghost or ""], "faulty")
    held = what_is_held(repository, run, faulty)
    assert [(one.task_id, one.is_inside, one.lost) for one in held] == [
        ("first", True, ("calc/first.py",)),
        ("second", True, ()),
    ]
    aside = repository.commit_tree(repository.tree_of(run.ghost or ""), [run.base.commit], "aside")
    assert [one.is_inside for one in what_is_held(repository, run, aside)] == [False, False]
    with pytest.raises(UsageProblem, match=r"first: The result does not hold all of it: calc/first.py"):
        refuse(msgspec.structs.replace(run, held=held), AcceptWish(mode="merge"))

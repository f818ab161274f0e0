"""What the user changes in the review of a Run: the result is put together and tested anew."""

from __future__ import annotations

import pytest

from contextune.core.errors import ContextuneError, UsageProblem
from contextune.core.runs.amendments import Amended, AmendStarted
from contextune.core.runs.endings import RunReady
from contextune.core.runs.review import review
from contextune.core.runs.run import Run
from contextune.engine.integration.amending import Amending
from contextune.engine.proof.stand import Stand
from tests.engine.conftest import MakeDesk
from tests.engine.world import FILES, Desk, edit, finish, plays, task, turn, write

LONG = "FIRST = 1\n" + "".join(f"# line {n}\n" for n in range(8)) + "LAST = 1\n"
FILES_OF = {"calc/long.py": LONG}
FIRST = plays(
    "first work",
    turn(
        edit("calc/long.py", "FIRST = 1", "FIRST = 2"),
        edit("calc/long.py", "LAST = 1", "LAST = 2"),
        write("calc/new.py", "NEW = 1\n"),
        finish("First."),
    ),
)
SECOND = plays("second work", turn(edit("calc/long.py", "# line 4", "# line four"), finish("Second.")))


async def reviewed(desk: MakeDesk) -> tuple[Desk, Run]:
    """Two Tasks, one after the other, that change one file at three places."""
    here = await desk(FIRST, SECOND, files={**FILES, **FILES_OF})
    run = await here.finish(task("first work"), task("second work", after=["first"]))
    assert run.state == "review"
    return here, run


async def test_a_rejected_hunk_is_out_and_can_be_taken_back(desk: MakeDesk) -> None:
    here, run = await reviewed(desk)
    checkout = here.place.raw_state()
    first, last = (await here.app.reviews.hunks(run, "first", "calc/long.py")).hunks
    assert (first.excerpt, last.excerpt) == ("-FIRST = 1\n+FIRST = 2", "-LAST = 1\n+LAST = 2")
    changed = await here.app.reviews.reject(run.id, "first", "calc/long.py", first.id)
    result = here.file(changed.ghost, "calc/long.py")
    assert result == LONG.replace("LAST = 1", "LAST = 2").replace("# line 4", "# line four")
    assert changed.ghost_evidence is not None
    assert changed.ghost_evidence.verdict == "green"
    assert changed.ghost_evidence.tree == here.place.said("rev-parse", f"{changed.ghost}^{{tree}}")
    assert [one.task_id for one in changed.held if one.is_whole] == ["first", "second"]
    assert here.place.said("rev-parse", f"contextune/{run.id}/ghost") == changed.ghost
    # The hunks that are left keep their names; the rejected one is listed.
    left = await here.app.reviews.hunks(changed, "first", "calc/long.py")
    assert ([one.id for one in left.hunks], left.placed) == ([last.id], (True,))
    (amendment,) = changed.amendments
    assert (amendment.hunk, amendment.excerpt) == (first.id, first.excerpt)
    back = await here.app.reviews.take_back(run.id, amendment.id)
    assert back.amendments == ()
    assert here.file(back.ghost, "calc/long.py") == here.file(run.ghost, "calc/long.py")
    assert here.place.raw_state() == checkout
    accepted = await here.app.accept(run.id, "merge")
    assert accepted.state == "accepted"


async def test_what_is_accepted_is_what_was_reviewed(desk: MakeDesk) -> None:
    here, run = await reviewed(desk)
    await here.app.reviews.reject(run.id, "first", "calc/new.py")
    _, last = (await here.app.reviews.hunks(run, "first", "calc/long.py")).hunks
    changed = await here.app.reviews.reject(run.id, "first", "calc/long.py", last.id)
    assert [change.path for change in changed.changes] == ["calc/long.py"]
    await here.app.accept(run.id, "merge")
    assert here.place.read("calc/long.py") == LONG.replace("FIRST = 1", "FIRST = 2").replace(
        "# line 4", "# line four"
    )
    assert not (here.place.root / "calc/new.py").exists()
    assert here.place.said("log", "-2", "--format=%s").splitlines() == ["second work", "first work"]


async def test_a_task_of_which_all_is_rejected_leaves_the_result(desk: MakeDesk) -> None:
    here, run = await reviewed(desk)
    changed = await here.app.reviews.reject(run.id, "second", "calc/long.py")
    assert changed.joined == ("first",)
    assert changed.task("second").state == "cancelled"
    assert [one.task_id for one in review(changed)] == ["first", "second"]
    back = await here.app.reviews.take_back(run.id, changed.amendments[0].id)
    assert back.joined == ("first", "second")
    assert back.task("second").state == "accepted"
    assert here.file(back.ghost, "calc/long.py") == here.file(run.ghost, "calc/long.py")


async def test_what_was_built_on_the_rejected_lines_is_told_and_comes_back(desk: MakeDesk) -> None:
    here = await desk(
        plays("first work", turn(write("calc/new.py", "ONE = 1\nTWO = 2\n"), finish())),
        plays("second work", turn(edit("calc/new.py", "TWO = 2", "TWO = 22"), finish())),
    )
    run = await here.finish(task("first work"), task("second work", after=["first"]))
    changed = await here.app.reviews.reject(run.id, "first", "calc/new.py")
    assert changed.joined == ()
    assert changed.state == "failed"
    second = changed.task("second")
    assert (second.state, second.reason) == (
        "cancelled",
        "Without what you changed in review, git cannot merge it any more in calc/new.py.",
    )
    with pytest.raises(UsageProblem):
        await here.app.accept(run.id, "merge")
    back = await here.app.reviews.take_back(run.id, "first:calc/new.py")
    assert (back.state, back.joined) == ("review", ("first", "second"))


async def test_an_edit_in_review_is_part_of_the_tasks_commit(desk: MakeDesk) -> None:
    here, run = await reviewed(desk)
    now = here.file(run.task("first").joined, "calc/long.py")
    wanted = now.replace("FIRST = 2", "FIRST = 3")
    changed = await here.app.reviews.edit(run.id, "first", "calc/long.py", wanted.encode())
    assert here.file(changed.task("first").joined, "calc/long.py") == wanted
    assert here.file(changed.ghost, "calc/long.py") == wanted.replace("# line 4", "# line four")
    first, _ = (await here.app.reviews.hunks(changed, "first", "calc/long.py")).hunks
    assert first.excerpt == "-FIRST = 1\n+FIRST = 3"
    # A hunk of the edited file, too, can be rejected; with the edit it goes.
    less = await here.app.reviews.reject(run.id, "first", "calc/long.py", first.id)
    assert here.file(less.ghost, "calc/long.py").startswith("FIRST = 1\n")
    back = await here.app.reviews.take_back(run.id, "first:calc/long.py:edit")
    assert back.amendments == ()
    assert here.file(back.ghost, "calc/long.py") == here.file(run.ghost, "calc/long.py")
    assert await here.app.reviews.edit(run.id, "first", "calc/long.py", wanted.encode())


async def test_a_red_result_asks_for_a_look_before_it_is_accepted(desk: MakeDesk) -> None:
    here, run = await reviewed(desk)
    changed = await here.app.reviews.edit(run.id, "first", "calc/new.py", b"NEW = 1\n")
    assert changed.state == "review"
    rates = await desk(
        plays("first work", turn(edit("calc/rates.py", "RATE = 2", "RATE = 2  # net"), finish()))
    )
    run = await rates.finish(task("first work"))
    red = await rates.app.reviews.edit(
        run.id, "first", "calc/rates.py", b"RATE = 5\n\n\ndef price(hours):\n    return hours * RATE\n"
    )
    assert red.ghost_evidence is not None
    assert red.ghost_evidence.verdict == "red"
    assert any("test_price" in name for name in red.ghost_evidence.newly_failing)
    with pytest.raises(UsageProblem, match="whose Gate is red"):
        await rates.app.accept(run.id, "merge")
    green = await rates.app.reviews.take_back(run.id, "first:calc/rates.py:edit")
    assert all("red" not in change.flag for change in green.changes)
    await rates.app.reviews.edit(run.id, "first", "calc/rates.py", b"RATE = 5\n")
    done = await rates.app.accept(run.id, "merge", seen=["calc/rates.py"])
    assert done.state == "accepted"


async def test_nothing_outside_the_tasks_files_is_written(desk: MakeDesk) -> None:
    here, run = await reviewed(desk)
    for path in ("calc/area.py", "../outside.py", "/etc/passwd", ".git/config", ""):
        with pytest.raises(UsageProblem, match="does not change"):
            await here.app.reviews.edit(run.id, "first", path, b"x")
    with pytest.raises(UsageProblem, match="has no Task"):
        await here.app.reviews.reject(run.id, "third", "calc/long.py")
    with pytest.raises(UsageProblem, match="has no change"):
        await here.app.reviews.reject(run.id, "first", "calc/long.py", "0" * 12)
    with pytest.raises(UsageProblem, match="at most"):
        await here.app.reviews.edit(run.id, "first", "calc/long.py", b"x" * 2_000_001)
    with pytest.raises(UsageProblem, match="has no change"):
        await here.app.reviews.take_back(run.id, "first:calc/long.py")
    assert here.told(AmendStarted) == []


@pytest.mark.parametrize("moment", ["before the gate", "after the gate"])
async def test_a_process_that_dies_leaves_the_old_ghost_whole(
    desk: MakeDesk, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    here, run = await reviewed(desk)

    class Died(BaseException):
        pass

    async def dies(*_: object, **__: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        if moment == "before the gate":
            patch.setattr(Stand, "judge", dies)
        else:
            patch.setattr(Amending, "show", dies)
        with pytest.raises(Died):
            await here.app.reviews.reject(run.id, "first", "calc/new.py")
    other = here.open()
    try:
        found = await other.run(run.id)
        if moment == "before the gate":
            assert (found.ghost, found.amendments) == (run.ghost, ())
            assert here.told(Amended) == []
        else:
            assert [one.path for one in found.amendments] == ["calc/new.py"]
        assert found.held
        assert all(one.is_whole for one in found.held)
        # What the Journal names is under a ref, whatever came of it.
        here.place.git("gc", "--prune=now", "-q")
        again = await other.reviews.reject(run.id, "second", "calc/long.py")
        assert (await other.accept(again.id, "merge")).state == "accepted"
    finally:
        await other.close()


async def test_a_run_at_work_or_accepted_is_not_changed(desk: MakeDesk) -> None:
    here, run = await reviewed(desk)
    await here.app.accept(run.id, "merge")
    with pytest.raises(ContextuneError, match="only a Run that waits for review"):
        await here.app.reviews.reject(run.id, "first", "calc/new.py")
    assert here.told(RunReady)


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfNEW = 2\r\nMORE = 3", b"NEW = 2\r\n\n", b"NEW = 2"])
async def test_an_edit_is_kept_byte_for_byte(desk: MakeDesk, content: bytes) -> None:
    here, run = await reviewed(desk)
    changed = await here.app.reviews.edit(run.id, "first", "calc/new.py", content)
    assert await here.app.file_at(run.id, "first", "calc/new.py", "after") == content
    assert changed.ghost != run.ghost
    assert await here.app.file_at(run.id, None, "calc/new.py", "after") == content

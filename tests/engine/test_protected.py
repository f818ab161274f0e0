"""Protected branches: Accept makes a branch beside them, and moves them only where it is told to."""

from __future__ import annotations

import pytest

from contextune.core.errors import MergeRefused
from contextune.core.runs.effects import AcceptStarted
from contextune.core.runs.protected import branch_name, is_protected
from contextune.core.runs.run import Run
from contextune.core.worktrees.snapshot import Base
from tests.engine.conftest import MakeDesk
from tests.engine.test_accept import FIRST, SECOND
from tests.engine.world import AREA, GATE, Desk, task


async def reviewed(here: Desk, **more: str) -> Run:
    """A Run on a branch that others have as well."""
    upstream = here.place.root.parent / "upstream.git"
    here.place.git("init", "-q", "--bare", str(upstream))
    here.place.git("remote", "add", "origin", str(upstream))
    here.place.git("push", "-q", "-u", "origin", "main")
    return await here.finish(task(AREA, "calc/area.py"), task("second file"), **more)


async def test_the_result_gets_a_branch_of_its_own(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    here.place.write("notes.txt", "mine\n")
    before = here.place.state()
    run = await reviewed(here)
    done = await here.app.accept(run.id, "merge")
    assert done.accepted is not None
    assert (done.state, done.accepted.restore) == ("accepted", None)
    branch = done.accepted.branch or ""
    assert branch == branch_name("todo/{title}", run.title, run.id)
    assert here.refs("refs/heads") == ["refs/heads/main", f"refs/heads/{branch}"]
    assert here.place.said("rev-parse", branch) == done.accepted.after
    assert here.place.said("rev-parse", "main") == before.head
    after = here.place.state()
    assert (after.files, after.staged, after.branch) == (before.files, before.staged, before.branch)
    assert here.place.said("diff", "--name-only", "main", branch).split() == [
        "calc/area.py",
        "calc/second.py",
    ]
    undone = await here.app.undo(run.id)
    assert undone.state == "undone"
    assert here.refs("refs/heads") == ["refs/heads/main"]
    # Wanted on the branch itself after all.
    moved = await here.app.accept(run.id, "squash", onto_protected=True)
    assert moved.accepted is not None
    assert moved.accepted.branch == "main"
    assert here.place.said("rev-parse", "main^") == before.head


async def test_a_run_that_accepts_by_itself_does_not_move_it(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    head = here.place.said("rev-parse", "main")
    done = await reviewed(here, accept="merge")
    assert done.accepted is not None
    assert (done.state, here.place.said("rev-parse", "main")) == ("accepted", head)
    assert here.place.said("rev-parse", done.accepted.branch or "") == done.accepted.after


async def test_an_undo_keeps_a_branch_on_which_somebody_went_on(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    done = await here.app.accept(run.id, "merge")
    assert done.accepted is not None
    here.place.git("checkout", "-q", done.accepted.branch or "")
    here.place.commit("more")
    with pytest.raises(MergeRefused, match="has moved on"):
        await here.app.undo(run.id)
    assert (await here.app.run(run.id)).state == "accepted"


async def test_a_crash_makes_no_second_branch(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    await here.journal.append([AcceptStarted(run_id=run.id, at=run.updated_at, mode="merge")])
    made = here.place.open().make_branch(run.base, run.ghost or "", None, "todo/made-before")
    await here.app.resume(run.id)
    done = await here.app.run(run.id)
    assert done.accepted is not None
    assert (done.state, done.accepted.branch) == ("accepted", made.name)
    assert here.refs("refs/heads") == ["refs/heads/main", f"refs/heads/{made.name}"]


async def test_settings_say_which_and_what_the_branch_is_called(desk: MakeDesk) -> None:
    text = f"gate = {GATE!r}\nprotected_branches = ['trunk', 'ma*']\naccept_branch = 'mine/{{run}}'\n"
    here = await desk(FIRST, SECOND, settings=text)
    run = await reviewed(here)
    done = await here.app.accept(run.id, "merge")
    assert done.accepted is not None
    assert done.accepted.branch == f"mine/{run.id}"


@pytest.mark.parametrize(
    ("branch", "upstream", "protected"),
    [
        ("main", "origin/main", True),
        ("release/1.2", "origin/release/1.2", True),
        ("main", None, False),
        ("feature", "origin/feature", False),
        (None, "origin/main", False),
    ],
)
def test_which_are_protected(branch: str | None, upstream: str | None, *, protected: bool) -> None:
    base = Base(commit="c", tree="t", head="c", branch=branch, upstream=upstream)
    assert is_protected(base, ("main", "master", "release/*")) is protected


def test_names_of_branches() -> None:
    assert branch_name("todo/{title}", "Refuse: negative sizes!", "r_1") == "todo/refuse-negative-sizes"
    assert branch_name("todo/{title}", "¡…!", "r_1") == "todo/r_1"
    assert len(branch_name("{title}", "word " * 40, "r_1")) <= 40

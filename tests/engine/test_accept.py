"""Accept, Undo and Discard, and a checkout that nobody else writes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from contextune.core.errors import MergeRefused, UsageProblem
from contextune.core.runs import events as ev
from contextune.core.runs.effects import AcceptStarted
from contextune.core.runs.endings import RunFinished
from contextune.core.runs.run import Run
from tests.engine.conftest import MakeDesk
from tests.engine.world import AREA, GATE, Desk, bash, edit, finish, plays, task, turn, waits_for, write

TODO = "    # TODO: refuse negative sizes\n"
GUARD = edit("calc/area.py", TODO, '    if min(w, h) < 0:\n        raise ValueError("negative size")\n')
FIRST = plays(AREA, turn(GUARD, finish("Guarded.")))
SECOND = plays("second file", turn(write("calc/second.py", "SECOND = 2\n"), finish()))


def unfinished_work(here: Desk) -> None:
    """Staged, unstaged and untracked work of the user, a hook, and settings of their own."""
    here.place.write("calc/rates.py", "RATE = 2\n\n\ndef price(hours):\n    return RATE * hours\n")
    here.place.git("add", "calc/rates.py")
    here.place.write("calc/names.py", 'def greet(name):\n    return "hi " + name + "!"\n')
    here.place.write("notes.txt", "my own notes\n")
    here.place.write(".git/hooks/post-checkout", "#!/bin/sh\ntouch hook-ran\n", 0o755)
    here.place.git("config", "user.signingkey", "none")


async def reviewed(here: Desk) -> Run:
    """A Run of two Tasks that waits for review."""
    run = await here.finish(task(AREA, "calc/area.py"), task("second file"))
    assert run.state == "review"
    return run


def hooks(here: Desk) -> list[tuple[str, bytes]]:
    return sorted((file.name, file.read_bytes()) for file in (here.place.root / ".git/hooks").iterdir())


async def test_nothing_of_the_checkout_is_written_before_accept(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    unfinished_work(here)
    before, raw, own = here.place.state(), here.place.raw_state(), hooks(here)
    seen: list[bool] = []
    here.app.subscribe(lambda run, event: seen.append(here.place.raw_state() == raw))
    run = await reviewed(here)
    assert len(seen) > 10
    assert all(seen)
    assert (here.place.state(), hooks(here)) == (before, own)
    # What agents worked on was the user's unfinished work, and they did not get it twice.
    assert "RATE * hours" in here.file(run.ghost, "calc/rates.py")
    assert [change.path for change in run.changes] == ["calc/area.py", "calc/second.py"]


async def test_accept_moves_the_branch_once_and_keeps_unfinished_work(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    unfinished_work(here)
    before = here.place.state()
    run = await reviewed(here)
    done = await here.app.accept(run.id, "merge")
    after = here.place.state()
    assert (done.state, after.branch) == ("accepted", "refs/heads/main")
    assert here.place.said("rev-parse", "main@{1}") == before.head
    assert here.place.said("log", "-1", "--format=%H", "main@{0}") == after.head
    assert len(here.place.said("reflog", "main").splitlines()) == 2
    subjects = here.place.said("log", "--format=%s", f"{before.head}..main").splitlines()
    assert sorted(subjects) == [AREA, "second file"]
    assert "ValueError" in here.place.read("calc/area.py")
    assert here.place.read("calc/second.py") == "SECOND = 2\n"
    # The user's own work is as unfinished as it was: staged, unstaged, untracked.
    status = here.place.said("status", "--porcelain").splitlines()
    assert sorted(line.split()[-1] for line in status) == ["calc/names.py", "calc/rates.py", "notes.txt"]
    for path in ("calc/rates.py", "calc/names.py", "notes.txt"):
        assert after.files[path] == before.files[path]
    assert here.place.said("diff", "--cached", "--name-only") == "calc/rates.py"
    assert not (here.place.root / "hook-ran").exists()


async def test_accept_gives_worktrees_and_branches_back(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    paths = [Path(t.worktree) for t in run.tasks if t.worktree]
    assert len(paths) == 2
    done = await here.app.accept(run.id, "merge")
    assert [t.worktree for t in done.tasks] == [None, None]
    assert not any(path.exists() for path in paths)
    assert here.refs("refs/heads") == ["refs/heads/main"]
    assert here.place.said("worktree", "list").count("\n") == 0


async def test_squash_makes_one_commit(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    head = here.place.said("rev-parse", "HEAD")
    run = await reviewed(here)
    await here.app.accept(run.id, "squash")
    assert here.place.said("rev-parse", "HEAD^") == head
    message = here.place.said("log", "-1", "--format=%B")
    assert f"- {AREA}" in message
    assert "- second file" in message
    assert f"Contextune-Run: {run.id}" in message
    assert here.place.said("status", "--porcelain") == ""


@pytest.mark.parametrize("mode", ["merge", "squash"])
async def test_undo_is_byte_for_byte_and_accept_works_again(desk: MakeDesk, mode: str) -> None:
    here = await desk(FIRST, SECOND)
    unfinished_work(here)
    before = here.place.state()
    run = await reviewed(here)
    await here.app.accept(run.id, "merge" if mode == "merge" else "squash")
    accepted = here.place.state()
    assert accepted != before
    undone = await here.app.undo(run.id)
    assert (undone.state, here.place.state()) == ("undone", before)
    await here.app.accept(run.id, "merge")
    assert here.place.state().files == accepted.files


async def test_undo_refuses_once_the_user_went_on(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    await here.app.accept(run.id, "merge")
    here.place.write("calc/second.py", "SECOND = 22\n")
    state = here.place.state()
    with pytest.raises(MergeRefused, match=r"calc/second\.py"):
        await here.app.undo(run.id)
    assert here.place.state() == state
    assert (await here.app.run(run.id)).state == "accepted"


async def test_accept_refuses_where_the_users_own_work_collides(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    # The user goes on in a file that a Task changed: their bytes and the Task's must not be mixed.
    here.place.write("calc/area.py", "def area(w, h):\n    return abs(w * h)\n")
    state, refs = here.place.state(), here.refs()
    with pytest.raises(MergeRefused, match=r"calc/area\.py"):
        await here.app.accept(run.id, "merge")
    assert (here.place.state(), here.refs()) == (state, refs)
    assert (await here.app.run(run.id)).state == "review"
    # With the user's edit out of the way, the same Run is accepted.
    here.place.git("checkout", "--", "calc/area.py")
    assert (await here.app.accept(run.id, "merge")).state == "accepted"


@pytest.mark.parametrize("committed", [True, False])
async def test_a_todo_that_the_user_deletes_meanwhile(
    desk: MakeDesk, tmp_path: Path, *, committed: bool
) -> None:
    flag = tmp_path / "go on"
    here = await desk(plays(AREA, turn(waits_for(flag), GUARD, finish())))
    (todo,) = [one for one in await here.app.scan(here.place.root) if one.text == AREA]
    run = await here.start(task(AREA, "calc/area.py", todo_ids=(todo.id,)))
    await here.event(ev.MessageAdded, turn=1)
    mine = "def area(w, h):\n    return w * h  # sizes are never negative\n"
    here.place.write("calc/area.py", mine)
    if committed:
        here.place.commit("drop the note")
    state = here.place.state()
    flag.touch()
    assert (await here.wait(run.id)).state == "review"
    with pytest.raises(MergeRefused, match=r"calc/area\.py"):
        await here.app.accept(run.id, "merge")
    assert here.place.state() == state
    assert here.place.read("calc/area.py") == mine


async def test_what_the_user_committed_elsewhere_meanwhile_stays(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    here.place.write("calc/names.py", 'def greet(name):\n    return "Dear " + name\n')
    own = here.place.commit("politer")
    done = await here.app.accept(run.id, "merge")
    assert done.state == "accepted"
    assert "Dear" in here.place.read("calc/names.py")
    assert "ValueError" in here.place.read("calc/area.py")
    here.place.git("merge-base", "--is-ancestor", own, "HEAD")
    await here.app.undo(run.id)
    assert here.place.said("rev-parse", "HEAD") == own


async def test_two_accepts_at_once_move_the_branch_once(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    both = await asyncio.gather(
        here.app.accept(run.id, "merge"), here.app.accept(run.id, "merge"), return_exceptions=True
    )
    (refused,) = [one for one in both if isinstance(one, BaseException)]
    assert isinstance(refused, UsageProblem)
    assert len(here.place.said("reflog", "main").splitlines()) == 2


async def test_a_run_that_accepts_by_itself_says_so_last(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    done = await here.finish(task(AREA, "calc/area.py"), task("second file"), accept="squash")
    assert done.state == "accepted"
    last = here.heard[-1]
    assert isinstance(last, RunFinished)
    assert (last.state, last.branch) == ("accepted", "main")
    assert last.commit == here.place.said("rev-parse", "HEAD")
    assert last.dollars == done.bill.dollars > 0


async def test_a_run_that_cannot_accept_by_itself_waits_with_the_reason(
    desk: MakeDesk, tmp_path: Path
) -> None:
    flag = tmp_path / "go on"
    here = await desk(plays(AREA, turn(waits_for(flag), GUARD, finish())))
    run = await here.start(task(AREA, "calc/area.py"), accept="merge")
    await here.event(ev.MessageAdded, turn=1)
    here.place.write("calc/area.py", "mine = 1\n")
    flag.touch()
    done = await here.wait(run.id)
    assert done.state == "review"
    assert "calc/area.py" in done.notes[-1]
    assert here.place.read("calc/area.py") == "mine = 1\n"


async def test_a_failing_teardown_does_not_undo_an_accept(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND, settings=f"gate = {GATE!r}\nteardown = 'exit 3'\n")
    quote = await here.quote(task(AREA, "calc/area.py"), task("second file"))
    said = "The teardown command `exit 3` failed with exit code 3"
    assert said in quote.warnings[-1]
    run = await here.app.start(quote.id)
    await here.wait(run.id)
    done = await here.app.accept(run.id, "merge")
    assert done.state == "accepted"
    assert "ValueError" in here.place.read("calc/area.py")
    assert len(done.notes) == 3  # two Tasks and the combination
    assert said in done.notes[-1]
    assert not list((here.home / "worktrees").glob("*/*/*"))


async def test_discard_keeps_everything_under_salvage_refs(desk: MakeDesk, tmp_path: Path) -> None:
    here = await desk(
        FIRST,
        plays("draft", turn(write("draft.txt", "half\n"), bash("true")), turn(waits_for(tmp_path / "never"))),
    )
    before = here.place.state()
    run = await here.start(task(AREA, "calc/area.py"), task("draft"))
    await here.event(ev.TaskJoined, task_id="refuse")
    await here.event(ev.MessageAdded, task_id="draft", turn=2)
    await here.app.cancel_task(run.id, "draft")
    reviewed = await here.wait(run.id)
    done = await here.app.discard(run.id)
    assert done.state == "discarded"
    assert here.place.state() == before
    assert here.refs("refs/heads") == ["refs/heads/main"]
    assert not list((here.home / "worktrees").glob("*/*/*"))
    assert set(done.salvage) <= set(here.refs())
    kept = here.refs("refs/contextune/salvage")
    assert "half" in here.file(f"refs/contextune/salvage/{run.id}/draft", "draft.txt")
    assert here.place.said("rev-parse", f"refs/contextune/salvage/{run.id}/ghost-commits") == reviewed.ghost
    assert any(here.place.said("rev-parse", ref) == reviewed.task("refuse").commit for ref in kept)
    with pytest.raises(UsageProblem, match="discarded"):
        await here.app.accept(run.id, "merge")


async def test_accept_wants_a_way(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await reviewed(here)
    with pytest.raises(UsageProblem, match="Choose how to accept"):
        await here.app.accept(run.id, "none")
    with pytest.raises(UsageProblem, match="only an accepted Run can be undone"):
        await here.app.undo(run.id)


async def test_a_change_that_can_do_more_than_code_is_never_accepted_unseen(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            "second file",
            turn(write(".github/workflows/ci.yml", "on: push\n"), write("calc/second.py", "SECOND = 2\n")),
            turn(bash("printf '#!/bin/sh\\n' > tool && chmod +x tool"), finish()),
        )
    )
    before = here.place.state()
    run = await here.finish(task("second file"), accept="merge")
    # The user's word beforehand does not stand for a look at what they did not know of.
    assert run.state == "review"
    assert {change.path: change.flag for change in run.changes} == {
        ".github/workflows/ci.yml": "runs in CI",
        "calc/second.py": "",
        "tool": "is executable",
    }
    assert "Run " + run.id + " changes files that ask for a look" in run.notes[-1]
    assert here.place.state() == before
    with pytest.raises(UsageProblem, match="tool \\(is executable\\)"):
        await here.app.accept(run.id, "merge", seen=[".github/workflows/ci.yml"])
    assert here.place.state() == before
    done = await here.app.accept(run.id, "merge", seen=[".github/workflows/ci.yml", "tool"])
    assert (done.state, done.seen) == ("accepted", (".github/workflows/ci.yml", "tool"))


async def test_an_accept_that_a_crash_cut_off_is_brought_to_its_end(desk: MakeDesk) -> None:
    here = await desk(FIRST)
    run = await here.finish(task(AREA, "calc/area.py"))
    at = run.updated_at
    await here.journal.append([AcceptStarted(run_id=run.id, at=at, mode="merge")])
    await here.app.resume(run.id)
    done = await here.app.run(run.id)
    assert (done.state, done.accepting, done.task(run.tasks[0].id).worktree) == ("accepted", None, None)
    with pytest.raises(UsageProblem, match="there is nothing to resume"):
        await here.app.resume(run.id)


async def test_an_accept_that_is_refused_leaves_no_intent_behind(desk: MakeDesk) -> None:
    here = await desk(FIRST)
    run = await here.finish(task(AREA, "calc/area.py"))
    here.place.write("calc/area.py", "def area(w, h):\n    return 0\n")
    with pytest.raises(MergeRefused):
        await here.app.accept(run.id, "merge")
    assert (await here.app.run(run.id)).accepting is None

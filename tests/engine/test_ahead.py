"""Worktrees made ahead of need: who gets them, what they hold, and that none stays behind."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import closing
from pathlib import Path

import pytest

from contextune.adapters.git.repository import open_repository
from contextune.core.planning.plan import Plan, Task
from contextune.core.planning.quote import Quote
from contextune.core.runs import events as ev
from contextune.engine.quotes.quote import QuoteRequest
from contextune.engine.worktrees.leases import BESIDE, Leases
from tests.engine.conftest import MakeDesk
from tests.engine.told import transcript
from tests.engine.world import GATE, PATIENCE, Desk, bash, finish, plays, task, turn, write

FIRST = plays("first work", turn(write("a.txt", "a\n"), finish()))
SECOND = plays("second work", turn(write("b.txt", "b\n"), finish()))


class SetUps:
    """Set-ups of worktrees that tell the test of themselves, and wait until it has heard them."""

    def __init__(self, folder: Path) -> None:
        self._pipe = folder / "set-ups"
        os.mkfifo(self._pipe)
        self.settings = f"gate = {GATE!r}\nsetup = 'echo $CONTEXTUNE_TASK $PORT $PWD > {self._pipe}'\n"

    async def next(self) -> list[str]:
        """Whose set-up ran next, with which port and where."""
        line = await asyncio.wait_for(asyncio.to_thread(self._pipe.read_text), PATIENCE)
        return line.split()


async def shown(here: Desk, *tasks: Task) -> Quote:
    """A Quote that a person looks at, once its own worktree was set up."""
    request = QuoteRequest(folder=here.place.root, plan=Plan(tasks=tasks))
    return await here.app.quote(request, shown=True)


def leases_of(here: Desk, run_id: str) -> closing[Leases]:
    """Those of a Run or a Quote, as another process has them."""
    settings = here.world.settings.load(here.place.root, {})
    return closing(Leases(here.world, open_repository(here.place.root), run_id, settings))


def marks(here: Desk) -> list[str]:
    """The worktrees that were made ahead and that nobody took."""
    return [mark.name for mark in sorted((here.home / "worktrees").glob("*/*/.*.ahead"))]


async def test_a_few_worktrees_are_made_at_once(desk: MakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of many is ready before the last is begun."""
    here = await desk(FIRST, unplayed=True)
    counting = threading.Lock()
    begun: list[str] = []
    now, most = 0, 0
    make = Leases._make

    def counted(self: Leases, name: str, start: str, made_at: str) -> None:
        nonlocal now, most
        with counting:
            begun.append(name)
            now += 1
            most = max(most, now)
        make(self, name, start, made_at)
        with counting:
            now -= 1

    monkeypatch.setattr(Leases, "_make", counted)
    with leases_of(here, "r_many") as leases:
        head = leases.repository.resolve("HEAD") or ""
        names = [f"t{n}" for n in range(2 * (here.world.processors.count + BESIDE))]
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(leases.take(name, head) for name in names))
            assert begun == names
            assert most <= here.world.processors.count + BESIDE
            await asyncio.gather(*(leases.give_back(name) for name in names))


async def test_tasks_begin_in_worktrees_that_were_set_up_while_the_quote_was_read(
    desk: MakeDesk, tmp_path: Path
) -> None:
    set_ups = SetUps(tmp_path)
    here = await desk(FIRST, SECOND, settings=set_ups.settings)
    asking = asyncio.create_task(shown(here, task("first work"), task("second work")))
    assert (await set_ups.next())[0] == "base"
    quote = await asking
    made = [await set_ups.next(), await set_ups.next()]
    assert [one[0] for one in made] == ["first", "second"]
    run = await here.app.start(quote.id)
    # The next one is that in which the result is tested: those of the Tasks are not set up again.
    assert (await set_ups.next())[0] == "ghost"
    done = await here.wait(run.id)
    assert done.state == "review"
    assert [[t.id, str(t.port), t.worktree] for t in done.tasks] == made
    assert [t.start for t in done.tasks] == [done.base.commit, done.base.commit]
    assert [change.path for change in done.changes] == ["a.txt", "b.txt"]
    assert marks(here) == []


async def test_a_run_waits_for_what_is_still_being_made_for_it(desk: MakeDesk, tmp_path: Path) -> None:
    set_ups = SetUps(tmp_path)
    here = await desk(FIRST, settings=set_ups.settings)
    asking = asyncio.create_task(shown(here, task("first work")))
    await set_ups.next()
    run = await here.app.start((await asking).id)
    assert (await set_ups.next())[0] == "first"
    assert (await set_ups.next())[0] == "ghost"
    done = await here.wait(run.id)
    assert done.state == "review"


async def test_a_quote_that_is_left_leaves_nothing(desk: MakeDesk, tmp_path: Path) -> None:
    set_ups = SetUps(tmp_path)
    here = await desk(settings=set_ups.settings)
    refs = here.refs()
    asking = asyncio.create_task(shown(here, task("first work"), task("second work")))
    await set_ups.next()
    quote = await asking
    await set_ups.next()
    # The second one's set-up is at work, or about to begin.
    await asyncio.wait_for(here.app.leave(quote.id), PATIENCE)
    assert here.refs() == refs
    assert not list((here.home / "worktrees").glob("*/*"))


async def test_a_window_that_closes_leaves_nothing(desk: MakeDesk) -> None:
    here = await desk()
    refs = here.refs()
    await shown(here, task("first work"))
    await asyncio.wait_for(here.app.close(), PATIENCE)
    assert here.refs() == refs
    assert not list((here.home / "worktrees").glob("*/*"))


async def test_what_a_killed_process_made_ahead_is_given_back_with_the_next_quote(desk: MakeDesk) -> None:
    here = await desk()
    refs = here.refs()
    with leases_of(here, "r_gone") as leases:
        await leases.prepare("first", here.place.said("rev-parse", "HEAD"))
    assert marks(here) == [".first.ahead"]
    await here.quote(task("second work"))
    assert marks(here) == []
    assert here.refs() == refs
    assert not list((here.home / "worktrees").glob("*/*"))


async def test_what_was_made_ahead_for_a_run_stays_while_it_may_go_on(desk: MakeDesk) -> None:
    here = await desk(FIRST, SECOND)
    run = await here.start(task("first work"), task("second work", after=["first"]))
    await here.wait(run.id)
    with leases_of(here, run.id) as leases:
        await leases.prepare("third", run.base.commit)
    await here.quote(task("other work"))
    assert marks(here) == [".third.ahead"]


async def test_a_later_task_begins_on_what_was_made_before_it(desk: MakeDesk) -> None:
    here = await desk(
        FIRST, plays("second work", turn(bash("cat a.txt")), turn(write("b.txt", "b\n"), finish()))
    )
    run = await here.start(task("first work"), task("second work", after=["first"]))
    done = await here.wait(run.id)
    assert done.state == "review"
    assert "a\n" in await transcript(here.app, run.id, "second")
    second = done.task("second")
    assert second.start == done.task("first").joined
    # What it began with is what git is told, so that an unchanged worktree needs no Salvage.
    assert [change.path for change in second.changes] == ["b.txt"]
    assert marks(here) == []


async def test_what_no_task_took_is_given_back_without_a_salvage(desk: MakeDesk) -> None:
    here = await desk(plays("first work", turn(finish("nothing"))), unplayed=True)
    run = await here.start(task("first work"), task("second work", after=["first"]))
    await here.event(ev.TaskEnded, task_id="second")
    done = await here.wait(run.id)
    assert done.task("second").state == "skipped"
    assert marks(here) == []
    assert not any("second" in name for name in here.refs())


async def test_a_half_made_worktree_is_made_whole(desk: MakeDesk) -> None:
    here = await desk()
    head = here.place.said("rev-parse", "HEAD")
    with leases_of(here, "r_one") as dead:
        await dead.prepare("first", head)
        folder = dead.path("first")
    (folder.parent / ".first.ready").unlink()
    (folder / "calc" / "area.py").unlink()
    (folder / "notes.txt").write_text("a person's\n")
    with leases_of(here, "r_one") as leases:
        assert (await leases.take("first", head)).is_new
    assert (folder / "calc" / "area.py").is_file()
    assert not (folder / "notes.txt").exists()
    assert here.file("refs/contextune/salvage/r_one/first", "notes.txt") == "a person's\n"
    assert marks(here) == []
    # From now on it is its Task's own: it stays as it stands.
    (folder / "calc" / "area.py").write_text("mine\n")
    with leases_of(here, "r_one") as leases:
        assert not (await leases.take("first", head)).is_new
    assert (folder / "calc" / "area.py").read_text() == "mine\n"


async def test_one_made_at_another_commit_begins_at_the_tasks_own(desk: MakeDesk) -> None:
    here = await desk()
    old = here.place.said("rev-parse", "HEAD")
    here.place.write("new.txt", "new\n")
    here.place.commit("second")
    new = here.place.said("rev-parse", "HEAD")
    with leases_of(here, "r_one") as leases:
        await leases.prepare("first", old)
        lease = await leases.take("first", new)
        assert (lease.start, lease.is_new) == (new, True)
        assert (lease.path / "new.txt").read_text() == "new\n"
        assert here.place.said("rev-parse", lease.branch) == new
        # Nothing was done in it, so that nothing is kept of it.
        assert await leases.give_back("first") is None
    assert not here.refs("refs/contextune/salvage")


async def test_none_is_made_where_there_is_no_room(desk: MakeDesk) -> None:
    here = await desk(plays("big work", turn(bash("head -c 40000 /dev/zero > big.bin"), finish())))
    await here.finish(task("big work"))
    here.set_up(f"gate = {GATE!r}\nworktree_disk = 30000\n")
    quote = await shown(here, task("first work"))
    await asyncio.wait_for(here.app.leave(quote.id), PATIENCE)
    assert marks(here) == []

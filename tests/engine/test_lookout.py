"""Two processes: one drives a Run, the other shows it, and goes on when the first is gone."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from contextune.core.errors import UsageProblem
from contextune.core.model.requests import RequestReserved
from contextune.core.runs import events as ev
from contextune.core.runs.effects import AttemptResumed
from contextune.core.runs.endings import RunAccepted, RunFinished
from contextune.core.runs.run import Run, fold
from contextune.engine.application import Application
from tests.engine.conftest import MakeDesk
from tests.engine.test_resume import REPOSITORY, killed
from tests.engine.world import PATIENCE, Desk, finish, plays, task, turn, write

SLOW = {"kind": "slow", "delay_ms": 600_000}


def one_task(**last: Any) -> dict[str, Any]:
    return plays("first file", turn(write("calc/first.py", "FIRST = 1\n"), finish("First."), **last))


def two_turns(*, delay_ms: int) -> dict[str, Any]:
    """The second reply is so slow that the process is gone before it comes."""
    slow = {"kind": "slow", "delay_ms": delay_ms}
    return plays(
        "first file", turn(write("calc/first.py", "FIRST = 1\n")), turn(finish("First."), fault=slow)
    )


class Window:
    """Another process that looks out, in this one: what it is told, and what it was asked to see to."""

    def __init__(self, here: Desk, *, unable: int = 0, **options: object) -> None:
        self.app: Application = here.open(**options)
        self.told: list[tuple[Run, ev.AnyEvent]] = []
        self.left: list[str] = []
        self.changed: list[str] = []
        self._root = here.place.root
        self._unable = unable
        self._news = asyncio.Event()
        self.app.subscribe(self._hear)

    async def open(self) -> Window:
        await self.app.follow(self._root)
        self.app.lookout.begin(left=self._see_to, changed=self.changed.append)
        return self

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self._news.clear()
                await self._news.wait()

    def _hear(self, run: Run, event: ev.AnyEvent) -> None:
        self.told.append((run, event))
        self._news.set()

    async def _see_to(self, run: Run) -> bool:
        self.left.append(run.id)
        self._news.set()
        if len(self.left) <= self._unable:
            return False
        await self.app.take_over(run.id)
        return True


async def test_a_run_of_another_process_is_told_event_by_event(desk: MakeDesk) -> None:
    here = await desk(one_task())
    window = await Window(here).open()
    run = await here.finish(task("first file"))
    await window.until(lambda: any(isinstance(event, RunFinished) for _, event in window.told))
    journalled = await here.journal.read(run.id)
    assert [event for _, event in window.told] == journalled
    assert window.told[-1][0] == fold(journalled) == await window.app.run(run.id)
    assert window.left == []
    await window.app.close()


async def test_a_run_whose_process_was_killed_goes_on_by_itself(desk: MakeDesk) -> None:
    here = await desk(two_turns(delay_ms=3_000), unplayed=True)
    window = await Window(here).open()
    left = await killed(here, ["RequestReserved first"] * 2, "first file")
    await window.until(lambda: any(run.state == "review" for run, _ in window.told))
    assert window.left == [left.id]
    done = await window.app.wait(left.id)
    assert (done.state, done.joined) == ("review", ("first",))
    await window.app.close()


async def test_a_left_run_is_told_of_until_somebody_can_see_to_it(desk: MakeDesk) -> None:
    """Such as while there is no key yet; and then no more."""
    here = await desk(two_turns(delay_ms=3_000), unplayed=True)
    window = await Window(here, unable=2).open()
    left = await killed(here, ["RequestReserved first"] * 2, "first file")
    await window.until(lambda: any(run.state == "review" for run, _ in window.told))
    assert window.left == [left.id] * 3
    await window.app.close()


async def test_a_process_that_hangs_loses_its_run(desk: MakeDesk) -> None:
    here = await desk(two_turns(delay_ms=3_000), unplayed=True)
    window = await Window(here, lease=0.5).open()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.engine.other_process", str(here.place.root), str(here.home),
        here.models.url, "first file", cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        await window.until(lambda: sum(isinstance(event, RequestReserved) for _, event in window.told) == 2)
        process.send_signal(signal.SIGSTOP)
        await window.until(lambda: any(run.state == "review" for run, _ in window.told))
        assert await asyncio.wait_for(process.wait(), PATIENCE) == -signal.SIGKILL
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
    assert len(window.left) == 1
    (done,) = await window.app.runs(here.place.root)
    assert (done.state, done.joined) == ("review", ("first",))
    await window.app.close()


async def test_a_run_that_its_user_interrupted_waits(desk: MakeDesk) -> None:
    here = await desk(one_task(fault=SLOW), unplayed=True)
    window = await Window(here).open()
    run = await here.start(task("first file"))
    await here.event(RequestReserved)
    await asyncio.wait_for(here.app.interrupt(run.id), PATIENCE)
    assert ((await here.app.run(run.id)).state, (await here.app.run(run.id)).reason) == (
        "paused", "Interrupted.",
    )  # fmt: skip
    await window.until(lambda: any(run.state == "paused" for run, _ in window.told))
    assert window.app.lookout.driver(run.id) == "nobody"
    assert window.left == []
    await window.app.close()


async def test_two_that_resume_do_the_work_once(desk: MakeDesk) -> None:
    here = await desk(two_turns(delay_ms=1_000), unplayed=True)
    left = await killed(here, ["RequestReserved first"] * 2, "first file")
    other = here.open()
    await asyncio.gather(here.app.resume(left.id), other.resume(left.id))
    await here.wait(left.id)
    await here.wait(left.id, other)
    done = await other.run(left.id)
    assert (done.state, len(done.task("first").attempts)) == ("review", 1)
    resumed = [event for event in await here.journal.read(left.id) if isinstance(event, AttemptResumed)]
    assert len(resumed) == 1
    await other.close()


async def test_a_run_is_accepted_by_one_process_at_a_time(desk: MakeDesk) -> None:
    here = await desk(one_task())
    run = await here.finish(task("first file"))
    other = here.open()
    results = await asyncio.gather(
        here.app.accept(run.id, "merge"), other.accept(run.id, "merge"), return_exceptions=True
    )
    (refused,) = [result for result in results if isinstance(result, BaseException)]
    assert isinstance(refused, UsageProblem)
    assert (await other.run(run.id)).state == "accepted"
    accepted = [event for event in await here.journal.read(run.id) if isinstance(event, RunAccepted)]
    assert len(accepted) == 1
    await other.close()


async def test_whether_a_left_run_goes_on_by_itself(desk: MakeDesk) -> None:
    here = await desk(one_task())
    run = await here.finish(task("first file"))
    assert here.app.goes_on_by_itself(run) is True
    old = msgspec.structs.replace(run, updated_at=run.updated_at - 86_500_000)
    assert here.app.goes_on_by_itself(old) is False, "it was left so long that nobody thinks of it any more"
    here.set_up((here.home / "settings.toml").read_text() + 'resume = "ask"\n')
    assert here.app.goes_on_by_itself(run) is False
    here.models.key = ""
    assert here.app.goes_on_by_itself(run) is None, "without a key nothing can go on"
    here.models.key = "sk-test"
    here.app.trust(here.place.root, trusted=False)
    assert here.app.goes_on_by_itself(run) is None

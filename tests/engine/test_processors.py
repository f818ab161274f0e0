"""Commands and Gates of all Runs share this machine's processors: who runs, who waits, and who is told."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from contextune.adapters.commands.shell import FencedShell
from contextune.adapters.fence.choice import NoFence
from contextune.adapters.files.workspace import WorktreeFiles
from contextune.adapters.pool.local import LocalPool
from contextune.core.ports import Shell
from contextune.core.proof.evidence import CommandResult
from contextune.core.runs import events as ev
from contextune.core.runs.effects import ToolCalled
from contextune.core.workplaces import Workplace
from contextune.engine.surroundings import processors
from contextune.engine.surroundings.in_turn import InTurn
from contextune.engine.surroundings.processors import Processors
from tests.adapters.git_place import Place
from tests.engine.conftest import MakeDesk
from tests.engine.world import GATE, finish, new_repository, plays, task, turn, until, waits_for, write

LONG, SHORT = "the suite", "a look"


class Queue:
    """Commands that a test lets end, in a queue. `order` has who began, in order."""

    def __init__(self, count: int, **given: object) -> None:
        self.now = 0.0
        self.queue = Processors(count, clock=lambda: self.now, **given)  # type: ignore[arg-type]
        self.order: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, name: str, run: str = "one", command: str = SHORT) -> None:
        self._ends[name] = asyncio.Event()

        async def go() -> None:
            async with self.queue.turn(run, command):
                self.order.append(name)
                await self._ends[name].wait()

        self._tasks[name] = asyncio.create_task(go())
        await settled()

    async def end(self, *names: str) -> None:
        for name in names:
            self._ends[name].set()
            await self._tasks[name]
            await settled()

    async def cancel(self, name: str) -> None:
        self._tasks[name].cancel()
        with suppress(asyncio.CancelledError):
            await self._tasks[name]
        await settled()

    async def know(self, command: str, seconds: float) -> None:
        """Have a command known to take so long."""
        async with self.queue.turn("before", command):
            self.now += seconds


async def settled() -> None:
    """Let all go on that can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def long_ones(count: int, **given: object) -> Queue:
    queue = Queue(count, **given)
    await queue.know(LONG, 60.0)
    return queue


async def test_ten_suites_on_two_processors_run_two_at_a_time() -> None:
    queue = await long_ones(2)
    names = [f"suite {number}" for number in range(10)]
    for name in names:
        await queue.ask(name, command=LONG)
    assert (queue.order, queue.queue.running, queue.queue.waiting) == (names[:2], 2, 8)
    for number, name in enumerate(names):
        await queue.end(name)
        assert queue.order == names[: number + 3]
    assert (queue.queue.running, queue.queue.waiting) == (0, 0)


async def test_runs_take_turns() -> None:
    queue = await long_ones(1)
    for number in range(4):
        await queue.ask(f"one {number}", "one", LONG)
    for number in range(2):
        await queue.ask(f"two {number}", "two", LONG)
    await queue.end("one 0", "one 1", "two 0", "one 2", "two 1")
    assert queue.order == ["one 0", "one 1", "two 0", "one 2", "two 1", "one 3"]
    await queue.end("one 3")


async def test_a_short_command_does_not_wait_for_suites_to_end() -> None:
    queue = await long_ones(1)
    await queue.ask("suite", command=LONG)
    await queue.ask("next suite", command=LONG)
    await queue.ask("look")
    assert queue.order == ["suite", "look"]
    await queue.ask("second look")
    assert queue.order == ["suite", "look"]
    await queue.end("look")
    assert queue.order == ["suite", "look", "second look"]
    await queue.end("second look", "suite")
    assert queue.order[-1] == "next suite"
    await queue.end("next suite")


async def test_short_commands_do_not_keep_a_suite_waiting() -> None:
    queue = await long_ones(1)
    for number in range(4):
        await queue.ask(f"look {number}")
    await queue.ask("suite", command=LONG)
    assert queue.order == ["look 0", "look 1"]
    await queue.end("look 0")
    assert queue.order[-1] == "suite"
    await queue.end("look 1", "look 2", "look 3", "suite")


async def test_a_command_that_was_not_known_to_be_long_leaves_the_lane_and_is_known_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processors, "OVERSTAYED", 0.0)
    queue = await long_ones(1)
    await queue.ask("suite", command=LONG)
    await queue.ask("surprise", command="make world")
    await queue.ask("look")
    assert queue.order == ["suite", "surprise", "look"]
    await queue.ask("one more", command="make moon")
    assert queue.queue.waiting == 1  # two run beyond the lane: more would only make each slower
    await queue.end("look")
    queue.now += 60
    await queue.end("surprise", "suite", "one more")
    await queue.ask("suite again", command=LONG)
    await queue.ask("surprise again", command="make world")
    assert queue.order[-1] == "suite again"
    await queue.end("suite again", "surprise again")


async def test_who_is_cancelled_waits_no_longer() -> None:
    queue = await long_ones(1)
    for name in ("first", "second", "third"):
        await queue.ask(name, command=LONG)
    await queue.cancel("second")
    assert queue.queue.waiting == 1
    await queue.cancel("first")
    assert queue.order == ["first", "third"]
    await queue.cancel("third")
    assert (queue.queue.running, queue.queue.waiting) == (0, 0)


async def test_one_that_is_cancelled_just_when_its_turn_comes_keeps_nothing() -> None:
    queue = await long_ones(1)
    await queue.ask("first", command=LONG)
    await queue.ask("second", command=LONG)
    await queue.ask("third", command=LONG)
    queue._ends["first"].set()
    await queue._tasks["first"]
    await queue.cancel("second")
    assert queue.queue.waiting == 0
    assert queue.order[-1] == "third"
    await queue.end("third")


async def test_where_processors_are_idle_more_commands_run_and_fewer_again_where_they_are_not() -> None:
    told = iter([None, 0.0, 0.0, 0.0, 0.9, 0.9])
    asleep, awake = asyncio.Queue[None](), asyncio.Queue[None]()

    async def sleep(_: float) -> None:
        asleep.put_nowait(None)
        await awake.get()

    async def look() -> None:
        await asleep.get()
        awake.put_nowait(None)
        await settled()

    queue = await long_ones(1, pressure=lambda: next(told), sleep=sleep)
    for number in range(6):
        await queue.ask(f"suite {number}", command=LONG)
    running = [queue.queue.running]
    for _ in range(3):
        await look()
        running.append(queue.queue.running)
    assert running == [1, 2, 3, 3]
    await look()
    await look()
    await queue.end("suite 0", "suite 1")
    assert queue.queue.running == 1
    await queue.cancel("suite 3")
    await queue.cancel("suite 4")
    await queue.cancel("suite 5")
    await queue.end("suite 2")


# Real processes.


class Bell:
    """A named pipe in which commands say what they do."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "bell"
        os.mkfifo(self.path)
        self._file = os.open(self.path, os.O_RDWR)

    async def heard(self) -> str:
        """The next line."""
        return (await asyncio.to_thread(os.read, self._file, 8)).decode().strip()

    def close(self) -> None:
        os.close(self._file)


@pytest.fixture
def bell(tmp_path: Path) -> Iterator[Bell]:
    bell = Bell(tmp_path)
    yield bell
    bell.close()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return new_repository(tmp_path / "shop")


MakePlace = Callable[..., InTurn]


@pytest.fixture
def workplace(place: Place) -> MakePlace:
    """A workplace in a repository, its commands in a queue."""

    def shell(*_: object) -> Shell:
        return FencedShell(NoFence("the test's own commands need none."))

    pool = LocalPool(shell=shell, setup_shell=shell, files=WorktreeFiles)

    def make(queue: Processors, run: str = "r_1", told: processors.Told = processors._nobody) -> InTurn:
        inner: Workplace = pool.workplace(place.root, place.open(), None)
        return InTurn(inner, queue, run, told)

    return make


def command(of: InTurn, words: str, cwd: Path, timeout: float = 60) -> asyncio.Task[CommandResult]:
    return asyncio.create_task(of.shell.run(words, cwd=cwd, timeout=timeout, environment={}))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
async def test_processes_run_one_after_the_other_and_their_time_begins_when_they_do(
    workplace: MakePlace, place: Place, bell: Bell, tmp_path: Path
) -> None:
    queue = Processors(1, soon=0.0)
    for text in ("slow", "later"):
        queue._learn(_held(text, bell, tmp_path / text), 60.0)
    said = asyncio.Queue[bool]()

    first, second = workplace(queue), workplace(queue, told=said.put)
    slow = command(first, _held("slow", bell, tmp_path / "slow"), place.root)
    assert await bell.heard() == "slow"
    limit = 5.0
    later = command(second, _held("later", bell, tmp_path / "later"), place.root, timeout=limit)
    assert await said.get()
    assert (queue.running, queue.waiting) == (1, 1)
    # Longer than the second one's limit, by the clock that measures what it waits.
    ahead = limit + 1
    loop = asyncio.get_running_loop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "time", lambda: time.monotonic() + ahead)
        (tmp_path / "slow").touch()
        assert (await slow).exit_code == 0
        assert await bell.heard() == "later"
    (tmp_path / "later").touch()
    result = await later
    assert (result.exit_code, result.timed_out) == (0, False)
    assert not await said.get()
    assert second.waited > limit
    assert first.waited < limit


def _held(name: str, bell: Bell, flag: Path) -> str:
    return f"echo {name} > '{bell.path}'; {until(flag)}"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
async def test_a_command_that_is_cancelled_while_it_waits_never_runs(
    workplace: MakePlace, place: Place, bell: Bell, tmp_path: Path
) -> None:
    queue = Processors(1)
    held = _held("held", bell, tmp_path / "held")
    never = "touch never"
    queue._learn(held, 60.0)
    queue._learn(never, 60.0)
    of = workplace(queue)
    running = command(of, held, place.root)
    assert await bell.heard() == "held"
    waiting = command(of, never, place.root)
    await settled()
    assert queue.waiting == 1
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    (tmp_path / "held").touch()
    await running
    assert not (place.root / "never").exists()
    assert (queue.running, queue.waiting) == (0, 0)


async def test_the_user_sees_which_task_waits_across_runs(desk: MakeDesk, tmp_path: Path) -> None:
    go = tmp_path / "go"
    here = await desk(
        plays("first file", turn(waits_for(go)), turn(write("calc/first.py", "1\n")), turn(finish())),
        plays("second file", turn(waits_for(go)), turn(write("calc/second.py", "2\n")), turn(finish())),
        settings=f"gate = {GATE!r}\n",
    )
    await here.app.close()
    here.processors = queue = Processors(1, soon=0.0)
    queue._learn(until(go), 60.0)
    here.app = here.open()
    first = await here.start(task("first file"))
    await here.event(ToolCalled, run_id=first.id)
    second = await here.start(task("second file"))
    await here.event(ev.ProcessorAwaited, run_id=second.id, task_id="second", worktree="second")
    assert (queue.running, queue.waiting) == (1, 1)
    waiting = await here.app.run(second.id)
    assert waiting.tasks[0].awaiting == ("second",)
    go.touch()
    await here.event(ev.ProcessorTaken, run_id=second.id, task_id="second", worktree="second")
    for run in (first, second):
        ended = await here.wait(run.id)
        assert (ended.state, ended.tasks[0].awaiting) == ("review", ())

"""The Runs of the budget suite, driven by the real drive in a process that may be killed at any moment."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from contextune.bench.plain_retries import Unthrottled
from contextune.bench.served import Served
from contextune.compose import make_world
from contextune.core.base import Value
from contextune.core.errors import BudgetReached, ContextuneError, ModelRefusal
from contextune.core.model.conversation import Message, ModelRequest, Rung, Text
from contextune.core.model.money import PriceRange
from contextune.core.planning.plan import Plan, Task
from contextune.core.planning.quote import Quote, TaskQuote
from contextune.core.ports import Repository
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run, fold
from contextune.core.settings import HAIKU, SONNET, Settings, SettingsSource
from contextune.core.states import LIVE_RUN
from contextune.core.worktrees.snapshot import Base
from contextune.engine.drive.run import RunDriver
from contextune.engine.money.gateway import Gateway
from contextune.engine.proof.gate import Gate
from contextune.engine.surroundings.world import World

ROLE = "parallel-task-executor"
MOST_TURNS = 4
RUNGS = (Rung(model=HAIKU, effort="low"), Rung(model=HAIKU, effort="low"), Rung(model=SONNET, effort="low"))
UNKNOWN = PriceRange(low=None, likely=None, high=None, at_sonnet=None)


class Batch(Value, frozen=True, kw_only=True):
    """What a process is to do: Runs of one home, each made from the seed and its own id."""

    home: str
    repository: str
    url: str
    seed: int
    run_ids: tuple[str, ...]
    day_budget: Decimal | None


def work_through(batch: Batch) -> None:
    """Begin the Runs of a batch, or go on with what an earlier process left of them, to their ends."""
    asyncio.run(_all(batch))


async def _all(batch: Batch) -> None:
    models = Served(batch.url)
    world = make_world(home=Path(batch.home), models=models, unfenced=True)
    repository = world.open_repository(Path(batch.repository))
    # All of them at once, with pauses that are short: what is tested is money, not patience.
    throttle = Unthrottled(world.pressure, world.clock, sleep=_hurried)
    gateway = Gateway(await models.get(offline=True), world.prices, world.clock, throttle=throttle)
    try:
        await asyncio.gather(*(_one(world, repository, gateway, batch, run_id) for run_id in batch.run_ids))
    finally:
        await models.close()
        await world.journal.close()


async def _hurried(seconds: float) -> None:
    """A hundredth of the pause."""
    await asyncio.sleep(seconds / 100)


async def _one(world: World, repository: Repository, gateway: Gateway, batch: Batch, run_id: str) -> None:
    run = fold(await world.journal.read(run_id))
    settings = settings_of(batch, run_id)
    if run is None:
        tasks = Random(f"{batch.seed}/{run_id}/tasks").randint(1, 3)  # noqa: S311 as below
        created = _created(run_id, batch.repository, settings, tasks=tasks)
        await world.journal.append([created])
        run = fold([created])
    if run is None or run.state not in LIVE_RUN:
        return
    own = replace(world, settings=_Fixed(settings))
    driver = _Drive(own, repository, run, settings, gateway, batch.seed)
    await driver.to_its_end()


def settings_of(batch: Batch, run_id: str) -> Settings:
    """The settings that a Run drew: the same in every process that goes on with it."""
    chance = Random(f"{batch.seed}/{run_id}")  # noqa: S311 a seeded draw keeps no secret
    return Settings(
        budget=_budget(chance),
        task_budget=_budget(chance) if chance.random() < 0.3 else None,
        request_budget=_budget(chance) if chance.random() < 0.2 else None,
        day_budget=batch.day_budget,
    )


class _Fixed:
    """engine.surroundings.world.SettingsStore of one Run: what it drew, whenever it is asked."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def load(self, root: Path | None, overrides: Mapping[str, Any]) -> Settings:
        """The settings that the Run drew."""
        del root, overrides
        return self._settings

    def sources(self, root: Path | None) -> tuple[SettingsSource, ...]:
        """Nothing but what the Run drew."""
        del root
        return ()

    def configure(self, root: Path | None, values: Mapping[str, Any]) -> None:
        """Nobody edits them."""

    def allow_unfenced(self, root: Path, allowed: bool) -> None:
        """Nothing is run."""

    def is_unfenced(self, root: Path) -> bool:
        """Nothing is run."""
        del root
        return True

    def trust(self, root: Path, trusted: bool) -> None:
        """Nothing is read from the repository."""

    def is_trusted(self, root: Path) -> bool:
        """Nothing is read from the repository."""
        del root
        return False


class _Drive:
    """Drives one Run, and decides in the user's place when it is parked."""

    def __init__(
        self,
        world: World,
        repository: Repository,
        run: Run,
        settings: Settings,
        gateway: Gateway,
        seed: int,
    ) -> None:
        self._seed = seed
        self._chance = Random(f"{seed}/{run.id}/decisions")  # noqa: S311 as above
        self._deciding: set[asyncio.Task[None]] = set()
        self._driver = RunDriver(
            world,
            repository,
            run,
            settings=settings,
            gateway=gateway,
            gate=Gate(repository, timeout=60),
            listener=self._heard,
            work=self._work,
        )

    async def to_its_end(self) -> None:
        if self._driver.run.state == "parked":
            self._decide()
        try:
            await self._driver.drive()
        except ContextuneError as problem:
            at = self._driver.now()
            await self._driver.emit(
                ev.RunPaused(run_id=self._driver.run.id, at=at, state="paused", reason=str(problem))
            )

    def _heard(self, run: Run, event: ev.AnyEvent) -> None:
        del run
        if isinstance(event, ev.RunPaused) and event.state == "parked":
            self._decide()

    def _decide(self) -> None:
        task = asyncio.create_task(self._raise_or_cancel())
        self._deciding.add(task)
        task.add_done_callback(self._deciding.discard)

    async def _raise_or_cancel(self) -> None:
        of_the_day = "of the day" in self._driver.run.reason
        if not of_the_day and self._chance.random() < 0.6:
            await self._driver.resume(self._driver.run.budget * 2)
        else:
            await self._driver.cancel()

    async def _work(self, driver: RunDriver, task_id: str) -> None:
        """Turns of random lengths with the one model that the Task drew."""
        attempt = len(driver.run.task(task_id).attempts) + 1
        chance = Random(f"{self._seed}/{driver.run.id}/{task_id}/{attempt}")  # noqa: S311 as above
        rung = chance.choice(RUNGS)
        run_id = driver.run.id
        await driver.emit(
            ev.AttemptStarted(
                run_id=run_id, at=driver.now(), task_id=task_id, attempt=attempt, role=ROLE, rung=rung
            )
        )
        await self._converse(driver, task_id, attempt, rung, chance)
        await driver.emit(
            ev.AttemptEnded(
                run_id=run_id,
                at=driver.now(),
                task_id=task_id,
                attempt=attempt,
                outcome="limit",
                summary="Enough.",
            )
        )
        await driver.end_task(task_id, "failed", "The suite asks for no more.")

    async def _converse(
        self, driver: RunDriver, task_id: str, attempt: int, rung: Rung, chance: Random
    ) -> None:
        messages = [_said(f"This is {driver.run.id}. " + "word " * chance.randint(20, 2_000))]
        request = ModelRequest(rung=rung, system=(Text(text="Be brief."),), messages=())
        for _ in range(chance.randint(1, MOST_TURNS)):
            request = msgspec.structs.replace(
                request, messages=tuple(messages), max_tokens=chance.choice((60, 200, 400))
            )
            try:
                reply = await driver.send(request, role=ROLE, task_id=task_id, attempt=attempt)
            except (BudgetReached, ModelRefusal):
                return
            if not reply.text:
                return
            request = msgspec.structs.replace(request, anchor=len(messages), previous_id=reply.id)
            answer = Message(role="assistant", blocks=(Text(text=reply.text),))
            messages += [answer, _said("word " * chance.randint(1, 400))]


def _said(words: str) -> Message:
    return Message(role="user", blocks=(Text(text=words),))


def _budget(chance: Random) -> Decimal:
    """From too little for one request to enough for all: even on a logarithmic scale."""
    return Decimal(str(round(10 ** chance.uniform(-4.2, -0.5), 6)))


def _created(run_id: str, repository: str, settings: Settings, *, tasks: int) -> ev.RunCreated:
    plan = Plan(tasks=tuple(Task(id=f"t{n}", title=f"Task {n}", brief="Talk.") for n in range(tasks)))
    base = Base(commit="0" * 40, tree="0" * 40, head="0" * 40, branch="main")
    quote = Quote(
        id=run_id,
        repository=repository,
        title=run_id,
        base=base,
        todos=(),
        plan=plan,
        waves=plan.waves(),
        overlaps=(),
        tasks=tuple(TaskQuote(task_id=task.id, rung=RUNGS[0], price=UNKNOWN) for task in plan.tasks),
        price=UNKNOWN,
        planning=(),
        budget=settings.budget,
        agents=3,
        gate=None,
        baseline=None,
    )
    return ev.RunCreated(
        run_id=run_id,
        at=1,
        repository=repository,
        title=run_id,
        base=base,
        plan=plan,
        todos=(),
        quote=quote,
        baseline=None,
        gate=None,
        budget=settings.budget,
        agents=3,
        accept="none",
        ladder=RUNGS[:1],
        offline=True,
    )

"""One try at a rung in one Lease: an attempt, and a fresh one where its conversation has grown too long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

from contextune.agents.briefing import earlier_attempt
from contextune.core.errors import Asked, BudgetReached, ModelProblem, PlaceProblem
from contextune.core.model.conversation import ModelReply, ModelRequest, Rung, Text
from contextune.core.proof.evidence import Evidence
from contextune.core.runs import events as ev
from contextune.core.runs.ladder import LOST, MAX_HAND_OVERS, newest_tries
from contextune.core.runs.task_run import Attempt, TaskRun
from contextune.engine.attempts.attempt import AttemptWork, Done, Outside
from contextune.engine.attempts.taken_up import OpenAttempt, open_attempt
from contextune.engine.attempts.words import Words
from contextune.engine.drive.run import RunDriver
from contextune.engine.drive.seats import Seat
from contextune.engine.money.gateway import Keep
from contextune.engine.radar.notices import Notices
from contextune.engine.tasks.courses import awaited, rebase, until_free
from contextune.engine.tasks.pausing import until_resumed
from contextune.engine.tasks.task_budget import TaskBudget
from contextune.engine.worktrees.leases import Lease


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a Task stands: who works on it, the rungs that this role climbs, and the step it is on."""

    role: str
    rungs: tuple[Rung, ...]
    start: int
    step: int

    @property
    def rung(self) -> Rung | None:
        """The rung to try next; None if the Task has climbed past the last."""
        return self.rungs[self.step] if self.step < len(self.rungs) else None

    def at(self, step: int) -> Standing:
        """The same on another step."""
        return replace(self, step=step)

    def attempts(self, task: TaskRun) -> dict[int, Attempt]:
        """The newest attempt of each try that the Task had on this step since it last began anew."""
        return newest_tries(task.attempts[task.lap :], self.rungs, self.start, self.step)


class Left(NamedTuple):
    """An attempt that an earlier process left open."""

    number: int
    open: OpenAttempt


class Trial:
    """Tries a rung once, for one Task of a driven Run."""

    def __init__(
        self,
        driver: RunDriver,
        task_id: str,
        lease: Lease,
        standing: Standing,
        budget: TaskBudget,
        *,
        number: int = 1,
        words: Words | None = None,
        before_turn: Callable[[], None] = lambda: None,
        asking: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """`number` tells which of several tries side by side this is.

        `before_turn` may raise GivenUp; `asking` tells, once that is known, whether a question is put to the
        user at all.
        """
        self._driver = driver
        self._task_id = task_id
        self._lease = lease
        self._standing = standing
        self._budget = budget
        self._trial = number
        self._words = words or Words(lambda: self._task)
        self._before_turn = before_turn
        self._asking = asking

    @property
    def _task(self) -> TaskRun:
        return self._driver.run.task(self._task_id)

    async def run(self, seat: Seat, handed: tuple[Text, ...], reason: str) -> Done:
        """Until the try is over. `handed` is what is told beside the Task.

        An attempt that an earlier process left open is taken up, where its worktree is still there.
        """
        left = await self._left_open()
        if left is None and self._last is not None and self._last.outcome == "cancelled":
            handed = await left_behind(self._driver, self._lease, self._last)
        while True:
            if left is None:
                done = await self._attempt(seat, handed, reason)
            else:
                done = await self._go_on(seat, left, handed)
                left = None
            if done.outcome != "handed_over" or hand_overs(self._task) > MAX_HAND_OVERS:
                return done
            reason = "The conversation before it had grown too long."
            text = await diff(self._driver, self._lease)
            handed = (earlier_attempt(text, done.evidence, done.summary, outgrown=True),)

    async def _attempt(self, seat: Seat, handed: tuple[Text, ...], reason: str) -> Done:
        driver, standing = self._driver, self._standing
        rung = standing.rungs[standing.step]
        number = driver.next_attempt(self._task_id)
        await driver.emit(
            ev.AttemptStarted(
                run_id=driver.run.id,
                at=driver.now(),
                task_id=self._task_id,
                attempt=number,
                role=standing.role,
                rung=rung,
                reason=reason,
                step=standing.step,
                trial=self._trial,
            )
        )
        return await self._work(seat, number, lambda work: work.work(handed))

    @property
    def _last(self) -> Attempt | None:
        """The newest attempt of this try on this step."""
        return self._standing.attempts(self._task).get(self._trial)

    async def _go_on(self, seat: Seat, left: Left, handed: tuple[Text, ...]) -> Done:
        def work(attempt: AttemptWork) -> Awaitable[Done]:
            return attempt.take_up(left.open) if left.open.left.messages else attempt.work(handed)

        return await self._work(seat, left.number, work)

    async def _left_open(self) -> Left | None:
        """The attempt of this try that has no end yet; one that cannot be taken up is brought to its end."""
        attempt = self._last
        if attempt is None or attempt.outcome != "working":
            return None
        driver = self._driver
        events = await driver.world.journal.read(driver.run.id)
        found = open_attempt(events, self._task_id, attempt.number)
        if found is not None and not self._lease.is_new:
            return Left(attempt.number, found)
        lost = "Its worktree was gone." if self._lease.is_new else "The process ended."
        await driver.emit(ended(driver, self._task_id, Done("cancelled", lost, attempt=attempt.number)))
        return None

    async def _work(self, seat: Seat, number: int, do: Callable[[AttemptWork], Awaitable[Done]]) -> Done:
        standing = self._standing
        work = AttemptWork(
            self._driver,
            self._task.task,
            self._lease,
            self._outside(seat, number),
            name=standing.role,
            rung=standing.rungs[standing.step],
            number=number,
        )
        try:
            done = await do(work)
        except BudgetReached as reached:
            await self._end(work, Done("limit", str(reached), attempt=number))
            raise
        except asyncio.CancelledError:
            if self._driver.halting:
                await work.settle()  # it stays open: whoever goes on with the Run takes it up
            else:
                await self._end(work, Done("cancelled", "Stopped.", attempt=number))
            raise
        except (PlaceProblem, ModelProblem):
            await work.settle()  # no fault of the attempt: it is taken up when the Run goes on
            raise
        except Exception as problem:
            await self._end(work, Done("failed", str(problem), attempt=number))
            raise
        await self._end(work, done)
        return done

    async def _end(self, work: AttemptWork, done: Done) -> None:
        await work.settle()
        await self._driver.emit(ended(self._driver, self._task_id, done))

    async def _take_course(self, seat: Seat) -> None:
        """Wait for others as the user chose, the place left to them; then go on, perhaps on top of them."""
        if awaited(self._driver.run, self._task_id):
            await seat.outside(until_free(self._driver, self._task_id))
        # Of tries side by side each one keeps its start: they are compared with one another.
        if self._task.course == "rebase" and self._standing.rungs[self._standing.step].tries == 1:
            await rebase(self._driver, self._task_id, self._lease)

    def _outside(self, seat: Seat, number: int) -> Outside:
        driver = self._driver

        async def send(request: ModelRequest, keep: Keep) -> ModelReply:
            self._before_turn()
            if self._task.course != "go_on":
                await self._take_course(seat)
            return await self._budget.send(
                request, role=self._standing.role, attempt=number, seat=seat, keep=keep, idle=idle
            )

        async def idle() -> bool:
            # Who is paused leaves its place to others; it may be paused again before it has one.
            was_paused = self._task.paused
            while self._task.paused:
                await seat.outside(until_resumed(driver, self._task_id))
            return was_paused

        async def ask(asked: Asked) -> str | None:
            # Who waits for a person leaves its place to others.
            if self._asking is not None and not await seat.outside(self._asking()):
                return None
            return await seat.outside(
                driver.talk.ask(self._task_id, asked.question, asked.choices, attempt=number)
            )

        async def tell(event: ev.AnyEvent) -> None:
            await driver.emit(event)

        def wrote(paths: Collection[str] | None) -> None:
            # Of tries side by side, the Radar follows the one in the Task's own worktree.
            if self._trial == 1:
                driver.radar.wrote(self._task_id, paths)

        return Outside(
            send=send,
            tell=tell,
            words=self._words,
            ask=ask,
            idle=idle,
            soon=driver.emit_soon,
            notices=Notices(lambda: self._task),
            wrote=wrote,
            settled=lambda: driver.radar.settle(self._task_id),
        )


def ended(driver: RunDriver, task_id: str, done: Done) -> ev.AttemptEnded:
    """The event that ends an attempt."""
    return ev.AttemptEnded(
        run_id=driver.run.id,
        at=driver.now(),
        task_id=task_id,
        attempt=done.attempt,
        outcome=done.outcome,
        summary=done.summary,
        remaining=done.remaining,
        tree=done.tree,
    )


def hand_overs(task: TaskRun) -> int:
    """How often a conversation about the Task has grown too long since it last began anew."""
    return sum(attempt.outcome == "handed_over" for attempt in task.attempts[task.lap :])


async def ended_before(driver: RunDriver, lease: Lease, attempt: Attempt | None) -> Done | None:
    """The end of a try that an earlier process brought to one; None if it is still to be made."""
    if attempt is None or attempt.outcome not in LOST | {"green"}:
        return None
    tree = attempt.tree or await asyncio.to_thread(driver.repository.worktree_tree, lease.path)
    return Done(attempt.outcome, attempt.summary, attempt.remaining, attempt.evidence, tree, attempt.number)


async def left_behind(driver: RunDriver, lease: Lease, last: Attempt | None) -> tuple[Text, ...]:
    """What an earlier process, or an earlier attempt, left in a worktree."""
    if last is None:
        return ()
    text = await diff(driver, lease)
    outgrown = last.outcome == "handed_over"
    return (earlier_attempt(text, last.evidence, last.summary, outgrown=outgrown),) if text else ()


async def diff(driver: RunDriver, lease: Lease) -> str:
    """What a worktree holds differently from its start."""
    tree = await asyncio.to_thread(driver.repository.worktree_tree, lease.path)
    return await asyncio.to_thread(driver.repository.diff, lease.start, tree)


def why_climb(outcome: str, evidence: Evidence | None, summary: str) -> str:
    """Why a Task needs a higher rung, a sentence."""
    match outcome:
        case "red" if evidence is None:
            return "The attempt changed nothing."
        case "red":
            return "The Gate stayed red."
        case "handed_over":
            return "The conversations about it kept growing too long."
        case _:
            return summary

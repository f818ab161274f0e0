"""The work on one Task: attempts up the Ladder, each judged by the Gate, until its commit is in the Ghost."""

from __future__ import annotations

import asyncio

from contextune.agents.briefing import earlier_attempt
from contextune.agents.roles import role
from contextune.core import events as ev
from contextune.core.conversation import ModelReply, ModelRequest, Rung, Text
from contextune.core.errors import Asked, ModelRefusal
from contextune.core.task_run import TaskRun
from contextune.engine.attempt import AttemptWork, Done, Outside
from contextune.engine.context_pack import first_message
from contextune.engine.joining import join, put_on_ghost
from contextune.engine.leases import Lease
from contextune.engine.run import RunDriver
from contextune.engine.seats import Seat

EXECUTOR = "parallel-task-executor"
RESOLVER = "conflict-resolver"
MAX_BOUNCES = 2
"""How often a Task goes back to an agent because it does not fit the others."""


async def work_on(driver: RunDriver, task_id: str) -> None:
    """Work on one Task of a driven Run, from its Lease to its end."""
    await TaskWork(driver, task_id).run()


class TaskWork:
    """Works on one Task of a driven Run."""

    def __init__(self, driver: RunDriver, task_id: str) -> None:
        self._driver = driver
        self._task_id = task_id
        self._lease: Lease

    @property
    def _task(self) -> TaskRun:
        return self._driver.run.task(self._task_id)

    async def run(self) -> None:
        """From a Lease to the Ghost, or to a failure with a sentence."""
        start = self._driver.ghost.head if self._task.task.depends_on else self._driver.run.base.commit
        await self._take_lease(self._task.start or start)
        done = await self._green_before()
        name, handed, reason = EXECUTOR, await self._left_behind(), ""
        rungs = self._rungs(name)
        while True:
            if not rungs:
                await self._driver.end_task(self._task_id, "failed", reason)
                return
            if done is None:
                async with Seat(self._driver.slots) as seat:
                    done = await self._attempt(seat, name, rungs.pop(0), handed, reason)
            if done.outcome != "green":
                reason = _why_climb(done)
                handed = (earlier_attempt(await self._diff(), done.evidence, done.summary),)
                done = None
                continue
            bounced, done = await join(self._driver, self._task_id, self._lease, done), None
            if bounced is None:
                return
            reason = bounced.reason
            if self._task.bounces > MAX_BOUNCES:
                rungs = []
                continue
            handed = await put_on_ghost(self._driver, self._task_id, self._lease, bounced)
            await self._take_lease(bounced.ghost)
            name = RESOLVER if bounced.conflicts else EXECUTOR
            rungs = self._rungs(name)

    def _rungs(self, name: str) -> list[Rung]:
        ladder = list(self._driver.run.ladder)
        if name == RESOLVER:
            own = role(RESOLVER).rung
            models = [rung.model for rung in ladder]
            after = ladder[models.index(own.model) + 1 :] if own.model in models else []
            return [own, *after]
        skip = 1 if self._task.task.complexity == "hard" and len(ladder) > 1 else 0
        return ladder[skip:]

    async def _take_lease(self, start: str) -> None:
        self._lease = await self._driver.leases.take(self._task_id, start)
        await self._driver.emit(
            ev.LeaseTaken(
                run_id=self._driver.run.id,
                at=self._driver.now(),
                task_id=self._task_id,
                path=str(self._lease.path),
                branch=self._lease.branch,
                start=start,
                port=self._lease.port,
            )
        )

    async def _green_before(self) -> Done | None:
        """The end of an attempt that an earlier process committed, but did not bring into the Ghost."""
        task = self._task
        if task.state != "joining" or task.commit is None:
            return None
        tree = await asyncio.to_thread(self._driver.repository.tree_of, task.commit)
        evidence = task.attempt.evidence if task.attempt else None
        return Done("green", task.summary, task.remaining, evidence, tree)

    async def _left_behind(self) -> tuple[Text, ...]:
        """What an earlier process or an earlier try of this Task left in the worktree."""
        last = self._task.attempt
        diff = await self._diff()
        if last is None or not diff:
            return ()
        return (earlier_attempt(diff, last.evidence, last.summary),)

    async def _attempt(
        self, seat: Seat, name: str, rung: Rung, handed: tuple[Text, ...], reason: str
    ) -> Done:
        driver, number = self._driver, len(self._task.attempts) + 1
        await driver.emit(
            ev.AttemptStarted(
                run_id=driver.run.id,
                at=driver.now(),
                task_id=self._task_id,
                attempt=number,
                role=name,
                rung=rung,
                reason=reason,
            )
        )
        outside = self._outside(seat, name)
        work = AttemptWork(driver, self._task.task, self._lease, outside, name=name, rung=rung, number=number)
        try:
            first = await asyncio.to_thread(first_message, driver.repository, driver.run, self._task)
            done = await work.work((*first, *handed))
        except ModelRefusal as refusal:
            done = Done("refused", str(refusal))
        except asyncio.CancelledError:
            await self._end(work, number, Done("cancelled", "Stopped."))
            raise
        except Exception as problem:
            await self._end(work, number, Done("failed", str(problem)))
            raise
        await self._end(work, number, done)
        return done

    async def _end(self, work: AttemptWork, number: int, done: Done) -> None:
        await work.settle()
        await self._driver.emit(
            ev.AttemptEnded(
                run_id=self._driver.run.id,
                at=self._driver.now(),
                task_id=self._task_id,
                attempt=number,
                outcome=done.outcome,
                summary=done.summary,
            )
        )

    def _outside(self, seat: Seat, name: str) -> Outside:
        driver = self._driver

        async def send(request: ModelRequest) -> ModelReply:
            return await driver.send(request, role=name, task_id=self._task_id)

        async def ask(asked: Asked) -> str:
            await driver.emit(
                ev.QuestionAsked(
                    run_id=driver.run.id,
                    at=driver.now(),
                    task_id=self._task_id,
                    question=asked.question,
                    choices=asked.choices,
                )
            )
            # Who waits for a person leaves its place to others.
            return await seat.outside(driver.answer_to(self._task_id))

        return Outside(send=send, tell=driver.emit, hear=lambda: self._task.told, ask=ask)

    async def _diff(self) -> str:
        repository = self._driver.repository
        tree = await asyncio.to_thread(repository.worktree_tree, self._lease.path)
        return await asyncio.to_thread(repository.diff, self._lease.start, tree)


def _why_climb(done: Done) -> str:
    match done.outcome:
        case "red" if done.evidence is None:
            return "The attempt changed nothing."
        case "red":
            return "The Gate stayed red."
        case _:
            return done.summary

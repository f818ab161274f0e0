"""The work on one Task: up the Ladder, each attempt judged by the Gate, until its commit is in the Ghost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from contextune.agents.briefing import earlier_attempt
from contextune.agents.roles import EXECUTOR
from contextune.core.model.conversation import Rung, Text
from contextune.core.runs import events as ev
from contextune.core.runs.ladder import beginning, is_to_begin, reached, step_of
from contextune.core.runs.task_run import TaskRun
from contextune.engine.attempts.attempt import Done
from contextune.engine.drive.run import RunDriver
from contextune.engine.drive.seats import Seat
from contextune.engine.tasks.best_of import BestOf
from contextune.engine.tasks.by_hand import merged_by_hand
from contextune.engine.tasks.climbing import step_above
from contextune.engine.tasks.joining import MAX_BOUNCES, join, lease_taken
from contextune.engine.tasks.onlooking import see_after, see_before
from contextune.engine.tasks.pausing import until_resumed
from contextune.engine.tasks.task_budget import TaskBudget
from contextune.engine.tasks.trial import Standing, Trial, diff, ended_before, left_behind, why_climb
from contextune.engine.worktrees.leases import Lease

RESOLVER = "conflict-resolver"
UNKNOWN = 404
"""The HTTP status of a server that does not know the model."""


async def work_on(driver: RunDriver, task_id: str) -> None:
    """Work on one Task of a driven Run, from its Lease to its end."""
    if driver.run.task(task_id).state == "paused":
        await until_resumed(driver, task_id)
    await see_before(driver, task_id)
    await TaskWork(driver, task_id).run()
    await see_after(driver, task_id)


class TaskWork:
    """Works on one Task of a driven Run."""

    def __init__(self, driver: RunDriver, task_id: str) -> None:
        self._driver = driver
        self._task_id = task_id
        self._budget = TaskBudget(driver, task_id)
        self._lease: Lease
        self._standing: Standing

    @property
    def _task(self) -> TaskRun:
        return self._driver.run.task(self._task_id)

    async def run(self) -> None:
        """From a Lease to the Ghost, or to a failure with a sentence."""
        start = self._driver.ghost.head if self._task.task.depends_on else self._driver.run.base.commit
        await self._take_lease(self._task.start or start)
        self._standing, reason = await self._taken_up()
        handed = await self._handed()
        done = await self._green_before()
        while True:
            if done is None:
                done = await self._next(handed, reason)
            if done is None:
                await self._driver.end_task(self._task_id, "failed", reason)
                return
            if done.outcome != "green":
                reason = why_climb(done.outcome, done.evidence, done.summary)
                text = await diff(self._driver, self._lease)
                if done.outcome != "failed":
                    handed = (earlier_attempt(text, done.evidence, done.summary),)
                    self._standing = await self._above(self._standing)
                else:
                    handed = (earlier_attempt(text, done.evidence, ""),) if text else handed
                    self._standing = await self._past_refusal(self._standing, done.status)
                done = None
                continue
            bounced, done = await join(self._driver, self._task_id, self._lease, done), None
            if bounced is None:
                return
            reason = bounced.reason
            if self._task.bounces > MAX_BOUNCES:
                await self._driver.end_task(self._task_id, "failed", reason)
                return
            handed = (Text(text=bounced.handed),)
            self._standing = self._from_the_start(self._role_after(bounced))

    async def _taken_up(self) -> tuple[Standing, str]:
        """Where to go on, and why there: where the Task begins, or where an earlier process left it."""
        task = self._task
        attempts = task.attempts[task.lap :]
        if not attempts:
            standing = self._from_the_start(self._role_after(task.bounced))
            return standing, task.reason or self._beginning(standing.rungs)[1]
        last = attempts[-1]
        first = self._from_the_start(last.role)
        step = step_of(last, first.rungs, first.start)
        standing = Standing(first.role, first.rungs, first.start, step)
        if reached(first.rungs, first.start, attempts) > step:
            return await self._above(standing), why_climb(last.outcome, last.evidence, last.summary)
        return standing, last.reason

    async def _handed(self) -> tuple[Text, ...]:
        """What the next attempt is told of those before it, by an earlier process."""
        task = self._task
        ended = [one for one in task.attempts if one.outcome != "working"]
        if task.bounced is not None and len(ended) == task.lap:
            return (Text(text=task.bounced.handed),)
        return await left_behind(self._driver, self._lease, ended[-1] if ended else None)

    async def _above(self, standing: Standing) -> Standing:
        """Where to go on after red."""
        if standing.role == RESOLVER:
            return standing.at(standing.step + 1)
        mine = [one for one in self._task.attempts[self._task.lap :] if one.role == standing.role]
        steps = {step_of(one, standing.rungs, standing.start) for one in mine} | {standing.step}
        failed = sorted(step for step in steps if step <= standing.step)
        return standing.at(await step_above(self._driver, self._task, failed))

    async def _past_refusal(self, standing: Standing, status: int | None) -> Standing:
        """Where to go on after the server refused a request: past the last rung, as all get the same answer.

        A model that the server does not know is left for the next one that is another.
        """
        if status != UNKNOWN:
            return standing.at(len(standing.rungs))
        above = await self._above(standing)
        while above.rung is not None and above.rung.model == standing.rungs[standing.step].model:
            above = above.at(above.step + 1)
        return above

    def _from_the_start(self, name: str) -> Standing:
        ladder = self._driver.run.ladder
        if name == RESOLVER:
            own = self._driver.roles.get(RESOLVER).rung
            models = [rung.model for rung in ladder]
            after = ladder[models.index(own.model) + 1 :] if own.model in models else ()
            return Standing(name, (own, *after), 0, 0)
        start, _ = self._beginning(ladder)
        return Standing(name, ladder, start, start)

    def _beginning(self, ladder: Sequence[Rung]) -> tuple[int, str]:
        """The step that the Task begins on, and why."""
        return beginning(self._driver.run.quote, self._task.task, ladder, self._task.begins)

    async def _next(self, handed: tuple[Text, ...], reason: str) -> Done | None:
        """The work on a rung, or beyond the last one the user's own; None if nobody can."""
        standing = self._standing
        if standing.rung is not None:
            return await self._on_rung(handed, reason)
        if standing.role == RESOLVER and self._task.bounced is not None:
            return await merged_by_hand(self._driver, self._task_id, self._lease)
        return None

    async def _on_rung(self, handed: tuple[Text, ...], reason: str) -> Done:
        driver, lease, standing = self._driver, self._lease, self._standing
        if standing.rungs[standing.step].tries == 1:
            before = await ended_before(driver, lease, standing.attempts(self._task).get(1))
            if before is not None:
                return before
        await until_resumed(driver, self._task_id)
        async with Seat(driver.seats) as seat:
            while self._task.paused:
                await seat.outside(until_resumed(driver, self._task_id))
            reason = self._as_chosen(reason)
            driver.beginning.add(self._task_id)
            try:
                return await self._tried(seat, handed, reason)
            finally:
                driver.beginning.discard(self._task_id)

    def _as_chosen(self, reason: str) -> str:
        """Stand where the user has the Task begin, who may have chosen anew while it waited; returns why."""
        if is_to_begin(self._task):
            chosen = self._from_the_start(self._standing.role)
            if chosen != self._standing:
                self._standing = chosen
                return self._task.reason or self._beginning(chosen.rungs)[1]
        return reason

    async def _tried(self, seat: Seat, handed: tuple[Text, ...], reason: str) -> Done:
        standing = self._standing
        with_what = self._driver, self._task_id, self._lease, standing, self._budget
        if standing.rungs[standing.step].tries > 1:
            return await BestOf(*with_what, seat).run(handed, reason)
        return await Trial(*with_what).run(seat, handed, reason)

    async def _take_lease(self, start: str) -> None:
        self._lease = await self._driver.leases.take(self._task_id, start)
        await self._driver.emit(lease_taken(self._driver, self._task_id, self._lease))

    async def _green_before(self) -> Done | None:
        """The end of an attempt that an earlier process committed, but did not bring into the Ghost."""
        task = self._task
        if task.state != "joining" or task.commit is None:
            return None
        tree = await asyncio.to_thread(self._driver.repository.tree_of, task.commit)
        evidence = task.attempt.evidence if task.attempt else None
        return Done("green", task.summary, task.remaining, evidence, tree)

    def _role_after(self, bounced: ev.TaskBounced | None) -> str:
        """Who goes on with a Task; `bounced` tells why it went back to an agent."""
        if bounced is not None and bounced.conflicts:
            return RESOLVER
        return self._task.task.role or EXECUTOR

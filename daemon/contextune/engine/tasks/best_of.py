"""A rung with several tries: agents side by side from one start; the Gate chooses, then the smallest diff."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from contextune.core.errors import ContextuneError
from contextune.core.model.conversation import Text
from contextune.core.runs import events as ev
from contextune.core.runs.task_run import Attempt, TaskRun, lease_name
from contextune.engine.attempts.attempt import Done, GivenUp
from contextune.engine.attempts.words import Words
from contextune.engine.drive.run import RunDriver
from contextune.engine.drive.seats import Seat
from contextune.engine.tasks.task_budget import TaskBudget
from contextune.engine.tasks.trial import Standing, Trial, ended, ended_before, left_behind
from contextune.engine.worktrees.leases import Lease

GREEN_ALREADY = "Stopped: another try is green already, after no more turns."
OUTDONE = "Attempt {0} was chosen: it changes fewer lines, or as few for less."


@dataclass(frozen=True, slots=True)
class Tried:
    """How one of the tries ended."""

    trial: int
    done: Done
    lines: int
    """Lines that its diff adds and removes."""
    dollars: Decimal


class Questions:
    """What the tries want to ask. They give up, unless all of them ask: then the first one's is put."""

    def __init__(self, tries: int) -> None:
        self._tries = tries
        self._waiting: dict[int, asyncio.Future[bool]] = {}
        self._is_over = False
        self._spokesman: int | None = None

    async def may_ask(self, trial: int) -> bool:
        """Wait until it is known whether all of them ask."""
        if self._is_over or trial == self._spokesman:
            return trial == self._spokesman
        self._waiting[trial] = asyncio.get_running_loop().create_future()
        if len(self._waiting) == self._tries:
            self._spokesman = next(iter(self._waiting))
            self._settle()
        return await self._waiting[trial]

    def over(self) -> None:
        """A try ended without a question, so that the others need not ask either."""
        self._settle()

    def _settle(self) -> None:
        self._is_over = True
        for trial, waiting in self._waiting.items():
            if not waiting.done():
                waiting.set_result(trial == self._spokesman)


class BestOf:
    """Works on one Task with all tries of a rung at once."""

    def __init__(
        self,
        driver: RunDriver,
        task_id: str,
        lease: Lease,
        standing: Standing,
        budget: TaskBudget,
        seat: Seat,
    ) -> None:
        """`seat` is the place of the first try that is made."""
        self._seat: Seat | None = seat
        self._driver = driver
        self._task_id = task_id
        self._own = lease
        self._standing = standing
        self._budget = budget
        self._tries = standing.rungs[standing.step].tries
        self._questions = Questions(self._tries)
        self._green: int | None = None
        """The fewest turns after which a try was green."""

    @property
    def _task(self) -> TaskRun:
        return self._driver.run.task(self._task_id)

    async def run(self, handed: tuple[Text, ...], reason: str) -> Done:
        """The best of the tries, its tree in the Task's own worktree; the other worktrees are given back."""
        leases = await self._leases()
        before = {
            trial: await ended_before(self._driver, leases[trial], attempt)
            for trial, attempt in self._standing.attempts(self._task).items()
            if trial in leases
        }
        for trial, done in before.items():
            if done is not None:
                self._over(trial, done)
        words = {trial: Words(lambda: self._task) for trial in leases}
        results = await _all_of(
            [
                self._try(trial, lease, before.get(trial), words[trial], handed, reason)
                for trial, lease in leases.items()
            ]
        )
        tried = [one for one in results if one is not None]
        best = choose(tried)
        for other in tried:
            if other.done.outcome == "green" and other is not best:
                outdone = replace(other.done, outcome="outdone", summary=OUTDONE.format(best.done.attempt))
                await self._driver.emit(ended(self._driver, self._task_id, outdone))
        await self._keep(best)
        return best.done

    async def _leases(self) -> dict[int, Lease]:
        """A worktree for each try. All start from what the Task's own one holds now."""
        leases = {1: self._own}
        driver, names = self._driver, {t: lease_name(self._task_id, t) for t in range(2, self._tries + 1)}
        if self._standing.attempts(self._task):
            # The process that began these tries is gone: each goes on in its own worktree.
            for trial, name in names.items():
                leases[trial] = await driver.leases.take(name, self._own.start)
            return leases
        tree = await asyncio.to_thread(driver.repository.worktree_tree, self._own.path)
        fresh = tree == await asyncio.to_thread(driver.repository.tree_of, self._own.start)
        commit = self._own.start if fresh else await self._commit(tree, "Where the tries begin")
        for trial, name in names.items():
            await self._give_back(name)  # what tries before a retry or a bounce left there
            leases[trial] = await driver.leases.take(name, self._own.start)
            if not fresh:
                await asyncio.to_thread(driver.repository.reset_worktree, leases[trial].path, commit)
        return leases

    async def _try(
        self,
        trial: int,
        lease: Lease,
        before: Done | None,
        words: Words,
        handed: tuple[Text, ...],
        reason: str,
    ) -> Tried | None:
        """One try; None if it was not begun because another one is green already."""
        done = before
        if done is None:
            cut = self._standing.attempts(self._task).get(trial)
            if cut is not None and cut.outcome != "working":
                handed = await left_behind(self._driver, lease, cut)
            given, self._seat = self._seat, None
            async with given or Seat(self._driver.seats) as seat:
                if self._green is not None:
                    await self._leave(cut)
                    return None
                done = await self._trial(trial, lease, words).run(seat, handed, reason)
        self._over(trial, done)
        lines = await asyncio.to_thread(self._lines, lease.start, done.tree)
        return Tried(trial, done, lines, self._spent(trial)[1])

    async def _leave(self, attempt: Attempt | None) -> None:
        """End an attempt that an earlier process left open: another try is green already."""
        if attempt is not None and attempt.outcome == "working":
            done = Done("cancelled", GREEN_ALREADY, attempt=attempt.number)
            await self._driver.emit(ended(self._driver, self._task_id, done))

    def _trial(self, trial: int, lease: Lease, words: Words) -> Trial:
        def before_turn() -> None:
            # A try that has used as many turns as the green one costs more with each further turn, and
            # seldom ends with less to review. It is stopped between two requests: one that is cut off is
            # billed at its worst.
            if self._green is not None and self._spent(trial)[0] >= self._green:
                raise GivenUp(GREEN_ALREADY)

        return Trial(
            self._driver,
            self._task_id,
            lease,
            self._standing,
            self._budget,
            number=trial,
            words=words,
            before_turn=before_turn,
            asking=lambda: self._questions.may_ask(trial),
        )

    def _over(self, trial: int, done: Done) -> None:
        self._questions.over()
        if done.outcome == "green":
            turns = self._spent(trial)[0]
            self._green = turns if self._green is None else min(self._green, turns)

    def _spent(self, trial: int) -> tuple[int, Decimal]:
        """Turns and dollars of a try, all its attempts on this step together."""
        task, step = self._task, self._standing.step
        own = [one for one in task.attempts[task.lap :] if one.step == step and one.trial == trial]
        return sum(one.turns for one in own), sum((one.bill.dollars for one in own), Decimal(0))

    def _lines(self, start: str, tree: str) -> int:
        changes = self._driver.repository.changes(start, tree)
        return sum(change.insertions + change.deletions for change in changes)

    async def _keep(self, best: Tried) -> None:
        """Bring the chosen tree into the Task's own worktree; what the others hold stays under refs."""
        driver, repository = self._driver, self._driver.repository
        if best.trial != 1:
            kept = f"refs/contextune/kept/{driver.run.id}/{self._task_id}/not-{best.done.attempt}"
            await asyncio.to_thread(repository.upkeep.keep, self._own.path, kept)
            chosen = await self._commit(best.done.tree, "Chosen")
            await asyncio.to_thread(repository.reset_worktree, self._own.path, chosen)
        for trial in range(2, self._tries + 1):
            await self._give_back(lease_name(self._task_id, trial))
        driver.radar.wrote(self._task_id, None)
        await driver.radar.settle(self._task_id)

    async def _give_back(self, name: str) -> None:
        try:
            await self._driver.leases.give_back(name)
        except ContextuneError as problem:
            driver, text = self._driver, f"The worktree {name} could not be given back: {problem}"
            await driver.emit(
                ev.Noted(run_id=driver.run.id, at=driver.now(), text=text, task_id=self._task_id)
            )

    async def _commit(self, tree: str, message: str) -> str:
        repository = self._driver.repository
        return await asyncio.to_thread(repository.commit_tree, tree, [self._own.start], message)


def choose(tried: Sequence[Tried]) -> Tried:
    """The green one with the smallest diff, then the cheapest, then the first; else the nearest to green."""
    green = [one for one in tried if one.done.outcome == "green"]
    if green:
        return min(green, key=lambda one: (one.lines, one.dollars, one.done.attempt))
    return min(tried, key=_distance)


def _distance(one: Tried) -> tuple[bool, int, int, int]:
    """How far from green: a Gate that was not met, or that names no test, tells nothing about that."""
    evidence = one.done.evidence
    faults = 0
    if evidence is not None:
        faults = len({*evidence.newly_failing, *evidence.tests_removed, *evidence.tests_weakened})
    return faults == 0, faults, one.lines, one.done.attempt


async def _all_of(tries: Sequence[Coroutine[Any, Any, Tried | None]]) -> list[Tried | None]:
    """Run them side by side. The first problem stops the others, and is raised."""
    running = [asyncio.ensure_future(one) for one in tries]
    try:
        await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for one in running:
            one.cancel()
        await asyncio.wait(running)
    for one in running:
        if not one.cancelled() and (problem := one.exception()) is not None:
            raise problem
    return [one.result() for one in running]

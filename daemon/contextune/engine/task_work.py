"""The work on one Task: attempts up the Ladder, each judged by the Gate, until its commit is in the Ghost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from contextune.agents.briefing import (
    earlier_attempt,
    gate_report,
)
from contextune.agents.loop import AgentLoop
from contextune.agents.roles import role
from contextune.agents.toolbox import Toolbox
from contextune.core import events as ev
from contextune.core.conversation import Message, ModelReply, ModelRequest, Rung, Text
from contextune.core.errors import Asked, AttemptEnd, Finished, ModelRefusal
from contextune.core.evidence import Evidence
from contextune.core.run import TaskRun
from contextune.core.states import AttemptOutcome
from contextune.engine.cliff import dollars_avoided
from contextune.engine.commits import commit_message
from contextune.engine.gate import ungated
from contextune.engine.ghost import Bounced, Candidate, Joined
from contextune.engine.leases import Lease
from contextune.engine.run import RunDriver

EXECUTOR = "parallel-task-executor"
RESOLVER = "conflict-resolver"
MAX_BOUNCES = 2
"""How often a Task goes back to an agent because it does not fit the others."""
MEANWHILE = "The user said something meanwhile; act on it, then call `finish` again."
NOTHING_CHANGED = "Nothing was changed yet, so there is nothing to test. Do the Task, or call `ask`."


@dataclass(frozen=True, slots=True)
class Done:
    """How an attempt ended."""

    outcome: AttemptOutcome
    summary: str
    remaining: str = ""
    evidence: Evidence | None = None
    tree: str = ""


async def work_on(driver: RunDriver, task_id: str) -> None:
    """Work on one Task of a driven Run, from its Lease to its end."""
    await TaskWork(driver, task_id).run()


class TaskWork:
    """Works on one Task of a driven Run."""

    def __init__(self, driver: RunDriver, task_id: str) -> None:
        self._driver = driver
        self._task_id = task_id
        self._lease: Lease
        self._touching: asyncio.Task[None] | None = None
        self._seated = False

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
                async with self._seat():
                    done = await self._attempt(name, rungs.pop(0), handed, reason)
            if done.outcome != "green":
                reason = _why_climb(done)
                handed = (earlier_attempt(await self._diff(), done.evidence, done.summary),)
                done = None
                continue
            bounced, done = await self._join(done), None
            if bounced is None:
                return
            reason = bounced.reason
            if self._task.bounces > MAX_BOUNCES:
                rungs = []
                continue
            name, handed = await self._back_on_ghost(bounced)
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

    @asynccontextmanager
    async def _seat(self) -> AsyncIterator[None]:
        """A place among the agents that work at the same time."""
        await self._driver.slots.acquire()
        self._seated = True
        try:
            yield
        finally:
            if self._seated:
                self._seated = False
                self._driver.slots.release()

    async def _answer(self) -> str:
        """The user's answer. Who waits for a person leaves its place to others."""
        self._seated = False
        self._driver.slots.release()
        answer = await self._driver.answer_to(self._task_id)
        await self._driver.slots.acquire()
        self._seated = True
        return answer

    async def _left_behind(self) -> tuple[Text, ...]:
        """What an earlier process or an earlier try of this Task left in the worktree."""
        last = self._task.attempt
        diff = await self._diff()
        if last is None or not diff:
            return ()
        return (earlier_attempt(diff, last.evidence, last.summary),)

    async def _attempt(self, name: str, rung: Rung, handed: tuple[Text, ...], reason: str) -> Done:
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
        toolbox = self._toolbox(name)
        loop = self._loop(name, rung, number, toolbox)
        try:
            first = await asyncio.to_thread(driver.packs.first_message, self._task.task, toolbox.files)
            done = await self._judged(loop, await loop.start((*first, *handed)))
        except ModelRefusal as refusal:
            done = Done("refused", str(refusal))
        except asyncio.CancelledError:
            await self._end(number, Done("cancelled", "Stopped."))
            raise
        except Exception as problem:
            await self._end(number, Done("failed", str(problem)))
            raise
        await self._end(number, done)
        return done

    async def _end(self, number: int, done: Done) -> None:
        if self._touching is not None:
            await asyncio.wait([self._touching])
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

    async def _judged(self, loop: AgentLoop, end: AttemptEnd) -> Done:
        """The Gate's word on each `finish`, the user's on each `ask`, until the attempt is over."""
        retries = self._driver.settings.gate_retries
        while True:
            match end:
                case Finished() if self._task.told:
                    end = await loop.observe(end.call_id, MEANWHILE, is_error=True)
                case Finished():
                    tree, changed = await self._snapshot()
                    evidence = await self._gate(tree) if changed else None
                    if self._task.told:
                        continue  # words that came while the Gate ran count before its verdict
                    if evidence is not None and evidence.verdict != "red":
                        return Done("green", end.summary, end.remaining, evidence, tree)
                    if retries == 0:
                        said = end.summary if evidence else "The agent changed nothing."
                        return Done("red", said, end.remaining, evidence)
                    retries -= 1
                    report = gate_report(evidence) if evidence else NOTHING_CHANGED
                    end = await loop.observe(end.call_id, report, is_error=True)
                case Asked():
                    await self._driver.emit(
                        ev.QuestionAsked(
                            run_id=self._driver.run.id,
                            at=self._driver.now(),
                            task_id=self._task_id,
                            question=end.question,
                            choices=end.choices,
                        )
                    )
                    answer = await self._answer()
                    end = await loop.observe(end.call_id, answer, is_error=False)
                case _:
                    return Done("limit", str(end))

    async def _snapshot(self) -> tuple[str, bool]:
        repository = self._driver.repository
        tree = await asyncio.to_thread(repository.worktree_tree, self._lease.path)
        before = await asyncio.to_thread(repository.tree_of, self._lease.start)
        return tree, tree != before

    async def _gate(self, tree: str) -> Evidence:
        driver, run = self._driver, self._driver.run
        command = self._task.task.gate or run.gate
        if command is None or run.baseline is None:
            return ungated(tree)
        await driver.emit(ev.GateStarted(run_id=run.id, at=driver.now(), task_id=self._task_id, tree=tree))
        evidence = await driver.gate.test(
            command,
            self._lease.shell,
            cwd=self._lease.path,
            tree=tree,
            start=self._lease.start,
            baseline=run.baseline,
            environment={},
            affected=True,
        )
        await driver.emit(
            ev.GateFinished(run_id=run.id, at=driver.now(), task_id=self._task_id, evidence=evidence)
        )
        return evidence

    async def _join(self, done: Done) -> Bounced | None:
        """Commit what the Gate saw and take it to the Ghost; None if it is in."""
        driver, repository = self._driver, self._driver.repository
        message = commit_message(self._driver.run, self._task, done.summary, done.remaining)
        commit = await asyncio.to_thread(repository.commit_tree, done.tree, [self._lease.start], message)
        await asyncio.to_thread(repository.set_ref, f"refs/heads/{self._lease.branch}", commit)
        files = tuple(await asyncio.to_thread(repository.changes, self._lease.start, commit))
        await driver.emit(
            ev.TaskCommitted(
                run_id=driver.run.id,
                at=driver.now(),
                task_id=self._task_id,
                commit=commit,
                tree=done.tree,
                files=files,
                summary=done.summary,
                remaining=done.remaining,
            )
        )
        outcome = await self._taken_in(
            Candidate(
                task_id=self._task_id,
                commit=commit,
                start=self._lease.start,
                message=message,
                files=frozenset(file.path for file in files),
            )
        )
        if isinstance(outcome, Joined):
            await driver.emit(
                ev.TaskJoined(
                    run_id=driver.run.id,
                    at=driver.now(),
                    task_id=self._task_id,
                    ghost=outcome.ghost,
                    commit=outcome.commit,
                )
            )
            return None
        await driver.emit(
            ev.TaskBounced(
                run_id=driver.run.id,
                at=driver.now(),
                task_id=self._task_id,
                reason=outcome.reason,
                against=outcome.against,
            )
        )
        return outcome

    async def _taken_in(self, candidate: Candidate) -> Joined | Bounced:
        """The Ghost's word. To cancel the Task then is too late if it gets in: others may be in its batch."""
        joining = asyncio.create_task(self._driver.ghost.join(candidate), name=f"join {self._task_id}")
        try:
            return await asyncio.shield(joining)
        except asyncio.CancelledError:
            if self._driver.halting:
                joining.cancel()
                await asyncio.wait([joining])
                raise
            outcome = await joining
            if isinstance(outcome, Bounced):
                raise
            return outcome

    async def _back_on_ghost(self, bounced: Bounced) -> tuple[str, tuple[Text, ...]]:
        """Put the Task's work on top of the Ghost in its worktree; who goes on with it, and told what."""
        repository, run_id = self._driver.repository, self._driver.run.id
        kept = f"refs/contextune/kept/{run_id}/{self._task_id}/{self._task.bounces}"
        branch = f"refs/heads/{self._lease.branch}"
        was = await asyncio.to_thread(repository.resolve, branch)
        await asyncio.to_thread(repository.set_ref, kept, was)
        merged = await asyncio.to_thread(
            repository.commit_tree, bounced.tree, [bounced.ghost], "Put together with the others"
        )
        await asyncio.to_thread(repository.reset_worktree, self._lease.path, merged)
        await self._take_lease(bounced.ghost)
        words = [f"# On top of the other Tasks\nThis Task was green by itself. {bounced.reason}"]
        others = [self._driver.run.task(task_id) for task_id in bounced.against]
        words += [f"The other Task, {other.task.title}: {other.summary}" for other in others]
        if bounced.conflicts:
            words.append("Files with conflict markers: " + ", ".join(bounced.conflicts))
            return RESOLVER, (Text(text="\n\n".join(words)),)
        words.append("Your worktree holds your work merged with theirs. Make the Gate green again.")
        if bounced.evidence is not None:
            words.append(gate_report(bounced.evidence))
        return EXECUTOR, (Text(text="\n\n".join(words)),)

    def _toolbox(self, name: str) -> Toolbox:
        return Toolbox(
            self._driver.world.workspace(self._lease.path),
            self._lease.shell,
            names=role(name).tools,
            environment=self._lease.environment,
            command_timeout=self._driver.settings.command_timeout,
        )

    def _loop(self, name: str, rung: Rung, number: int, toolbox: Toolbox) -> AgentLoop:
        driver, given = self._driver, role(name)

        async def send(request: ModelRequest) -> ModelReply:
            return await driver.send(request, role=name, task_id=self._task_id)

        async def record(message: Message, turn: int) -> None:
            await driver.emit(
                ev.MessageAdded(
                    run_id=driver.run.id,
                    at=driver.now(),
                    task_id=self._task_id,
                    attempt=number,
                    turn=turn,
                    message=message,
                )
            )

        async def cliff(how: Literal["pruned", "handed_over"], tokens: int, limit: int) -> None:
            await driver.emit(
                ev.CliffAvoided(
                    run_id=driver.run.id,
                    at=driver.now(),
                    task_id=self._task_id,
                    attempt=number,
                    how=how,
                    tokens=tokens,
                    limit=limit,
                    dollars=dollars_avoided(driver.world.prices.price(rung.model), tokens, limit),
                )
            )

        return AgentLoop(
            send=send,
            record=record,
            hear=lambda: self._task.told,
            toolbox=toolbox,
            rung=rung,
            system=(Text(text=given.prompt, cache=True),),
            max_tokens=given.max_tokens,
            max_turns=driver.settings.max_turns,
            acted=self._touched,
            cliff=cliff,
        )

    async def _touched(self) -> None:
        # The view of touched files may lag behind: the next turn does not wait for git.
        if self._touching is None or self._touching.done():
            self._touching = asyncio.create_task(self._tell_files())

    async def _tell_files(self) -> None:
        repository = self._driver.repository
        tree = await asyncio.to_thread(repository.worktree_tree, self._lease.path)
        changed = await asyncio.to_thread(repository.changes, self._lease.start, tree)
        files = tuple(change.path for change in changed)
        if files != self._task.files:
            await self._driver.emit(
                ev.FilesTouched(
                    run_id=self._driver.run.id, at=self._driver.now(), task_id=self._task_id, files=files
                )
            )

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

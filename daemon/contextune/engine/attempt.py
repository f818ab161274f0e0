"""One attempt: an agent's loop in a Lease, and the Gate's word on each `finish`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from contextune.agents.briefing import gate_report
from contextune.agents.loop import AgentLoop
from contextune.agents.roles import role
from contextune.agents.toolbox import Toolbox
from contextune.core import events as ev
from contextune.core.conversation import Message, ModelReply, ModelRequest, Rung, Text
from contextune.core.errors import Asked, AttemptEnd, Finished
from contextune.core.evidence import Evidence
from contextune.core.plan import Task
from contextune.core.ports import Repository
from contextune.core.run import Run
from contextune.core.settings import Settings
from contextune.core.states import AttemptOutcome
from contextune.engine.gate import Gate, ungated
from contextune.engine.leases import Lease
from contextune.engine.world import World

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


class Site(Protocol):
    """Where an attempt works: the Run that it belongs to, and what is there to work with."""

    world: World
    repository: Repository
    gate: Gate
    settings: Settings

    @property
    def run(self) -> Run:
        """The Run as it stands."""
        ...

    def now(self) -> int:
        """Milliseconds since the epoch."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """An attempt's ways out: to the model, to the Journal, to the user."""

    send: Callable[[ModelRequest], Awaitable[ModelReply]]
    tell: Callable[[ev.AnyEvent], Awaitable[None]]
    hear: Callable[[], tuple[str, ...]]
    """Words of the user that no turn of this attempt has carried yet."""
    ask: Callable[[Asked], Awaitable[str]]
    """The user's answer to a question."""


class AttemptWork:
    """Works on one attempt, from its first message to its end."""

    def __init__(
        self, site: Site, task: Task, lease: Lease, outside: Outside, *, name: str, rung: Rung, number: int
    ) -> None:
        self._site = site
        self._task = task
        self._lease = lease
        self._outside = outside
        self._number = number
        self._loop = self._new_loop(name, rung)
        self._files: tuple[str, ...] = ()
        self._touching: asyncio.Task[None] | None = None

    async def work(self, first: tuple[Text, ...]) -> Done:
        """Until the attempt is over."""
        return await self._judged(await self._loop.start(first))

    async def settle(self) -> None:
        """Wait for what still looks at the worktree."""
        if self._touching is not None:
            await asyncio.wait([self._touching])

    async def _judged(self, end: AttemptEnd) -> Done:
        """The Gate's word on each `finish`, the user's on each `ask`, until the attempt is over."""
        retries = self._site.settings.gate_retries
        while True:
            match end:
                case Finished() if self._outside.hear():
                    end = await self._loop.observe(end.call_id, MEANWHILE, is_error=True)
                case Finished():
                    tree, changed = await self._snapshot()
                    evidence = await self._gate(tree) if changed else None
                    if self._outside.hear():
                        continue  # words that came while the Gate ran count before its verdict
                    if evidence is not None and evidence.verdict != "red":
                        return Done("green", end.summary, end.remaining, evidence, tree)
                    if retries == 0:
                        said = end.summary if evidence else "The agent changed nothing."
                        return Done("red", said, end.remaining, evidence)
                    retries -= 1
                    report = gate_report(evidence) if evidence else NOTHING_CHANGED
                    end = await self._loop.observe(end.call_id, report, is_error=True)
                case Asked():
                    answer = await self._outside.ask(end)
                    end = await self._loop.observe(end.call_id, answer, is_error=False)
                case _:
                    return Done("limit", str(end))

    async def _snapshot(self) -> tuple[str, bool]:
        repository = self._site.repository
        tree = await asyncio.to_thread(repository.worktree_tree, self._lease.path)
        before = await asyncio.to_thread(repository.tree_of, self._lease.start)
        return tree, tree != before

    async def _gate(self, tree: str) -> Evidence:
        site, run = self._site, self._site.run
        command = self._task.gate or run.gate
        if command is None or run.baseline is None:
            return ungated(tree)
        await self._outside.tell(
            ev.GateStarted(run_id=run.id, at=site.now(), task_id=self._task.id, tree=tree)
        )
        evidence = await site.gate.test(
            command,
            self._lease.shell,
            cwd=self._lease.path,
            tree=tree,
            start=self._lease.start,
            baseline=run.baseline,
            environment={},
            affected=True,
        )
        await self._outside.tell(
            ev.GateFinished(run_id=run.id, at=site.now(), task_id=self._task.id, evidence=evidence)
        )
        return evidence

    def _new_loop(self, name: str, rung: Rung) -> AgentLoop:
        site, given = self._site, role(name)
        return AgentLoop(
            send=self._outside.send,
            record=self._record,
            hear=self._outside.hear,
            toolbox=Toolbox(
                site.world.workspace(self._lease.path),
                self._lease.shell,
                names=given.tools,
                environment=self._lease.environment,
                command_timeout=site.settings.command_timeout,
            ),
            rung=rung,
            system=(Text(text=given.prompt, cache=True),),
            max_tokens=given.max_tokens,
            max_turns=site.settings.max_turns,
            acted=self._touched,
        )

    async def _record(self, message: Message, turn: int) -> None:
        await self._outside.tell(
            ev.MessageAdded(
                run_id=self._site.run.id,
                at=self._site.now(),
                task_id=self._task.id,
                attempt=self._number,
                turn=turn,
                message=message,
            )
        )

    async def _touched(self) -> None:
        # The view of touched files may lag behind: the next turn does not wait for git.
        if self._touching is None or self._touching.done():
            self._touching = asyncio.create_task(self._tell_files())

    async def _tell_files(self) -> None:
        repository = self._site.repository
        tree = await asyncio.to_thread(repository.worktree_tree, self._lease.path)
        changed = await asyncio.to_thread(repository.changes, self._lease.start, tree)
        files = tuple(change.path for change in changed)
        if files != self._files:
            self._files = files
            await self._outside.tell(
                ev.FilesTouched(
                    run_id=self._site.run.id, at=self._site.now(), task_id=self._task.id, files=files
                )
            )

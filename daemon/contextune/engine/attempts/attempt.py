"""One attempt: an agent's loop in a Lease, and the Gate's word on each `finish`."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec

from contextune.agents.briefing import gate_report, objection
from contextune.agents.loop import AgentLoop, said
from contextune.agents.roles import Roles
from contextune.agents.toolbox import Toolbox
from contextune.core.errors import (
    Asked,
    AttemptEnd,
    ContextuneError,
    Finished,
    HandedOver,
    ModelRefusal,
    PromptTooLong,
    RequestTooLong,
    Stuck,
)
from contextune.core.model.conversation import (
    Message,
    ModelReply,
    ModelRequest,
    Rung,
    Text,
    ToolResult,
    ToolUse,
)
from contextune.core.planning.plan import Task
from contextune.core.ports import Repository
from contextune.core.proof.evidence import Evidence
from contextune.core.runs import events as ev
from contextune.core.runs.effects import FileEffect
from contextune.core.runs.run import Run
from contextune.core.settings import Settings
from contextune.core.states import AttemptOutcome
from contextune.engine.attempts.allowance import Allowance
from contextune.engine.attempts.attempt_record import AttemptRecord
from contextune.engine.attempts.context_pack import ContextPacks
from contextune.engine.attempts.idle import Idle, never_idle
from contextune.engine.attempts.taken_up import MEANWHILE, OpenAttempt
from contextune.engine.attempts.turns import Turns
from contextune.engine.attempts.words import Words
from contextune.engine.integration.commits import attempt_ref, turns_ref
from contextune.engine.money.cliff import dollars_avoided
from contextune.engine.money.gateway import Keep
from contextune.engine.money.price_books import prices_under
from contextune.engine.proof.gate import Gate, ungated
from contextune.engine.proof.stand import Stand
from contextune.engine.radar.notices import Notices
from contextune.engine.surroundings.world import World
from contextune.engine.worktrees.leases import Lease

SAME_AGAIN = "It went round in circles: it finished again with the very files that were refused."
SECOND_LOOK = 6
"""Turns that an agent has after it was asked to look once more at what is green."""
NOTHING_CHANGED = "Nothing was changed yet, so there is nothing to test. Do the Task, or call `ask`."


@dataclass(frozen=True, slots=True)
class Done:
    """How an attempt ended."""

    outcome: AttemptOutcome
    summary: str
    remaining: str = ""
    evidence: Evidence | None = None
    tree: str = ""
    """What the worktree held at the end."""
    attempt: int = 0
    """Its number."""
    status: int | None = None
    """The HTTP status with which the server refused its request, where that ended it."""


class GivenUp(AttemptEnd):
    """An attempt is stopped between two turns, because it is not needed any more."""


class Site(Protocol):
    """Where an attempt works: the Run that it belongs to, and what is there to work with."""

    world: World
    repository: Repository
    gate: Gate
    stand: Stand
    settings: Settings
    packs: ContextPacks
    roles: Roles

    @property
    def run(self) -> Run:
        """The Run as it stands."""
        ...

    def now(self) -> int:
        """Milliseconds since the epoch."""
        ...


async def _nobody() -> None:
    """Nobody looks at the worktree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """An attempt's ways out: to the model, to the Journal, to the user, to the Radar."""

    send: Callable[[ModelRequest, Keep], Awaitable[ModelReply]]
    tell: Callable[[ev.AnyEvent], Awaitable[None]]
    words: Words
    ask: Callable[[Asked], Awaitable[str | None]]
    """The user's answer to a question; None if it is not put."""
    idle: Idle = never_idle
    """Waits while the Task is paused."""
    soon: Callable[[ev.AnyEvent], Awaitable[None]] | None = None
    """Tells an event without waiting for the disk: whatever is told or sent next waits for it."""
    notices: Notices = field(default_factory=Notices)
    wrote: Callable[[Collection[str] | None], None] = lambda _: None
    """Told which paths a call wrote; None if that is not known."""
    settled: Callable[[], Awaitable[None]] = _nobody
    """Waits until nothing looks at the worktree that was told of."""


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
        self._rung = rung
        self._toolbox = Toolbox(
            lease.workplace.files,
            lease.shell,
            names=site.roles.get(name).tools,
            environment=lease.environment,
            command_timeout=site.settings.command_timeout,
        )
        soon = outside.soon or outside.tell
        self._journal = AttemptRecord(
            site.run.id, task.id, number, now=site.now, tell=outside.tell, soon=soon
        )
        # What was done here since the last attempt, and by whom, is not known.
        site.repository.snapshots.wrote(lease.path, None)
        self._turns = Turns(site.repository, self._journal, turns_ref(site.run.id, task.id, number))
        self._loop = self._new_loop(name, rung)
        self._evidence: Evidence | None = None
        self._writing: dict[str, tuple[FileEffect, ...]] = {}
        """Calls that may change something, while they run, with what they will leave."""
        self._retries = site.settings.gate_retries
        self._green: Done | None = None
        """What was green already when the agent was asked to look at it once more."""
        self._refused = ""
        """The tree that the agent was last told is red, or holds no change."""
        self._allowance = Allowance(site.world.clock, site.repository, lease, site.settings)
        self._objected = False
        """Whether the agent was asked to look once more at what is green."""
        self._held = ""
        """The tree that a ref leads to."""
        self._before: Evidence | None = None
        """What the Gate saw when an earlier process ran it, and nothing has been done since."""

    @property
    def turns(self) -> int:
        """Replies so far."""
        return self._loop.turn

    async def work(self, handed: tuple[Text, ...]) -> Done:
        """Until the attempt is over. `handed` is what it is told beside its Task."""
        first = await asyncio.to_thread(self._site.packs.first_message, self._task, self._toolbox.files)
        return await self._until_over(self._loop.start((*first, *handed)))

    async def take_up(self, open_: OpenAttempt) -> Done:
        """The same for an attempt that another process left open, from its last call on."""
        number = self._number
        await asyncio.to_thread(self._recall, open_)
        self._retries -= open_.verdicts
        self._objected = open_.objected
        if open_.objected and open_.green is not None:
            green = open_.green
            self._green = Done("green", green.summary, green.remaining, green.evidence, green.tree, number)
            self._loop.bound(open_.left.turn + SECOND_LOOK)
        self._before = open_.evidence
        await self._journal.resumed(open_.left.turn, open_.uncertain)
        return await self._until_over(self._loop.take_up(open_.left), answer=open_.answer)

    def _recall(self, open_: OpenAttempt) -> None:
        """Know the files as the agent does: those that its first message showed, and those it saw since."""
        files = self._toolbox.files
        self._site.packs.first_message(self._task, files)
        files.recall(dict.fromkeys(files.seen, open_.began_at) | dict(open_.known))

    async def _until_over(
        self, conversation: Coroutine[Any, Any, AttemptEnd], *, answer: str | None = None
    ) -> Done:
        site = self._site
        try:
            end = await conversation
            if answer is not None and isinstance(end, Asked):
                end = await self._loop.observe(end.call_id, answer, is_error=False)
            done = await self._judged(end)
        except ModelRefusal as refusal:
            done = self._refused_by(refusal)
        except PromptTooLong as long:
            raise ContextuneError(
                f"Task {self._task.id}: what its agent is told first is {long.tokens:,} tokens long, and at "
                f"most {long.limit:,} are sent to this model. Split the Task, name fewer files in it, or "
                "shorten the project's instructions file."
            ) from None
        await self.settle()
        if not done.tree:
            tree = await asyncio.to_thread(site.repository.worktree_tree, self._lease.path)
            done = dataclasses.replace(done, tree=tree)
        await self._hold(done.tree)
        return done

    async def settle(self) -> None:
        """Wait for what still looks at the worktree."""
        await self._outside.settled()

    async def _judged(self, end: AttemptEnd) -> Done:
        """The Gate's word on each `finish`, the user's on each `ask`, until the attempt is over."""
        words = self._outside.words
        while True:
            match end:
                case Finished() if words.unheard():
                    end = await self._loop.observe(end.call_id, MEANWHILE, is_error=True)
                case Finished():
                    tree, changed = await self._snapshot()
                    self._evidence = await self._gate(tree) if changed else None
                    if words.unheard():
                        continue  # words that came while the Gate ran count before its verdict
                    if self._evidence is not None and self._evidence.verdict != "red":
                        done = self._ended("green", end.summary, end.remaining, tree)
                        told = objection(self._evidence)
                        if not told or self._objected:
                            return done
                        self._objected, self._green = True, done
                        self._loop.bound(self._loop.turn + SECOND_LOOK)
                        end = await self._loop.observe(end.call_id, told, is_error=True)
                        continue
                    if self._green is not None and not _lacks_test(self._green):
                        return await self._still_green(self._green)
                    # The missing test may have found a fault: to mend that is work like any other.
                    self._green = None
                    self._loop.unbound()
                    if self._retries <= 0:
                        said = end.summary if self._evidence else "The agent changed nothing."
                        return self._ended("red", said, end.remaining, tree)
                    if tree == self._refused:
                        return self._ended("stuck", SAME_AGAIN, end.remaining, tree)
                    self._retries -= 1
                    self._refused = tree
                    report = gate_report(self._evidence) if self._evidence else NOTHING_CHANGED
                    end = await self._loop.observe(end.call_id, report, is_error=True)
                case Asked():
                    answer = await self._outside.ask(end)
                    self._allowance.begin()
                    if answer is None:
                        return self._ended("limit", f"It wanted to ask: {end.question}")
                    end = await self._loop.observe(end.call_id, answer, is_error=False)
                case GivenUp():
                    return self._ended("cancelled", str(end))
                case _ if self._green is not None:
                    return await self._still_green(self._green)
                case HandedOver():
                    return self._ended("handed_over", str(end))
                case Stuck():
                    return self._ended("stuck", str(end))
                case _:
                    return self._ended("limit", str(end))

    async def _still_green(self, done: Done) -> Done:
        """What was green before the agent was asked to look again: a second look makes nothing worse."""
        self._evidence = done.evidence
        if done.evidence is not None:
            await self._journal.gate_finished(msgspec.structs.replace(done.evidence, reused=True))
        return done

    def _refused_by(self, refusal: ModelRefusal) -> Done:
        if refusal.status is None:
            return self._ended("refused", str(refusal))
        if isinstance(refusal, RequestTooLong) and self.turns:
            return self._ended("handed_over", self._loop.last_words())
        return dataclasses.replace(self._ended("failed", str(refusal)), status=refusal.status)

    def _ended(self, outcome: AttemptOutcome, summary: str, remaining: str = "", tree: str = "") -> Done:
        return Done(outcome, summary, remaining, self._evidence, tree, self._number)

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
        before, self._before = self._before, None
        if before is not None and before.tree == tree:
            return before
        await self._hold(tree)
        await self._journal.gate_started(tree)
        evidence = await site.gate.test(
            command,
            self._lease.workplace,
            cwd=self._lease.path,
            tree=tree,
            start=self._lease.start,
            baseline=run.baseline,
            environment={},
            affected=True,
            watched=site.settings.prove != "off",
        )
        site.repository.snapshots.wrote(self._lease.path, None)  # tests may leave files
        evidence = await site.stand.with_originals(
            evidence, command=command, start=self._lease.start, baseline=run.baseline
        )
        await self._journal.gate_finished(evidence)
        return evidence

    async def _hold(self, tree: str) -> None:
        """Have a ref lead to a tree before the Journal names it, so that no `git gc` removes it."""
        if tree != self._held:
            ref = attempt_ref(self._site.run.id, self._task.id, self._number)
            await asyncio.to_thread(_hold, self._site.repository, ref, tree, self._lease.start)
            self._held = tree

    def _new_loop(self, name: str, rung: Rung) -> AgentLoop:
        site, given = self._site, self._site.roles.get(name)
        return AgentLoop(
            send=self._send,
            record=self._record,
            before=self._called,
            after=self._returned,
            idle=lambda: self._allowance.left_out(self._outside.idle),
            hear=self._outside.words.unheard,
            notices=self._outside.notices.unheard,
            toolbox=self._toolbox,
            rung=rung,
            system=(Text(text=given.prompt, cache=True),),
            max_tokens=given.max_tokens,
            max_turns=min(given.max_turns or site.settings.max_turns, site.settings.max_turns),
            cliff=self._cliff,
        )

    async def _send(self, request: ModelRequest) -> ModelReply:
        """Send a request if the tools and tests before it stayed within what they may use."""
        await self._allowance.end()
        try:
            async with self._turns.keeping(self._loop.turn, self._lease):
                # A course that the user chose may have the worktree begin anew, on top of others.
                if self._site.run.task(self._task.id).course == "go_on":
                    return await self._outside.send(request, self._kept)
            return await self._outside.send(request, self._kept)
        finally:
            self._allowance.begin()

    async def _record(self, message: Message, turn: int) -> None:
        self._outside.words.carried(message)
        self._outside.notices.carried(message)
        await self._journal.said(message, turn)

    def _kept(self, reply: ModelReply) -> list[ev.AnyEvent]:
        turn = self._loop.turn + (reply.stop_reason != "refusal")
        return [self._journal.added(said(reply), turn, reply)]

    async def _cliff(self, how: Literal["pruned", "handed_over"], tokens: int, limit: int) -> None:
        prices = prices_under(self._site.settings, self._site.world.prices)
        price = prices.price(self._rung.model)
        await self._journal.cliff(how, tokens, limit, dollars_avoided(price, tokens, limit))

    async def _called(self, use: ToolUse, turn: int, effects: tuple[FileEffect, ...]) -> None:
        self._writing[use.id] = effects
        await self._journal.called(use, turn, effects)

    async def _returned(self, result: ToolResult) -> None:
        effects = self._writing.pop(result.tool_use_id, ())
        # What a command changed nobody knows, nor what a call did that another process had begun.
        wrote = [effect.path for effect in effects] or None
        self._turns.changed = True
        self._site.repository.snapshots.wrote(self._lease.path, wrote)
        self._outside.wrote(wrote)
        await self._journal.returned(result)


def _hold(repository: Repository, ref: str, tree: str, start: str) -> None:
    repository.set_ref(ref, repository.commit_tree(tree, [start], "What an attempt came to"))


def _lacks_test(done: Done) -> bool:
    return done.evidence is not None and done.evidence.verdict == "unproved"

"""A Task goes back to a turn of its work, files and conversation, and on from there by other words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from contextune.core.errors import UsageProblem
from contextune.core.model.conversation import Message, ToolResult, ToolUse, said_by_user
from contextune.core.ports import Repository
from contextune.core.runs import events as ev
from contextune.core.runs.effects import TaskRewound, TurnKept
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import Attempt
from contextune.engine.worktrees.leases import Leases

if TYPE_CHECKING:
    from contextune.engine.drive.run import RunDriver

TAKEN_BACK = "The user took you back to here before this came to anything."


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a Task goes back to. `attempt` is None for its newest one."""

    task_id: str
    turn: int
    text: str
    attempt: int | None = None


def read_letter(task_id: str, text: str) -> Turn:
    """The Turn that `as_letter` wrote."""
    attempt, turn, words = text.split(" ", 2)
    return Turn(task_id, int(turn), words, int(attempt) if attempt != "-" else None)


def as_letter(turn: Turn) -> str:
    """A Turn as the text of a letter about its Task."""
    return f"{'-' if turn.attempt is None else turn.attempt} {turn.turn} {turn.text}"


class Rewinding:
    """Takes a Task back that nobody works on."""

    def __init__(
        self, run: Run, repository: Repository, leases: Leases, events: Sequence[ev.AnyEvent]
    ) -> None:
        """`events` are all of the Run."""
        self._run = run
        self._repository = repository
        self._leases = leases
        self._events = events

    def check(self, to: Turn) -> Attempt:
        """The attempt that is gone back to. Raises UsageProblem if it has no such turn."""
        attempts = self._run.task(to.task_id).attempts
        wanted = [one for one in attempts if to.attempt in (None, one.number)]
        if not wanted:
            raise UsageProblem(f"Task {to.task_id} has no such attempt.")
        attempt = wanted[-1]
        if not 0 <= to.turn <= attempt.turns or not self._conversation(to, attempt):
            raise UsageProblem(
                f"Attempt {attempt.number} of Task {to.task_id} has the turns 0 to {attempt.turns}."
            )
        return attempt

    async def back(self, to: Turn, number: int, at: int) -> list[ev.AnyEvent]:
        """Put the worktree back, and tell how the attempt `number` goes on from there.

        What the worktree held stays under a ref.
        """
        run, task_id = self._run, to.task_id
        attempt = self.check(to)
        tree, start = await self._left_by(to, attempt)
        lease = await self._leases.take(task_id, start)
        kept = f"refs/contextune/kept/{run.id}/{task_id}/rewound-{run.seq}"
        await asyncio.to_thread(self._repository.upkeep.keep, lease.path, kept)
        commit = await asyncio.to_thread(
            self._repository.commit_tree, tree, [start], f"Back to turn {to.turn}"
        )
        await asyncio.to_thread(self._repository.reset_worktree, lease.path, commit)
        rewound = TaskRewound(
            run_id=run.id,
            at=at,
            task_id=task_id,
            attempt=attempt.number,
            turn=to.turn,
            start=start,
            kept=kept,
        )
        started = ev.AttemptStarted(
            run_id=run.id,
            at=at,
            task_id=task_id,
            attempt=number,
            role=attempt.role,
            rung=attempt.rung,
            reason=f"Taken back to turn {to.turn} of attempt {attempt.number}.",
            step=attempt.step,
        )
        return [rewound, started, *self._said_again(to, attempt, number, at)]

    async def _left_by(self, to: Turn, attempt: Attempt) -> tuple[str, str]:
        """The tree after a turn, and the commit that the work stood on."""
        kept = [
            event
            for event in self._of(TurnKept, to, attempt)
            if isinstance(event, TurnKept) and event.turn <= to.turn
        ]
        if kept:
            return kept[-1].tree, kept[-1].start
        start = self._run.task(to.task_id).start or self._run.base.commit
        return await asyncio.to_thread(self._repository.tree_of, start), start

    def _said_again(self, to: Turn, attempt: Attempt, number: int, at: int) -> list[ev.MessageAdded]:
        """The conversation up to the turn, as the new attempt's, with the user's words at its end."""
        said = self._conversation(to, attempt)
        last = said[-1]
        words = said_by_user(to.text)
        if last.message.role == "user":
            said[-1] = _with(last, Message(role="user", blocks=(*last.message.blocks, words)))
        else:
            calls = [block for block in last.message.blocks if isinstance(block, ToolUse)]
            results = (ToolResult(tool_use_id=call.id, content=TAKEN_BACK, is_error=True) for call in calls)
            answer = Message(role="user", blocks=(*results, words))
            said.append(
                ev.MessageAdded(
                    run_id=last.run_id,
                    at=at,
                    task_id=to.task_id,
                    attempt=number,
                    turn=to.turn,
                    message=answer,
                )
            )
        return [_of_attempt(event, number, at) for event in said]

    def _conversation(self, to: Turn, attempt: Attempt) -> list[ev.MessageAdded]:
        found = self._of(ev.MessageAdded, to, attempt)
        return [event for event in found if isinstance(event, ev.MessageAdded) and event.turn <= to.turn]

    def _of(self, kind: type[ev.MessageAdded | TurnKept], to: Turn, attempt: Attempt) -> list[ev.AnyEvent]:
        return [
            event
            for event in self._events
            if isinstance(event, kind) and event.task_id == to.task_id and event.attempt == attempt.number
        ]


def _with(event: ev.MessageAdded, message: Message) -> ev.MessageAdded:
    return msgspec.structs.replace(event, message=message)


def _of_attempt(event: ev.MessageAdded, number: int, at: int) -> ev.MessageAdded:
    return msgspec.structs.replace(event, attempt=number, at=at)


async def rewind(driver: RunDriver, to: Turn) -> None:
    """Take a Task of a driven Run back to a turn. Raises UsageProblem, and then nothing has changed."""
    if to.task_id in driver.ghost.task_ids:
        raise UsageProblem(
            f"Task {to.task_id} is accepted, and others may build on it: take it back once run "
            f"{driver.run.id} waits for review."
        )
    events = await driver.world.journal.read(driver.run.id)
    Rewinding(driver.run, driver.repository, driver.leases, events).check(to)

    async def prepared() -> list[ev.AnyEvent]:
        # As it is now that nobody works on it any more.
        now = Rewinding(driver.run, driver.repository, driver.leases, events)
        return await now.back(to, driver.next_attempt(to.task_id), driver.now())

    driver.redo(to.task_id, prepared)

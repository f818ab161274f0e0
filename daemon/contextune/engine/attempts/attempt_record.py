"""What an attempt tells the Journal: its messages, its calls, the Gate's word on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Literal

from contextune.core.model.conversation import Message, ModelReply, ToolResult, ToolUse
from contextune.core.model.requests import CliffAvoided
from contextune.core.proof.evidence import Evidence
from contextune.core.runs import events as ev
from contextune.core.runs.effects import AttemptResumed, FileEffect, ToolCalled, ToolReturned, TurnKept


class AttemptRecord:
    """Makes the events of one attempt and tells them."""

    def __init__(
        self,
        run_id: str,
        task_id: str,
        number: int,
        *,
        now: Callable[[], int],
        tell: Callable[[ev.AnyEvent], Awaitable[None]],
        soon: Callable[[ev.AnyEvent], Awaitable[None]],
    ) -> None:
        """`tell` returns when an event is kept; `soon` need not, if what is told next waits for it."""
        self._run_id = run_id
        self._task_id = task_id
        self._number = number
        self._now = now
        self._tell = tell
        self._soon = soon

    async def resumed(self, turn: int, uncertain: tuple[str, ...]) -> None:
        """Another process goes on with it."""
        await self._tell(
            AttemptResumed(
                run_id=self._run_id,
                at=self._now(),
                task_id=self._task_id,
                attempt=self._number,
                turn=turn,
                uncertain=uncertain,
            )
        )

    async def said(self, message: Message, turn: int) -> None:
        """A message to the agent: it is on its way to the Journal, and is there before the model sees it."""
        await self._soon(self.added(message, turn))

    def added(self, message: Message, turn: int, reply: ModelReply | None = None) -> ev.MessageAdded:
        """A message of its conversation, the model's with its `reply`."""
        return ev.MessageAdded(
            run_id=self._run_id,
            at=self._now(),
            task_id=self._task_id,
            attempt=self._number,
            turn=turn,
            message=message,
            stop_reason=reply.stop_reason if reply else None,
            reply_id=reply.id if reply else None,
        )

    async def called(self, use: ToolUse, turn: int, effects: tuple[FileEffect, ...]) -> None:
        """A call that changes something is about to be made."""
        await self._tell(
            ToolCalled(
                run_id=self._run_id,
                at=self._now(),
                task_id=self._task_id,
                attempt=self._number,
                turn=turn,
                call_id=use.id,
                name=use.name,
                effects=effects,
            )
        )

    async def returned(self, result: ToolResult) -> None:
        """What such a call came to: on its way to the Journal."""
        await self._soon(
            ToolReturned(
                run_id=self._run_id,
                at=self._now(),
                task_id=self._task_id,
                attempt=self._number,
                call_id=result.tool_use_id,
                result=result,
            )
        )

    async def kept(self, turn: int, tree: str, start: str) -> None:
        """What its worktree held after a turn."""
        await self._tell(
            TurnKept(
                run_id=self._run_id,
                at=self._now(),
                task_id=self._task_id,
                attempt=self._number,
                turn=turn,
                tree=tree,
                start=start,
            )
        )

    async def gate_started(self, tree: str) -> None:
        """The Gate is about to judge a tree."""
        await self._tell(
            ev.GateStarted(
                run_id=self._run_id, at=self._now(), task_id=self._task_id, tree=tree, attempt=self._number
            )
        )

    async def gate_finished(self, evidence: Evidence) -> None:
        """What the Gate saw."""
        await self._tell(
            ev.GateFinished(
                run_id=self._run_id,
                at=self._now(),
                task_id=self._task_id,
                evidence=evidence,
                attempt=self._number,
            )
        )

    async def cliff(
        self, how: Literal["pruned", "handed_over"], tokens: int, limit: int, dollars: Decimal | None
    ) -> None:
        """Its conversation was kept below the model's price cliff."""
        await self._tell(
            CliffAvoided(
                run_id=self._run_id,
                at=self._now(),
                task_id=self._task_id,
                attempt=self._number,
                how=how,
                tokens=tokens,
                limit=limit,
                dollars=dollars,
            )
        )

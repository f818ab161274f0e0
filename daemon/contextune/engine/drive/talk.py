"""What a driven Run puts to the user, and what the user says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from contextune.core.ports import Clock
from contextune.core.runs import events as ev
from contextune.engine.money.account import Emit


class Talk:
    """Questions that wait for an answer, and words for agents."""

    def __init__(self, run_id: str, emit: Emit, clock: Clock) -> None:
        self._run_id = run_id
        self._emit = emit
        self._clock = clock
        self._answers: dict[str, asyncio.Future[str]] = {}
        self._decisions: dict[str, asyncio.Future[str]] = {}

    async def tell(self, task_id: str, text: str, *, also: Sequence[ev.AnyEvent] = ()) -> None:
        """Words for an agent: they answer its question, or reach it with its next turn.

        `also` is recorded together with that.
        """
        at = self._clock.now()
        await self._emit(ev.AgentTold(run_id=self._run_id, at=at, task_id=task_id, text=text), *also)
        waiting = self._answers.pop(task_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(text)

    async def answer(self, task_id: str, text: str) -> None:
        """The answer to a Task's question: an agent's, or one about the Task, which no agent hears of."""
        deciding = self._decisions.pop(task_id, None)
        if deciding is None:
            await self.tell(task_id, text)
        elif not deciding.done():
            deciding.set_result(text)

    async def ask(self, task_id: str, question: str, choices: tuple[str, ...], *, attempt: int) -> str:
        """The user's answer to an agent's question."""
        return await self._put(self._answers, task_id, question, choices, attempt)

    async def decide(self, task_id: str, question: str, choices: tuple[str, ...], *, attempt: int) -> str:
        """The user's decision about a Task that cannot go on without one."""
        return await self._put(self._decisions, task_id, question, choices, attempt)

    async def _put(
        self,
        waiting: dict[str, asyncio.Future[str]],
        task_id: str,
        question: str,
        choices: tuple[str, ...],
        attempt: int,
    ) -> str:
        # Before the question is told: an answer may come at once.
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        waiting[task_id] = future
        try:
            await self._emit(
                ev.QuestionAsked(
                    run_id=self._run_id,
                    at=self._clock.now(),
                    task_id=task_id,
                    question=question,
                    choices=choices,
                    attempt=attempt,
                )
            )
            return await future
        finally:
            if waiting.get(task_id) is future:
                del waiting[task_id]

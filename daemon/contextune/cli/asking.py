"""Asks the person at the terminal: for consent, and for answers to what agents ask."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager

from contextune.cli.output import Output
from contextune.core.plain_text import one_line
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import Question
from contextune.core.states import LIVE_RUN

Answer = Callable[[str, str], Awaitable[None]]
"""Takes a Task's id and the words of its answer."""


def someone_is_there() -> bool:
    """Whether a person can be asked: both the question and the answer go by a terminal."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


async def consent(out: Output, question: str) -> bool:
    """Whether the person says yes. No answer is a no."""
    reply = await _ask(out, f"{question} [y/N] ")
    return reply is not None and reply.lower() in ("y", "yes")


async def choice_of(out: Output, count: int) -> int | None:
    """The place, from 0, of one of numbered choices that the person names; None for anything else."""
    reply = await _ask(out, f"Number, 1 to {count}, or nothing: " if count > 1 else "1, or nothing: ")
    if reply is None or not reply.isdecimal() or not 1 <= int(reply[:9]) <= count:
        return None
    return int(reply) - 1


def chosen(text: str, choices: Sequence[str]) -> str:
    """The choice that a number stands for; any other text as it is."""
    number = text.strip()
    if text not in choices and number.isdecimal() and 1 <= int(number) <= len(choices):
        return choices[int(number) - 1]
    return text


def numbered(question: Question) -> str:
    """A question with its choices numbered, a line each."""
    lines = [one_line(question.text)]
    lines += [f"  {number}  {one_line(choice)}" for number, choice in enumerate(question.choices, 1)]
    return "\n".join(lines)


class Asking:
    """Puts the questions of one Run's agents to the person, one at a time; or tells how to answer them."""

    def __init__(
        self, out: Output, *, answer: Answer, held: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """`held` keeps the live table away while a question is on the screen."""
        self._out = out
        self._answer = answer
        self._held = held
        self._waiting: dict[str, Question] = {}
        self._now: str | None = None
        self._asking: asyncio.Task[None] | None = None
        self._present = someone_is_there()

    def hear(self, run: Run, event: ev.AnyEvent) -> None:
        """Take in one event of the Run."""
        if isinstance(event, ev.QuestionAsked):
            question = Question(text=event.question, choices=event.choices)
            if self._present:
                self._waiting[event.task_id] = question
            else:
                self._tell_how(run, event.task_id, question)
        elif isinstance(event, ev.AgentTold | ev.TaskEnded):
            # Answered from elsewhere, or not to be answered any more.
            self._waiting.pop(event.task_id, None)
            if self._now == event.task_id and self._asking is not None:
                self._asking.cancel()
        if self._waiting and self._asking is None and run.state in LIVE_RUN:
            self._asking = asyncio.get_running_loop().create_task(self._ask_all(run))

    async def close(self) -> None:
        """Take the question off the screen."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _ask_all(self, run: Run) -> None:
        try:
            while self._waiting:
                self._now = next(iter(self._waiting))
                await self._ask_one(run, self._now, self._waiting.pop(self._now))
        finally:
            self._now = self._asking = None

    async def _ask_one(self, run: Run, task_id: str, question: Question) -> None:
        with self._held():
            words = numbered(question)
            self._out.note(f"\n{one_line(run.task(task_id).task.title)} asks: {words}")
            prompt = "Number or answer: " if question.choices else "Answer: "
            reply: str | None = ""
            while reply == "":
                reply = await _ask(self._out, prompt)
        if reply is None:
            self._present = False
            self._tell_how(run, task_id, question)
            return
        self._now = None  # what comes back as told is this very answer
        await self._answer(task_id, chosen(reply, question.choices))

    def _tell_how(self, run: Run, task_id: str, question: Question) -> None:
        title = one_line(run.task(task_id).task.title)
        self._out.note(
            f"{title} asks: {numbered(question)}\nAnswer it with `contextune answer {run.id}/{task_id} TEXT`."
        )


async def _ask(out: Output, prompt: str) -> str | None:
    """One line from the terminal, without blocking the loop; None at its end. Cancellation takes it back."""
    out.prompt(prompt)
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    handle = sys.stdin.fileno()

    def there_is_a_line() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(handle, there_is_a_line)
    try:
        await ready
    finally:
        loop.remove_reader(handle)
    # A terminal hands over whole lines, one at a time.
    line = os.read(handle, 65_536)
    return line.decode(errors="replace").strip() if line else None

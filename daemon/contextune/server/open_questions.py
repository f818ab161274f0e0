"""Questions for an editor without buttons: code actions of any line answer them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from textwrap import shorten
from typing import NamedTuple

from lsprotocol import types

from contextune.core.errors import UsageProblem
from contextune.protocol.words import t
from contextune.server.names import KIND, ChoiceTarget, command

SHOWN = 60
"""Characters of a question in the title of an action."""


class _Open(NamedTuple):
    text: str
    choices: tuple[str, ...]
    answer: asyncio.Future[str]


class OpenQuestions:
    """What waits for an answer, the newest first."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}

    async def ask(self, text: str, choices: Sequence[str]) -> str:
        """Wait for one of the choices; a question whose asker gives up is offered no more."""
        key = uuid.uuid4().hex
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._open[key] = _Open(text, tuple(choices), answer)
        try:
            return await answer
        finally:
            del self._open[key]

    def choose(self, target: ChoiceTarget) -> None:
        """Answer a question. Raises UsageProblem if it waits no more, or has no such choice."""
        asked = self._open.get(target.question)
        if asked is None or asked.answer.done():
            raise UsageProblem(t("This question does not wait for an answer any more."))
        if target.choice not in asked.choices:
            raise UsageProblem(f"Expected one of {', '.join(asked.choices)}, not {target.choice!r}.")
        asked.answer.set_result(target.choice)

    def actions(self) -> Iterator[types.CodeAction]:
        """An action for each answer, with the words that the question begins with."""
        for key, asked in reversed(self._open.items()):
            for choice in asked.choices:
                title = t(
                    "{choice}: {question}",
                    choice=choice,
                    question=shorten(asked.text, SHOWN, placeholder="…"),
                )
                target = ChoiceTarget(question=key, choice=choice)
                yield types.CodeAction(
                    title=title, kind=KIND, command=command("choose", title, target, extension=False)
                )

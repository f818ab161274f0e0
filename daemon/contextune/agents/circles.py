"""Tells when an agent goes round in circles: the same calls with the same results, again and again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise, takewhile
from typing import Literal, NamedTuple

import msgspec

from contextune.agents.undoing import Undoing
from contextune.core.model.conversation import Message, ToolResult, ToolUse
from contextune.core.runs.effects import FileEffect

LONGEST = 4
"""Turns of the longest circle that is looked for: edit, test, undo, test."""
TOLD_AFTER = 3
"""Rounds after which the agent is told."""
STUCK_AFTER = {1: 5}
"""Rounds after which the attempt ends, by the circle's length."""
STUCK_AFTER_ELSE = 4

BACK_TOLD_AFTER, BACK_STUCK_AFTER = 3, 5
"""Writes in a row that brought files back to what they were before."""
ERRORS_TOLD_AFTER, ERRORS_STUCK_AFTER = 4, 6
"""Turns in a row that came to the same error, whatever the calls asked for."""

ELSE = "Do something else: look elsewhere, change the approach, or call `ask`."
TOLD = f"The last turns repeat: the same calls came to the same results {{rounds}} times. {ELSE}"
STUCK = "It went round in circles: the same calls came to the same results {rounds} times."
BACK_TOLD = f"The last {{rounds}} writes undid each other: they brought files back to what they were. {ELSE}"
BACK_STUCK = "It went round in circles: its last {rounds} writes undid each other."
ERRORS_TOLD = f"The last {{rounds}} turns came to the same error. {ELSE}"
ERRORS_STUCK = "It went round in circles: its last {rounds} turns came to the same error."

_DURATION = re.compile(r"\b\d+(?:\.\d+)?\s?m?s\b")
"""What differs between two runs of the same tests."""


class Verdict(NamedTuple):
    """Whether it goes round in circles, and a sentence: for the agent if `told`, for people if `stuck`."""

    kind: Literal["fine", "told", "stuck"]
    text: str = ""


FINE = Verdict("fine")


class Circles:
    """What the turns of one conversation did. Nothing is kept of them but a hash each."""

    def __init__(self) -> None:
        self._turns: list[int] = []
        self._errors: list[int | None] = []
        """For each turn, what all its calls failed with; None if one did not fail."""
        self._undoing = Undoing()
        self._back = 0

    def recall(self, messages: Sequence[Message]) -> None:
        """Know the turns of a conversation that another process had."""
        for reply, told in pairwise(messages):
            calls = [block for block in reply.blocks if isinstance(block, ToolUse)]
            if calls:
                self.add(calls, (block for block in told.blocks if isinstance(block, ToolResult)))

    def wrote(self, effects: Sequence[FileEffect]) -> None:
        """A call of the turn that is next to be added did this to files."""
        self._undoing.wrote(effects)

    def add(self, calls: Sequence[ToolUse], results: Iterable[ToolResult]) -> None:
        """One more turn: its calls and what they came to."""
        by_id = {result.tool_use_id: result for result in results}
        came_to = [(call.name, _plain(by_id.get(call.id))) for call in calls]
        facts = [(*one, call.input) for one, call in zip(came_to, calls, strict=True)]
        self._turns.append(hash(msgspec.json.encode(facts, order="sorted")))
        failed = all(is_error for _, (_, is_error) in came_to)
        self._errors.append(hash(msgspec.json.encode(came_to)) if failed else None)
        self._back = self._undoing.turn()

    def verdict(self) -> Verdict:
        """What to say after the newest turn."""
        found = [
            *(self._circle(length) for length in range(1, LONGEST + 1)),
            _judged(self._back, BACK_TOLD_AFTER, BACK_STUCK_AFTER, BACK_TOLD, BACK_STUCK),
            _judged(self._failures(), ERRORS_TOLD_AFTER, ERRORS_STUCK_AFTER, ERRORS_TOLD, ERRORS_STUCK),
        ]
        said = (one for kind in ("stuck", "told") for one in found if one.kind == kind)
        return next(said, FINE)

    def _circle(self, length: int) -> Verdict:
        stuck_after = STUCK_AFTER.get(length, STUCK_AFTER_ELSE)
        return _judged(self._rounds(length), TOLD_AFTER, stuck_after, TOLD, STUCK)

    def _rounds(self, length: int) -> int:
        """How often the newest turns, so many, came one after the other just the same."""
        turns = self._turns
        newest, rounds = turns[-length:], 1
        while len(newest) == length and turns[-length * (rounds + 1) : -length * rounds] == newest:
            rounds += 1
        return rounds

    def _failures(self) -> int:
        """How many of the newest turns came to the very same error."""
        newest = self._errors[-1] if self._errors else None
        if newest is None:
            return 0
        return sum(1 for _ in takewhile(lambda error: error == newest, reversed(self._errors)))


def _judged(rounds: int, told_after: int, stuck_after: int, told: str, stuck: str) -> Verdict:
    if rounds >= stuck_after:
        return Verdict("stuck", stuck.format(rounds=rounds))
    return Verdict("told", told.format(rounds=rounds)) if rounds == told_after else FINE


def _plain(result: ToolResult | None) -> tuple[str, bool]:
    return ("", False) if result is None else (_DURATION.sub("", result.content), result.is_error)

"""Tells when an agent goes round in circles: the same calls with the same results, again and again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal

import msgspec

from contextune.core.conversation import Message, ToolResult, ToolUse

LONGEST = 4
"""Turns of the longest circle that is looked for: edit, test, undo, test."""
TOLD_AFTER = 3
"""Rounds after which the agent is told."""
STUCK_AFTER = {1: 5}
"""Rounds after which the attempt ends, by the circle's length."""
STUCK_AFTER_ELSE = 4

TOLD = (
    "The last turns repeat: the same calls came to the same results {rounds} times. Do something else: look "
    "elsewhere, change the approach, or call `ask`."
)
STUCK = "It went round in circles: the same calls came to the same results {rounds} times."

_DURATION = re.compile(r"\b\d+(?:\.\d+)?\s?m?s\b")
"""What differs between two runs of the same tests."""


class Circles:
    """What the turns of one conversation did. Nothing is kept of them but a hash each."""

    def __init__(self) -> None:
        self._turns: list[int] = []

    def recall(self, messages: Sequence[Message]) -> None:
        """Know the turns of a conversation that another process had."""
        for reply, told in pairwise(messages):
            calls = [block for block in reply.blocks if isinstance(block, ToolUse)]
            if calls:
                self.add(calls, (block for block in told.blocks if isinstance(block, ToolResult)))

    def add(self, calls: Sequence[ToolUse], results: Iterable[ToolResult]) -> None:
        """One more turn: its calls and what they came to."""
        by_id = {result.tool_use_id: result for result in results}
        facts = [(call.name, call.input, _plain(by_id.get(call.id))) for call in calls]
        self._turns.append(hash(msgspec.json.encode(facts, order="sorted")))

    def verdict(self) -> tuple[Literal["fine", "told", "stuck"], int]:
        """Whether it goes round in circles, and how many rounds it went."""
        for length in range(1, LONGEST + 1):
            rounds = self._rounds(length)
            if rounds >= STUCK_AFTER.get(length, STUCK_AFTER_ELSE):
                return "stuck", rounds
            if rounds == TOLD_AFTER:
                return "told", rounds
        return "fine", 1

    def _rounds(self, length: int) -> int:
        """How often the newest turns, so many, came one after the other just the same."""
        turns = self._turns
        newest, rounds = turns[-length:], 1
        while len(newest) == length and turns[-length * (rounds + 1) : -length * rounds] == newest:
            rounds += 1
        return rounds


def _plain(result: ToolResult | None) -> tuple[str, bool]:
    return ("", False) if result is None else (_DURATION.sub("", result.content), result.is_error)

"""Which turn of which attempt wrote a line: told from what the file held after each turn."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

LONGEST = 20_000
"""Lines of a file that are compared."""

Source = Literal["agent", "before", "after", "unknown"]
"""agent: a turn wrote it. before: it was there before the Task. after: it came with a merge or a review.
unknown: there is no such line, or the file is too long to compare."""


class Version(NamedTuple):
    """What a file held after a turn."""

    attempt: int
    turn: int
    lines: Sequence[str]


class Origin(NamedTuple):
    """Who wrote a line; attempt and turn are of `agent` alone."""

    source: Source
    attempt: int | None = None
    turn: int | None = None


def origin_of(line: int, shown: Sequence[str], before: Sequence[str], versions: Sequence[Version]) -> Origin:
    """Who wrote a line, counted from 1, of what is shown.

    `before` is what the file held before the Task, `versions` what it held after each turn that changed
    something, oldest first.
    """
    if not 1 <= line <= len(shown) or len(shown) > LONGEST:
        return Origin("unknown")
    if not versions:
        return Origin("unknown")
    place = _before(line - 1, shown, versions[-1].lines)
    if place is None:
        return Origin("after")
    for index in range(len(versions) - 1, -1, -1):
        version = versions[index]
        older = versions[index - 1].lines if index else before
        earlier = _before(place, version.lines, older)
        if earlier is None:
            return Origin("agent", version.attempt, version.turn)
        place = earlier
    return Origin("before")


def _before(place: int, newer: Sequence[str], older: Sequence[str]) -> int | None:
    """Where a line of the newer text stands in the older one; None if it is not there."""
    if newer == older:
        return place
    for tag, first, last, start, _ in SequenceMatcher(None, newer, older, autojunk=False).get_opcodes():
        if first <= place < last:
            return start + place - first if tag == "equal" else None
    return None

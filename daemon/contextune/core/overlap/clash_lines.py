"""The lines over which two changes of one file clash, told from the three texts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from contextune.core.overlap.live_snapshots import Clash
from contextune.core.overlap.radar import LineRange

MOST_LINES = 20_000
"""Lines of the longest stretch that is compared line by line: beyond it, it counts as changed as a whole."""


class Hunk(NamedTuple):
    """Lines of a base text that a change replaces, from `start` to before `end`, counted from 0."""

    start: int
    end: int
    new: tuple[str, ...]


def clashing_lines(clash: Clash) -> tuple[LineRange, ...]:
    """Where two sides of a clash change the same lines of the base; the whole base if that is not text.

    None if there is no base.
    """
    if clash.base is None:
        return ()
    base = _lines(clash.base)
    if base is None or clash.first is None or clash.second is None:
        return _whole(clash.base)
    first, second = _lines(clash.first), _lines(clash.second)
    if first is None or second is None:
        return _whole(clash.base)
    return _joined(_overlapping(hunks(base, first), hunks(base, second)), len(base))


def hunks(base: Sequence[str], changed: Sequence[str]) -> list[Hunk]:
    """What a change does to the lines of a base."""
    head = 0
    while head < min(len(base), len(changed)) and base[head] == changed[head]:
        head += 1
    tail = 0
    while tail < min(len(base), len(changed)) - head and base[-1 - tail] == changed[-1 - tail]:
        tail += 1
    old, new = base[head : len(base) - tail], changed[head : len(changed) - tail]
    if not old and not new:
        return []
    if not old or not new or max(len(old), len(new)) > MOST_LINES:
        return [Hunk(head, head + len(old), tuple(new))]
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return [
        Hunk(head + i, head + j, tuple(new[k:end]))
        for tag, i, j, k, end in matcher.get_opcodes()
        if tag != "equal"
    ]


def added_lines(before: str, after: str) -> frozenset[int]:
    """The numbers of the lines of a text that an earlier state of it has not."""
    shift, found = 0, set[int]()
    for hunk in hunks(before.split("\n"), after.split("\n")):
        start = hunk.start + shift
        found.update(range(start + 1, start + len(hunk.new) + 1))
        shift += len(hunk.new) - (hunk.end - hunk.start)
    return frozenset(found)


def moved_lines(lines: Sequence[LineRange], before: str, after: str) -> tuple[LineRange, ...]:
    """Where lines of a text are found in a later state of it; what was replaced is found in its place."""
    if before == after:
        return tuple(lines)
    changes = hunks(before.split("\n"), after.split("\n"))
    most = max(after.count("\n") + (not after.endswith("\n")), 1)
    found = []
    for one in lines:
        first = _moved(one.first - 1, changes, low=True)
        last = max(_moved(one.last - 1, changes, low=False), first)
        found.append(LineRange(first=min(first + 1, most), last=min(last + 1, most)))
    return tuple(found)


def _moved(line: int, changes: Sequence[Hunk], *, low: bool) -> int:
    shift = 0
    for hunk in changes:
        if hunk.end <= line:
            shift += len(hunk.new) - (hunk.end - hunk.start)
        elif hunk.start <= line:
            start = hunk.start + shift
            return start if low else start + max(len(hunk.new) - 1, 0)
    return line + shift


def _overlapping(first: Sequence[Hunk], second: Sequence[Hunk]) -> list[tuple[int, int]]:
    """Hunks of two sides with no unchanged line between them: git merges those only if they are equal."""
    found = [
        (min(one.start, other.start), max(one.end, other.end))
        for one in first
        for other in second
        if one.start <= other.end and other.start <= one.end and one != other
    ]
    # Where git's own diff takes other lines to be the same, it sees a clash that is none here.
    return found or [(hunk.start, hunk.end) for hunk in (*first, *second)]


def _joined(ranges: Sequence[tuple[int, int]], length: int) -> tuple[LineRange, ...]:
    return tuple(
        LineRange(first=max(min(start + 1, length), 1), last=max(min(max(end, start + 1), length), 1))
        for start, end in _merged(sorted(ranges))
    )


def _merged(ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    start, end = ranges[0] if ranges else (0, 0)
    for first, last in ranges[1:]:
        if first > end:
            yield start, end
            start, end = first, last
        end = max(end, last)
    if ranges:
        yield start, end


def _lines(content: bytes) -> list[str] | None:
    """The lines of a text; None if these bytes are none."""
    if b"\0" in content:
        return None
    return content.decode("utf-8", "surrogateescape").splitlines()


def _whole(content: bytes) -> tuple[LineRange, ...]:
    return (LineRange(first=1, last=max(content.count(b"\n"), 1)),)

"""The hunks of one file's change: found, named, and put together without some of them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

APART = 3
"""Unchanged lines between two hunks at least: what stands closer belongs together for a reader."""
MOST_LINES = 20_000
"""Lines of a change from which on it is one hunk: to compare more takes seconds."""
EXCERPT = 20
"""Lines of a hunk that are quoted where it is listed."""
BINARY = b"\0"


class Hunk(NamedTuple):
    """Lines that a change replaced. Places count from 0."""

    id: str
    before: int
    """Where it begins in the file before."""
    old: tuple[bytes, ...]
    after: int
    """Where it begins in the file after."""
    new: tuple[bytes, ...]

    @property
    def excerpt(self) -> str:
        """Its lines as a diff shows them, the first ones."""
        rows = [b"-" + line for line in self.old] + [b"+" + line for line in self.new]
        shown = [row.decode("utf-8", "replace").rstrip("\r\n") for row in rows[:EXCERPT]]
        left = len(rows) - len(shown)
        return "\n".join([*shown, *([f"… {left} more lines …"] if left else [])])


def hunks(path: str, before: bytes | None, after: bytes | None) -> tuple[Hunk, ...]:
    """The hunks of a file's change, in order; None stands for no file. Binary files have a single one.

    The id of a hunk depends on the path, on its lines, and on which of several equal ones it is: it stays the
    same while other hunks come and go.
    """
    old, new = _lines(before), _lines(after)
    seen: dict[bytes, int] = {}
    found = []
    for start, end, first, last in _spans(old, new):
        lost, won = tuple(old[start:end]), tuple(new[first:last])
        content = b"\0".join((path.encode("utf-8", "surrogatepass"), b"".join(lost), b"".join(won)))
        seen[content] = count = seen.get(content, 0) + 1
        name = hashlib.sha256(content + b"\0%d" % count).hexdigest()[:12]
        found.append(Hunk(name, start, lost, first, won))
    return tuple(found)


def without(path: str, before: bytes | None, after: bytes | None, rejected: Collection[str]) -> bytes | None:
    """The file after its change without some hunks; None if there is no file then."""
    every = hunks(path, before, after)
    if not any(one.id in rejected for one in every):
        return after
    if all(one.id in rejected for one in every):
        return before
    old, lines, place = _lines(before), list[bytes](), 0
    for one in every:
        lines += old[place : one.before]
        lines += one.old if one.id in rejected else one.new
        place = one.before + len(one.old)
    return b"".join([*lines, *old[place:]])


def moved(every: Sequence[Hunk], rejected: Collection[str]) -> tuple[Hunk, ...]:
    """The hunks that are left, with `after` as it is in the file without the rejected ones."""
    shift, left = 0, []
    for one in every:
        if one.id in rejected:
            shift += len(one.old) - len(one.new)
        else:
            left.append(one._replace(after=one.after + shift))
    return tuple(left)


def stands(hunk: Hunk, content: bytes | None) -> bool:
    """Whether a file holds a hunk's lines where the hunk says."""
    return tuple(_lines(content)[hunk.after : hunk.after + len(hunk.new)]) == hunk.new


def _spans(old: Sequence[bytes], new: Sequence[bytes]) -> list[tuple[int, int, int, int]]:
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    inner_old, inner_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if not inner_old and not inner_new:
        return []
    if not inner_old or not inner_new or len(inner_old) + len(inner_new) > MOST_LINES:
        return [(head, head + len(inner_old), head, head + len(inner_new))]
    spans: list[tuple[int, int, int, int]] = []
    for tag, start, end, first, last in SequenceMatcher(_is_blank, inner_old, inner_new, False).get_opcodes():
        if tag == "equal":
            continue
        if spans and start + head - spans[-1][1] < APART:
            spans[-1] = (spans[-1][0], end + head, spans[-1][2], last + head)
        else:
            spans.append((start + head, end + head, first + head, last + head))
    return spans


def _is_blank(line: bytes) -> bool:
    """Whether a line is no anchor: blank ones stand everywhere, and would tear apart what belongs."""
    return not line.strip()


def _lines(content: bytes | None) -> list[bytes]:
    if content is None:
        return []
    if BINARY in content:
        return [content]
    # As git counts them: nothing but a line feed ends one.
    *rows, last = content.split(b"\n")
    return [row + b"\n" for row in rows] + ([last] if last else [])

"""Text of others as a tool's answer may hold it: short, with what steers a reader spelled out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from contextune.agents.framing import framed, row, unmarked
from contextune.delegation.answers import NOTICE

TITLE, SENTENCE, DIFF = 200, 600, 40_000
"""Characters of a title or name, of a Todo or a reason, and of a diff."""


def title(text: str) -> str:
    """One line, short."""
    return _cut(" ".join(row(text).split()), TITLE)


def sentence(text: str) -> str:
    """A few lines."""
    return _cut(unmarked(text).strip(), SENTENCE)


def sentences(texts: Iterable[str]) -> tuple[str, ...]:
    """Several of them."""
    return tuple(sentence(text) for text in texts)


def titles(names: Iterable[str]) -> tuple[str, ...]:
    """Several names."""
    return tuple(title(name) for name in names)


class Diff(NamedTuple):
    """The beginning of a diff, and how many characters are left out."""

    text: str
    left_out: int


def diff(text: str) -> Diff:
    """A diff, cut at the end of a line where it is long."""
    clean = unmarked(text)
    if len(clean) <= DIFF:
        return Diff(clean, 0)
    kept = clean[: clean.rfind("\n", 0, DIFF) + 1] or clean[:DIFF]
    return Diff(kept, len(clean) - len(kept))


def told(mark: str, lines: Iterable[str], before: str = "", after: str = "") -> str:
    """Lines of others between marks, with our own words around them. The lines are clean already."""
    return "\n".join(filter(None, (before, framed(mark, "\n".join(lines)), NOTICE, after)))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"

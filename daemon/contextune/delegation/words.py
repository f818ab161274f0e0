"""Text of others as a tool's answer may hold it: short, with what steers a reader spelled out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from contextune.agents.framing import framed, row, unmarked
from contextune.core.plain_text import one_line
from contextune.delegation.answers import NOTICE

QUOTED, WORDS, TITLE, SENTENCE, REFUSAL, DIFF = 100, 1_000, 200, 600, 2_000, 40_000
"""Characters of a title and of words in a question, of a title, of a Todo or reason, a refusal, a diff."""

_PLAIN_MARKS = dict.fromkeys(map(ord, "“”„‟«»"), "'")


def title(text: str) -> str:
    """One line, short."""
    return _cut(_one_line(text), TITLE)


def name(text: str) -> str:
    """A path or a branch: its spaces stay."""
    return _cut(row(text), TITLE)


def sentence(text: str) -> str:
    """A few lines."""
    return _cut(unmarked(text).strip(), SENTENCE)


def sentences(texts: Iterable[str]) -> tuple[str, ...]:
    """Several of them."""
    return tuple(sentence(text) for text in texts)


def names(paths: Iterable[str]) -> tuple[str, ...]:
    """Several paths."""
    return tuple(name(path) for path in paths)


class Diff(NamedTuple):
    """The beginning of a diff, and how many characters are left out."""

    text: str
    left_out: int


def diff(text: str) -> Diff:
    """The beginning of a diff, cut at the end of a line where it is long."""
    if len(text) <= DIFF:
        return Diff(unmarked(text), 0)
    kept = text[: text.rfind("\n", 0, DIFF) + 1] or text[:DIFF]
    return Diff(unmarked(kept), len(text) - len(kept))


def quoted(text: str, most: int = QUOTED) -> str:
    """Words of others within a question to the user: in quotation marks that they cannot end."""
    return f"“{_cut(_one_line(text).translate(_PLAIN_MARKS), most)}”"


def refusal(problem: Exception) -> str:
    """What to answer in place of a result; it may hold words of git, of a server or of the repository."""
    return _cut(unmarked(str(problem)), REFUSAL)


def told(mark: str, lines: Iterable[str], before: str = "", after: str = "") -> str:
    """Lines of others between marks, with our own words around them. The lines are clean already."""
    return "\n".join(filter(None, (before, framed(mark, "\n".join(lines)), NOTICE, after)))


def _one_line(text: str) -> str:
    return unmarked(one_line(text))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"

"""The kinds of commands that words are closest to, where neither rules nor a model read one out of them."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from contextune.core.language.kinds import KINDS, Kind

CLOSE = 0.8
"""From which on two words count as one mistyped."""
LONG = 4
"""Letters of a word that is worth comparing by its letters."""
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an the my our your this that these those is are was were be do does did i you we it to of for on "
        "in with and or at me so can could would should please now what which how why where up",
    )
)


def nearest(words: str, most: int) -> tuple[Kind, ...]:
    """At most `most` kinds, the closest first; those that nothing speaks for are left out."""
    said = _telling(words)
    scored = [(_score(said, kind), kind) for kind in KINDS.values()]
    found = sorted((one for one in scored if one[0] > 0), key=lambda one: -one[0])
    return tuple(kind for _, kind in found[:most])


def _score(said: frozenset[str], kind: Kind) -> float:
    known = _telling(" ".join((kind.title, *kind.examples)))
    return sum(max((_likeness(word, other) for other in known), default=0.0) for word in said) / (
        1 + len(known) / 10
    )


def _likeness(word: str, other: str) -> float:
    if word == other:
        return 1.0
    if min(len(word), len(other)) < LONG:
        return 0.0
    if word.rstrip("s") == other.rstrip("s"):
        return 1.0
    ratio = SequenceMatcher(None, word, other).ratio()
    return ratio / 2 if ratio >= CLOSE else 0.0


def _telling(words: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]{2,30}", words.lower()[:2_000])) - _COMMON

"""Reads the answer of intent-recognition: a wish, choices, or nothing. What was not asked for is declined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from contextune.core.language.kinds import KINDS, Period, Wish

ROLE = "intent-recognition"
WORDS_LIMIT = 2_000
"""Characters of plain words that are put to the agent; longer ones are no command."""
MOST_CHOICES = 4
_STATES = frozenset({"running", "paused", "parked", "accepted", "undone", "discarded", "cancelled", "failed"})
_NAMED = frozenset({"last", "yesterday", "today"}) | _STATES


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The agent's whole answer, as its role's schema demands it."""

    intent: str
    run: str = ""
    task: str = ""
    text: str = ""
    period: Period = "all"
    choices: tuple[str, ...] = ()


class Reading(NamedTuple):
    """What the agent made of the words: one wish, several to choose from, or none at all."""

    wishes: tuple[Wish, ...]
    sure: bool


NOTHING = Reading((), sure=False)


def reading_of(answer: Mapping[str, Any], words: str) -> Reading:
    """What an answer means for these words.

    An unknown kind is dropped, and so is a name or a text that does not stand in the words: an answer can
    say no more than the user did. A Goal is always the user's own words.
    """
    try:
        said = msgspec.convert(answer, Said)
    except msgspec.ValidationError:
        return NOTHING
    if said.intent == "unsure":
        named = dict.fromkeys(name for name in said.choices if name in KINDS)
        found = (_wish(name, said, words) for name in named)
        return Reading(tuple(wish for wish in found if wish is not None)[:MOST_CHOICES], sure=False)
    wish = _wish(said.intent, said, words)
    return NOTHING if wish is None else Reading((wish,), sure=True)


def _wish(name: str, said: Said, words: str) -> Wish | None:
    kind = KINDS.get(name)
    if kind is None:
        return None
    run = _run_named(said.run, words)
    if "{run}" in kind.arguments and run is None:
        return None
    text = words.strip() if name == "run-goal" else said.text.strip()
    for place, value in (("{task}", said.task), ("{text}", text)):
        if place in kind.arguments and not _stands_in(value, words):
            return None
    return Wish(kind=name, run=run or "", task=said.task.strip(), text=text, period=said.period)


def _run_named(named: str, words: str) -> str | None:
    """A Run as words name it; empty if they name none, None if the answer names one that they do not."""
    name = named.strip().lower().removeprefix("run").strip(" #@")
    if not name:
        return ""
    if name in _NAMED:
        return f"@{name}"
    is_name = name.isdecimal() or name.startswith("r_")
    return name if is_name and _stands_in(name, words) else None


def _stands_in(value: str, words: str) -> bool:
    part = " ".join(value.lower().split())
    return bool(part) and part in " ".join(words.lower().split())

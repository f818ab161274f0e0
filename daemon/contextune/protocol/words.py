"""What people read in their editor, in its language. English where nobody chose another.

Journalled text and prompts stay English: the layers that make those cannot import this.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from contextune.core.runs.state_words import StateWords
from contextune.core.states import RunState, TaskState
from contextune.protocol.sentences import Sentences


class Language(NamedTuple):
    """A language other than English: translations by their English."""

    texts: Mapping[str, str] = {}
    """Of what is said with `t` and `mark`."""
    sentences: Sentences = Sentences({})
    """Of what lower layers say."""


ENGLISH = Language()

_spoken = [ENGLISH]
"""The language in force. One for the process, which serves one editor."""


def speak(language: Language) -> None:
    """Speak this language from now on."""
    _spoken[0] = language


def t(text: str, /, **values: object) -> str:
    """A literal in the editor's language, its `{placeholders}` filled in. Values are no patterns."""
    return spoken(text).format_map(values)


def mark(text: str) -> str:
    """Names a literal as one to be translated where it is shown."""
    return text


def spoken(text: str) -> str:
    """A text that was marked, in the editor's language."""
    return _spoken[0].texts.get(text, text)


def shown(sentence: str) -> str:
    """A sentence of a lower layer, a problem's or the Journal's, in the editor's language if it is known."""
    return _spoken[0].sentences.said(sentence)


def counted(count: int, one: str, many: str) -> str:
    """A marked text for one, or one with `{count}` for any other number."""
    return spoken(one) if count == 1 else spoken(many).format_map({"count": f"{count:,}"})


_STATES: Mapping[RunState | TaskState, str] = {
    "running": mark("running"),
    "paused": mark("paused"),
    "parked": mark("budget reached"),
    "review": mark("ready for review"),
    "accepted": mark("accepted"),
    "undone": mark("undone"),
    "discarded": mark("discarded"),
    "cancelled": mark("cancelled"),
    "failed": mark("failed"),
    "waiting": mark("waiting"),
    "working": mark("working"),
    "asking": mark("asking"),
    "testing": mark("testing"),
    "joining": mark("joining"),
    "skipped": mark("skipped"),
}


def state_text(state: RunState | TaskState) -> str:
    """A state of a Run or a Task in a word or three."""
    return spoken(_STATES[state])


def meaning_text(words: StateWords) -> str:
    """What a state means and what to do about it, two sentences."""
    return f"{spoken(words.meaning)} {spoken(words.remedy)}"

"""Sentences made below the layers that show them, recognised by their shape and said in another language.

A problem, a check, a reason in the Journal is English wherever it is kept. Whoever shows it asks here: its
template is found by the words between its places, and what stood in them goes into the translation as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

LONGEST = 4_000
"""Characters of a text beyond which it is shown as it is: no sentence of ours is that long."""

_TOLD = re.compile(r"\w \w.*\.$", re.DOTALL)
"""What may be a sentence; a name never is, even where it is called like one of our words."""

_PLACE = re.compile(r"\{\d+\}")


class _Template(NamedTuple):
    words: tuple[str, ...]
    """What stands before, between and after its places."""
    translation: str


class Sentences:
    """The templates of one language. Takes time in proportion to a text's length, whatever it says."""

    def __init__(self, translations: Mapping[str, str]) -> None:
        self._whole = {text: said for text, said in translations.items() if "{0}" not in text}
        templates = [
            _Template(tuple(_PLACE.split(text)), said) for text, said in translations.items() if "{0}" in text
        ]
        # One that begins with words of its own goes first, then what has more of them.
        self._templates = sorted(templates, key=lambda one: (not one.words[0], -sum(map(len, one.words))))

    def said(self, text: str, depth: int = 2) -> str:
        """A text in this language, or as it is where it is none of ours; so is what it quotes."""
        if text in self._whole:
            return self._whole[text]
        if len(text) > LONGEST:
            return text
        for template in self._templates:
            values = _values(template.words, text)
            if values is not None:
                return _filled(template.translation, [self._quoted(value, depth) for value in values])
        return text

    def _quoted(self, value: str, depth: int) -> str:
        return self.said(value, depth - 1) if depth and _TOLD.search(value) else value


def _filled(translation: str, values: Sequence[str]) -> str:
    return _PLACE.sub(lambda place: values[int(place[0][1:-1])], translation)


def _values(words: tuple[str, ...], text: str) -> list[str] | None:
    """What stands in the places of a template, never nothing; None if the text is not of its shape."""
    first, *between, last = words
    if not (text.startswith(first) and text.endswith(last) and len(text) > len(first) + len(last)):
        return None
    at, end, values = len(first), len(text) - len(last), []
    for word in between:
        found = text.find(word, at + 1, end) if word else -1
        if found < 0:
            return None
        values.append(text[at:found])
        at = found + len(word)
    if at >= end:
        return None
    return [*values, text[at:end]]

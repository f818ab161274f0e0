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

_COUNTED = re.compile(r"\{0\} ([A-Za-z][A-Za-z ]*)")
"""A template of a number and what is counted; of other values than numbers it says nothing."""

_NUMBER = re.compile(r"(\d[\d,]*) ([A-Za-z][A-Za-z ]*)")

_FIGURES = re.compile(r"[$\d]")
"""How a value begins that is made of figures and our words, such as `3 of 20, in the long run 5 to 36 %`."""

_BREAK = re.compile(r"(?<=[.]) (?=[A-Z\d“$])")
"""Between two sentences of one text."""


class _Template(NamedTuple):
    words: tuple[str, ...]
    """What stands before, between and after its places."""
    translation: str


class Sentences:
    """The templates of one language. Takes time in proportion to a text's length, whatever it says."""

    def __init__(self, translations: Mapping[str, str]) -> None:
        self._whole = {text: said for text, said in translations.items() if "{0}" not in text}
        counted = {text: found[1] for text in translations if (found := _COUNTED.fullmatch(text))}
        self._counted = {noun: translations[text] for text, noun in counted.items()}
        templates = [
            _Template(tuple(_PLACE.split(text)), said)
            for text, said in translations.items()
            if "{0}" in text and text not in counted
        ]
        # One that begins with words of its own goes first, then what has more of them.
        self._templates = sorted(templates, key=lambda one: (not one.words[0], -sum(map(len, one.words))))

    def said(self, text: str, depth: int = 2) -> str:
        """A text in this language, or as it is where it is none of ours; so is what it quotes."""
        if len(text) > LONGEST:
            return text
        known = self._known(text, depth)
        if known is None and text and text[-1] not in ".:":
            # A clause of a row is a sentence without its end.
            known = self._known(f"{text}.", depth)
            known = known.removesuffix(".") if known is not None else None
        if known is not None:
            return known
        return self._apart(text, depth) if depth else text

    def _apart(self, text: str, depth: int) -> str:
        """Sentences one by one, and what stands before a colon by itself."""
        parts = _BREAK.split(text)
        if len(parts) > 1:
            return " ".join(self.said(part, depth - 1) for part in parts)
        head, colon, rest = text.partition(": ")
        if not colon:
            return text
        named = self._whole.get(head, head) if " " in head else self._known(head, 0) or head
        return f"{named}: {self._known(rest, depth - 1) or rest}"

    def _known(self, text: str, depth: int) -> str | None:
        """The translation of a text that has the shape of one of ours."""
        if text in self._whole:
            return self._whole[text]
        number = _NUMBER.fullmatch(text)
        if number is not None and number[2] in self._counted:
            return _filled(self._counted[number[2]], [number[1]])
        for template in self._templates:
            values = _values(template.words, text)
            if values is not None:
                return _filled(template.translation, [self._quoted(value, depth) for value in values])
        return None

    def _quoted(self, value: str, depth: int) -> str:
        if depth and (_TOLD.search(value) or _FIGURES.match(value)):
            return self.said(value, depth - 1)
        # What phases mean is a clause of several words; a name is one, or is not called so.
        return self._whole.get(value, value) if " " in value else value


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

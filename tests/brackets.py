"""A language for tests that says all between brackets, so that what nobody translated stands outside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from contextune.protocol.sentences import Sentences
from contextune.protocol.words import Language
from contextune.server.languages import FOLDER

_PEOPLES = re.compile(
    r"(?:\w+_)?(?:text|reasons?|detail|remedy|sentence|computed|method|remarks?|patterns|label|notes|measure)"
)
"""Fields that people read."""

_ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,}")


class _Bracketed(dict[str, str]):
    def get(self, key: str, default: Any = None) -> Any:
        """Any text is known here."""
        return f"⟦{key}⟧"


def bracketed() -> Language:
    """Marked texts and the sentences that the sources make, each between brackets."""
    known = json.loads((FOLDER / "sentences.l10n.json").read_text(encoding="utf-8"))
    return Language(_Bracketed(), Sentences({text: f"⟦{text}⟧" for text in known}))


def outside(text: str) -> str:
    """What stands outside of all brackets."""
    deep, kept = 0, []
    for letter in text:
        deep += (letter == "⟦") - (letter == "⟧")
        if deep == 0 and letter != "⟧":
            kept.append(letter)
    return "".join(kept)


def untranslated(view: object) -> list[str]:
    """The fields of a view that people read and of which words stand outside, with what they say."""
    return list(_untranslated(msgspec.to_builtins(view), ""))


def _untranslated(value: Any, field: str) -> Iterator[str]:
    match value:
        case {"marker": _}:
            return  # a Todo, whose words are its author's
        case dict():
            for name, inner in value.items():
                yield from _untranslated(inner, _in_python(name))
        case list() | tuple():
            for inner in value:
                yield from _untranslated(inner, field)
        case str() if _PEOPLES.fullmatch(field) and _ENGLISH.search(outside(value)):
            yield f"{field}: {value}"


def _in_python(name: str) -> str:
    """A field's name in Python, from the one on the wire."""
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)

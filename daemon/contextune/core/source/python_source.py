"""What is found in the trees of Python source."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from threading import Lock
from typing import TypeVar

Found = TypeVar("Found")

PART = 300
"""About how many lines are parsed at once: some milliseconds, for which all other threads stand still."""

_START = re.compile(r"^(?!(?:else|elif|except|finally)\b)[A-Za-z_@]", re.MULTILINE)
"""Where a statement of a module may begin."""

_ALONE = Lock()


def found_in(text: str, look: Callable[[ast.Module], Iterable[Found]]) -> list[Found]:
    """What `look` finds in a module, which it is given whole or, if that is long, some statements at a time.

    Raises what `ast.parse` raises. Long text is for a thread.
    """
    try:
        # Lines in front of a part stand for those of the parts before it: all numbers are the file's own.
        trees = (_parsed("\n" * before + part) for before, part in _parts(text))
        return [found for tree in trees for found in look(tree)]
    except SyntaxError:
        return [*look(_parsed(text))]  # it is wrong, or was cut within a statement


def _parts(text: str) -> list[tuple[int, str]]:
    """The text in parts that begin like statements, each with how many lines there are before it.

    A cut may be within a string, brackets or a decorated function. What is before it is no Python then, so
    that it is noticed: there is no cut that two readable parts do not show.
    """
    if "\r" in text.replace("\r\n", "\n"):
        return [(0, text)]  # lines that only Python counts
    parts, begins, before = [], 0, 0
    for found in _START.finditer(text):
        lines = text.count("\n", begins, found.start())
        if lines >= PART and not _is_decorated(text, found.start()):
            parts.append((before, text[begins : found.start()]))
            begins, before = found.start(), before + lines
    return [*parts, (before, text[begins:])]


def _is_decorated(text: str, begins: int) -> bool:
    """Whether the line before is a decorator's."""
    before = text[text.rfind("\n", 0, begins - 1) + 1 : begins]
    return before.startswith(("@", ")"))


def _parsed(text: str) -> ast.Module:
    """`ast.parse`, by one thread at a time.

    CPython counts its depth once for all threads: where one comes in while another collects garbage, both end
    with a SystemError (https://github.com/python/cpython/issues/106905).
    """
    with _ALONE:
        return ast.parse(text)

"""What is found in the trees of Python source."""

from __future__ import annotations

import ast
import re
import zlib
from collections.abc import Callable, Iterable
from threading import Lock
from typing import TypeVar

Found = TypeVar("Found")

PART = 300
"""About how many lines are parsed at once: some milliseconds, for which all other threads stand still."""

LITTLE = 30
"""Lines that one of many small parts has at least."""

SPREAD = 8
"""One statement in so many ends a small part."""

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


def small_parts(text: str) -> list[tuple[int, str]]:
    """The text in parts of some ten lines, each with how many lines there are before it.

    Where one ends is told by the statement that follows: what is inserted or removed in one part leaves all
    but its neighbours as they are.
    """
    return _parts(text, LITTLE)


def parsed_part(before: int, part: str) -> ast.Module:
    """A part as a module, its lines numbered as in the file. Raises what `ast.parse` raises."""
    return _parsed("\n" * before + part)


def _parts(text: str, least: int = PART) -> list[tuple[int, str]]:
    """The text in parts that begin like statements, each with how many lines there are before it.

    A cut may be within a string, brackets or a decorated function. What is before it is no Python then, so
    that it is noticed: there is no cut that two readable parts do not show.
    """
    if "\r" in text.replace("\r\n", "\n"):
        return [(0, text)]  # lines that only Python counts
    parts, begins, before, lines, counted = [], 0, 0, 0, 0
    for found in _START.finditer(text):
        start = found.start()
        lines += text.count("\n", counted, start)
        counted = start
        if lines >= least and (lines >= PART or _ends(text, start)) and not _is_decorated(text, start):
            parts.append((before, text[begins:start]))
            begins, before, lines = start, before + lines, 0
    return [*parts, (before, text[begins:])]


def _ends(text: str, start: int) -> bool:
    """Whether the statement that begins here is one before which a part ends."""
    end = text.find("\n", start)
    line = text[start:] if end < 0 else text[start:end]
    return zlib.crc32(line.encode("utf-8", "replace")) % SPREAD == 0


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

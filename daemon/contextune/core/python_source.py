"""Python source as a tree."""

from __future__ import annotations

import ast
import re
from threading import Lock

PART = 300
"""About how many lines are parsed at once: some milliseconds, for which all other threads stand still."""

_START = re.compile(r"^(?!(?:else|elif|except|finally)\b)[A-Za-z_@]", re.MULTILINE)
"""Where a statement of a module may begin."""

_ALONE = Lock()


def parsed(text: str) -> ast.Module:
    """The tree of a module. Raises what `ast.parse` raises. To be called in a thread, if the text is long."""
    parts = _parts(text)
    if len(parts) < 2:
        return _parsed(text)
    try:
        # Lines in front of a part stand for those of the parts before it: all numbers are the file's own.
        trees = [_parsed("\n" * before + part) for before, part in parts]
    except SyntaxError:
        return _parsed(text)  # it is wrong, or was cut within a statement
    return ast.Module(body=[statement for tree in trees for statement in tree.body], type_ignores=[])


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

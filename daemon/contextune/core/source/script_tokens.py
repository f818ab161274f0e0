"""The tokens of JavaScript and TypeScript: enough to tell code from strings, regexes and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

SCRIPTS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
"""Endings of files in these languages."""

Kind = Literal["word", "number", "string", "template", "regex", "sign"]


class Token(NamedTuple):
    """A piece of code."""

    kind: Kind
    text: str
    start: int
    """Its offset in the text."""
    line: int
    """Counts from 1."""


_PIECES = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?(?:\*/|\Z)|\A#![^\n]*)"
    r"|(?P<word>[^\W\d]|[$#@\\])(?:\w|[$\\])*"
    r"|(?P<number>\.?\d(?:[eE][+-]|[\w.])*)"
    r"|(?P<string>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    r"|(?P<sign>=>|\.\.\.|\?\.(?!\d)|[=!]==?|\?\?=?|&&=?|\|\|=?|\*\*=?|[<>]=|[-+*%&|^]=|\+\+|--|.)",
    re.DOTALL,
)
_REGEX = re.compile(r"/(?![*/])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_BEFORE_REGEX = frozenset(
    [
        "return",
        "typeof",
        "case",
        "in",
        "of",
        "delete",
        "void",
        "throw",
        "new",
        "do",
        "else",
        "await",
        "yield",
        "instanceof",
    ]
)
_TEMPLATE = re.compile(r"\\.|`|\$\{", re.DOTALL)


def tokens_of(text: str) -> Iterator[Token]:
    """The tokens of a text in order, without comments. What is no code any more ends them early."""
    position, line = 0, 1
    previous: Token | None = None
    while position < len(text):
        kind, end = _next(text, position, previous)
        piece = text[position:end]
        if kind is not None:
            previous = Token(kind, piece, position, line)
            yield previous
        line += piece.count("\n")
        position = end


def _next(text: str, position: int, previous: Token | None) -> tuple[Kind | None, int]:
    if text[position] == "`":
        return "template", _template_end(text, position + 1)
    match = _PIECES.match(text, position)
    assert match is not None, "the last alternative takes any character"  # noqa: S101
    kind = match.lastgroup
    if kind == "sign" and text[position] == "/" and _may_be_regex(previous):
        regex = _REGEX.match(text, position)
        if regex:
            return "regex", regex.end()
    match kind:
        case "word" | "number" | "string" | "sign":
            return kind, match.end()
        case _:
            return None, match.end()


def _may_be_regex(previous: Token | None) -> bool:
    if previous is None:
        return True
    if previous.kind == "word":
        return previous.text in _BEFORE_REGEX
    # After `<` it closes a tag of JSX.
    return previous.kind == "sign" and previous.text not in (")", "]", "}", "<", "++", "--")


def _template_end(text: str, position: int) -> int:
    """Where a template literal ends, the code in it included."""
    while found := _TEMPLATE.search(text, position):
        position = found.end()
        if found[0] == "`":
            return position
        if found[0] == "${":
            position = _hole_end(text, position)
    return len(text)


def _hole_end(text: str, position: int) -> int:
    """Where the code in a template ends: after its closing brace."""
    depth = 0
    previous: Token | None = None
    while position < len(text):
        kind, end = _next(text, position, previous)
        piece = text[position:end]
        if piece == "}" and depth == 0:
            return end
        depth += (piece == "{") - (piece == "}")
        if kind is not None:
            previous = Token(kind, piece, position, 0)
        position = end
    return len(text)

"""Which parts of a source text are comments, and which are strings.

Most languages are read by the regular expressions of `adapters.source.syntaxes`; JavaScript, PHP and HTML,
whose parts depend on what surrounds them, by small scanners here; every other language by Pygments' lexer for
it. docs/todo-discovery.md says how that was chosen.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from contextune.adapters.source.languages import Language
from contextune.adapters.source.syntaxes import C_BLOCK, DQ, DQ_LINES, SQ, SQ_LINES, XML, pattern_of

SECONDS = 2.0
"""The most time that a general lexer gets for one file; what it did not reach by then is left out."""


class Span(NamedTuple):
    """A part of a text that is no code."""

    start: int
    end: int
    kind: str
    """`line` or `block` comment, or `string`."""


def spans_of(text: str, language: Language, path: str = "") -> Iterator[Span]:
    """The comments and strings of a text in order. Quick enough to be run on every file that has a marker."""
    match language.syntax:
        case "javascript":
            return _javascript(text, 0, len(text))
        case "php":
            return _php(text)
        case "html":
            return _html(text)
        case "":
            return _by_lexer(text, path)
        case syntax:
            return _by_pattern(text, syntax, 0, len(text))


def _by_pattern(text: str, syntax: str, start: int, end: int) -> Iterator[Span]:
    pieces, kinds, nested = pattern_of(syntax)
    if not nested:
        for match in pieces.finditer(text, start, end):
            yield Span(match.start(), match.end(), kinds[match.lastindex or 1])
        return
    position = start
    while found := pieces.search(text, position, end):
        kind = kinds[found.lastindex or 1]
        begin, position = found.span()
        if kind.startswith("nested"):
            position = _nested_end(nested[int(kind[6:])], text, position, end)
            kind = "block"
        yield Span(begin, position, kind)


def _nested_end(signs: re.Pattern[str], text: str, position: int, end: int) -> int:
    depth = 1
    while depth:
        sign = signs.search(text, position, end)
        if sign is None:
            return end
        depth += -1 if sign[1] else 1
        position = sign.end()
    return position


# Bare pieces that start with a plain character and end in a group that tells their kind: see `pattern_of`.
_JS_PIECES = (
    rf"//[^\n]*(?P<line>)|{C_BLOCK}(?P<block>)|{DQ}(?P<double>)|{SQ}(?P<single>)|`(?P<tick>)|/(?P<slash>)"
)
_JS_CODE = re.compile(_JS_PIECES, re.DOTALL)
_JS_IN_TEMPLATE = re.compile(_JS_PIECES + r"|\{(?P<open>)|\}(?P<close>)", re.DOTALL)
_JS_TEMPLATE = re.compile(r"\\.|`|\$\{", re.DOTALL)
_JS_REGEX = re.compile(r"/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_JS_BEFORE_REGEX = re.compile(
    r"(?:^|[(,=:\[!&|?{};+\-*%~^>]|\b(?:return|typeof|case|in|of|delete|void|throw|new|do|else|await|yield))\s*\Z"
)


def _javascript(text: str, start: int, end: int) -> Iterator[Span]:
    """JavaScript and TypeScript, JSX included: template literals hold code, and `/` may open a regex."""
    depths: list[int] = []
    """For each open template, the braces open within its current `${`."""
    position = start
    while (match := (_JS_IN_TEMPLATE if depths else _JS_CODE).search(text, position, end)) is not None:
        begin, position = match.span()
        kind = match.lastgroup
        if kind in ("line", "block"):
            if kind == "line" and begin > start and text[begin - 1] == ":":
                position = begin + 2  # Text in JSX, such as http://host; code has no `://`.
                continue
            yield Span(begin, position, kind)
        elif kind in ("double", "single"):
            yield Span(begin, position, "string")
        elif kind == "slash":
            literal = _JS_REGEX.match(text, begin, end)
            if literal and _JS_BEFORE_REGEX.search(text, max(start, begin - 40), begin):
                position = literal.end()
                yield Span(begin, position, "string")
        elif kind == "open":
            depths[-1] += 1
        elif kind == "close" and depths[-1] > 0:
            depths[-1] -= 1
        else:
            if kind == "close":
                depths.pop()
            position = _template_end(text, position, end)
            if text[position - 1] == "{":
                depths.append(0)
            yield Span(begin, position, "string")


def _template_end(text: str, position: int, end: int) -> int:
    """Where a template literal's text ends: after its closing sign, or after the `${` of code in it."""
    while (match := _JS_TEMPLATE.search(text, position, end)) is not None:
        position = match.end()
        if match[0] in ("`", "${"):
            return position
    return end


_PHP_OPEN = re.compile(r"<\?(?:php\b|=)?")
_PHP_CODE = re.compile(
    r"\?>(?P<end>)"
    rf"|{DQ_LINES}(?P<double>)|{SQ_LINES}(?P<single>)|`[^`]*`(?P<tick>)"
    r"|<<<[ \t]*(?P<quote>[\"']?)(?P<word>\w+)(?P=quote)[^\n]*\n.*?(?:^[ \t]*(?P=word)\b|\Z)(?P<here>)"
    rf"|//(?:(?!\?>)[^\n])*(?P<line>)|\#(?!\[)(?:(?!\?>)[^\n])*(?P<hash>)|{C_BLOCK}(?P<block>)",
    re.DOTALL | re.MULTILINE,
)


def _php(text: str) -> Iterator[Span]:
    """PHP, with the HTML around it."""
    position = 0
    while position < len(text):
        opening = _PHP_OPEN.search(text, position)
        outside = opening.start() if opening else len(text)
        yield from _html(text, position, outside)
        if opening is None:
            return
        position = opening.end()
        while (match := _PHP_CODE.search(text, position)) is not None:
            begin, position = match.span()
            kind = match.lastgroup or ""
            if kind == "end":
                break
            yield Span(
                begin, position, {"line": "line", "hash": "line", "block": "block"}.get(kind, "string")
            )
        else:
            return


_HTML = re.compile(
    rf"{XML}(?P<comment>)|<!\[CDATA\[.*?\]\]>(?P<data>)"
    r"|<(?P<tag>script|style)\b(?P<attributes>[^>]*)>(?P<body>.*?)(?:</(?P=tag)\s*>|\Z)",
    re.DOTALL | re.IGNORECASE,
)


def _html(text: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
    """HTML and its kin, with the scripts and styles in it."""
    for match in _HTML.finditer(text, start, len(text) if end is None else end):
        if match["tag"] is None:
            yield Span(*match.span(), "block" if match.lastgroup == "comment" else "string")
        elif match["tag"].lower() == "style":
            plain = not re.search(r"lang=[\"']?(?:scss|sass|less|stylus)", match["attributes"])
            yield from _by_pattern(text, "css" if plain else "scss", *match.span("body"))
        elif not re.search(r"type=[\"']?[^\"']*(?:template|html|json)", match["attributes"]):
            yield from _javascript(text, *match.span("body"))


def _by_lexer(text: str, path: str) -> Iterator[Span]:
    """The comments that Pygments finds, for a language that has no syntax here; none if it knows none."""
    # Pygments has no types of its own, and nothing else here needs its stubs.
    from pygments.lexers import get_lexer_for_filename  # type: ignore[import-untyped]
    from pygments.token import Comment, String  # type: ignore[import-untyped]
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]

    try:
        lexer = get_lexer_for_filename(path.rpartition("/")[2])
    except ClassNotFound:
        return
    deadline = time.monotonic() + SECONDS

    def pieces() -> Iterator[Span]:
        for number, (start, token, value) in enumerate(lexer.get_tokens_unprocessed(text)):
            if number % 1024 == 0 and time.monotonic() > deadline:
                return
            if token in Comment and token not in Comment.Preproc and token not in Comment.PreprocFile:
                yield Span(start, start + len(value), "comment")
            elif token in String:
                yield Span(start, start + len(value), "string")

    yield from _joined(text, pieces())


def _joined(text: str, pieces: Iterable[Span]) -> Iterator[Span]:
    """A lexer's tokens, with a comment's parts joined and its last line's end left out."""
    open_span: Span | None = None
    for piece in pieces:
        if (
            open_span
            and open_span.kind == piece.kind
            and open_span.end == piece.start
            and "\n" not in text[piece.start - 1]
        ):
            open_span = open_span._replace(end=piece.end)
            continue
        if open_span:
            yield _named(text, open_span)
        open_span = piece
    if open_span:
        yield _named(text, open_span)


def _named(text: str, span: Span) -> Span:
    words = text[span.start : span.end].rstrip()
    kind = span.kind if span.kind == "string" else "block" if "\n" in words else "line"
    return Span(span.start, span.start + len(words), kind)


def language_by_lexer(path: str) -> str:
    """The name of the language that the general lexer takes a file for; empty if none."""
    from pygments.lexers import find_lexer_class_for_filename

    lexer = find_lexer_class_for_filename(path.rpartition("/")[2])
    return str(lexer.aliases[0]) if lexer is not None and lexer.aliases else ""

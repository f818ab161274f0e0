"""The Todos of one file's content: decoding, comments, words, symbols, ids."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from contextune.adapters.source.comments import Span, language_by_lexer, spans_of
from contextune.adapters.source.languages import language_of
from contextune.adapters.source.symbols import symbols_at
from contextune.core.todos.todo import Todo, with_ids
from contextune.core.todos.todo_text import CommentLine, find_marked

SIZE_LIMIT = 1_000_000
"""Bytes of the largest file in which Todos are sought: beyond it, files are generated or data."""


def todos_of(path: str, content: bytes, markers: Sequence[str]) -> list[Todo]:
    """The Todos of a file in order, with their ids; none if the content is binary.

    Positions count characters of the decoded text, without a byte order mark.
    """
    text = decode(content)
    if text is None:
        return []
    wanted = re.compile("|".join(re.escape(marker) for marker in markers))
    places = [match.start() for match in wanted.finditer(text)]
    if not places:
        return []
    language = language_of(path, text)
    starts = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))
    spans = _spans_until(text, spans_of(text, language, path), places[-1])
    marked = find_marked(_comment_lines(text, starts, spans, places), markers)
    if not marked:
        return []
    symbols = symbols_at(
        text, starts, spans, language, [starts[one.line - 1] + one.column - 1 for one in marked]
    )
    identity = language.id or language_by_lexer(path)
    found = [
        Todo(
            id="",
            path=path,
            line=one.line,
            column=one.column,
            end_line=one.end_line,
            marker=one.marker,
            text=one.text,
            owner=one.owner,
            issue=one.issue,
            tags=one.tags,
            symbol=symbol,
            language=identity,
        )
        for one, symbol in zip(marked, symbols, strict=True)
    ]
    return list(with_ids(found))


def decode(content: bytes) -> str | None:
    """A text of UTF-8 or UTF-16, or else of Latin-1, which fits anything; None if it is binary.

    Line ends become `\\n`, so that positions are the same whatever the file uses.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            text = content[len(mark) :].decode(encoding, "replace")
            break
    else:
        if b"\0" in content[:8_192]:
            return None
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def _spans_until(text: str, spans: Iterable[Span], last: int) -> list[Span]:
    """The spans up to the one that holds the last marker, and those that its text may go on in."""
    taken: list[Span] = []
    for span in spans:
        if span.start > last and taken and text[taken[-1].end : span.start].strip(" \t") not in ("", "\n"):
            break
        taken.append(span)
    return taken


def _comment_lines(
    text: str, starts: Sequence[int], spans: Sequence[Span], places: Sequence[int]
) -> list[CommentLine]:
    """The lines of the comments that hold a marker, and of those that follow on the next line."""
    lines: list[CommentLine] = []
    reached = -1
    for span in spans:
        if span.kind == "string":
            continue
        index = bisect_right(places, span.start - 1)
        holds = index < len(places) and places[index] < span.end
        first = bisect_right(starts, span.start) - 1
        if not holds and first != reached + 1:
            continue
        last = bisect_right(starts, max(span.end - 1, span.start)) - 1
        for number in range(first, last + 1):
            begin = max(starts[number], span.start)
            end = starts[number + 1] - 1
            lines.append(
                CommentLine(
                    line=number + 1,
                    column=begin - starts[number] + 1,
                    raw=text[begin : min(end, span.end)],
                    block=span.kind == "block",
                    starts=number == first,
                    alone=not text[starts[number] : begin].strip(),
                )
            )
        reached = last
    return lines

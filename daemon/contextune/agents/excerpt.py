"""A file as an agent is first shown it: whole if it is small, else what its Task is about and an outline.

Lines are numbered as the tool `read` numbers them, so that what was shown need not be read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from contextune.agents.framing import opening
from contextune.core.plain_text import hidden_lines
from contextune.core.source.outline import Symbol

WHOLE = 10_000
"""Characters up to which a file is shown whole: what that costs is less than the turn that reads it would."""
AROUND = 15
"""Lines shown before and after a place, at least."""
MOST_IMPORTS = 40
"""Lines of imports that are shown."""
LONGEST_OUTLINE = 0.3
"""The share of an excerpt that its outline may take."""

IMPORT = re.compile(
    r"\s*(?:import\b|from\s+\S+\s+import\b|export\s.*\sfrom\b|#\s*include\b|using\b|use\b|require\b|package\b|"
    r"(?:const|let|var)\s.*\brequire\(|extern\s+crate\b)"
)
ATTACHED = re.compile(r"\s*(?:@|#|//|/\*|\*|\[)")
"""Decorators, attributes and comments, which belong to the symbol below them."""


class Span(NamedTuple):
    """Lines from `first` to `last`, counted from 1."""

    first: int
    last: int


def excerpt(
    path: str, lines: Sequence[str], symbols: Sequence[Symbol], places: Iterable[Span], limit: int
) -> str | None:
    """The block that shows a file in at most `limit` characters; None if that is too few to show anything.

    `places` are what the Task is about, the most important first.
    """
    if limit >= _length(lines, Span(1, len(lines))) <= WHOLE:
        return _block(path, lines, [Span(1, len(lines))], "")
    outline = _outline(symbols, int(limit * LONGEST_OUTLINE))
    left = limit - len(outline) - len(path)
    shown: list[Span] = []
    for wanted in (*_around(lines, symbols, places), *_imports(lines, symbols)):
        cost = _length(lines, wanted)
        if cost <= left:
            shown.append(wanted)
            left -= cost
    while shown or outline:
        block = _block(path, lines, _joined(shown), outline)
        if len(block) <= limit:
            return block
        if not shown:
            break
        shown.pop()
    return None


def enclosing(symbols: Sequence[Symbol], line: int) -> Symbol | None:
    """The innermost symbol around a line."""
    around = [symbol for symbol in symbols if symbol.line <= line <= symbol.end_line]
    return max(around, key=lambda symbol: symbol.depth, default=None)


def _around(lines: Sequence[str], symbols: Sequence[Symbol], places: Iterable[Span]) -> Iterable[Span]:
    """For each place what is near it, and the symbol around it or right below it if that is not too long."""
    for place in places:
        near = Span(max(1, place.first - AROUND), min(len(lines), place.last + AROUND))
        symbol = enclosing(symbols, place.first) or next(
            (symbol for symbol in symbols if place.last < symbol.line <= place.last + 2), None
        )
        if symbol is None:
            yield near
            continue
        whole = Span(min(near.first, _with_attached(lines, symbol.line)), max(near.last, symbol.end_line))
        if _length(lines, whole) <= WHOLE:
            yield whole
            continue
        # Too long: what is near, and the line that says what that is in.
        yield near
        yield Span(symbol.line, symbol.line)


def _with_attached(lines: Sequence[str], line: int) -> int:
    while line > 1 and ATTACHED.match(lines[line - 2]):
        line -= 1
    return line


def _imports(lines: Sequence[str], symbols: Sequence[Symbol]) -> Iterable[Span]:
    """Lines of imports before the first symbol, those that go on in further lines included."""
    end = min((symbol.line for symbol in symbols), default=len(lines) + 1) - 1
    shown, depth = 0, 0
    for number in range(1, end + 1):
        line = lines[number - 1]
        if depth <= 0 and not IMPORT.match(line):
            continue
        depth = max(0, depth) + line.count("(") + line.count("{") - line.count(")") - line.count("}")
        shown += 1
        if shown > MOST_IMPORTS:
            return
        yield Span(number, number)


def _outline(symbols: Sequence[Symbol], limit: int) -> str:
    """Names with their lines, those within another one as `.name`; the outer ones alone if not all fit."""
    for depth in (1, 0):
        rows = [
            f"{s.line}-{s.end_line} {'.' * bool(s.depth)}{s.name.rpartition('.')[2] if s.depth else s.name}"
            for s in symbols
            if s.depth <= depth
        ]
        text = "; ".join(rows)
        if len(text) <= limit:
            return text
    kept = text[:limit].rpartition("; ")[0]
    return f"{kept}; and more" if kept else ""


def _length(lines: Sequence[str], span: Span) -> int:
    part = lines[span.first - 1 : span.last]
    return sum(len(line) for line in part) + len(part) * (len(str(span.last)) + 2)


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that overlap or touch as one."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.first <= joined[-1].last + 2:
            joined[-1] = Span(joined[-1].first, max(joined[-1].last, span.last))
        else:
            joined.append(span)
    return joined


def _block(path: str, lines: Sequence[str], spans: Sequence[Span], outline: str) -> str:
    whole = list(spans) == [Span(1, len(lines))]
    shown = None if whole else ", ".join(f"{s.first}-{s.last}" for s in spans) or "nothing"
    seen = {n for s in spans for n in range(s.first, s.last + 1)}
    hidden = ", ".join(str(n) for n in hidden_lines(lines) if n in seen)[:100] or None
    parts = ["\n".join(f"{n}\t{lines[n - 1]}" for n in range(s.first, s.last + 1)) for s in spans]
    if outline and not whole:
        parts.append(f"Outline: {outline}")
    body = "\n…\n".join(parts)
    # Each line begins with its number, so that none can be a mark; its signs stay as they are, to be edited.
    head = opening("file", path=path, lines=len(lines), shown=shown, hidden=hidden)
    return f"{head}\n{body}\n</file>"

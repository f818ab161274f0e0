"""What a source file defines, read off its layout by the rules of `adapters.symbols`."""

from __future__ import annotations

import re
from itertools import accumulate

from contextune.adapters.comments import spans_of
from contextune.adapters.languages import Language, language_of
from contextune.adapters.symbols import (
    BRACES,
    DEPTH_LIMIT,
    INDENTED,
    Opened,
    Source,
    braces_in,
    close_brace,
    dotted,
    opened_by,
)
from contextune.core.outline import Symbol

SIZE_LIMIT = 1_000_000
"""Characters of the longest text that is read: beyond it, files are generated or data."""
CLOSERS = re.compile(r"[)\]}]|(?:end|else|elsif|elseif|rescue|ensure|catch|after)\b")
"""What a line starts with that belongs to the symbol above it although it is indented no more."""


class LayoutOutliner:
    """core.ports.Outliner."""

    def outline(self, path: str, text: str) -> tuple[Symbol, ...]:
        """The symbols of a text in the order of their lines; none if its language is not known."""
        language = language_of(path, text)
        if len(text) > SIZE_LIMIT or language.syntax not in BRACES | INDENTED.keys():
            return ()
        starts = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))
        spans = list(spans_of(text, language, path))
        source = Source(text, starts, spans, [span.start for span in spans])
        found = _indented(source, language) if language.syntax in INDENTED else _braced(source, language)
        return tuple(sorted(found, key=lambda symbol: (symbol.line, -symbol.end_line)))


class _Open:
    """A symbol whose end is not reached yet."""

    def __init__(self, name: str, line: int, indent: int) -> None:
        self.name = name
        self.line = line
        self.indent = indent


def _indented(source: Source, language: Language) -> list[Symbol]:
    definition = INDENTED[language.syntax]
    found: list[Symbol] = []
    around: list[_Open] = []
    last = 0

    def close() -> None:
        name = ".".join(one.name for one in around)
        ended = around.pop()
        found.append(Symbol(name=name, line=ended.line, end_line=last, depth=len(around)))

    for number, line in enumerate(source.code(0, len(source.text)).split("\n"), start=1):
        code = line.strip()
        if not code:
            continue
        indent = len(line) - len(line.lstrip())
        closes = CLOSERS.match(code)
        while around and (indent < around[-1].indent or (indent == around[-1].indent and not closes)):
            close()
        last = number
        match = definition.match(code)
        if match:
            around.append(_Open(dotted(next(group for group in match.groups() if group)), number, indent))
    while around:
        close()
    return found


def _braced(source: Source, language: Language) -> list[Symbol]:
    found: list[Symbol] = []
    open_at: list[int] = []
    names: dict[int, Opened] = {}

    def ended(braces: list[int], place: int) -> None:
        for brace in reversed(braces):
            chain = [names[one] for one in (*open_at, *braces) if one in names and one <= brace]
            if brace in names:
                found.append(
                    Symbol(
                        name=".".join(one.name for one in chain),
                        line=names[brace].line + 1,
                        end_line=source.line_of(place) + 1,
                        depth=len(chain) - 1,
                    )
                )

    for at, sign in braces_in(source, language.syntax, len(source.text)):
        if sign == "{":
            opened = opened_by(source, at, language.syntax) if len(open_at) < DEPTH_LIMIT else None
            if opened:
                names[at] = opened
            open_at.append(at)
        elif open_at:
            before = list(open_at)
            close_brace(source, open_at, at, language.syntax)
            ended(before[len(open_at) :], at)
    return found

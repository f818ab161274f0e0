"""What a source file defines, read off its layout by the rules of `adapters.source.symbols`."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from hashlib import blake2b
from itertools import accumulate

from contextune.adapters.source.comments import spans_of
from contextune.adapters.source.languages import Language, language_of
from contextune.adapters.source.symbols import (
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
from contextune.core.source.outline import Symbol
from contextune.core.source.source_file import Source as CodeOnly

SIZE_LIMIT = 1_000_000
"""Characters of the longest text that is read: beyond it, files are generated or data."""
CLOSERS = re.compile(r"[)\]}]|(?:end|else|elsif|elseif|rescue|ensure|catch|after)\b")
"""What a line starts with that belongs to the symbol above it although it is indented no more."""


KEPT = 4_000_000
"""Characters of source that are remembered, so that nothing is read again that did not change."""


class LayoutOutliner:
    """core.ports.Outliner. Safe to share between threads."""

    def __init__(self) -> None:
        self._read: OrderedDict[tuple[str, bytes], CodeOnly] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def outline(self, path: str, text: str) -> tuple[Symbol, ...]:
        """The symbols of a text in the order of their lines; none if its language is not known."""
        language = language_of(path, text)
        return () if _is_unreadable(text, language) else _symbols(_source(path, text, language), language)

    def read(self, path: str, text: str) -> CodeOnly | None:
        """The symbols of a text and its code alone; None if its language is not known."""
        language = language_of(path, text)
        if _is_unreadable(text, language):
            return None
        key = (path, blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest())
        with self._lock:
            if key in self._read:
                self._read.move_to_end(key)
                return self._read[key]
        source = _source(path, text, language)
        made = CodeOnly(_symbols(source, language), source.code(0, len(text)))
        with self._lock:
            if key not in self._read:
                self._read[key] = made
                self._size += len(text)
            while self._size > KEPT and len(self._read) > 1:
                self._size -= len(self._read.popitem(last=False)[1].code)
        return made


def _is_unreadable(text: str, language: Language) -> bool:
    return len(text) > SIZE_LIMIT or language.syntax not in BRACES | INDENTED.keys()


def _source(path: str, text: str, language: Language) -> Source:
    starts = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))
    spans = list(spans_of(text, language, path))
    return Source(text, starts, spans, [span.start for span in spans])


def _symbols(source: Source, language: Language) -> tuple[Symbol, ...]:
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

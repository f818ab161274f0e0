"""A source file as far as it can be read without running it: what it defines, and its code alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from contextune.core.source.outline import Symbol


class Place(NamedTuple):
    """A symbol of a file; an empty one stands for the file's own level."""

    path: str
    symbol: str

    @property
    def name(self) -> str:
        """The last part of the symbol, by which code calls it."""
        return self.symbol.rpartition(".")[2]


class Use(NamedTuple):
    """Where code names something."""

    name: str
    line: int
    member: bool
    """Whether it is reached through something else, as in `table.to_html`."""
    own: bool
    """Whether that is the object whose code this is: `self.` or `this.`."""
    called: bool


OWN = r"(?:self|cls|this|super\(\)|super)"
DEFINING = re.compile(r"\b(?:def|class|function\*?|func|fn|fun|interface|struct|enum|trait)[ \t]+\Z")


class Source:
    """One file's symbols, in the order of their lines, and its text with comments and strings blanked."""

    def __init__(self, symbols: Iterable[Symbol], code: str) -> None:
        self.symbols = tuple(symbols)
        self.code = code

    @cached_property
    def by_name(self) -> dict[str, Symbol]:
        """The symbols by their whole name; the first of those that share one."""
        return {symbol.name: symbol for symbol in reversed(self.symbols)}

    @cached_property
    def _lines(self) -> list[str]:
        return self.code.split("\n")

    def around(self, line: int) -> Symbol | None:
        """The innermost symbol that holds a line, counted from 1."""
        holding = (symbol for symbol in self.symbols if symbol.line <= line <= symbol.end_line)
        return max(holding, key=lambda symbol: symbol.depth, default=None)

    def below(self, line: int) -> Symbol | None:
        """The symbol that begins right below a line, with no empty one between; decorators are part of it."""
        for number in range(line + 1, len(self._lines) + 1):
            code = self._lines[number - 1].strip()
            if not self._lines[number - 1]:  # a blanked comment leaves its spaces
                return None
            if code and not code.startswith("@"):
                return next((symbol for symbol in self.symbols if symbol.line == number), None)
        return None

    def uses(self, names: re.Pattern[str], first: int = 1, last: int | None = None) -> Iterator[Use]:
        """Where the lines `first` to `last` name something that the pattern of `naming` finds."""
        for number, line in enumerate(self._lines[first - 1 : last], start=first):
            for match in names.finditer(line):
                before = line[: match.start()].rstrip()
                if DEFINING.search(line[: match.start()]):
                    continue
                member = before.endswith(".") and not before.endswith("..")
                own = member and bool(re.search(rf"\b{OWN}\??\.\Z", before))
                called = re.match(r"[ \t]*(?:<[^<>()]*>)?\(", line[match.end() :]) is not None
                yield Use(match[0], number, member, own, called)


def naming(names: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern that finds whole names; None if there are none."""
    known = sorted(set(names), key=len, reverse=True)
    if not known:
        return None
    return re.compile(rf"(?<![\w$])(?:{'|'.join(map(re.escape, known))})(?![\w$])")

"""The function, method or class around a place in a source text.

A reading of the layout, not a parser: strings and comments are blanked out first, so that what looks like
code in them does not count. Languages with braces are followed by their braces, the others by indentation.
Where that finds nothing, there is no symbol; that is better than a wrong one.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from contextune.adapters.comments import Span
from contextune.adapters.languages import Language

_BRACES = frozenset(
    "javascript c csharp java kotlin groovy swift dart go rust zig d slashes php scss perl".split()
)
_INDENTED = {
    "python": re.compile(r"(?:async[ \t]+)?(?:c?p?def|class|func)[ \t]+(?P<name>\w+)"),
    "ruby": re.compile(r"(?:private[ \t]+|protected[ \t]+|public[ \t]+)?(?:def|class|module|macro|struct)[ \t]+(?:self\.)?(?P<name>[\w:]+[?!=]?)"),
    "elixir": re.compile(r"(?:defp?|defmacrop?|defmodule|defimpl|defprotocol|describe)[ \t]+(?P<name>[\w.]+[?!]?)"),
    "lua": re.compile(r"(?:local[ \t]+)?function[ \t]+(?P<name>[\w.:]+)|(?:local[ \t]+)?(?P<assigned>[\w.]+)[ \t]*=[ \t]*function\b"),
    "julia": re.compile(r"(?:mutable[ \t]+)?(?:function|struct|module|macro)[ \t]+(?P<name>[\w.!]+)"),
    "nim": re.compile(r"(?:proc|func|method|template|macro|iterator)[ \t]+(?P<name>\w+)"),
    "shell": re.compile(r"(?:function[ \t]+(?P<name>[\w:-]+)|(?P<assigned>[\w:-]+)[ \t]*\(\))"),
}  # fmt: skip

_TYPE = re.compile(
    r"\b(?:class|struct|interface|trait|enum|union|namespace|module|object|protocol|record|extension|contract|"
    r"library|mixin|actor|@interface|@implementation|package|message|service)[ \t]+(?:class[ \t]+|struct[ \t]+)?"
    r"(?:\[\[.*?\]\][ \t]*|[A-Z][A-Z0-9_]+(?:\([^)]*\))?[ \t]+(?=\w))?(?P<name>[A-Za-z_][\w.:]*)(?![ \t]*\()"
)
_IMPL = re.compile(
    r"\bimpl\b(?:[ \t]*<(?:[^<>]|<[^<>]*>)*>)?[ \t]*(?:.*\bfor[ \t]+)?&?(?P<name>[A-Za-z_]\w*)"
)
_GO_METHOD = re.compile(r"\bfunc[ \t]*\([^)]*?(?P<receiver>\w+)(?:\[[^\]]*\])?[ \t]*\)[ \t]*(?P<name>\w+)")
_GO_TYPE = re.compile(r"\btype[ \t]+(?P<name>\w+)[ \t]+(?:struct|interface)\b")
_NAMED = re.compile(
    r"\b(?:function\*?|func|fun|fn|sub|def|modifier|mutating func)[ \t]+(?:<[^>]*>[ \t]*)?(?P<name>[\w.$]+)"
)
_ASSIGNED = re.compile(
    r"(?:^|[ \t,(;])(?P<name>[\w$.]+)[ \t]*(?::[^=]*)?[=:][ \t]*(?:async\b[ \t]*)?"
    r"(?:function\b\*?[^{]*|(?:\([^{]*\)|[\w$]+)[ \t]*(?::[^{]*)?=>[ \t]*)\Z"
)
_CALLABLE = re.compile(
    r"(?P<name>~?[A-Za-z_$#][\w$]*(?:(?:::|\.)~?[A-Za-z_]\w*)*|operator[ \t]*[^\s\w(]+)[ \t]*(?:<[^()]*>)?[ \t]*\("
)
_CONTROL = frozenset(
    "if for while switch catch with foreach using lock fixed synchronized else do try return throw new match "
    "when guard unless until elseif elsif await case sizeof typeof super this defer go select and or not in is "
    "assert print require include unsafe loop async yield delete alignas decltype __attribute__ noexcept".split()
)
_NOT_BLOCK = re.compile(r"(?:=|\breturn|\bnew\b[^()]*\([^()]*\)|[(\[,?:&|+])[ \t]*\Z")


class _Scope(NamedTuple):
    name: str | None
    indent: int


class Scopes:
    """Answers which symbol encloses a place of one text."""

    def __init__(self, text: str, starts: Sequence[int], spans: Sequence[Span], language: Language) -> None:
        """`starts` are where the lines start; `spans` the comments and strings."""
        self._starts = starts
        self._syntax = language.syntax
        self._code = ""
        self._text = text
        self._spans = spans
        self._events: list[tuple[int, str | None]] | None = None

    def enclosing(self, line: int, column: int) -> str | None:
        """The symbol around a line and column, counted from 1, such as `Table.to_html`; None if unknown."""
        if not self._code:
            self._code = _blanked(self._text, self._spans)
        if self._syntax in _INDENTED:
            return self._by_indent(line, _INDENTED[self._syntax])
        if self._syntax in _BRACES:
            return self._by_braces(self._starts[line - 1] + column - 1)
        return None

    def _line(self, number: int) -> str:
        end = self._starts[number] - 1 if number < len(self._starts) else len(self._code)
        return self._code[self._starts[number - 1] : end]

    def _by_indent(self, line: int, definition: re.Pattern[str]) -> str | None:
        code = self._line(line)
        names: list[str] = []
        if code.strip():
            indent = _indent(code) + 1 if definition.match(code.lstrip()) else _indent(code)
            number = line
        else:
            begin = self._starts[line - 1]
            own = self._text[begin : begin + 400]
            indent = _indent(own.partition("\n")[0])
            number = line - 1
            span = bisect_right([s.start for s in self._spans], begin + len(own) - len(own.lstrip())) - 1
            if span >= 0 and self._spans[span].start < begin <= self._spans[span].end:
                # Within a block: it stands where it starts.
                number = bisect_right(self._starts, self._spans[span].start)
                indent = _indent(self._text[self._starts[number - 1] :].partition("\n")[0])
        while number > 0 and indent > 0:
            code = self._line(number)
            stripped = code.lstrip()
            here = len(code) - len(stripped)
            if stripped and here < indent and stripped[0] not in ")]}":
                found = definition.match(stripped)
                if found:
                    names.append(
                        next(group for group in found.groups() if group).replace("::", ".").replace(":", ".")
                    )
                indent = here
            number -= 1
        return ".".join(reversed(names)) or None

    def _by_braces(self, place: int) -> str | None:
        if self._events is None:
            self._events = _brace_events(self._code, self._starts, self._syntax)
        index = bisect_left(self._events, (place, "")) - 1
        return self._events[index][1] if index >= 0 else None


def _blanked(text: str, spans: Sequence[Span]) -> str:
    """The text with comments and strings as spaces, line ends kept."""
    out: list[str] = []
    position = 0
    for start, end, _ in spans:
        out.append(text[position:start])
        out.append(re.sub(r"[^\n]", " ", text[start:end]))
        position = end
    out.append(text[position:])
    return "".join(out)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


_SIGNS = re.compile(r"[{};]|^[ \t]*#[^\n]*(?:\\\n[^\n]*)*", re.MULTILINE)


def _brace_events(code: str, starts: Sequence[int], syntax: str) -> list[tuple[int, str | None]]:
    """Places at which the enclosing symbol changes, each with the symbol after it."""
    stack: list[_Scope] = []
    events: list[tuple[int, str | None]] = []
    since = 0
    for match in _SIGNS.finditer(code):
        sign = match[0]
        place = match.start()
        if sign == "{":
            header = " ".join(code[since:place].split())
            first = since + len(code[since:place]) - len(code[since:place].lstrip())
            stack.append(_Scope(_name(header, syntax, bool(stack)), _indent_at(code, starts, first)))
            since = place + 1
        elif sign == "}":
            indent = _indent_at(code, starts, place)
            if code[starts[bisect_right(starts, place) - 1] : place].strip() == "":
                # Braces that a preprocessor left unbalanced are set right by the layout.
                while stack and stack[-1].indent > indent and any(scope.indent == indent for scope in stack):
                    stack.pop()
            if stack:
                stack.pop()
            since = place + 1
        elif sign == ";":
            if code.count("(", since, place) <= code.count(")", since, place):
                since = place + 1
            continue
        else:
            if not code[since:place].strip() or syntax != "php":
                since = max(since, match.end()) if not code[since:place].strip() else since
            continue
        names = [scope.name for scope in stack if scope.name]
        events.append((place, ".".join(names) or None))
    return events


def _indent_at(code: str, starts: Sequence[int], place: int) -> int:
    begin = starts[bisect_right(starts, place) - 1]
    return _indent(code[begin : begin + 200].partition("\n")[0])


def _name(header: str, syntax: str, nested: bool) -> str | None:
    """What a `{` after this header opens, if that has a name."""
    header = header[-600:]
    if syntax == "scss":
        return None
    if syntax == "go":
        method = _GO_METHOD.search(header)
        if method:
            return f"{method['receiver']}.{method['name']}"
        declared = _GO_TYPE.search(header)
        if declared:
            return declared["name"]
        named = re.search(r"^func[ ]+(?P<name>\w+)", header)
        return named["name"] if named else None
    if syntax == "rust":
        named = re.search(r"\bfn[ ]+(?P<name>\w+)", header) or _TYPE.search(header)
        found = named or _IMPL.search(header)
        return _dotted(found["name"]) if found else None
    assigned = _ASSIGNED.search(header)
    if assigned:
        return _dotted(assigned["name"])
    if header.count("(") != header.count(")") or _NOT_BLOCK.search(header):
        return None
    named = _NAMED.search(header)
    if named:
        return _dotted(named["name"])
    declared = None if re.match(r"(?:return|throw|else|case)\b", header) else _TYPE.search(header)
    if declared and (
        "(" not in header[: declared.start()] or header[: declared.start()].rstrip().endswith(")")
    ):
        return _dotted(declared["name"])
    if re.search(r"(?:^|[ ])init[?!]?[ ]*\(", header) and syntax == "swift":
        return "init"
    if (
        re.search(r"=>\Z|(?<![=!<>+\-*/%&|^])=(?![=>])", header.partition("(")[0])
        and "operator" not in header
    ):
        return None
    return _callable(header, syntax)


def _callable(header: str, syntax: str) -> str | None:
    """The name of a function or method by the shape `… name(…) … {`."""
    header = re.sub(
        r"@[\w.]+(?:\([^()]*\))?|\[[A-Z][\w.]*(?:\([^()]*\))?\]|__attribute__\s*\(\(.*?\)\)", " ", header
    )
    header = re.sub(r"\b(?:noexcept|throws|requires|alignas|__declspec|explicit)\s*\([^()]*\)", " ", header)
    match = _CALLABLE.search(header)
    if match is None:
        return None
    name = match["name"]
    if name.rpartition(".")[2] in _CONTROL or header.split(None, 1)[0].rstrip("(") in _CONTROL - {
        "async",
        "this",
        "go",
        "in",
        "is",
        "unsafe",
        "delete",
        "new",
        "defer",
    }:
        return None
    if syntax == "perl":
        return None
    if syntax == "c" and re.fullmatch(r"[A-Z][A-Z0-9_]+", name):
        # A macro such as TEST(Suite, Case) or BOOST_FOREACH(…) makes its own name.
        inside = re.match(r"[ ]*(\w+)[ ]*,[ ]*(\w+)[ ]*\)", header[match.end() :])
        return f"{inside[1]}.{inside[2]}" if inside and name.startswith("TEST") else None
    return _dotted(name)


def _dotted(name: str) -> str:
    return name.replace("::", ".").replace(" ", "").strip(".:")

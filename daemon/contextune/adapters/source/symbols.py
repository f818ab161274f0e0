"""The function, method or class around a place in a source text.

A reading of the layout, not a parser: strings and comments are blanked out first, so that what looks like
code in them does not count. Languages with braces are followed by their braces, the others by indentation.
Where that finds nothing, there is no symbol; that is better than a wrong one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from contextune.adapters.source.comments import Span
from contextune.adapters.source.languages import Language

BRACES = frozenset(
    {"javascript", "c", "csharp", "java", "kotlin", "groovy", "swift", "dart", "go", "rust", "zig", "d"}
    | {"slashes", "php", "perl"}
)

INDENTED = {
    "python": re.compile(r"(?:async[ \t]+)?(?:c?p?def|class|func)[ \t]+(\w+)"),
    "ruby": re.compile(
        r"(?:(?:private|protected|public)[ \t]+)?(?:def|class|module|macro|struct)[ \t]+"
        r"(?:self\.)?([\w:]+[?!=]?)"
    ),
    "elixir": re.compile(r"(?:defp?|defmacrop?|defmodule|defimpl|defprotocol)[ \t]+([\w.]+[?!]?)"),
    "lua": re.compile(
        r"(?:local[ \t]+)?function[ \t]+([\w.:]+)|(?:local[ \t]+)?([\w.]+)[ \t]*=[ \t]*function\b"
    ),
    "julia": re.compile(r"(?:mutable[ \t]+)?(?:function|struct|module|macro)[ \t]+([\w.!]+)"),
    "nim": re.compile(r"(?:proc|func|method|template|macro|iterator)[ \t]+(\w+)"),
    "shell": re.compile(r"function[ \t]+([\w:-]+)|([\w:-]+)[ \t]*\(\)"),
}
"""For the languages that are read by their indentation: what a line that opens a symbol starts with."""

_TYPE = re.compile(
    r"\b(?:class|struct|interface|trait|enum|union|namespace|module|mod|object|protocol|record|extension|contract|"
    r"library|mixin|actor|@interface|@implementation|package|message|service)[ ]+(?:(?:class|struct)[ ]+)?"
    r"(?:\[\[.*?\]\][ ]*|[A-Z][A-Z0-9_]+(?:\([^)]*\))?[ ]+(?=\w))?(?P<name>[A-Za-z_][\w.:]*)(?![ ]*\()"
)
_IMPL = re.compile(
    r"\bimpl\b(?:[ ]*<(?:[^<>]|<[^<>]*>)*>)?[ ]*(?:.*\bfor[ ]+)?&?(?:\w+::)*(?P<name>[A-Za-z_]\w*)"
)
_GO_METHOD = re.compile(r"\bfunc[ ]*\([^)]*?(?P<receiver>\w+)(?:\[[^\]]*\])?[ ]*\)[ ]*(?P<name>\w+)")
_GO_TYPE = re.compile(r"\btype[ ]+(?P<name>\w+)[ ]*(?:\[[^\]]*\])?[ ]*(?:struct|interface)\b")
_NAMED = re.compile(r"\b(?:function\*?|func|fun|fn|sub|def|modifier)[ ]+(?:<[^>]*>[ ]*)?&?(?P<name>[\w.$]+)")
_ASSIGNED = re.compile(
    r"(?:^|[ ,(;{])(?P<name>[\w$.]+)[ ]*(?::[^=,()]*)?[=:][ ]*(?:async\b[ ]*)?"
    r"(?:function\b\*?[^{]*|(?:\((?:[^()]|\([^()]*\))*\)|[\w$]+)[ ]*(?::[^={]*)?=>[ ]*)\Z"
)
_CALLABLE = re.compile(
    r"(?P<name>~?[A-Za-z_$#][\w$]*(?:(?:::|\.)~?[A-Za-z_]\w*)*|operator[ ]*[^\s\w(]+)[ ]*(?:<[^()]*>)?[ ]*\("
)
_STATEMENTS = frozenset(
    {"if", "for", "while", "switch", "catch", "with", "foreach", "using", "lock", "fixed", "synchronized"}
    | {"else", "do", "try", "return", "throw", "match", "when", "guard", "unless", "until", "elseif", "elsif"}
    | {
        "case",
        "select",
        "assert",
        "print",
        "require",
        "include",
        "yield",
        "await",
        "loop",
        "and",
        "or",
        "not",
    }
)
_NO_NAMES = _STATEMENTS | frozenset(
    {"new", "sizeof", "typeof", "super", "this", "defer", "go", "in", "is", "delete", "unsafe", "async"}
    | {"alignas", "decltype", "noexcept", "__attribute__"}
)
_NO_BLOCK = re.compile(r"(?:=|\breturn|\bnew\b[^()]*\([^()]*\)|[(\[,?:&|+])[ ]*\Z")


class Source(NamedTuple):
    """A text with its lines, comments and strings."""

    text: str
    starts: Sequence[int]
    """Where the lines start."""
    spans: Sequence[Span]
    """The comments and strings, in order, at least to the last place that is asked for."""
    span_starts: Sequence[int]

    def line_of(self, place: int) -> int:
        """The number of the line that a place is in, counted from 0."""
        return bisect_right(self.starts, place) - 1

    def indent_of(self, line: int) -> int:
        """The white space that a line starts with, in characters."""
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        code = self.text[self.starts[line] : end]
        return len(code) - len(code.lstrip(" \t"))

    def code(self, start: int, end: int) -> str:
        """A part of the text with comments and strings as spaces, line ends kept."""
        out = []
        position = start
        for i in range(max(bisect_right(self.span_starts, start) - 1, 0), len(self.spans)):
            span = self.spans[i]
            if span.start >= end:
                break
            if span.end <= position:
                continue
            begin = max(span.start, position)
            out.append(self.text[position:begin])
            hidden = self.text[begin : min(span.end, end)]
            out.append(re.sub(r"[^\n]+", lambda part: " " * len(part[0]), hidden))
            position = begin + len(hidden)
        out.append(self.text[position:end])
        return "".join(out)


def symbols_at(
    text: str, starts: Sequence[int], spans: Sequence[Span], language: Language, places: Sequence[int]
) -> list[str | None]:
    """For each place, in rising order, the symbol around it, such as `Table.to_html`; None if unknown.

    `starts` are where the lines start, `spans` the comments and strings up to the last place or further.
    """
    source = Source(text, starts, spans, [span.start for span in spans])
    if language.syntax in INDENTED:
        return [_by_indent(source, place, INDENTED[language.syntax]) for place in places]
    if language.syntax in BRACES:
        return _by_braces(source, places, language.syntax)
    return [None] * len(places)


def _by_indent(source: Source, place: int, definition: re.Pattern[str]) -> str | None:
    line = source.line_of(place)
    code = source.code(source.starts[line], place)
    if code.strip():
        # After code: where that stands, and within what its own line defines.
        indent = source.indent_of(line) + bool(definition.match(code.lstrip()))
    else:
        span = source.spans[max(bisect_right(source.span_starts, place) - 1, 0)]
        line = min(line, source.line_of(span.start))
        indent = source.indent_of(line)
        line -= 1
    names: list[str] = []
    while line >= 0 and indent > 0:
        begin = source.starts[line]
        # Quick for most lines: one that is indented as much can't enclose, whatever it holds.
        if source.indent_of(line) < indent:
            stripped = source.code(begin, source.starts[line + 1]).rstrip()
            here = len(stripped) - len(stripped.lstrip())
            if stripped and here < indent and stripped[here] not in ")]}":
                found = definition.match(stripped, here)
                if found:
                    names.append(dotted(next(group for group in found.groups() if group)))
                indent = here
        line -= 1
    return ".".join(reversed(names)) or None


_BRACE = re.compile(r"[{}]")
_BRACE_IN_C = re.compile(r"[{}]|#(?:\\.|[^\\\n])*+", re.DOTALL)
"""A directive is taken whole, lines that it goes on in included: braces in a macro balance nothing here."""


def _by_braces(source: Source, places: Sequence[int], syntax: str) -> list[str | None]:
    open_at: list[int] = []
    names: dict[int, Opened | None] = {}
    answers: list[str | None] = []

    def enclosing() -> str | None:
        if len(open_at) > DEPTH_LIMIT:
            return None
        for brace in open_at:
            if brace not in names:
                names[brace] = opened_by(source, brace, syntax)
        chain = [named for brace in open_at if (named := names[brace])]
        if syntax == "c":
            # A function that seems to be around another one lost its end to a branch of the preprocessor.
            chain = [
                named
                for i, named in enumerate(chain)
                if not (named.callable and chain[i + 1 :] and chain[i + 1].indent <= named.indent)
            ]
        return ".".join(named.name for named in chain) or None

    for at, sign in braces_in(source, syntax, places[-1]):
        while len(answers) < len(places) and places[len(answers)] < at:
            answers.append(enclosing())
        if sign == "{":
            open_at.append(at)
        elif open_at:
            close_brace(source, open_at, at, syntax)
    while len(answers) < len(places):
        answers.append(enclosing())
    return answers


def braces_in(source: Source, syntax: str, end: int) -> Iterator[tuple[int, str]]:
    """Where braces stand in the code before `end`, and which."""
    span = 0
    for match in (_BRACE_IN_C if syntax == "c" else _BRACE).finditer(source.text, 0, end):
        at = match.start()
        while span < len(source.spans) and source.spans[span].end <= at:
            span += 1
        if match[0] in "{}" and not (span < len(source.spans) and source.spans[span].start <= at):
            yield at, match[0]


def close_brace(source: Source, open_at: list[int], at: int, syntax: str) -> None:
    """Take the brace that the one at `at` closes off the stack.

    Branches of a preprocessor may leave braces unbalanced. Then the layout decides: a closing brace at the
    start of a line stands below the start of the function that it ends.
    """
    line = source.line_of(at)
    indent = source.indent_of(line)

    def header_indent(brace: int) -> int:
        return source.indent_of(source.line_of(_header(source, brace)))

    if (
        source.starts[line] + indent == at
        and source.indent_of(source.line_of(open_at[-1])) != indent
        and header_indent(open_at[-1]) > indent
    ):
        for i in range(len(open_at) - 2, max(len(open_at) - 8, -1), -1):
            if header_indent(open_at[i]) == indent:
                named = opened_by(source, open_at[i], syntax)
                if named and named.callable:
                    del open_at[i + 1 :]
                break
    open_at.pop()


DEPTH_LIMIT = 60
"""Open braces beyond which no one nests code: then it is data, or written to stall its reader."""

HEADER_LIMITS = (600, 10_000)
"""Characters before a brace among which its header is sought, first and at last."""

_HEADER_SIGN = re.compile(r"[(){};]")
_DIRECTIVE = re.compile(r"^[ \t]*#(?!\[)[^\n]*", re.MULTILINE)


def _header(source: Source, brace: int) -> int:
    """Where the words before an opening brace start that say what it opens."""
    for limit in HEADER_LIMITS:
        begin = max(brace - limit, 0)
        code = _DIRECTIVE.sub(lambda line: ";" * len(line[0]), source.code(begin, brace))
        start = _header_start(code)
        if start >= 0 or begin == 0:
            start = max(start, 0)
            return begin + start + len(code[start:]) - len(code[start:].lstrip())
    return brace


def _header_start(code: str) -> int:
    """Where the last statement of `code` starts; -1 if that is further back."""
    parens = braces = 0
    for sign in reversed(list(_HEADER_SIGN.finditer(code))):
        match sign[0]:
            case "(" | ")":
                parens += 1 if sign[0] == ")" else -1
            case "{" if braces:
                braces -= 1
            case "}" if braces or code[sign.end() :].lstrip()[:1] in ("", ",", ")", "."):
                # What these hold is an initial value, as in `Table() : rows{1}, names{} {`.
                braces += 1
            case _ if parens <= 0 and not braces:
                return sign.end()
    return -1


class Opened(NamedTuple):
    """The function, method or class that a brace opens."""

    name: str
    callable: bool
    """Whether it is a function, in which C knows no others."""
    indent: int
    line: int
    """Where it is named, counted from 0."""


def opened_by(source: Source, brace: int, syntax: str) -> Opened | None:
    """What an opening brace opens; None if that has no name."""
    start = _header(source, brace)
    name = _name(" ".join(source.code(start, brace).split()), syntax)
    if name is None:
        return None
    header = source.code(start, brace)
    indent = source.indent_of(source.line_of(start))
    # What stands before it, such as an import without a semicolon, may be taken for part of its header.
    gap = _last_gap(header)
    own = re.search(rf"\b{re.escape(name.rpartition('.')[2])}\b", header[gap:])
    line = source.line_of(start + gap + (own.start() if own else 0))
    return Opened(name, "(" in header and not _TYPE.match(header), indent, line)


def _last_gap(header: str) -> int:
    """Where the last empty line of a header ends; 0 if it has none."""
    return max((match.end() for match in re.finditer(r"\n[ \t]*\n", header)), default=0)


def _name(header: str, syntax: str) -> str | None:
    """What a `{` after this header opens, if that has a name."""
    long = len(header) > HEADER_LIMITS[0]
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
        return dotted(found["name"]) if found else None
    assigned = None if long else _ASSIGNED.search(header)
    if assigned:
        return dotted(assigned["name"])
    if header.count("(") != header.count(")") or _NO_BLOCK.search(header):
        return None
    header = header[: HEADER_LIMITS[0]]
    named = _NAMED.search(header)
    if named:
        return dotted(named["name"])
    declared = None if re.match(r"(?:return|throw|else|case)\b", header) else _TYPE.search(header)
    if declared and (
        "(" not in header[: declared.start()] or header[: declared.start()].rstrip().endswith(")")
    ):
        return dotted(declared["name"])
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
    first = re.match(r"\w+", header)
    if name.rpartition(".")[2] in _NO_NAMES or (first and first[0] in _STATEMENTS):
        return None
    if syntax == "perl":
        return None
    if syntax == "c" and re.fullmatch(r"[A-Z][A-Z0-9_]+", name):
        # A macro such as TEST(Suite, Case) or BOOST_FOREACH(…) makes its own name.
        inside = re.match(r"[ ]*(\w+)[ ]*,[ ]*(\w+)[ ]*\)", header[match.end() :])
        return f"{inside[1]}.{inside[2]}" if inside and name.startswith("TEST") else None
    return dotted(name)


def dotted(name: str) -> str:
    """A name as every language's symbols are written here."""
    return re.sub(r"[:.]+", ".", name.replace(" ", "")).strip(".")

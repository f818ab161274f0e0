"""What a comment says: the marker, its owner, its words. Pure; finding comments is the adapters' work."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from contextune.core.plain_text import plain

TEXT_LIMIT = 2_000
"""Characters of a Todo's text; the rest of a longer one is cut."""


class CommentLine(NamedTuple):
    """One line of a comment. Line and column count from 1."""

    line: int
    column: int
    """Where `raw` starts."""
    raw: str
    """The line's share of the comment, signs included, such as `// TODO: x` or ` * more`."""
    block: bool
    """Whether it is part of a comment with an end sign, such as `/* … */`."""
    starts: bool
    """Whether the comment starts here; False for the later lines of a block."""
    alone: bool
    """Whether only white space stands before it on its line."""


class Marked(NamedTuple):
    """A marker comment, without its place in a file."""

    line: int
    column: int
    end_line: int
    marker: str
    text: str
    owner: str | None
    issue: int | None
    tags: tuple[str, ...]


def find_marked(lines: Sequence[CommentLine], markers: Sequence[str]) -> list[Marked]:
    """The marker comments among the comment lines of one file, in order.

    A text goes on over the lines that follow in the same block, or in comments at the same column, until a
    blank one, another marker or another item of the same list.
    """
    found = []
    i = 0
    while i < len(lines):
        first = lines[i]
        match = find_marker(first.raw, markers)
        i += 1
        if match is None:
            continue
        rest = _without_end(first, match.end())
        if first.raw[: match.start()].endswith("(") and rest.count(")") > rest.count("("):
            rest = rest.rstrip().removesuffix(")")
        owner, issue, text = _heading(rest)
        texts = [text]
        last = first
        while i < len(lines) and _continues(first, last, lines[i], markers):
            last = lines[i]
            texts.append(_words(last).strip())
            i += 1
        words = _shown("\n".join(texts)).strip()
        found.append(
            Marked(
                line=first.line,
                column=first.column + match.start(),
                end_line=last.line,
                marker=match[0],
                text=words,
                owner=owner,
                issue=issue,
                tags=tuple(dict.fromkeys(tag for pair in _TAG.findall(words) for tag in pair if tag)),
            )
        )
    return found


def find_marker(raw: str, markers: Sequence[str]) -> re.Match[str] | None:
    """The first marker in a line of a comment: a whole word in its own spelling, not quoted.

    `:`, `(`, white space or the comment's end must follow; where nothing but signs stands before it, other
    signs may follow as well, as in `TODO!` or `TODO[urgent]`.
    """
    for match in _marker(tuple(markers)).finditer(raw):
        rest = raw[match.end() :]
        if raw[: match.start()].endswith(("'", '"', "`")) and match.start() > _sign_end(raw):
            continue
        if not rest or rest[0] in ":(" or rest[0].isspace() or _END.fullmatch(rest):
            return match
        if _leads(raw, match.start()) and _LOOSE.match(rest):
            return match
    return None


@functools.lru_cache(maxsize=64)
def _marker(markers: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(re.escape(marker) for marker in sorted(markers, key=len, reverse=True))
    return re.compile(rf"(?<![\w$])(?<!\w[.\-/\\])(?:{words})(?!\w)")


_LOOSE = re.compile(r"[\[@#]|[!?.,;)\]*_–—-]+(?:\s|:|$)")
_BULLET = re.compile(r"\s*(?:[-*+•]|\d+[.)])\s")
_RULE = re.compile(r"[\W_]*")
_DOC_TAG = re.compile(r"\s*[@\\]\w+")
_SIGN = re.compile(r"\s*(?:(?i:rem|dnl)\b|[/#;%!*\-'\"<({|=\\.~⍝]+)?[ \t]?")
_STAR = re.compile(r"[ \t]*\*+(?!/)[ \t]?|")
_END = re.compile(
    r"[ \t]*(?:\*+/|-+!?>|\*+\)|-\}|\|#|=#|\]#|\]=*\]|#>|--\}\}|\}\}|#\}|%\}|\+/|--%>|%>|\*@|\*\})[ \t]*$"
)


def _sign_end(raw: str) -> int:
    match = _SIGN.match(raw)
    return match.end() if match else 0


def _words_start(line: CommentLine) -> int:
    if line.starts or not line.block:
        return _sign_end(line.raw)
    match = _STAR.match(line.raw)
    return match.end() if match else 0


def _words(line: CommentLine) -> str:
    """A comment line without its signs."""
    return _without_end(line, _words_start(line))


def _without_end(line: CommentLine, start: int) -> str:
    text = line.raw[start:]
    return _END.sub("", text) if line.block else text


def _bullet_column(line: CommentLine) -> int | None:
    """Where the sign of a list's item stands in a line that is one."""
    words = _words(line)
    if not _BULLET.match(words):
        return None
    return line.column + _words_start(line) + len(words) - len(words.lstrip())


def _continues(first: CommentLine, last: CommentLine, line: CommentLine, markers: Sequence[str]) -> bool:
    """Whether the text of a Todo in `first`, so far until `last`, goes on in `line`."""
    if line.line != last.line + 1:
        return False
    if line.starts and (line.block or last.block or not line.alone or line.column != last.column):
        return False
    words = _words(line)
    if _RULE.fullmatch(words) or _DOC_TAG.match(words):
        return False
    item, next_item = _bullet_column(first), _bullet_column(line)
    if item is not None and next_item is not None and next_item <= item:
        return False
    match = find_marker(line.raw, markers)
    # In the middle of a sentence that goes on, a marker is only a word: "as the TODO above says".
    return match is None or not (_leads(line.raw, match.start()) or line.raw[match.end() :][:1] in ("(", ":"))


def _leads(raw: str, start: int) -> bool:
    return not re.search(r"\w", raw[:start]) or bool(re.fullmatch(r"\s*(?i:rem|dnl)\s+", raw[:start]))


_OWNER = re.compile(r"@?([A-Za-z][\w.+-]*(?:@[\w.-]+)?)")
_ISSUE = re.compile(
    r"(?:[\w.-]+/[\w.-]+)?#(\d+)|(\d+)|https?://\S+/(?:issues|pull|merge_requests)/(\d+)"
    r"|(?i:gh|issue)[-\s#]+(\d+)"
)
_TAG = re.compile(r"(?<![\w#&/])#([A-Za-z][\w-]*)|(?<![\w\])])\[([A-Za-z][\w-]+)\](?![(\[])")


def _heading(rest: str) -> tuple[str | None, int | None, str]:
    """The owner, the issue and the words of what follows a marker."""
    owner: str | None = None
    issue: int | None = None
    if rest.startswith("(") and (end := rest.find(")")) > 0:
        inside = [part.strip() for part in re.split(r"[,;|]", rest[1:end])]
        owners = [match[1] for part in inside if (match := _OWNER.fullmatch(part))]
        issues = [match for part in inside if (match := _ISSUE.fullmatch(part))]
        if owners or issues:
            owner = owners[0] if owners else None
            issue = _number(issues[0]) if issues else None
            rest = rest[end + 1 :]
    else:
        named = re.match(r"[ \t]*@([A-Za-z][\w.-]*\w|[A-Za-z])(?=[\s:,]|$)", rest)
        numbered = re.match(r"[ \t]*#(\d+)(?=[\s:,]|$)", rest)
        if named:
            owner, rest = named[1], rest[named.end() :]
        elif numbered:
            issue, rest = _number(numbered), rest[numbered.end() :]
    return (
        owner,
        issue,
        re.sub(r"^[ \t]*(?:[:!?.,;]+(?=\s|$)|:|[-–—]+(?=\s))?[ \t]*", "", rest, count=1).rstrip(),
    )


def _number(match: re.Match[str]) -> int | None:
    digits = next(group for group in match.groups() if group)
    return int(digits) if len(digits) <= 9 else None


def _shown(text: str) -> str:
    text = plain(text.replace("\t", " "))
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1].rstrip() + "…"

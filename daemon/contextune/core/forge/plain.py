"""Text of others inside a body that people read at a forge: shown as it is, and doing nothing.

A comment, a file's name or an agent's words may name people (who would get mail), issues (which a pull
request would close), or carry pictures and markup. Here they are letters.
"""

from __future__ import annotations

import re

from contextune.core.plain_text import one_line

BREAK = "\u200b"
"""A space of no width: between `@` and a name it is no mention, between `#` and a number no reference."""
LONGEST = 60_000
"""Characters of a body; GitHub takes 65,536 (`Body is too long`)."""
TITLE = 200
"""Characters of a title; GitHub takes 256."""

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~&])")
_MENTION = re.compile(r"@(?=\w)")
_REFERENCE = re.compile(r"(#|\bGH-)(?=\d)", re.IGNORECASE)
_ADDRESS = re.compile(r"(?i)\b(https?|ftp|mailto|www)([:.])(?=\S)")


def inert(text: str) -> str:
    """One line of somebody's text inside Markdown."""
    line = _MENTION.sub("@" + BREAK, one_line(text))
    line = _REFERENCE.sub(lambda found: found[1] + BREAK, line)
    line = _ADDRESS.sub(lambda found: found[1] + BREAK + found[2], line)
    return _MARKUP.sub(r"\\\1", line)


def title(text: str) -> str:
    """One line of somebody's text as the title of an issue or a pull request, which is no Markdown."""
    line = _REFERENCE.sub(lambda found: found[1] + BREAK, _MENTION.sub("@" + BREAK, one_line(text)))
    return line if len(line) <= TITLE else line[: TITLE - 1].rstrip() + "…"


def quoted(text: str, limit: int = 4_000) -> str:
    """Several lines of somebody's text as a block of a quotation."""
    lines = [inert(line) for line in text.strip()[:limit].splitlines()]
    return "\n".join(f"> {line}" if line else ">" for line in lines)


def fenced(text: str, limit: int = 4_000) -> str:
    """Output of a program as a block of code, whose fence is longer than any in it."""
    text = text.strip("\n")[-limit:]
    longest = max((len(found) for found in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def code(text: str) -> str:
    """One line of somebody's text as code within a line."""
    line = one_line(text)
    longest = max((len(found) for found in re.findall(r"`+", line)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {line} {fence}" if longest or line.startswith(" ") else f"{fence}{line}{fence}"

"""What may reach a terminal: text without control sequences, and without tricks of direction."""

from __future__ import annotations

import json
import re

_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, the escape that begins every sequence among them
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction
    "\u200b\u2028\u2029\u2060-\u2065\ufeff"  # separators and signs that are not seen
    "\ud800-\udfff"  # bytes of a name that is not UTF-8
    "\U000e0000-\U000e007f"  # tags, which no font shows
    "]"
)


def plain(text: str) -> str:
    r"""The text with every sign that a terminal obeys spelled out, such as `\x1b`. Keeps newlines and tabs.

    Todos, titles, file names and the output of commands come from repositories and models: whoever wrote them
    must not be able to move the cursor, colour a verdict, or turn a line around.
    """
    return _UNSAFE.sub(_spelled, text)


def one_line(text: str) -> str:
    """The same on one line: a title cannot pretend to be two."""
    return " ".join(plain(text).split())


def in_json(text: str) -> str:
    """JSON with those signs escaped: they occur in its strings alone, so that its value stays the same."""
    return _UNSAFE.sub(lambda match: json.dumps(match[0])[1:-1], text)


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code <= 0xFF:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:  # how Python carries a byte that it could not decode
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"

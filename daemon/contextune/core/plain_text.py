"""Text as screens, terminals and models are shown it: signs that steer them are spelled out.

Todos, titles, file names, the output of commands and the words of models come from repositories and models:
whoever wrote them must not be able to move a cursor, colour a verdict, turn a line around, or hide words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

STEERING = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad"  # controls, the escape that begins every sequence among them
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # direction, and what once changed the shape of signs
    "\u200b\u2028\u2029\u2060-\u2065\ufeff\u180e\ufff9-\ufffb"  # separators and signs that are not seen
    "\u115f\u1160\u3164\uffa0\u17b4\u17b5\u034f"  # letters that look like nothing
    "\ud800-\udfff"  # bytes of a name that is not UTF-8
    "\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"  # tags, which no font shows
    "]"
    # One that joins or selects a form belongs to the sign before it; a row of them is a hidden message.
    "|(?<=[\u200c\u200d])[\u200c\u200d]"
    "|(?<=[\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)


def source_lines(text: str) -> list[str]:
    """The lines of a file as editors and compilers count them, without their ends.

    `str.splitlines` also breaks at signs such as U+2028 and takes them away: who reads the lines would
    neither know of them nor be able to replace them.
    """
    lines = _LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


def plain(text: str) -> str:
    r"""The text with every sign that steers spelled out, such as `\x1b`. Keeps newlines and tabs.

    A joiner or selector stays where scripts and emoji need it, and is spelled out where it follows another.
    """
    return STEERING.sub(_spelled, text)


def one_line(text: str) -> str:
    """The same on one line: a title cannot pretend to be two."""
    return " ".join(plain(text).split())


def readable(output: str) -> str:
    """What a command printed, without colours and other sequences, and with the other signs spelled out."""
    return plain(_SEQUENCE.sub("", output.replace("\r\n", "\n")))


def hidden_lines(lines: Sequence[str]) -> list[int]:
    """Numbers, from 1, of the lines that hold signs which are not seen or steer."""
    return [number for number, line in enumerate(lines, 1) if STEERING.search(line)]


_LINE_END = re.compile(r"\r\n|\n|\r")
_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b[()][0-9A-Za-z]"
)
"""CSI, OSC, DCS and their kin, and the choice of character sets, after ECMA-48."""


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code <= 0xFF:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:  # how Python carries a byte that it could not decode
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"

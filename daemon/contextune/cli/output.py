"""What the command line prints: people's text, or one JSON object a line with --json. Progress to stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import msgspec
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from contextune.cli.terminal import in_json
from contextune.core.plain_text import plain
from contextune.protocol.cost_csv import csv_text

_encode = msgspec.json.Encoder().encode

DIFF_STYLES = (
    ("diff --git ", "bold"),
    ("+++ ", "bold"),
    ("--- ", "bold"),
    ("@@", "cyan"),
    ("+", "green"),
    ("-", "red"),
)
"""By the beginning of a line, the first that fits."""


class Output:
    """stdout for results, stderr for progress."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.gone = False
        """Whether the reader of stdout has gone away, as `head` does."""
        self.results = _Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        self.progress = _Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())
        self._began = time.monotonic()

    def line(self, value: Any) -> None:
        """One JSON object on a line of its own."""
        text = _encode(value)
        if sys.stdout.isatty():
            text = in_json(text.decode()).encode()
        self._write(text + b"\n")

    def csv(self, rows: Iterable[Sequence[object]]) -> None:
        """Rows as RFC 4180 has them."""
        text = csv_text(rows)
        if sys.stdout.isatty():
            text = plain(text.replace("\r\n", "\n"))
        self._write(text.encode("utf-8", "backslashreplace"))

    def tagged(self, kind: str, value: Any) -> None:
        """One JSON object with its `kind`."""
        self.line({"kind": kind, **msgspec.to_builtins(value)})

    def say(self, text: str, style: str = "", *, indent: int = 0) -> None:
        """Lines for people, on a terminal each wrapped behind its indent; nothing with --json."""
        if self.as_json:
            return
        if indent and sys.stdout.isatty():
            self.show(Padding(Text(plain(text), style), (0, 0, 0, indent), expand=False))
        else:
            self.show(Text(" " * indent + plain(text), style))

    def show(self, picture: RenderableType) -> None:
        """A table or styled text for people; nothing with --json. Its text went through `plain` already."""
        if not self.as_json:
            self.results.print(picture)

    def blank(self) -> None:
        """An empty line for people."""
        self.say("")

    def note(self, text: str) -> None:
        """Progress, on stderr."""
        self.progress.print(Text(plain(text), "dim"))

    def prompt(self, text: str) -> None:
        """What an answer is to be typed behind, on stderr."""
        self.progress.print(Text(plain(text)), end="")

    def step(self, text: str) -> None:
        """Progress with the seconds since the command began, on stderr."""
        self.note(f"{time.monotonic() - self._began:6.1f} s  {text}")

    def diff(self, text: str) -> None:
        """A unified diff, coloured on a terminal."""
        if self.as_json:
            return
        shown = Text()
        for line in plain(text).splitlines(keepends=True):
            style = next((style for begin, style in DIFF_STYLES if line.startswith(begin)), "")
            shown.append(line, style)
        shown.rstrip()
        self.show(shown)

    def _write(self, text: bytes) -> None:
        if self.gone:
            return
        try:
            sys.stdout.buffer.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            # A Run's events come from the midst of the engine: the command stops by itself, in order.
            self.gone = True
            silence()


def silence() -> None:
    """Let nothing be written to a reader that has gone, not even what Python flushes at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError

"""Messages out of bytes: the base protocol of LSP, hardened against broken and hostile peers. No I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import msgspec

from contextune.server.envelope import flaw

MAX_HEADER = 16 * 1024
"""Bytes of garbage or of header after which the search for a message starts anew."""

STALL = 5.0
"""Seconds without a byte after which a message that began is given up."""

MAX_BODY = 64 * 1024 * 1024
"""A message longer than this is refused: no editor sends one, and waiting for it would hang the session."""

PARSE_ERROR: Literal[-32700] = -32700
INVALID_REQUEST: Literal[-32600] = -32600

_LENGTH = re.compile(rb"Content-Length:[ \t]*(\d{1,15})[ \t]*\r?\n", re.IGNORECASE)
_HEADERS_END = re.compile(rb"\r?\n\r?\n")


class Malformed(NamedTuple):
    """Bytes that are no message, as the JSON-RPC error to answer with."""

    code: Literal[-32700, -32600]
    text: str


class Frames:
    """Collects bytes and gives out messages. After a broken frame it goes on with the next whole one."""

    def __init__(self, *, max_body: int = MAX_BODY) -> None:
        self._buffer = bytearray()
        self._max_body = max_body

    def feed(self, data: bytes) -> Iterator[dict[str, Any] | Malformed]:
        """The messages that these bytes complete, in order."""
        self._buffer += data
        while True:
            length = _LENGTH.search(self._buffer)
            if length is None:
                yield from self._give_up()
                return
            end = _HEADERS_END.search(self._buffer, length.end() - 2)
            if end is None:
                if len(self._buffer) - length.start() <= MAX_HEADER:
                    return
                del self._buffer[: length.end()]
                yield Malformed(PARSE_ERROR, f"The header of a message is longer than {MAX_HEADER} bytes.")
                continue
            # A header that was cut off may stand before this one: the last length is the message's own.
            *_, length = _LENGTH.finditer(self._buffer, length.start(), end.end())
            size = int(length[1])
            if size > self._max_body:
                del self._buffer[: end.end()]
                yield Malformed(INVALID_REQUEST, f"A message of {size} bytes exceeds {self._max_body} bytes.")
                continue
            if len(self._buffer) < end.end() + size:
                return
            body = bytes(self._buffer[end.end() : end.end() + size])
            del self._buffer[: end.end() + size]
            yield self._decode(body)

    @property
    def is_waiting(self) -> bool:
        """Whether a message was announced that has not come whole."""
        return _LENGTH.search(self._buffer) is not None

    def give_up(self) -> Iterator[dict[str, Any] | Malformed]:
        """Stop waiting for the rest of a message: what follows its header is read anew."""
        length = _LENGTH.search(self._buffer)
        if length is not None:
            del self._buffer[: length.end()]
            yield Malformed(PARSE_ERROR, "A message was announced and did not come whole.")
            yield from self.feed(b"")

    def _give_up(self) -> Iterator[Malformed]:
        if len(self._buffer) > MAX_HEADER:
            # The last bytes may be the beginning of a header.
            del self._buffer[:-64]
            yield Malformed(PARSE_ERROR, "Expected a Content-Length header.")

    def _decode(self, body: bytes) -> dict[str, Any] | Malformed:
        try:
            message = parse(body)
        except (ValueError, RecursionError) as problem:
            # A length that is too long swallows the head of the next message: give it back.
            following = _LENGTH.search(body)
            if following is not None:
                self._buffer[:0] = body[following.start() :]
            return Malformed(PARSE_ERROR, f"A message is not JSON: {problem}.")
        wrong = flaw(message)
        if wrong:
            return Malformed(INVALID_REQUEST, wrong)
        whole: dict[str, Any] = message
        return whole


def parse(body: bytes) -> Any:
    """JSON. Half a surrogate pair is let through: JavaScript has such strings. Raises ValueError."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return json.loads(body)


def written(message: Any, enc_hook: Callable[[Any], Any] | None = None) -> bytes:
    """JSON of a message made of plain values and of msgspec's Structs, half surrogate pairs included."""
    try:
        return msgspec.json.encode(message, enc_hook=enc_hook)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(message, enc_hook=enc_hook)).encode("ascii")


def frame(body: bytes) -> bytes:
    """A message with its header."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)

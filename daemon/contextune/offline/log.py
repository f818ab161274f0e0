"""The request log: one entry a request, with what was billed and why, and never a credential."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

import msgspec

from contextune.offline.usage import Usage

Ending = Literal["complete", "refused", "cut", "stalled", "error", "client_left"]


class CacheFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the cache made of a prompt. Indices count the blocks of tools, system and messages from 0."""

    blocks: int
    breakpoints: tuple[int, ...]
    hit_block: int | None
    minimum: int
    """Tokens below which this model caches nothing."""


class LoggedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its answer. `at` is in milliseconds since the epoch, by the server's clock.

    `began` and `ended` are seconds by the machine's own clock, which its processes share: when the request
    had come, and when the last of the answer was handed to the system.
    """

    number: int
    at: int
    path: str
    request_id: str
    status: int
    ending: Ending
    began: float = 0.0
    ended: float = 0.0
    version: str | None = None
    model: str | None = None
    stream: bool = False
    effort: str | None = None
    max_tokens: int | None = None
    script: str | None = None
    conversation: str | None = None
    turn: int | None = None
    """The n-th assistant reply, from 1."""
    message_id: str | None = None
    stop_reason: str | None = None
    fault: str | None = None
    error: str | None = None
    error_message: str | None = None
    usage: Usage | None = None
    cache: CacheFacts | None = None


class Entry:
    """An entry in the making. `close` writes it once; later calls do nothing."""

    def __init__(
        self, write: Callable[[LoggedRequest], None], number: int, at: int, path: str, request_id: str
    ) -> None:
        self._write = write
        self._facts: dict[str, object] = {
            "number": number, "at": at, "path": path, "request_id": request_id, "status": 200,
            "began": time.perf_counter(),
        }  # fmt: skip
        self._open = True

    def note(self, **facts: object) -> None:
        """Add facts by the names of `LoggedRequest`'s fields."""
        self._facts.update(facts)

    def close(self, ending: Ending) -> None:
        """Write the entry."""
        if self._open:
            self._open = False
            self._write(
                msgspec.convert(
                    {**self._facts, "ending": ending, "ended": time.perf_counter()}, LoggedRequest
                )
            )

"""Events as rows of the Journal: encoded, secrets masked, and the event loop never held up by a large one.

A call of C holds up every thread while it lasts, so that a long text is encoded and looked through in parts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, get_args

import msgspec

from contextune.core.model.conversation import Text, Thinking, ToolResult, ToolUse
from contextune.core.redact import may_hold_secret, redact_all
from contextune.core.runs.effects import ToolReturned
from contextune.core.runs.endings import RunReady
from contextune.core.runs.events import (
    AnyEvent,
    GateFinished,
    MessageAdded,
    Noted,
    RunCreated,
    TaskCommitted,
)

Row = tuple[str, str | None, int, str, bytes]
"""Stream, repository, time, kind, body."""

AT_ONCE = 65_536
"""Characters that are encoded at once; an event with more is encoded in a thread, in parts."""

TODO, CHANGE = 500, 200
"""Characters that a Todo and a changed file have at most, as a rule."""

_TAGS: dict[type, str] = {kind: str(kind.__struct_config__.tag) for kind in get_args(AnyEvent)}


class RowEncoder:
    """Makes rows of events. `secrets` are masked wherever they occur, beside those with a known shape."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        self._secrets = tuple(secrets)
        self._spelt = tuple(msgspec.json.encode(secret)[1:-1] for secret in self._secrets)
        self._encode = msgspec.json.Encoder().encode

    def rows(self, events: Sequence[AnyEvent]) -> list[Row]:
        """The rows of events, in order. Blocks for a moment; not for events that are `long`."""
        return [self._row(event, self._encode(event)) for event in events]

    def rows_in_parts(self, events: Sequence[AnyEvent]) -> list[Row]:
        """The same for events that are long; to be called in a thread."""
        return [
            self._row(event, msgspec.json.encode(_parted(msgspec.to_builtins(event)))) for event in events
        ]

    def _row(self, event: AnyEvent, body: bytes) -> Row:
        repository = event.repository if isinstance(event, RunCreated) else None
        return (event.run_id, repository, event.at, _TAGS[type(event)], self._masked(event, body))

    def _masked(self, event: AnyEvent, body: bytes) -> bytes:
        if may_hold_secret(body) or any(secret in body for secret in self._spelt):
            return msgspec.json.encode(_parted(redact_all(msgspec.to_builtins(event), self._secrets)))
        return body


def are_long(events: Sequence[AnyEvent]) -> bool:
    """Whether one of them has too many characters to be encoded at once."""
    for event in events:
        length = _LENGTHS.get(type(event))
        if length is not None and length(event) > AT_ONCE:
            return True
    return False


_LENGTHS: dict[type, Callable[[Any], int]] = {
    ToolReturned: lambda event: len(event.result.content),
    MessageAdded: lambda event: sum(map(_said, event.message.blocks)),
    GateFinished: lambda event: len(event.evidence.output),
    Noted: lambda event: len(event.text),
    RunCreated: lambda event: len(event.todos) * TODO,
    TaskCommitted: lambda event: len(event.files) * CHANGE,
    RunReady: lambda event: len(event.files) * CHANGE,
}
"""About how many characters an event has, of those kinds that may have many."""


def _said(block: object) -> int:
    match block:
        case Text():
            return len(block.text)
        case ToolResult():
            return len(block.content)
        case Thinking():
            return len(block.thinking)
        case ToolUse():
            return _told(block.input)
        case _:
            return 0


def _told(value: object) -> int:
    """The characters of all texts within what a model wrote for a tool: whole files, where it writes them."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_told, value.values()))
    if isinstance(value, list):
        return sum(map(_told, value))
    return 0


def _parted(value: Any) -> Any:
    """Plain data with its long texts encoded already, part by part."""
    if isinstance(value, str) and len(value) > AT_ONCE:
        parts = (value[at : at + AT_ONCE] for at in range(0, len(value), AT_ONCE))
        encoded = [msgspec.json.encode(part)[1:-1] for part in parts]
        # Copied once: a copy of some MB holds up every thread, too.
        return msgspec.Raw(b"".join((b'"', *encoded, b'"')))
    if isinstance(value, dict):
        return {key: _parted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_parted(item) for item in value]
    return value

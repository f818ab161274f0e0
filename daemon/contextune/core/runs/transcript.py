"""What an agent was told, did, saw and cost, as entries in order: what every transcript is written from.

Entries are only ever added to an attempt, so that who has read some reads on where they end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from contextune.core.base import Value
from contextune.core.model.conversation import Message, Text, Thinking, ToolResult, ToolUse
from contextune.core.model.money import Bill
from contextune.core.model.requests import RequestSettled
from contextune.core.plain_text import one_line, readable
from contextune.core.redact import redact
from contextune.core.runs import events as ev
from contextune.core.runs.effects import AttemptResumed, TurnKept

SHOWN = 4_000
"""Characters of one block that are kept."""

EntryKind = Literal[
    "task", "attempt", "told", "turn", "said", "thought", "call", "result", "seen", "kept", "gate", "resumed",
    "ended", "note",
]  # fmt: skip


class Entry(Value, frozen=True, kw_only=True):
    """One thing that happened in an attempt. Its text is of agents, files and programs: hostile data."""

    kind: EntryKind
    body: str = ""
    """Plain text: no control characters, secrets masked, at most `SHOWN` characters."""
    left_out: int = 0
    """Characters of the body that are not kept."""
    name: str = ""
    """The title of a Task, the Role and Rung of an attempt, a tool, the verdict and command of a Gate, an
    outcome."""
    detail: str = ""
    number: int = 0
    """The attempt, the turn, the exit code, or which part of what was told, from 0."""
    duration_ms: int = 0
    failed: bool = False
    paths: tuple[str, ...] = ()
    """The files that a call names."""
    bill: Bill = Bill()
    """What a turn cost."""
    so_far: Bill = Bill()
    """What the attempt had cost then."""


class TranscriptWriter:
    """Writes a Task's entries from its events, fed in order and in any portions."""

    def __init__(self, task_id: str, title: str, brief: str) -> None:
        self._task_id = task_id
        self._newest = 0
        self._tools: dict[str, str] = {}
        self._unclaimed: dict[int, Bill] = {}
        self._bills: dict[int, Bill] = {}
        self.head = _entry("task", brief, name=_line(title))
        """The Task itself."""
        self.attempts: dict[int, list[Entry]] = {}
        """The entries of each attempt, by its number."""

    def feed(self, events: Iterable[ev.AnyEvent]) -> None:
        """Add what happened next. What names no attempt belongs to the newest one of its time."""
        for event in events:
            if getattr(event, "task_id", None) != self._task_id:
                continue
            number: int | None = getattr(event, "attempt", None)
            self._newest = max(self._newest, number or 0)
            attempt = self._newest if number is None else number
            added = self._written(event, attempt)
            if added:
                self.attempts.setdefault(attempt, []).extend(added)

    def _written(self, event: ev.AnyEvent, attempt: int) -> list[Entry]:
        match event:
            case ev.AttemptStarted():
                name = f"{event.role}, {event.rung}"
                return [_entry("attempt", event.reason, name=_line(name), number=attempt)]
            case AttemptResumed():
                return [_entry("resumed")]
            case RequestSettled():
                self._unclaimed[attempt] = self._unclaimed.get(attempt, Bill()).plus(event.charge)
            case ev.MessageAdded() if event.message.role == "assistant":
                return self._turn(event, attempt)
            case ev.MessageAdded():
                return self._heard(event.message, event.turn)
            case TurnKept():
                return [_entry("kept", number=event.turn)]
            case ev.GateFinished():
                evidence = event.evidence
                return [
                    _entry(
                        "gate",
                        evidence.output,
                        last=True,
                        name=evidence.verdict,
                        detail=_line(evidence.command),
                        number=evidence.exit_code,
                        duration_ms=evidence.duration_ms,
                    )
                ]
            case ev.AttemptEnded():
                return [_entry("ended", event.summary, name=event.outcome, number=attempt)]
            case ev.TaskBounced() | ev.TaskEnded():
                return [_entry("note", event.reason)]
            case _:
                pass
        return []

    def _turn(self, event: ev.MessageAdded, attempt: int) -> list[Entry]:
        bill = self._unclaimed.pop(attempt, Bill())
        so_far = self._bills[attempt] = self._bills.get(attempt, Bill()).join(bill)
        entries = [Entry(kind="turn", number=event.turn, bill=bill, so_far=so_far)]
        for block in event.message.blocks:
            match block:
                case Text() if block.text.strip():
                    entries.append(_entry("said", block.text))
                case Thinking() if block.thinking.strip():
                    entries.append(_entry("thought", block.thinking))
                case ToolUse():
                    name = self._tools[block.id] = _line(block.name)
                    paths = tuple(dict.fromkeys(_line(path) for path in _paths(block.input)))
                    entries.append(_entry("call", _called(block.input), name=name, paths=paths))
                case _:
                    pass
        return entries

    def _heard(self, message: Message, turn: int) -> list[Entry]:
        entries: list[Entry] = []
        for block in message.blocks:
            match block:
                case Text() if block.text.strip():
                    entries.append(_entry("seen" if turn else "told", block.text, number=len(entries)))
                case ToolResult():
                    name = self._tools.pop(block.tool_use_id, "")
                    entries.append(_entry("result", block.content, name=name, failed=block.is_error))
                case _:
                    pass
        return entries


def _entry(kind: EntryKind, body: str = "", *, last: bool = False, **facts: Any) -> Entry:
    """An entry whose body is safe to show; cut at its end, or with `last` at its beginning."""
    # Masked before it is cut: half a key has no shape to be known by.
    masked = redact(body).strip("\r\n")
    kept = readable(masked[-SHOWN:] if last else masked[:SHOWN])
    return Entry(kind=kind, body=kept, left_out=max(0, len(masked) - SHOWN), **facts)


def _line(text: str) -> str:
    return one_line(redact(text))


def _called(given: dict[str, Any]) -> str:
    """A call's input as people read it: a change as a diff, a command as itself."""
    parts = []
    for name, value in given.items():
        if name == "edits" and isinstance(value, list):
            parts += [_edit(one) for one in value]
        elif name == "files" and isinstance(value, list):
            parts += [_file(one) for one in value]
        elif isinstance(value, str):
            parts.append(f"{name}:\n{value}" if "\n" in value else f"{name}: {value}")
        else:
            parts.append(f"{name}: {_plainly(value)}")
    return "\n".join(parts)


def _edit(edit: Any) -> str:
    if not isinstance(edit, dict):
        return _plainly(edit)
    old, new = (str(edit.get(side, "")).splitlines() for side in ("old", "new"))
    lines = [str(edit.get("path", "")), *(f"- {line}" for line in old), *(f"+ {line}" for line in new)]
    return "\n".join(lines)


def _file(file: Any) -> str:
    if not isinstance(file, dict):
        return _plainly(file)
    path = str(file.get("path", ""))
    if "content" in file:
        return "\n".join([path, *(f"+ {line}" for line in str(file["content"]).splitlines())])
    first, last = file.get("from"), file.get("to")
    return path if first is None and last is None else f"{path} {first or 1}-{last or ''}"


def _paths(given: dict[str, Any]) -> list[str]:
    named = [given.get("path")]
    for several in (given.get("edits"), given.get("files")):
        if isinstance(several, list):
            named += [one.get("path") for one in several if isinstance(one, dict)]
    return [path for path in named if isinstance(path, str) and path not in ("", ".")]


def _plainly(value: Any) -> str:
    """A value of a call's input, on one line."""
    match value:
        case str():
            return value
        case bool() | None:
            return "none" if value is None else str(value).lower()
        case list():
            return ", ".join(_plainly(one) for one in value)
        case dict():
            return "; ".join(f"{name}: {_plainly(one)}" for name, one in value.items())
        case _:
            return str(value)

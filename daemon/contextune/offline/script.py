"""Scripts: TOML files of conversations, and their loading. docs/offline-model.md tells the format."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from contextune.offline.faults import Fault
from contextune.offline.wire import JsonObject

Texts = str | tuple[str, ...] | None
"""One text, or several that must all be there."""


class BadScript(Exception):
    """A script file that can't be used. The message names file, conversation, turn and key."""


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which requests a conversation is for. Every condition given must hold."""

    system: Texts = None
    user: Texts = None
    unless: Texts = None
    model: str | None = None
    effort: str | None = None


class ToolCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A tool that a turn calls."""

    name: str
    input: JsonObject = {}
    unchecked: bool = False
    """Send it even if the request does not declare the tool or its strict schema forbids the input."""


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One object of a composed reply, included when the request has all that it needs."""

    value: JsonObject
    needs: dict[str, str] = {}
    group: str | None = None


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The n-th assistant reply of a conversation."""

    thinking: str | None = None
    text: str | None = None
    json: JsonObject | None = None
    tool: tuple[ToolCall, ...] = ()
    compose: str | None = None
    drop_absent: str | tuple[str, ...] = ()
    allow_empty: bool = False
    item: tuple[Item, ...] = ()
    capture: dict[str, str] = {}
    expect: tuple[str, ...] = ()
    fault: Fault | tuple[Fault, ...] = ()
    delay_ms: int = 0

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults of this turn in the order in which requests meet them."""
        return (self.fault,) if isinstance(self.fault, Fault) else self.fault

    @property
    def dropping(self) -> tuple[str, ...]:
        """The list fields from which the keys of absent items are dropped."""
        return (self.drop_absent,) if isinstance(self.drop_absent, str) else self.drop_absent


class Conversation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The replies to one kind of request."""

    name: str
    turn: tuple[Turn, ...]
    when: When = When()


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """One script file."""

    name: str
    """The file's name without its suffix."""
    conversations: tuple[Conversation, ...]
    about: str = ""
    again: tuple[str, ...] = ()
    """Words of a tool's result which tell that nobody knows how the call ended: it is made once more."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    conversation: tuple[Conversation, ...]
    about: str = ""
    again: tuple[str, ...] = ()


def load_script(path: Path) -> Script:
    """Read one script. Raises `BadScript` that names the file, the conversation, the turn and the key."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadScript(f"{path}: can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadScript(f"{path}: not valid TOML: {error}") from error
    return parse_script(path.stem, data, source=str(path))


def parse_script(name: str, data: dict[str, Any], *, source: str | None = None) -> Script:
    """A script from data of the shape that a script file has. Raises `BadScript`."""
    source = source or name
    try:
        file = msgspec.convert(data, _File)
    except msgspec.ValidationError as error:
        raise BadScript(f"{source}: {_explain(str(error), data)}") from error
    if problem := next(_problems(file), None):
        raise BadScript(f"{source}: {problem}")
    return Script(name=name, about=file.about, again=file.again, conversations=file.conversation)


def builtin_scripts() -> list[Script]:
    """Every script that ships with the product, by name."""
    folder = Path(__file__).parent / "scripts"
    return [load_script(path) for path in sorted(folder.glob("*.toml"))]


_STEP = re.compile(r"(?P<name>\w+)(?:\[(?P<index>\d+)\])?")


def _explain(problem: str, data: dict[str, Any]) -> str:
    """Turn "… - at `$.conversation[0].turn[1].txt`" into "conversation "plan", turn 2, txt: …"."""
    problem, _, path = problem.partition(" - at `$")
    places = []
    for step in _STEP.finditer(path):
        label = step["name"]
        if step["index"] is not None:
            index = int(step["index"])
            label = f"{label} {index + 1}"
            if step["name"] == "conversation":
                named = data["conversation"][index]
                title = named.get("name") if isinstance(named, dict) else None
                label = f'conversation "{title}"' if title else label
        places.append(label)
    return f"{', '.join(places)}: {problem}" if places else problem


def _problems(file: _File) -> Iterator[str]:
    """What types alone don't forbid."""
    names = Counter(conversation.name for conversation in file.conversation)
    for name, count in names.items():
        if count > 1:
            yield f'conversation "{name}": the name is used {count} times, expected once'
    for conversation in file.conversation:
        if not conversation.turn:
            yield f'conversation "{conversation.name}": no turn, expected at least one [[conversation.turn]]'
        for number, turn in enumerate(conversation.turn, start=1):
            for problem in _turn_problems(turn):
                yield f'conversation "{conversation.name}", turn {number}: {problem}'


def _turn_problems(turn: Turn) -> Iterator[str]:
    refuses = any(fault.kind == "refusal" for fault in turn.faults)
    if turn.text is None and turn.json is None and turn.compose is None and not turn.tool and not refuses:
        yield "says nothing, expected text, json, compose or tool"
    if turn.text is not None and (turn.json is not None or turn.compose is not None):
        yield "text stands beside json or compose, expected one of them"
    if (turn.compose is None) != (not turn.item):
        yield "compose and item belong together, expected both or neither"
    if turn.text == "" or turn.thinking == "":
        yield "text or thinking is empty, expected some text or no such key"
    for field in turn.dropping:
        if turn.compose is None:
            yield f'drop_absent = "{field}" without compose'
        for number, item in enumerate(turn.item, start=1):
            if not isinstance(item.value.get("key"), str):
                yield f'item {number}: value has no text "key", which drop_absent needs'
    patterns = [("capture", turn.capture)]
    patterns += [(f"item {number}, needs", item.needs) for number, item in enumerate(turn.item, start=1)]
    for place, table in patterns:
        for key, pattern in table.items():
            try:
                groups = re.compile(pattern, re.M).groups
            except re.error as error:
                yield f"{place}.{key}: not a regular expression: {error}"
            else:
                if groups == 0 and place == "capture":
                    yield f"{place}.{key}: has no group, expected one in parentheses"

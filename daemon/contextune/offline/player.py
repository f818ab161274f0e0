"""Playing scripts: which conversation and which turn answer a request, and what they say.

Nothing is remembered for it. The conversation follows from the system prompt and the first user message, the
turn from the number of assistant messages, so a resumed or retried request gets the same answer. Calls of
which nobody knows how they ended are made once more; such a message is no turn of the script.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, NamedTuple

import msgspec

from contextune.offline.errors import invalid
from contextune.offline.faults import Faults
from contextune.offline.models import ModelSpec
from contextune.offline.script import Conversation, Item, Script, Texts, ToolCall, Turn
from contextune.offline.validate import answered_turns
from contextune.offline.wire import (
    Block,
    CountRequest,
    Document,
    Message,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)

ONCE_MORE = "Nobody knows how that ended: once more."
"""What a message says that is no turn of a script."""

QUOTED = 80
"""Characters of the task's text that a refusal quotes."""


class Place(NamedTuple):
    """A turn of a script. `turn` counts from 0."""

    script: int
    conversation: int
    turn: int


class Chosen(NamedTuple):
    """The turn that answers a request."""

    place: Place
    script: Script
    conversation: Conversation
    turn: Turn
    """What is said, which is that turn of the script, or its calls once more."""


class Speech(msgspec.Struct, frozen=True):
    """What a turn says to one request, with everything filled in."""

    thinking: str | None
    text: str | None
    calls: tuple[tuple[str, dict[str, Any]], ...]


class RequestText:
    """The texts of a request that scripts look at. Each is gathered once, when it is first needed."""

    def __init__(self, request: CountRequest) -> None:
        self._request = request

    @cached_property
    def system(self) -> str:
        """The system prompt and the system messages."""
        parts = [text.text for text in self._request.system_blocks()]
        parts += [text for m in self._request.messages if m.role == "system" for text in _texts(m)]
        return "\n".join(parts)

    @cached_property
    def task_blocks(self) -> list[str]:
        """The blocks of the user's messages before the first assistant message."""
        blocks = []
        for message in self._request.messages:
            if message.role == "assistant":
                break
            if message.role == "user":
                blocks += _texts(message)
        return blocks

    @cached_property
    def task(self) -> str:
        """What the user said before the first assistant message."""
        return "\n".join(self.task_blocks)

    @cached_property
    def newest(self) -> str:
        """What the user said, and the tools gave back, since the last assistant message."""
        blocks: list[str] = []
        for message in reversed(self._request.messages):
            if message.role == "assistant":
                break
            if message.role == "user":
                blocks = _texts(message) + blocks
        return "\n".join(blocks)

    @cached_property
    def everything(self) -> str:
        """All text of the request: system prompt, messages, tool results."""
        return "\n".join([self.system, *(text for m in self._request.messages for text in _texts(m))])


class Player:
    """The loaded scripts, and which of their turns have been played."""

    def __init__(self, scripts: Sequence[Script], faults: Faults) -> None:
        self.scripts = tuple(scripts)
        self._faults = faults
        self._played: set[Place] = set()

    def choose(self, request: CountRequest, spec: ModelSpec, texts: RequestText) -> Chosen:
        """The turn for this request. Raises `ApiError` 400, saying that this is no AI, if there is none."""
        effort = request.effort or spec.default_effort
        repeats = sum(message.role == "assistant" and _is_repeat(message) for message in request.messages)
        answered = answered_turns(request.messages) - repeats
        for s, script in enumerate(self.scripts):
            for c, conversation in enumerate(script.conversations):
                if not _fits(conversation, request.model, effort, texts):
                    continue
                again = _in_doubt(request.messages, script.again)
                if again:
                    return Chosen(Place(s, c, answered - 1), script, conversation, _once_more(again))
                if answered >= len(conversation.turn):
                    raise invalid(
                        f"{_NO_AI} Its conversation {conversation.name!r} ({script.name}) ends after "
                        f"{len(conversation.turn)} replies, and this request asks for number {answered + 1}."
                    )
                return Chosen(Place(s, c, answered), script, conversation, conversation.turn[answered])
        quoted = " ".join((texts.task_blocks or [""])[-1].split())[:QUOTED]
        raise invalid(
            f'{_NO_AI} It has no script for this request, which begins: "{quoted}". '
            "`contextune demo` does work that it has scripts for; all else needs a model, such as by a key."
        )

    def speak(self, chosen: Chosen, texts: RequestText) -> Speech:
        """What the turn says. Raises `ApiError` 400 if the request is not what the turn expects."""
        turn = chosen.turn
        where = f"{chosen.conversation.name!r} ({chosen.script.name}), reply {chosen.place.turn + 1}"
        missing = [text for text in turn.expect if text not in texts.newest]
        if missing:
            raise invalid(
                f"{_NO_AI} For {where}, the newest user message must contain "
                f"{', '.join(map(repr, missing))}. It does not."
            )
        values = {}
        for name, pattern in turn.capture.items():
            found = _search(pattern, texts.everything)
            if found is None:
                raise invalid(f"{_NO_AI} For {where}, nothing in the request matches {name} = {pattern!r}.")
            values[name] = found
        text = None if turn.text is None else fill(turn.text, values)
        answer: dict[str, Any] | None = None if turn.json is None else fill(turn.json, values)
        if turn.compose is not None:
            answer = {**(answer or {}), turn.compose: _compose(turn, values, texts, where)}
        if answer is not None:
            text = msgspec.json.encode(answer).decode()
        calls = tuple((call.name, fill(call.input, values)) for call in turn.tool)
        return Speech(turn.thinking, text, calls)

    def played(self, place: Place) -> None:
        """Note that the real reply of a turn went out."""
        self._played.add(place)

    def unused(self) -> list[str]:
        """The turns that were never played and the faults that never struck, in the order of the scripts."""
        lines = []
        for s, script in enumerate(self.scripts):
            for c, conversation in enumerate(script.conversations):
                for t, turn in enumerate(conversation.turn):
                    name = f"{script.name}: {conversation.name}, reply {t + 1}"
                    place = Place(s, c, t)
                    refuses = turn.faults and turn.text is None and turn.json is None and not turn.tool
                    if place not in self._played and not refuses:
                        lines.append(name)
                    if left := self._faults.left(place, turn.faults):
                        lines.append(f"{name}: fault, {left} times")
        return lines


_NO_AI = "This is the offline model. It is no AI and only plays scripts."


def _is_repeat(message: Message) -> bool:
    return any(
        (isinstance(block, Text) and block.text == ONCE_MORE)
        or (isinstance(block, Thinking) and block.thinking == ONCE_MORE)
        for block in message.blocks()
    )


def _once_more(calls: Sequence[ToolUse]) -> Turn:
    return Turn(text=ONCE_MORE, tool=tuple(ToolCall(name=call.name, input=call.input) for call in calls))


def _in_doubt(messages: Sequence[Message], words: Sequence[str]) -> tuple[ToolUse, ...]:
    """The calls of the newest assistant message whose results have one of these words."""
    results: dict[str, str] = {}
    for message in reversed(messages):
        if message.role == "assistant":
            calls = [block for block in message.blocks() if isinstance(block, ToolUse)]
            return tuple(call for call in calls if any(said in results.get(call.id, "") for said in words))
        for block in message.blocks():
            if isinstance(block, ToolResult):
                results[block.tool_use_id] = "\n".join(_texts_of([block]))
    return ()


def fill(value: Any, values: Mapping[str, str]) -> Any:
    """`value` with `{name}` in its strings replaced for the names in `values`; other braces stay.

    A string that is nothing but `{name:number}` becomes the number that the text stands for, if it does.
    """
    if isinstance(value, str):
        for name, text in values.items():
            if value == f"{{{name}:number}}" and text.isdecimal():
                return int(text)
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, dict):
        return {key: fill(member, values) for key, member in value.items()}
    if isinstance(value, list):
        return [fill(member, values) for member in value]
    return value


def _compose(turn: Turn, values: Mapping[str, str], texts: RequestText, where: str) -> list[dict[str, Any]]:
    included: list[dict[str, Any]] = []
    groups: set[str] = set()
    for item in turn.item:
        found = None if item.group in groups else _needs(item, texts)
        if found is None:
            continue
        if item.group is not None:
            groups.add(item.group)
        included.append(fill(item.value, {**values, **found}))
    if not included and not turn.allow_empty:
        raise invalid(f"{_NO_AI} For {where}, the request has nothing that the script's items need.")
    keys = {value.get("key") for value in included}
    for field in turn.dropping:
        for value in included:
            if isinstance(value.get(field), list):
                value[field] = [key for key in value[field] if key in keys]
    return included


def _needs(item: Item, texts: RequestText) -> dict[str, str] | None:
    values = {}
    for name, pattern in item.needs.items():
        found = _search(pattern, texts.everything)
        if found is None:
            return None
        values[name] = found
    return values


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.M)


def _search(pattern: str, text: str) -> str | None:
    found = _compiled(pattern).search(text)
    if found is None:
        return None
    return found[1] if found.re.groups and found[1] is not None else found[0]


def _fits(conversation: Conversation, model: str, effort: str | None, texts: RequestText) -> bool:
    when = conversation.when
    return (
        when.model in (None, model)
        and when.effort in (None, effort)
        and all(text in texts.system for text in _each(when.system))
        and all(text in texts.task for text in _each(when.user))
        and not any(text in texts.task for text in _each(when.unless))
    )


def _each(texts: Texts) -> Iterable[str]:
    return () if texts is None else (texts,) if isinstance(texts, str) else texts


def _texts(message: Message) -> list[str]:
    return _texts_of(message.blocks())


def _texts_of(blocks: Iterable[Block]) -> list[str]:
    texts = []
    for block in blocks:
        if isinstance(block, Text):
            texts.append(block.text)
        elif isinstance(block, ToolResult):
            parts = [Text(block.content)] if isinstance(block.content, str) else block.content or []
            texts += [part.text for part in parts if isinstance(part, Text)]
        elif isinstance(block, Document) and block.source.get("type") == "text":
            texts.append(str(block.source.get("data", "")))
        elif isinstance(block, ToolUse):
            texts.append(msgspec.json.encode(block.input).decode())
    return texts

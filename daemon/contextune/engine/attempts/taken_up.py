"""An attempt that a process left open, read back from the Journal, so that another one can go on with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from contextune.agents.briefing import OBJECTION
from contextune.agents.loop import NOT_FINISHED, NOT_RUN, LeftOff
from contextune.core.model.conversation import Message, Text, ToolResult, ToolUse
from contextune.core.proof.evidence import Evidence
from contextune.core.runs import events as ev
from contextune.core.runs.effects import FileEffect, ToolCalled, ToolReturned

MEANWHILE = "The user said something meanwhile; act on it, then call `finish` again."


class Green(NamedTuple):
    """A `finish` that the Gate found green."""

    evidence: Evidence
    summary: str
    remaining: str

    @property
    def tree(self) -> str:
        """What the worktree held."""
        return self.evidence.tree


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAttempt:
    """What the Journal tells of an attempt at work."""

    left: LeftOff
    began_at: int
    """When its conversation began, in milliseconds since the epoch; likewise the other times."""
    verdicts: int = 0
    """How often the agent was told that it is not done yet."""
    objected: bool = False
    """Whether it was asked to look once more at what was green."""
    green: Green | None = None
    """What was green already, if anything was."""
    evidence: Evidence | None = None
    """What the Gate saw after the newest reply."""
    answer: str | None = None
    """What the user answered to the question that the newest reply asks."""
    known: Mapping[str, int] = field(default_factory=dict)
    """Files that the agent read or wrote, and when it last did."""

    @property
    def uncertain(self) -> tuple[str, ...]:
        """Commands of which nobody knows whether they did their work."""
        return tuple(call for call, effects in self.left.begun.items() if not effects)


def open_attempt(events: Sequence[ev.AnyEvent], task_id: str, number: int) -> OpenAttempt | None:
    """An attempt as its events tell it, without messages if its conversation had not begun.

    None if the Journal is of a version that did not keep how each reply ended.
    """
    own = [event for event in events if _is_of(event, task_id, number)]
    said = [event for event in own if isinstance(event, ev.MessageAdded)]
    replies = [event for event in said if event.message.role == "assistant"]
    if any(reply.stop_reason is None for reply in replies):
        return None
    newest = replies[-1] if replies else None
    is_answered = newest is not said[-1] if said else True
    after = [] if newest is None or is_answered else own[own.index(newest) + 1 :]
    results = {one.call_id: one.result for one in after if isinstance(one, ToolReturned)}
    begun = {one.call_id: one.effects for one in after if isinstance(one, ToolCalled)}
    gates = [event.evidence for event in after if isinstance(event, ev.GateFinished)]
    return OpenAttempt(
        left=LeftOff(
            messages=tuple(event.message for event in said),
            turn=newest.turn if newest else 0,
            stop_reason=(newest.stop_reason if newest else None) or "end_turn",
            previous_id=newest.reply_id if newest else None,
            results=results,
            begun={call: effects for call, effects in begun.items() if call not in results},
        ),
        began_at=said[0].at if said else 0,
        objected=any(_objects(event.message) for event in said),
        green=_green(own),
        verdicts=_verdicts([event.message for event in said]),
        evidence=gates[-1] if gates else None,
        answer=_answer(after),
        known=_known(own),
    )


def _is_of(event: ev.AnyEvent, task_id: str, number: int) -> bool:
    if getattr(event, "task_id", None) != task_id:
        return False
    # Words of the user are for every attempt at work.
    return isinstance(event, ev.AgentTold) or getattr(event, "attempt", None) == number


def _answer(after: Sequence[ev.AnyEvent]) -> str | None:
    """The words that came after the newest question."""
    asked = max((i for i, event in enumerate(after) if isinstance(event, ev.QuestionAsked)), default=None)
    if asked is None:
        return None
    return next((event.text for event in after[asked:] if isinstance(event, ev.AgentTold)), None)


def _verdicts(messages: Sequence[Message]) -> int:
    turns = pairwise(messages)
    return sum(reply.role == "assistant" and _is_verdict(reply, told) for reply, told in turns)


def _is_verdict(reply: Message, told: Message) -> bool:
    """Whether a turn tells the agent, which thought that it was done, that it is not."""
    calls = [block for block in reply.blocks if isinstance(block, ToolUse)]
    if not calls:
        words = next((block.text for block in told.blocks if isinstance(block, Text)), "")
        return words != MEANWHILE
    ends = {call.id for call in calls if call.name == "finish"}
    unheard = (MEANWHILE, NOT_FINISHED, NOT_RUN)
    results = [block for block in told.blocks if isinstance(block, ToolResult) and block.tool_use_id in ends]
    return any(
        result.is_error and result.content not in unheard and not result.content.startswith(OBJECTION)
        for result in results
    )


def _objects(told: Message) -> bool:
    contents = [block.content for block in told.blocks if isinstance(block, ToolResult)]
    return any(content.startswith(OBJECTION) for content in contents)


def _green(own: Sequence[ev.AnyEvent]) -> Green | None:
    """The newest `finish` that was green."""
    found, summary, remaining = None, "", ""
    for event in own:
        if isinstance(event, ev.MessageAdded) and event.message.role == "assistant":
            calls = [block for block in event.message.blocks if isinstance(block, ToolUse)]
            given = next((call.input for call in calls if call.name == "finish"), {})
            summary, remaining = str(given.get("summary", "")), str(given.get("remaining", ""))
        elif isinstance(event, ev.GateFinished) and event.evidence.verdict != "red":
            found = Green(event.evidence, summary, remaining)
        elif isinstance(event, ev.GateFinished) and found and found.evidence.verdict == "unproved":
            found = None  # the missing test that it was asked for may have found a fault
    return found


def _known(own: Sequence[ev.AnyEvent]) -> dict[str, int]:
    """What the agent saw of files by its calls, and when their results came."""
    known: dict[str, int] = {}
    wanted: dict[str, tuple[str, ...]] = {}
    for event in own:
        match event:
            case ToolCalled():
                wanted[event.call_id] = _paths_of(event.effects)
            case ToolReturned() if not event.result.is_error:
                known.update(dict.fromkeys(wanted.get(event.call_id, ()), event.at))
            case ev.MessageAdded() if event.message.role == "assistant":
                uses = (block for block in event.message.blocks if isinstance(block, ToolUse))
                wanted.update({use.id: _read_by(use) for use in uses})
            case ev.MessageAdded():
                good = [b for b in event.message.blocks if isinstance(b, ToolResult) and not b.is_error]
                for result in good:
                    known.update(dict.fromkeys(wanted.get(result.tool_use_id, ()), event.at))
            case _:
                pass
    return known


def _paths_of(effects: Sequence[FileEffect]) -> tuple[str, ...]:
    return tuple(effect.path for effect in effects)


def _read_by(use: ToolUse) -> tuple[str, ...]:
    """The files that a `read` names. Its input is what the model wrote, of any shape."""
    files = use.input.get("files") if use.name == "read" else None
    if not isinstance(files, list):
        return ()
    return tuple(str(file.get("path")) for file in files if isinstance(file, Mapping))

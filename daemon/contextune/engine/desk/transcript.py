"""A Task's attempts as one readable Markdown document: what each was told, did, saw and cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

from contextune.core.model.conversation import Block, Message, Text, Thinking, ToolResult, ToolUse
from contextune.core.model.requests import RequestSettled
from contextune.core.runs import events as ev
from contextune.core.runs.effects import AttemptResumed
from contextune.core.runs.task_run import TaskRun

SHOWN = 4_000
"""Characters of one block that are shown."""


def transcript(task: TaskRun, events: Sequence[ev.AnyEvent], attempt: int | None) -> str:
    """The document; of one attempt, or of all if `attempt` is None."""
    parts = [f"# {task.task.title}", task.task.brief]
    turn_cost = Decimal(0)
    for number, event in _by_attempt(task, events):
        if attempt is not None and number != attempt:
            continue
        match event:
            case ev.AttemptStarted():
                why = f" {event.reason}" if event.reason else ""
                parts.append(f"## Attempt {event.attempt}: {event.role} on {event.rung}\n{why}".rstrip())
            case AttemptResumed():
                parts.append("The process that ran this attempt ended; it goes on from here.")
            case RequestSettled():
                turn_cost = event.charge.dollars or Decimal(0)
            case ev.MessageAdded():
                parts += _message(event.message, event.turn, turn_cost)
            case ev.GateFinished():
                evidence = event.evidence
                parts.append(
                    f"### Gate: {evidence.verdict}\n`{evidence.command}` ended with exit code "
                    f"{evidence.exit_code} after {evidence.duration_ms / 1000:.1f} s.\n"
                    + _fenced(evidence.output[-SHOWN:])
                )
            case ev.AttemptEnded():
                parts.append(f"Attempt {event.attempt} ended: {event.outcome}. {event.summary}".rstrip())
            case ev.TaskBounced() | ev.TaskEnded():
                parts.append(event.reason)
            case _:
                pass
    return "\n\n".join(part for part in parts if part) + "\n"


def _by_attempt(task: TaskRun, events: Sequence[ev.AnyEvent]) -> list[tuple[int, ev.AnyEvent]]:
    """The events of a Task with their attempts' numbers, those of one attempt together.

    What names no attempt belongs to the newest one of its time.
    """
    newest = 0
    numbered: list[tuple[int, ev.AnyEvent]] = []
    for event in events:
        if getattr(event, "task_id", None) == task.id:
            number: int | None = getattr(event, "attempt", None)
            newest = max(newest, number or 0)
            numbered.append((newest if number is None else number, event))
    return sorted(numbered, key=lambda one: one[0])


def _message(message: Message, turn: int, cost: Decimal) -> list[str]:
    if message.role == "assistant":
        head = f"### Turn {turn} (${cost:.6f})"
    else:
        head = "### Told" if turn == 0 else "### Saw"
        # What an agent is told holds headings, tags and code of its own: shown as it was sent.
        told = [_fenced(b.text[:SHOWN]) if isinstance(b, Text) else _block(b) for b in message.blocks]
        return [head, *told]
    return [head, *(_block(block) for block in message.blocks)]


def _block(block: Block) -> str:
    match block:
        case Text():
            return _quoted(block.text)
        case Thinking():
            return _quoted(f"(thinking) {block.thinking}") if block.thinking.strip() else ""
        case ToolUse():
            return f"**{block.name}**\n" + _fenced(
                json.dumps(block.input, indent=1, ensure_ascii=False)[:SHOWN]
            )
        case ToolResult():
            return ("Error:\n" if block.is_error else "") + _fenced(block.content[:SHOWN])
        case _:
            return ""


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text[:SHOWN].splitlines())


def _fenced(text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text}\n{fence}"

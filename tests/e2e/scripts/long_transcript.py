"""Drives a Run beside the editor's daemon: one agent whose transcript grows to many megabytes.

`long_transcript.py STATE REPOSITORY TURNS RESULTS PAUSE`: RESULTS answers of 20,000 characters in each of
TURNS turns, PAUSE seconds between two. Says a line when it has begun and one when all is journalled, waits
for a line of input after each, and then ends the attempt.
"""

from __future__ import annotations

import asyncio
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.protocol import samples as s

from contextune.adapters.journal.mailbox import FolderMailbox
from contextune.compose import journal_at
from contextune.core.model.conversation import Message, Text, ToolResult, ToolUse
from contextune.core.model.requests import RequestReserved, RequestSettled
from contextune.core.runs import events as ev
from contextune.core.runs.effects import ToolReturned

TASK, RUN = "round-up", "r_long"


def answer(turn: int, place: int) -> str:
    """20,000 characters of which no line is like another."""
    return "".join(
        f"{turn:04d}.{place:02d} line {number:04d}: what a command printed\n" for number in range(430)
    )


def turn_events(turn: int, results: int) -> list[ev.AnyEvent]:
    """What a turn leaves: a request, what the agent said and called, and the answers."""
    at, request = int(time.time() * 1000), f"{TASK}-{turn}"
    who: dict[str, Any] = {"run_id": RUN, "at": at, "task_id": TASK}
    model: dict[str, Any] = {"request_id": request, "role": "parallel-task-executor", "rung": s.LOW}
    calls = [
        ToolUse(id=f"toolu_{turn}_{n}", name="run", input={"command": f"step {turn} {n}"})
        for n in range(results)
    ]
    answers = tuple(ToolResult(tool_use_id=call.id, content=answer(turn, n)) for n, call in enumerate(calls))
    message = Message(role="assistant", blocks=(Text(text=f"Step {turn}."), *calls))
    return [
        RequestReserved(**who, **model, prompt_tokens=1_000, worst_case=Decimal("0.01")),
        RequestSettled(**who, **model, charge=s.CHARGE),
        ev.MessageAdded(**who, attempt=1, turn=turn, message=message),
        *(ToolReturned(**who, attempt=1, call_id=result.tool_use_id, result=result) for result in answers),
        ev.MessageAdded(**who, attempt=1, turn=turn, message=Message(role="user", blocks=answers)),
    ]


def say(word: str) -> None:
    """Tell the story which step is done."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def main(state: Path, repository: str, turns: int, results: int, pause: float) -> None:
    """Write all of it."""
    journal = journal_at(state / "journal.db")
    mailbox = FolderMailbox(state / "runs")
    quote = s.make_quote(repository, s.TODOS)
    with mailbox.own(RUN):
        await journal.append([s.created(quote, RUN, int(time.time() * 1000)), *s.started(TASK, RUN)])
        say("begun")
        await asyncio.to_thread(sys.stdin.readline)
        for turn in range(2, turns + 2):
            mailbox.beat(RUN)
            await journal.append(turn_events(turn, results))
            await asyncio.sleep(pause)
        say("written")
        await asyncio.to_thread(sys.stdin.readline)
        at = int(time.time() * 1000)
        await journal.append(
            [ev.AttemptEnded(run_id=RUN, at=at, task_id=TASK, attempt=1, outcome="stuck", summary="Done.")]
        )
    await journal.close()


if __name__ == "__main__":
    where, folder, count, each, rest = sys.argv[1:]
    asyncio.run(main(Path(where), folder, int(count), int(each), float(rest)))

"""The whole of a Run in an editor that knows nothing of us: quote, approve, watch, review.

Uses only what LSP gives every client: messages with buttons and progress bars.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Hashable, Iterator
from typing import TYPE_CHECKING, Any

from contextune.core.overlap.overlaps import overlap_text
from contextune.core.planning.quote import Quote
from contextune.core.runs.events import AnyEvent
from contextune.core.runs.run import Run, planning_bill
from contextune.core.runs.task_run import Question, TaskRun
from contextune.core.states import ENDED_TASK
from contextune.protocol.convert import can_accept, made_branch, undone_text
from contextune.protocol.wording import (
    bill_text,
    count_text,
    dollars_text,
    price_text,
    saving_text,
)
from contextune.server.client import Progress
from contextune.server.quoting import make_quote, new_id, put_away
from contextune.server.session import GO_ON, LATER
from contextune.server.stream import Coalescer

if TYPE_CHECKING:
    from contextune.engine.quotes.quote import QuoteRequest
    from contextune.server.session import Session

START = "Start"
CANCEL = "Cancel"
ACCEPT = "Accept"

PARKED = "parked"
"""The key of what is asked while a Run is parked: once each time."""
DISCARD = "Discard"
MAKE_ISSUES, MAKE, NONE = "Make issues on GitHub for this Run?", "Make Issues", "No Issues"

INTERVAL = 0.1
"""Seconds between two reports on a progress bar."""


async def work(session: Session, request: QuoteRequest) -> None:
    """From a request to an accepted Run, with the user asked before money is spent and before files move."""
    quote = await _quote(session, request)
    if quote is None:
        return
    try:
        chosen = await session.client.ask(quote_text(quote), [START, CANCEL])
    finally:
        put_away(session, quote.repository)
    if chosen != START:
        return
    application = await session.application()
    asks = application.forge.asks(quote.repository)
    issues = await session.client.ask(MAKE_ISSUES, [MAKE, NONE]) == MAKE if asks else None
    run = await application.start(quote.id, issues=issues)
    await review(session, await watch(session, run))


async def _quote(session: Session, request: QuoteRequest) -> Quote | None:
    """The Quote; None if the user cancelled its making."""
    loop = asyncio.get_running_loop()
    making: asyncio.Task[Quote] | None = None

    def stop() -> None:
        if making is not None:
            making.cancel()

    bar = await session.client.progress("Contextune: quote", "Looking", stop)
    making = loop.create_task(make_quote(session, new_id(), request, bar.report))
    try:
        await asyncio.wait([making])
    except asyncio.CancelledError:
        making.cancel()
        raise
    finally:
        bar.end("Cancelled" if making.cancelled() else "Done")
    return None if making.cancelled() else making.result()


async def watch(session: Session, run: Run) -> Run:
    """Follow a Run to the end of its drive with a progress bar; cancelling the bar cancels the Run."""
    application = await session.application()
    asked: set[Hashable] = set()

    def stop() -> None:
        session.spawn(_cancel(session, run.id))

    def see_to(now: Run) -> None:
        for key, conversation in _needs(session, now, asked):
            asked.add(key)
            session.spawn(conversation)

    # The Run is at work already: what happened since it was started is in the marks.
    see_to(session.marks.runs.get(run.id, run))
    bar = Watched(run.id, see_to)
    unsubscribe = application.subscribe(bar.heard)
    try:
        bar.shown = await session.client.progress(f"Contextune: {run.title}", progress_text(run), stop)
        return await application.wait(run.id)
    finally:
        unsubscribe()
        bar.end()


class Watched:
    """Turns the events of one Run into reports on its progress bar."""

    def __init__(self, run_id: str, see_to: Callable[[Run], None]) -> None:
        self._run_id = run_id
        self._see_to = see_to
        self._reports = Coalescer(asyncio.get_running_loop(), INTERVAL)
        self.shown: Progress | None = None
        """None before the editor has opened the bar, and after its end."""

    def heard(self, run: Run, _event: AnyEvent) -> None:
        """One more event."""
        if run.id == self._run_id:
            self._see_to(run)
            self._reports.offer("bar", lambda: self._report(run))

    def end(self) -> None:
        """Close the bar; reports that wait for their turn are dropped."""
        if self.shown is not None:
            self.shown.end("Done")
            self.shown = None

    def _report(self, run: Run) -> None:
        if self.shown is not None:
            ended = sum(task.state in ENDED_TASK for task in run.tasks)
            self.shown.report(progress_text(run), ended * 100 // len(run.tasks))


async def _cancel(session: Session, run_id: str) -> None:
    await (await session.application()).cancel(run_id)


def _needs(
    session: Session, run: Run, asked: set[Hashable]
) -> Iterator[tuple[Hashable, Coroutine[Any, Any, None]]]:
    """What the Run needs of the user and was not asked yet."""
    if run.state != "parked":
        asked.discard(PARKED)
    elif PARKED not in asked:
        own = run.parked_by in {None, "run"}
        yield PARKED, (_raise_budget if own else _await_budget)(session, run)
    for task in run.tasks:
        if task.state == "asking" and task.question is not None:
            key = ("question", task.id, task.question.text)
            if key not in asked:
                yield key, _answer(session, run, task, task.question)


async def _raise_budget(session: Session, run: Run) -> None:
    more = run.budget * 2
    go_on = f"Go on with {dollars_text(more)}"
    if await session.client.ask(f"“{run.title}”: {run.reason}", [go_on, LATER], "warning") == go_on:
        await (await session.application()).resume(run.id, more)


async def _await_budget(session: Session, run: Run) -> None:
    """A budget around the Run's own is reached: the user raises it in the settings, if at all."""
    text = f"“{run.title}”: {run.reason} Raise `{run.parked_by}_budget` in the settings, then go on."
    if await session.client.ask(text, [GO_ON, LATER], "warning") == GO_ON:
        await (await session.application()).resume(run.id, None)


async def _answer(session: Session, run: Run, task: TaskRun, question: Question) -> None:
    text = f"“{task.task.title}” asks: {question.text}"
    if not question.choices:
        session.client.say(f"{text} Answer with: contextune answer {task.id} TEXT")
        return
    chosen = await session.client.ask(text, question.choices)
    if chosen is not None:
        await (await session.application()).answer(run.id, task.id, chosen)


async def review(session: Session, run: Run) -> None:
    """Offer to accept what a Run came to, or tell why there is nothing to accept."""
    if not can_accept(run):
        session.client.say(outcome_text(run), "info" if run.state in {"accepted", "cancelled"} else "warning")
        return
    chosen = await session.client.ask(outcome_text(run), [ACCEPT, LATER, DISCARD])
    if chosen == ACCEPT:
        await accept(session, run.id)
    elif chosen == DISCARD:
        await discard(session, run.id)


async def accept(session: Session, run_id: str) -> None:
    """Move the user's branch to a Run's result; files that ask for a look are named first."""
    application = await session.application()
    flagged = [change for change in (await application.run(run_id)).changes if change.flag]
    if flagged:
        named = ", ".join(f"{change.path} ({change.flag})" for change in flagged)
        text = f"These files ask for a look: {named}. Accept them, too?"
        if await session.client.ask(text, [ACCEPT, LATER], "warning") != ACCEPT:
            return
    run = await application.accept(run_id, "merge", seen=[change.path for change in flagged])
    where = run.accepted.branch if run.accepted is not None else None
    beside = f", since {run.base.branch} is protected" if made_branch(run) else ""
    session.client.say(
        f"Accepted “{run.title}” on {where or 'the detached HEAD'}{beside}. "
        f"Undo by the code lens at the top of a changed file, or with: contextune undo {run.id}"
    )


async def undo(session: Session, run_id: str) -> None:
    """Move the user's branch back."""
    run = await (await session.application()).undo(run_id)
    session.client.say(f"Undone: “{run.title}”. {undone_text(run)}")


async def discard(session: Session, run_id: str) -> None:
    """Drop a Run's result."""
    run = await (await session.application()).discard(run_id)
    kept = f" It is kept in {', '.join(run.salvage)}." if run.salvage else ""
    session.client.say(f"Discarded “{run.title}”.{kept}")


def quote_text(quote: Quote) -> str:
    """The Quote in a few sentences, the price first."""
    said = [
        f"“{quote.title}”: {count_text(len(quote.plan.tasks), 'task')} in "
        f"{count_text(len(quote.waves), 'wave')}, {price_text(quote.price)}."
    ]
    if quote.price.at_sonnet is not None:
        said.append(f"All-Sonnet would cost {dollars_text(quote.price.at_sonnet)}.")
    if quote.planning:
        said.append(f"Planning cost {bill_text(planning_bill(quote))}.")
    if quote.offline:
        said.append("Offline model: scripted, no AI, costs nothing.")
    return " ".join([*said, *(overlap_text(one) for one in quote.overlaps), *quote.warnings])


def progress_text(run: Run) -> str:
    """Such as `1 of 3 tasks done · 2 working · $0.0123`."""
    ended = sum(task.state in ENDED_TASK for task in run.tasks)
    counts = Counter(task.state for task in run.tasks if task.state not in ENDED_TASK | {"waiting"})
    said = [f"{ended} of {count_text(len(run.tasks), 'task')} done"]
    said += [f"{count} {state}" for state, count in sorted(counts.items())]
    if run.state in {"paused", "parked"}:
        said.append(run.state)
    return " · ".join([*said, bill_text(run.bill)])


def outcome_text(run: Run) -> str:
    """Such as `3 of 3 tasks accepted for $0.0123, 90 % less than all-Sonnet.` and what did not end well."""
    accepted = sum(task.state == "accepted" for task in run.tasks)
    saving = saving_text(run.bill.saving)
    less = f", {saving} less than all-Sonnet" if saving else ""
    said = [
        f"“{run.title}”: {accepted} of {count_text(len(run.tasks), 'task')} accepted "
        f"for {bill_text(run.bill)}{less}."
    ]
    said += [
        f"“{task.task.title}” {task.state}: {task.reason}"
        for task in run.tasks
        if task.state not in {"accepted", "waiting"} and task.reason
    ]
    if run.offline:
        said.append("Offline model: nothing was paid.")
    if run.reason:
        said.append(run.reason)
    if run.state == "review":
        said.append(f"See it with: git diff {run.base.commit[:10]} {(run.ghost or '')[:10]}")
    return " ".join(said)

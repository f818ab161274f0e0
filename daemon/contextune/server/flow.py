"""The whole of a Run in an editor that knows nothing of us: quote, approve, watch, review.

Uses only what LSP gives every client: messages with buttons and progress bars.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Hashable, Iterator
from typing import TYPE_CHECKING, Any

from contextune.core.planning.quote import Quote
from contextune.core.runs.events import AnyEvent
from contextune.core.runs.halted import halted
from contextune.core.runs.run import Run, planning_bill
from contextune.core.runs.task_run import Question, TaskRun
from contextune.core.settings import BUDGET_SETTINGS
from contextune.core.states import ENDED_TASK
from contextune.protocol.convert import can_accept, made_branch, reason_text, undone_text
from contextune.protocol.shown import bill_shown, price_shown
from contextune.protocol.wording import dollars_text, saving_text
from contextune.protocol.words import counted, mark, shown, spoken, state_text, t
from contextune.server.client import Progress
from contextune.server.marks import overlap_sentence
from contextune.server.quoting import make_quote, new_id, put_away
from contextune.server.session import GO_ON, LATER
from contextune.server.stream import Coalescer

if TYPE_CHECKING:
    from contextune.engine.quotes.quote import QuoteRequest
    from contextune.server.session import Session

START, CANCEL, ACCEPT, DISCARD = mark("Start"), mark("Cancel"), mark("Accept"), mark("Discard")

PARKED = "parked"
"""The key of what is asked while a Run is parked: once each time."""
MAKE, NONE = mark("Make Issues"), mark("No Issues")

INTERVAL = 0.1
"""Seconds between two reports on a progress bar."""


async def work(session: Session, request: QuoteRequest) -> None:
    """From a request to an accepted Run, with the user asked before money is spent and before files move."""
    quote = await _quote(session, request)
    if quote is None:
        return
    try:
        chosen = await session.client.choose(quote_text(quote), [START, CANCEL])
    finally:
        put_away(session, quote.repository)
    application = await session.application()
    if chosen != START:
        await application.leave(quote.id)
        return
    asks = application.forge.asks(quote.repository)
    question = t("Make issues on GitHub for this Run?")
    issues = await session.client.choose(question, [MAKE, NONE]) == MAKE if asks else None
    run = await application.start(quote.id, issues=issues)
    await review(session, await watch(session, run))


async def _quote(session: Session, request: QuoteRequest) -> Quote | None:
    """The Quote; None if the user cancelled its making."""
    loop = asyncio.get_running_loop()
    making: asyncio.Task[Quote] | None = None

    def stop() -> None:
        if making is not None:
            making.cancel()

    bar = await session.client.progress(t("Contextune: quote"), t("Looking"), stop)
    making = loop.create_task(make_quote(session, new_id(), request, bar.report))
    try:
        await asyncio.wait([making])
    except asyncio.CancelledError:
        making.cancel()
        raise
    finally:
        bar.end(t("Cancelled") if making.cancelled() else t("Done"))
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
            self.shown.end(t("Done"))
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
    go_on = t("Go on with {dollars}", dollars=dollars_text(more))
    if (
        await session.client.ask(f"“{run.title}”: {shown(run.reason)}", [go_on, spoken(LATER)], "warning")
        == go_on
    ):
        await (await session.application()).resume(run.id, more)


async def _await_budget(session: Session, run: Run) -> None:
    """A budget around the Run's own is reached: the user raises it in the settings, if at all."""
    remedy = t(
        "Raise `{setting}` in the settings, then go on.", setting=BUDGET_SETTINGS[run.parked_by or "run"]
    )
    text = f"“{run.title}”: {shown(run.reason)} {remedy}"
    if await session.client.choose(text, [GO_ON, LATER], "warning") == GO_ON:
        await (await session.application()).resume(run.id, None)


async def _answer(session: Session, run: Run, task: TaskRun, question: Question) -> None:
    text = t("“{title}” asks: {question}", title=task.task.title, question=shown(question.text))
    if not question.choices:
        session.client.say(
            f"{text} {t('Answer with: {command}', command=f'contextune answer {task.id} TEXT')}"
        )
        return
    chosen = await session.client.ask(text, question.choices)
    if chosen is not None:
        await (await session.application()).answer(run.id, task.id, chosen)


async def review(session: Session, run: Run) -> None:
    """Offer to accept what a Run came to, or tell why there is nothing to accept."""
    if not can_accept(run):
        session.client.say(outcome_text(run), "info" if run.state in {"accepted", "cancelled"} else "warning")
        return
    chosen = await session.client.choose(outcome_text(run), [ACCEPT, LATER, DISCARD])
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
        text = t("These files ask for a look: {files}. Accept them, too?", files=named)
        if await session.client.choose(text, [ACCEPT, LATER], "warning") != ACCEPT:
            return
    run = await application.accept(run_id, "merge", seen=[change.path for change in flagged])
    where = run.accepted.branch if run.accepted is not None else None
    stands = {"title": run.title, "branch": where or t("the detached HEAD")}
    accepted = (
        t("Accepted “{title}” on {branch}, since {base} is protected.", **stands, base=run.base.branch)
        if made_branch(run)
        else t("Accepted “{title}” on {branch}.", **stands)
    )
    undo_by = t(
        "Undo by the code lens at the top of a changed file, or with: {command}",
        command=f"contextune undo {run.id}",
    )
    session.client.say(f"{accepted} {undo_by}")


async def undo(session: Session, run_id: str) -> None:
    """Move the user's branch back."""
    run = await (await session.application()).undo(run_id)
    session.client.say(f"{t('Undone: “{title}”.', title=run.title)} {undone_text(run)}")


async def discard(session: Session, run_id: str) -> None:
    """Drop a Run's result."""
    run = await (await session.application()).discard(run_id)
    said = [t("Discarded “{title}”.", title=run.title)]
    if run.salvage:
        said.append(t("It is kept in {refs}.", refs=", ".join(run.salvage)))
    session.client.say(" ".join(said))


def quote_text(quote: Quote) -> str:
    """The Quote in a few sentences, the price first."""
    tasks = counted(len(quote.plan.tasks), mark("1 task"), mark("{count} tasks"))
    waves = counted(len(quote.waves), mark("1 wave"), mark("{count} waves"))
    price = price_shown(quote.price)
    said = [
        t("“{title}”: {tasks} in {waves}, {price}.", title=quote.title, tasks=tasks, waves=waves, price=price)
    ]
    if quote.price.at_sonnet is not None:
        said.append(t("All-Sonnet would cost {dollars}.", dollars=dollars_text(quote.price.at_sonnet)))
    if quote.planning:
        said.append(t("Planning cost {cost}.", cost=bill_shown(planning_bill(quote))))
    if quote.offline:
        said.append(t("Offline model: scripted, no AI, costs nothing."))
    return " ".join([*said, *(overlap_sentence(one) for one in quote.overlaps), *map(shown, quote.warnings)])


def progress_text(run: Run) -> str:
    """Such as `1 of 3 tasks done · 2 working · $0.0123`."""
    ended = sum(task.state in ENDED_TASK for task in run.tasks)
    going = (task for task in run.tasks if halted(run, task) is None)
    counts = Counter(task.state for task in going if task.state not in ENDED_TASK | {"waiting"})
    of = counted(len(run.tasks), mark("of 1 task done"), mark("of {count} tasks done"))
    said = [f"{ended} {of}"]
    said += [f"{count} {state_text(state)}" for state, count in sorted(counts.items())]
    if run.state in {"paused", "parked"}:
        said.append(state_text(run.state))
    return " · ".join([*said, bill_shown(run.bill)])


def outcome_text(run: Run) -> str:
    """Such as `3 of 3 tasks accepted for $0.0123, 90 % less than all-Sonnet.` and what did not end well."""
    accepted = sum(task.state == "accepted" for task in run.tasks)
    of = counted(len(run.tasks), mark("of 1 task accepted"), mark("of {count} tasks accepted"))
    stands = {"title": run.title, "tasks": f"{accepted} {of}", "cost": bill_shown(run.bill)}
    saving = saving_text(run.bill.saving)
    said = [
        t("“{title}”: {tasks} for {cost}, {saving} less than all-Sonnet.", **stands, saving=saving)
        if saving
        else t("“{title}”: {tasks} for {cost}.", **stands)
    ]
    said += [
        f"“{task.task.title}” {state_text(task.state)}: {shown(task.reason)}"
        for task in run.tasks
        if task.state not in {"accepted", "waiting"} and task.reason
    ]
    if run.offline:
        said.append(t("Offline model: nothing was paid."))
    if run.reason:
        said.append(reason_text(run))
    if run.state == "review":
        command = f"git diff {run.base.commit[:10]} {(run.ghost or '')[:10]}"
        said.append(t("See it with: {command}", command=command))
    return " ".join(said)

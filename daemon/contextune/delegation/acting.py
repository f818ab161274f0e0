"""The tools that spend or change: `quote`, `run`, `tell`, `answer`, `cancel`, `accept`.

Each has beside it the question that its user is put where the permission is `ask`.
"""

from __future__ import annotations

from decimal import Decimal

from contextune.core.errors import UsageProblem
from contextune.core.planning.quote import Quote, TaskQuote
from contextune.core.runs.run import Run, planning_bill
from contextune.core.settings import Settings
from contextune.core.states import ENDED_TASK, LIVE_RUN
from contextune.delegation import answers as a
from contextune.delegation import inputs as i
from contextune.delegation.desk import Answer, Desk
from contextune.delegation.looking import run_answer, run_text
from contextune.delegation.waiting import PATIENCE, Heard, needs_somebody, until
from contextune.delegation.words import WORDS, name, names, quoted, sentences, title, told
from contextune.engine.quotes.quote import QuoteRequest
from contextune.protocol.convert import made_branch
from contextune.protocol.wording import bill_text, count_text, dollars_text, price_text

OVERRIDES = {"accept": "none"}
"""A Run of another agent never accepts itself, whatever the settings say: `accept` has its own permission."""


async def ask_quote(desk: Desk, given: i.QuoteInput) -> str:
    """What making the Quote may cost."""
    settings = await desk.app.settings(desk.folder)
    _check_quote(given)
    if given.goal:
        what = quoted(given.goal, WORDS)
    else:
        what = "every Todo" if given.all else count_text(len(given.todo_ids), "Todo")
    return f"Make a quote for {what}? It runs the tests once, and {_planning_cost(settings)}."


def _planning_cost(settings: Settings) -> str:
    if settings.offline:
        return "costs nothing with the offline model"
    return f"planning may cost cents, {dollars_text(settings.budget)} at the very most"


def _check_quote(given: i.QuoteInput) -> None:
    if sum(map(bool, (given.todo_ids, given.all, given.goal.strip()))) != 1:
        raise UsageProblem("Give one of todoIds, all and goal: that is what the quote is for.")


async def quote(desk: Desk, given: i.QuoteInput, heard: Heard) -> Answer:
    """Plan and price; start nothing."""
    _check_quote(given)
    request = QuoteRequest(
        folder=desk.folder, todo_ids=given.todo_ids, all=given.all, goal=given.goal.strip() or None
    )
    await heard(0.0, "Making a quote")
    made = await desk.app.quote(request, overrides=OVERRIDES)
    desk.keep(made)
    content = _quote_answer(made)
    rows = [f"Quote: {content.title}"]
    for task in content.tasks:
        after = f", after {', '.join(task.depends_on)}" if task.depends_on else ""
        rows.append(f"Task {task.id}, wave {task.wave}{after}, {task.price_text}  {task.title}")
        rows.append(f"  files: {', '.join(task.files) or 'not known'}")
    rows += [f"Warning: {warning}" for warning in content.warnings]
    before = (
        f"Quote {made.id}: {count_text(len(made.tasks), 'Task')}, {content.price_text}; "
        f"{bill_text(planning_bill(made))} of planning is spent; the budget is {dollars_text(made.budget)}."
    )
    after = "Nothing has started. The tool `run` starts it, within the limit that you give."
    return Answer(told("said", rows, before, after), content)


def _quote_answer(made: Quote) -> a.QuoteAnswer:
    wave_of = {task_id: number for number, wave in enumerate(made.waves, 1) for task_id in wave}
    return a.QuoteAnswer(
        quote_id=made.id,
        title=title(made.title),
        tasks=tuple(_quoted(made, task, wave_of[task.task_id]) for task in made.tasks),
        low=made.price.low,
        likely=made.price.likely,
        high=made.price.high,
        price_text=price_text(made.price),
        spent_on_planning=planning_bill(made).dollars,
        budget=made.budget,
        gate=title(made.gate or ""),
        warnings=sentences(made.warnings),
        offline=made.offline,
    )


def _quoted(made: Quote, one: TaskQuote, wave: int) -> a.QuotedTask:
    task = made.plan.task(one.task_id)
    return a.QuotedTask(
        id=task.id,
        title=title(task.title),
        wave=wave,
        todo_ids=task.todo_ids,
        files=names(task.files),
        depends_on=task.depends_on,
        price_text=price_text(one.price),
    )


async def ask_run(desk: Desk, given: i.RunInput) -> str:
    """What starts, and what it may cost."""
    made = desk.quote(given.quote_id)
    most = dollars_text(_budget(made, given))
    tasks = count_text(len(made.tasks), "Task")
    return f"Start {quoted(made.title)}: {tasks}, {price_text(made.price)}, {most} at most?"


async def run(desk: Desk, given: i.RunInput, heard: Heard) -> Answer:
    """Start a Run from its Quote."""
    made = desk.quote(given.quote_id)
    started = await desk.whole(desk.app.start(made.id, budget=_budget(made, given)))
    desk.drop(made.id)
    found = await needs_somebody(desk, started.id, given.wait_seconds, heard)
    content = run_answer(desk, found)
    return Answer(run_text(content), content)


def _budget(made: Quote, given: i.RunInput) -> Decimal:
    """What the Run may cost. Raises UsageProblem if it could not even begin with that."""
    limit = given.limit
    if not limit.is_finite() or limit < 0:
        raise UsageProblem(f"limit: {str(limit)[:40]} is no amount of dollars, such as 0.50.")
    least = planning_bill(made).dollars + (made.price.low or 0)
    if limit < least:
        raise UsageProblem(
            f"limit: {dollars_text(limit)} is less than the {dollars_text(least)} that this quote comes to "
            "at the least, planning included. Give more, or quote less."
        )
    return min(limit, made.budget)


async def ask_tell(desk: Desk, given: i.WordsInput) -> str:
    """Who is told what."""
    found = await desk.run_with(given.run_id, given.task_id)
    return f"Tell the agent of {_task_title(found, given.task_id)} this: {quoted(given.text, WORDS)}?"


async def tell(desk: Desk, given: i.WordsInput, heard: Heard) -> Answer:
    """Send words to a Task's agent."""
    del heard
    found = await desk.run_with(given.run_id, given.task_id)
    await desk.whole(desk.app.tell(found.id, given.task_id, given.text))
    said = f"The agent of {given.task_id} reads it with its next turn."
    return _done(said, await desk.run(found.id), given.task_id, is_done=True)


async def ask_answer(desk: Desk, given: i.WordsInput) -> str:
    """Which question gets which answer."""
    found = await desk.run_with(given.run_id, given.task_id)
    question = found.task(given.task_id).question
    asked = f" to {quoted(question.text, WORDS)}" if question else ""
    return f"Answer {_task_title(found, given.task_id)}{asked} with {quoted(given.text, WORDS)}?"


async def answer(desk: Desk, given: i.WordsInput, heard: Heard) -> Answer:
    """Answer what a Task's agent asks."""
    del heard
    found = await desk.run_with(given.run_id, given.task_id)
    question = found.task(given.task_id).question
    words = given.text
    if question is not None:
        # The client was shown the choices with what steers spelled out, and says one back like that.
        words = next((one for one in question.choices if title(one) == title(words)), words)
    await desk.whole(desk.app.answer(found.id, given.task_id, words))
    after, held = await until(
        desk, found.id, lambda now: now.task(given.task_id).question != question, PATIENCE
    )
    return _done(f"Answered {given.task_id}.", after, given.task_id, is_done=held)


async def ask_cancel(desk: Desk, given: i.CancelInput) -> str:
    """What stops."""
    if given.task_id:
        found = await desk.run_with(given.run_id, given.task_id)
        return f"Stop the Task {_task_title(found, given.task_id)} for good?"
    found = await desk.run(given.run_id)
    return f"Stop the Run {quoted(found.title)} for good?"


async def cancel(desk: Desk, given: i.CancelInput, heard: Heard) -> Answer:
    """Stop a Run or a Task."""
    del heard
    found = await desk.run(given.run_id)
    task_id = given.task_id
    if task_id:
        found = await desk.run_with(found.id, task_id)
        await desk.whole(desk.app.cancel_task(found.id, task_id))
        after, held = await until(desk, found.id, lambda now: now.task(task_id).state in ENDED_TASK, PATIENCE)
        said = f"Task {task_id} is {after.task(task_id).state}. Its worktree stays as it is."
        return _done(said, after, task_id, is_done=held)
    if found.state not in LIVE_RUN:
        raise UsageProblem(f"Run {found.id} is {found.state}; there is nothing to cancel.")
    await desk.whole(desk.app.cancel(found.id))
    after, held = await until(desk, found.id, lambda now: now.state not in LIVE_RUN, PATIENCE)
    return _done(f"Run {after.id} is {after.state}. Its worktrees stay.", after, "", is_done=held)


async def ask_accept(desk: Desk, given: i.AcceptInput) -> str:
    """Which branch moves."""
    found = await desk.run(given.run_id)
    if not found.joined:
        raise UsageProblem(f"Run {found.id} is {found.state} and has no result to accept.")
    count = count_text(len(set(found.joined) - set(given.without)), "Task")
    branch = name(found.base.branch or "HEAD")
    return f"Bring {count} of {quoted(found.title)} to the branch {branch}? Undo takes it back."


async def accept(desk: Desk, given: i.AcceptInput, heard: Heard) -> Answer:
    """Move the user's branch once; a Run with files that a person must look at is refused."""
    del heard
    before = await desk.run(given.run_id)
    moved = await desk.whole(desk.app.accept(before.id, given.mode, without=given.without))
    accepted = moved.accepted
    branch = name((accepted.branch if accepted else None) or "HEAD")
    commit = accepted.after if accepted else ""
    is_made = made_branch(moved) is not None
    content = a.AcceptAnswer(
        run_id=moved.id,
        state=moved.state,
        branch=branch,
        commit=commit,
        made_branch=is_made,
        notes=sentences(moved.notes[len(before.notes) :]),
    )
    protected = f"{name(moved.base.branch or 'HEAD')} is protected and has not moved." if is_made else ""
    said = f"Run {moved.id} is {moved.state}: the branch {branch} is at {commit[:12]}. {protected}".strip()
    if content.notes:
        said = told("said", content.notes, said)
    return Answer(said, content)


def _task_title(found: Run, task_id: str) -> str:
    return quoted(found.task(task_id).task.title)


def _done(said: str, after: Run, task_id: str, *, is_done: bool) -> Answer:
    if not is_done:
        said = f"The process that drives run {after.id} was told, and has not acted on it yet."
    state = after.task(task_id).state if task_id else ""
    content = a.DoneAnswer(
        run_id=after.id, state=after.state, task_id=task_id, task_state=state, is_done=is_done
    )
    return Answer(said, content)

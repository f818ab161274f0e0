"""`pause`, `set`, `cancel`, `tell`, `answer`, `accept`, `rebase`, `undo`: to a Run, wherever it is driven."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Callable, Mapping

from contextune.cli.asking import chosen
from contextune.cli.naming import find_task, run_named, task_named
from contextune.cli.output import Output
from contextune.cli.pictures import show_run_line
from contextune.cli.tables import beside_text, limits_text
from contextune.core.errors import UsageProblem
from contextune.core.model.budget import Limits
from contextune.core.overlap.radar import Course
from contextune.core.runs.forge_text import is_by_pull, pull_text
from contextune.core.runs.ladder import is_to_begin
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun
from contextune.core.states import ENDED_TASK, LIVE_RUN
from contextune.engine.application import Application
from contextune.protocol.convert import made_branch, undone_text
from contextune.protocol.wording import count_text, dollars_text, price_text, rung_text

COURSES: Mapping[str, Course] = {"wait": "wait", "rebase": "rebase", "go-on": "go_on"}
PATIENCE, LOOK = 10.0, 0.05
"""Seconds to wait for the process that drives a Run to do as it was told, and between two looks."""


async def pause(app: Application, given: Namespace, out: Output) -> int:
    """Take no further turn, on a Run or on one of its Tasks."""
    named = await find_task(app, given.what)
    if named is not None:
        run_id, task_id = named
        await app.steering.pause_task(run_id, task_id)
        found = await _once(app, run_id, lambda run: run.task(task_id).paused, out)
        show_run_line(found, out)
        out.say(f"{_paused_text(found.task(task_id))} `contextune resume {run_id}/{task_id}` goes on.")
        if found.resting:
            out.say(f"Run {run_id} goes on with nothing else. {found.reason}")
        return 0
    found = await run_named(app, given.what)
    _require_live(found, "pause")
    if found.state == "running":
        await app.pause(found.id)
        found = await _once(app, found.id, lambda run: run.state != "running", out)
    show_run_line(found, out)
    out.say(f"Run {found.id} is {found.state}. `contextune resume {found.id}` goes on.")
    return 0


def _paused_text(task: TaskRun) -> str:
    """That a Task is paused, and what of it comes to an end first."""
    name = f"Task {task.id} is paused"
    match task.state:
        case "testing" | "joining":
            return f"{name}: what is green by now joins the others, what is red goes to no agent."
        case "asking":
            return f"{name}: its question waits for your answer."
        case _ if task.attempts:
            return f"{name}: a reply in flight is kept, its worktree stays."
        case _:
            return f"{name}: no agent begins with it."


async def adjust(app: Application, given: Namespace, out: Output) -> int:
    """Other budgets, another number of agents, or another rung, while the Run goes on."""
    found = await app.run(given.run)
    wanted = (given.budget or found.budget, given.agents or found.agents)
    if given.task and given.rung is None:
        raise UsageProblem("--task says which Tasks begin on another rung: give --rung as well.")
    offer = None if given.rung is None else await app.steering.rungs(found.id, given.task)
    limits = Limits(task=given.task_budget, request=given.request_budget, requests=given.max_requests)
    await app.steering.adjust(
        found.id,
        budget=given.budget,
        agents=given.agents,
        limits=limits,
        start=given.rung,
        task_ids=given.task,
    )

    def holds(run: Run) -> bool:
        moved = () if offer is None else offer.task_ids
        # One with which an agent began meanwhile keeps its rung.
        kept = all(run.task(one).begins == given.rung or not is_to_begin(run.task(one)) for one in moved)
        return (run.budget, run.agents) == wanted and run.limits == run.limits.after(limits) and kept

    found = await _once(app, found.id, holds, out)
    show_run_line(found, out)
    agents = count_text(found.agents, "agent")
    terms = f"Run {found.id} may cost {dollars_text(found.budget)}, with {agents} at the same time."
    out.say(f"{terms} {limits_text(limits)}".rstrip())
    for one in found.tasks:
        if limits.task is not None and one.state not in ENDED_TASK and one.bill.dollars >= limits.task:
            spent = dollars_text(one.bill.dollars)
            out.say(f"{one.id} has cost {spent}: it asks you before its next request.")
    if offer is not None:
        rung = offer.rungs[given.rung]
        moved = [one for one in offer.task_ids if found.task(one).begins == given.rung]
        out.say(f"On {rung_text(rung.rung)} begin: {', '.join(moved)}. {price_text(rung.price)}.")
    return 0


async def cancel(app: Application, given: Namespace, out: Output) -> int:
    """Stop a Run or a Task for good."""
    named = await find_task(app, given.what)
    if named is None:
        found = await run_named(app, given.what)
        _require_live(found, "cancel")
        await app.cancel(found.id)
        found = await _once(app, found.id, lambda run: run.state not in LIVE_RUN, out)
        out.say(f"Run {found.id} is {found.state}. Its worktrees stay as they are.")
    else:
        run_id, task_id = named
        await app.cancel_task(run_id, task_id)
        found = await _once(app, run_id, lambda run: run.task(task_id).state in ENDED_TASK, out)
        out.say(f"Task {task_id} is {found.task(task_id).state}. Its worktree stays as it is.")
    show_run_line(found, out)
    return 0


async def tell(app: Application, given: Namespace, out: Output) -> int:
    """Words for a Task's agent."""
    run_id, task_id = await task_named(app, given.task)
    await app.tell(run_id, task_id, given.text)
    show_run_line(await app.run(run_id), out)
    out.say(f"The agent of {task_id} reads it with its next turn.")
    return 0


async def answer(app: Application, given: Namespace, out: Output) -> int:
    """The answer to a Task's question."""
    run_id, task_id = await task_named(app, given.task)
    found = await app.run(run_id)
    question = next((task.question for task in found.tasks if task.id == task_id), None)
    text = chosen(given.text, question.choices) if question else given.text
    await app.answer(run_id, task_id, text)
    found = await _once(app, run_id, lambda run: run.task(task_id).question != question, out)
    show_run_line(found, out)
    out.say(f"Answered {task_id}: {text}")
    return 0


async def course(app: Application, given: Namespace, out: Output) -> int:
    """What a Task does about others that it overlaps with."""
    run_id, task_id = await task_named(app, given.task)
    wish: Course = COURSES[given.course]
    before = await app.run(run_id)
    await app.choose_course(run_id, task_id, wish)
    found = await _once(app, run_id, lambda run: run.seq != before.seq, out)
    show_run_line(found, out)
    task = found.task(task_id)
    others = ", ".join(task.waits_for)
    out.say(f"{task_id} waits for {others}." if others else f"{task_id} waits for no other Task.")
    return 0


async def accept(app: Application, given: Namespace, out: Output) -> int:
    """Move the user's branch once."""
    before = await app.run(given.run)
    seen = [change.path for change in before.changes] if given.seen else []
    moved = await app.accept(
        given.run,
        "pr" if given.pr else "squash" if given.squash else "merge",
        seen=seen,
        without=given.without,
        onto_protected=given.onto_protected,
        here=given.here,
    )
    for note in moved.notes[len(before.notes) :]:
        out.say(note)
    return _moved(moved, out)


async def rebase(app: Application, given: Namespace, out: Output) -> int:
    """Have a Run follow its branch."""
    before = await app.run(given.run)
    driven = app.is_driven_elsewhere(before.id)
    found = await app.rebase(before.id)
    if driven:
        found = await _once(app, before.id, lambda run: len(run.notes) > len(before.notes), out)
    show_run_line(found, out)
    for note in found.notes[len(before.notes) :]:
        out.say(note)
    return 0


async def undo(app: Application, given: Namespace, out: Output) -> int:
    """Move the user's branch back."""
    return _moved(await app.undo(given.run), out)


def _require_live(run: Run, verb: str) -> None:
    if run.state not in LIVE_RUN:
        raise UsageProblem(f"Run {run.id} is {run.state}; there is nothing to {verb}.")


async def _once(app: Application, run_id: str, holds: Callable[[Run], bool], out: Output) -> Run:
    """The Run once the process that drives it has done as it was told."""
    try:
        async with asyncio.timeout(PATIENCE):
            # The event that is waited for happens in another process; the journal is all there is to look at.
            while not holds(found := await app.run(run_id)):  # noqa: ASYNC110
                await asyncio.sleep(LOOK)
    except TimeoutError:
        found = await app.run(run_id)
        out.note(f"The process that drives run {run_id} was told, and has not acted on it yet.")
    return found


def _moved(moved: Run, out: Output) -> int:
    show_run_line(moved, out)
    beside = made_branch(moved) is not None
    if moved.state == "undone":
        out.say(f"Run {moved.id} is undone. {undone_text(moved)}")
    elif is_by_pull(moved):
        out.say(f"Run {moved.id} is accepted. {pull_text(moved)}")
    elif moved.accepted is not None:
        where = f"branch {moved.accepted.branch}" if moved.accepted.branch else "HEAD"
        out.say(f"Run {moved.id} is accepted: {where} is at {moved.accepted.after[:12]}.")
    if beside:
        out.say(beside_text(moved))
    return 0

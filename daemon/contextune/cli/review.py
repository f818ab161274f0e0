"""The review of a Run without an editor: `show --review`, and `discard` of a Run or of changes in it."""

from __future__ import annotations

from argparse import Namespace

from contextune.cli.output import Output
from contextune.cli.pictures import show_run_line
from contextune.cli.tables import proof
from contextune.core.errors import UsageProblem
from contextune.core.plain_text import one_line
from contextune.core.runs.review import TaskReview, review
from contextune.core.runs.run import Run
from contextune.engine.application import Application
from contextune.protocol.wording import bill_text


async def show_review(app: Application, run: Run, out: Output) -> None:
    """The Tasks of a Run, riskiest first, each with its files and their changes."""
    found = review(run)
    if not found:
        out.say(f"Run {run.id} has no Task in its result: there is nothing to review.")
    for one in found:
        await _show_task(app, run, one, out)


async def discard(app: Application, given: Namespace, out: Output) -> int:
    """Drop a Run's result, or single changes of its Tasks."""
    if given.change or given.take_back:
        return await _amend(app, given, out)
    discarded = await app.discard(given.run)
    show_run_line(discarded, out)
    out.say(f"Run {discarded.id} is discarded. Its work is kept in:")
    for ref in discarded.salvage:
        out.say(f"  {ref}")
    return 0


async def _amend(app: Application, given: Namespace, out: Output) -> int:
    run = await app.run(given.run)
    for name in given.take_back:
        run = await app.reviews.take_back(run.id, name)
    for name in given.change:
        run = await app.reviews.reject(run.id, *_named(run, name))
    show_run_line(run, out)
    for task in run.tasks:
        if task.id in run.candidates and task.id not in run.joined:
            out.say(f"{one_line(task.task.title)} is not in the result now. {task.reason}", "yellow")
    verdict, took = proof(run.ghost_evidence)
    out.say(f"All together: {verdict}, {took}." if verdict else "The result is put together anew.")
    for amendment in run.amendments:
        out.say(f"Changed in review: {one_line(amendment.id)}")
    return 1 if verdict == "red" else 0


def _named(run: Run, name: str) -> tuple[str, str, str]:
    """The Task, file and hunk that `TASK:FILE` or `TASK:FILE:HUNK` means; a path may hold a colon."""
    task_id, colon, rest = name.partition(":")
    paths = [change.path for task in run.tasks if task.id == task_id for change in task.changes]
    if rest in paths:
        return task_id, rest, ""
    path, _, hunk = rest.rpartition(":")
    if not colon or path not in paths:
        raise UsageProblem(f"{name!r} is no change. `contextune show {run.id} --review` lists them.")
    return task_id, path, hunk


async def _show_task(app: Application, run: Run, one: TaskReview, out: Output) -> None:
    task = run.task(one.task_id)
    verdict, _ = proof(task.attempt.evidence if task.attempt else None)
    facts = [verdict, bill_text(task.bill), "" if task.joined else "not in the result now"]
    out.say(f"{one_line(task.task.title)}  {', '.join(filter(None, facts))}", "bold")
    for reason in one.reasons:
        out.say(f"  {one_line(reason)}", "yellow")
    for file in one.files:
        told = f": {one_line(', '.join(file.reasons))}" if file.reasons else ""
        out.say(f"  {one.task_id}:{one_line(file.path)}{told}")
        for hunk in (await app.reviews.hunks(run, one.task_id, file.path)).hunks:
            first = next((row for row in hunk.excerpt.splitlines() if row[1:].strip()), "")
            out.say(f"    {one.task_id}:{one_line(file.path)}:{hunk.id}  {one_line(first)}")
        for amendment in file.amendments:
            what = "edited" if amendment.kind == "edit" else "rejected"
            out.say(f"    {what}: {one_line(amendment.id)}", "yellow")

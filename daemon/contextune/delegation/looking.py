"""The tools that only read: `todos`, `status`, `review`, `cost`. They spend nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

from contextune.core.errors import UsageProblem
from contextune.core.proof.evidence import Evidence
from contextune.core.runs.review import review as reviewed
from contextune.core.runs.run import Run
from contextune.core.runs.task_run import TaskRun
from contextune.core.todos.todo import Todo
from contextune.delegation import answers as a
from contextune.delegation import inputs as i
from contextune.delegation.desk import Answer, Desk
from contextune.delegation.waiting import Heard, needs_somebody
from contextune.delegation.words import diff, name, sentence, sentences, title, told
from contextune.protocol.convert import can_accept
from contextune.protocol.cost_views import CostView
from contextune.protocol.costs import cost_view
from contextune.protocol.days import check_day, day_of, next_day_start, start_of, today
from contextune.protocol.wording import bill_text, count_text, dollars_text

MOST_TODOS, MOST_RUNS = 200, 20
"""How many are listed."""


async def todos(desk: Desk, given: i.TodosInput, heard: Heard) -> Answer:
    """List the Todos."""
    del heard
    found = await desk.app.scan(await asyncio.to_thread(_inside, desk.folder, given.path))
    listed = tuple(_todo(todo) for todo in found[:MOST_TODOS])
    rows = []
    for one in listed:
        where = f" in {one.symbol}" if one.symbol else ""
        rows.append(f"{one.id}  {one.path}:{one.line}{where}  {one.marker}: {' '.join(one.text.split())}")
    left = len(found) - len(listed)
    after = f"{left} more are left out: name a path." if left else ""
    text = told("todos", rows, count_text(len(found), "Todo") + ".", after) if rows else "There are no Todos."
    return Answer(text, a.TodosAnswer(total=len(found), todos=listed))


def _inside(folder: Path, path: str) -> Path:
    """The place of `path` below the folder that is served. Blocking. Raises UsageProblem."""
    try:
        place = (folder / path).resolve()
    except (OSError, ValueError, RuntimeError):
        place = folder.parent
    if not place.is_relative_to(folder):
        raise UsageProblem(f"path: {name(path)} does not lie below {folder}.")
    return place


def _todo(todo: Todo) -> a.TodoLine:
    return a.TodoLine(
        id=todo.id,
        path=name(todo.path),
        line=todo.line,
        marker=todo.marker,
        text=sentence(todo.text),
        symbol=title(todo.symbol or ""),
        owner=title(todo.owner or ""),
    )


async def status(desk: Desk, given: i.StatusInput, heard: Heard) -> Answer:
    """Tell how Runs stand."""
    if given.run_id:
        run = await desk.run(given.run_id)
        if given.wait_seconds:
            run = await needs_somebody(desk, run.id, given.wait_seconds, heard)
        one = run_answer(desk, run)
        return Answer(run_text(one), a.RunsAnswer(run=one, runs=()))
    if given.wait_seconds:
        raise UsageProblem("waitSeconds: name the Run to wait for with runId.")
    newest = (await desk.app.runs(desk.folder))[:MOST_RUNS]
    lines = tuple(_run_line(desk, run) for run in newest)
    rows = [
        f"{one.run_id}  {one.state}, {one.accepted} of {one.tasks} Tasks accepted, {one.spent_text}  "
        f"{one.title}"
        for one in lines
    ]
    text = told("said", rows, "Runs, newest first.") if rows else "There are no Runs in this repository yet."
    return Answer(text, a.RunsAnswer(run=None, runs=lines))


def run_answer(desk: Desk, run: Run) -> a.RunAnswer:
    """How a Run stands, as data."""
    driver = desk.app.lookout.driver(run.id)
    return a.RunAnswer(
        run_id=run.id,
        title=title(run.title),
        state=run.state,
        reason=sentence(run.reason),
        driver=driver,
        budget=run.budget,
        spent=run.bill.dollars,
        spent_text=bill_text(run.bill),
        tasks=tuple(_task_line(task) for task in run.tasks),
        can_accept=can_accept(run),
        next=_next(run, is_driven=driver != "nobody"),
    )


def run_text(one: a.RunAnswer) -> str:
    """The same for a reader."""
    rows = [f"Run: {one.title}"]
    if one.reason:
        rows.append(f"Reason: {one.reason}")
    for task in one.tasks:
        rows.append(f"Task {task.id}: {task.state}, {task.spent_text}  {task.title}")
        rows += [f"  {said}" for said in (task.reason, task.summary) if said]
        if task.question:
            rows.append(f"  asks: {task.question}")
            rows += [f"    choice: {choice}" for choice in task.choices]
    before = f"Run {one.run_id} is {one.state}: {one.spent_text} of {dollars_text(one.budget)} spent."
    return told("said", rows, before, one.next)


def _run_line(desk: Desk, run: Run) -> a.RunLine:
    return a.RunLine(
        run_id=run.id,
        title=title(run.title),
        state=run.state,
        driver=desk.app.lookout.driver(run.id),
        accepted=sum(task.state == "accepted" for task in run.tasks),
        tasks=len(run.tasks),
        spent_text=bill_text(run.bill),
    )


def _task_line(task: TaskRun) -> a.TaskLine:
    return a.TaskLine(
        id=task.id,
        title=title(task.task.title),
        state=task.state,
        reason=sentence(task.reason),
        spent_text=bill_text(task.bill),
        question=sentence(task.question.text) if task.question else "",
        choices=tuple(map(title, task.question.choices)) if task.question else (),
        summary=sentence(task.summary),
    )


def _next(run: Run, *, is_driven: bool) -> str:
    asking = [task.id for task in run.tasks if task.question is not None]
    match run.state:
        case "running" if not is_driven:
            return f"Nobody drives it: the user can go on with `contextune resume {run.id}`."
        case "running" if asking:
            return f"The tool `answer` answers what {', '.join(asking)} asks."
        case "running":
            return "It is at work: `status` with waitSeconds tells when it ends or asks something."
        case "paused":
            return f"The user can go on with `contextune resume {run.id}`."
        case "parked":
            return f"A budget is reached: the user can go on with `contextune resume {run.id} --budget USD`."
        case "review":
            return "The tool `review` shows the result, and `accept` brings it to the user's branch."
        case "accepted":
            return f"The user can take it back with `contextune undo {run.id}`."
        case "undone" | "discarded" | "cancelled" | "failed":
            return ""


async def review(desk: Desk, given: i.ReviewInput, heard: Heard) -> Answer:
    """Show a Run's result."""
    del heard
    run = await desk.run(given.run_id)
    if given.task_id:
        run = await desk.run_with(run.id, given.task_id)
    tasks = tuple(
        _reviewed(run, one.task_id, one.reasons, {file.path: file.reasons for file in one.files})
        for one in reviewed(run)
        if given.task_id in ("", one.task_id)
    )
    shown = diff(await desk.app.diff(run.id, given.task_id or None) if given.diff else "")
    content = a.ReviewAnswer(
        run_id=run.id,
        title=title(run.title),
        state=run.state,
        verdict=_verdict(run.ghost_evidence),
        tasks=tasks,
        diff=shown.text,
        diff_left_out=shown.left_out,
        can_accept=can_accept(run),
    )
    return Answer(_review_text(content), content)


def _reviewed(
    run: Run, task_id: str, reasons: tuple[str, ...], files: dict[str, tuple[str, ...]]
) -> a.ReviewedTask:
    task = run.task(task_id)
    return a.ReviewedTask(
        id=task.id,
        title=title(task.task.title),
        verdict=_verdict(task.attempt.evidence if task.attempt else None),
        reasons=sentences(reasons),
        files=tuple(
            a.ReviewedFile(
                path=name(change.path),
                insertions=change.insertions,
                deletions=change.deletions,
                reasons=sentences(files.get(change.path, ())),
            )
            for change in task.changes
        ),
    )


def _verdict(evidence: Evidence | None) -> str:
    return evidence.verdict if evidence is not None else ""


def _review_text(one: a.ReviewAnswer) -> str:
    if not one.tasks:
        return f"Run {one.run_id} is {one.state} and has no Task in its result: there is nothing to review."
    rows = []
    for task in one.tasks:
        why = f": {'; '.join(task.reasons)}" if task.reasons else ""
        rows.append(f"Task {task.id}, tests {task.verdict or 'not run'}, {task.title}{why}")
        for file in task.files:
            told_of = f" ({'; '.join(file.reasons)})" if file.reasons else ""
            rows.append(f"  {file.path} +{file.insertions} -{file.deletions}{told_of}")
    verdict = f" All together: {one.verdict}." if one.verdict else ""
    before = f"Run {one.run_id} is {one.state}. Its Tasks, those first that ask for a look most.{verdict}"
    if one.diff:
        rows += ["", one.diff]
    left = (
        f"{one.diff_left_out:,} characters of the diff are left out: name one Task."
        if one.diff_left_out
        else ""
    )
    return told("diff" if one.diff else "said", rows, before, left)


async def cost(desk: Desk, given: i.CostInput, heard: Heard) -> Answer:
    """Tell what was spent in this repository."""
    del heard
    since = start_of(check_day(given.since)) if given.since else 0
    until = next_day_start(check_day(given.until)) if given.until else None
    past = await desk.app.costs(desk.folder, since=since, until=until)
    view: CostView = await asyncio.to_thread(cost_view, past, day_of=day_of, today=today())
    runs = tuple(
        a.CostLine(key=run.run_id, name=title(run.title), dollars=run.bill.dollars, text=run.bill.text)
        for run in view.runs[:MOST_RUNS]
    )
    models = tuple(
        a.CostLine(key=one.key, name=one.name, dollars=one.bill.dollars, text=one.bill.text)
        for one in view.models
    )
    total = view.total
    content = a.CostAnswer(
        dollars=total.dollars,
        text=total.text,
        at_sonnet=total.at_sonnet,
        saving=total.saving or "",
        today=view.today.dollars,
        requests=total.requests,
        unpriced=total.unpriced,
        runs=runs,
        models=models,
    )
    saved = f" The same tokens on Sonnet: {total.at_sonnet_text}." if total.saving else ""
    before = f"{total.text} in {count_text(total.requests, 'request')}, {view.today.text} of it today.{saved}"
    rows = [f"Run {one.key}: {one.text}  {one.name}" for one in runs]
    rows += [f"{one.name}: {one.text}" for one in models]
    return Answer(told("said", rows, before) if rows else before, content)

"""One function a command: what it asks of the application, and what it prints."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

from rich.table import Table

from contextune.agents.roles import builtin_roles
from contextune.cli.output import Output
from contextune.cli.work import quote, resume, run
from contextune.compose import compose
from contextune.core.errors import UsageProblem
from contextune.core.run import Run
from contextune.core.states import LIVE_RUN
from contextune.engine.application import Application
from contextune.protocol.convert import cost_view, run_view, worktree_view
from contextune.protocol.wording import dollars_text


@asynccontextmanager
async def opened(*, offline: bool = False) -> AsyncIterator[Application]:
    """The application for the length of one command."""
    application = await compose(offline=offline)
    try:
        yield application
    finally:
        await application.close()


async def _todos(given: Namespace) -> int:
    out = Output(as_json=given.json)
    async with opened() as app:
        out.todos(await app.scan(given.path))
    return 0


async def _quote(given: Namespace) -> int:
    async with opened(offline=given.offline) as app:
        await quote(app, given, Output(as_json=given.json))
    return 0


async def _run(given: Namespace) -> int:
    async with opened(offline=given.offline) as app:
        return await run(app, given, Output(as_json=given.json))


async def _resume(given: Namespace) -> int:
    async with opened() as app:
        return await resume(app, given, Output(as_json=given.json))


async def _runs(given: Namespace) -> int:
    out = Output(as_json=given.json)
    async with opened() as app:
        runs = await app.runs(given.path)
    table = Table("Run", "Started", "State", "Tasks", "Cost", "Title")
    for one in runs:
        if out.as_json:
            out.line(run_view(one))
        accepted = sum(task.state == "accepted" for task in one.tasks)
        table.add_row(
            one.id,
            _when(one.created_at),
            one.state,
            f"{accepted}/{len(one.tasks)}",
            dollars_text(one.bill.dollars),
            one.title,
        )
    if runs:
        out.table(table)
    else:
        out.say("There are no Runs yet. `contextune run` starts one.")
    return 0


async def _show(given: Namespace) -> int:
    out = Output(as_json=given.json)
    async with opened() as app:
        shown = await app.run(given.run)
        out.run(shown)
        if given.diff and not out.as_json:
            out.say(await app.diff(shown.id))
    return 0


async def _pause(given: Namespace) -> int:
    async with opened() as app:
        await app.pause(given.run)
    Output(as_json=given.json).say("The Run takes no further turn. `contextune resume` goes on.")
    return 0


async def _accept(given: Namespace) -> int:
    async with opened() as app:
        accepted = await app.accept(given.run, "squash" if given.squash else "merge")
    return _moved(accepted, Output(as_json=given.json))


async def _undo(given: Namespace) -> int:
    async with opened() as app:
        undone = await app.undo(given.run)
    return _moved(undone, Output(as_json=given.json))


async def _discard(given: Namespace) -> int:
    out = Output(as_json=given.json)
    async with opened() as app:
        discarded = await app.discard(given.run)
    if out.as_json:
        out.line(run_view(discarded))
    out.say(f"Run {discarded.id} is discarded. Its work is kept in:")
    for ref in discarded.salvage:
        out.say(f"  {ref}")
    return 0


async def _cancel(given: Namespace) -> int:
    async with opened() as app:
        found = await _find_task(app, given.what)
        if found is not None:
            await app.cancel_task(*found)
        else:
            await app.cancel(given.what)
    return 0


async def _retry(given: Namespace) -> int:
    out = Output(as_json=given.json)
    async with opened() as app:
        run_id, task_id = await _task(app, given.task)
        await app.retry_task(run_id, task_id)
        await app.wait(run_id)
        out.run(await app.run(run_id))
    return 0


async def _tell(given: Namespace) -> int:
    async with opened() as app:
        await app.tell(*await _task(app, given.task), given.text)
    return 0


async def _answer(given: Namespace) -> int:
    async with opened() as app:
        await app.answer(*await _task(app, given.task), given.text)
    return 0


async def _cost(given: Namespace) -> int:
    out = Output(as_json=given.json)
    since = _date(given.since)
    async with opened() as app:
        view = cost_view(await app.runs(None), day_of=_day, today=date.today().isoformat(), since=since)  # noqa: DTZ011 the user's own day
    if out.as_json:
        out.line(view)
        return 0
    for title, rows in (
        ("Run", [(one.run_id, one.title, one.bill) for one in view.runs]),
        ("Role", [(line.role, line.model, line.bill) for line in view.roles]),
    ):
        table = Table(title, "", "Requests", "Cost", "On Sonnet", "Saved")
        for first, second, bill in rows:
            table.add_row(
                first, second, str(bill.requests), bill.text, bill.at_sonnet_text, bill.saving or ""
            )
        out.table(table)
    saved = f" ({view.total.saving} saved)" if view.total.saving else ""
    out.say(f"Total: {view.total.text}. The same tokens on Sonnet: {view.total.at_sonnet_text}{saved}.")
    out.say(view.method)
    return 0


async def _worktrees(given: Namespace) -> int:
    out = Output(as_json=given.json)
    async with opened() as app:
        if given.action == "clean":
            trees, kept = await app.clean_worktrees(None, dry_run=not given.yes)
        else:
            trees, kept = await app.worktrees(None), []
    for tree in trees:
        if out.as_json:
            out.line(worktree_view(tree))
        state = "in use" if tree.in_use else "removable" if tree.removable else "unknown"
        out.say(f"{tree.path}  {tree.size_bytes / 1e6:.1f} MB  {state}{'  dirty' if tree.dirty else ''}")
    if given.action == "clean":
        verb = "removed" if given.yes else "would be removed; add --yes to do it"
        out.say(f"{len(trees)} worktrees {verb}.")
        for ref in kept:
            out.say(f"Kept: {ref}")
    elif not trees:
        out.say("There are no worktrees.")
    return 0


async def _agents(given: Namespace) -> int:
    out = Output(as_json=given.json)
    for role in builtin_roles().values():
        if out.as_json:
            out.line(
                {
                    "name": role.name,
                    "description": role.description,
                    "model": role.rung.model,
                    "effort": role.rung.effort,
                    "tools": role.tools,
                }
            )
        out.say(
            f"{role.name}  {role.rung}\n    {role.description}\n    tools: {', '.join(role.tools) or 'none'}"
        )
    return 0


async def _doctor(given: Namespace) -> int:
    async with opened() as app:
        checks = await app.doctor(given.path)
    Output(as_json=given.json).checks(checks)
    return 4 if any(check.state == "problem" for check in checks) else 0


async def _find_task(app: Application, name: str) -> tuple[str, str] | None:
    """The Run and Task that `RUN/TASK`, or the id of a Task of a live Run, names; None if none does."""
    run_id, slash, task_id = name.rpartition("/")
    if slash:
        return (await app.run(run_id)).id, task_id
    found = [(one.id, task.id) for one in await app.runs(None) for task in one.tasks if task.id == name]
    live = [pair for pair in found if (await app.run(pair[0])).state in LIVE_RUN]
    if len(live) > 1:
        raise UsageProblem(f"Several live Runs have a task {name!r}. Write RUN/{name}.")
    return live[0] if live else found[0] if found else None


async def _task(app: Application, name: str) -> tuple[str, str]:
    found = await _find_task(app, name)
    if found is None:
        raise UsageProblem(f"No Run has a task {name!r}. `contextune show RUN` lists a Run's tasks.")
    return found


def _moved(moved: Run, out: Output) -> int:
    if out.as_json:
        out.line(run_view(moved))
    where = f"branch {moved.base.branch}" if moved.base.branch else "HEAD"
    commit = moved.accepted.after if moved.accepted and moved.state == "accepted" else moved.base.head
    out.say(f"Run {moved.id} is {moved.state}: {where} is at {commit[:12]}.")
    return 0


def _date(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageProblem(f"--since: {text!r} is no date, such as 2026-11-01.") from None


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, tz=UTC).astimezone().date().isoformat()


def _when(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M")


COMMANDS: dict[str, Callable[[Namespace], Coroutine[Any, Any, int]]] = {
    "todos": _todos,
    "quote": _quote,
    "run": _run,
    "resume": _resume,
    "runs": _runs,
    "show": _show,
    "pause": _pause,
    "accept": _accept,
    "undo": _undo,
    "discard": _discard,
    "cancel": _cancel,
    "retry": _retry,
    "tell": _tell,
    "answer": _answer,
    "cost": _cost,
    "worktrees": _worktrees,
    "agents": _agents,
    "doctor": _doctor,
}

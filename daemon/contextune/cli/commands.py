"""One function a command: what it asks of the application, and what it prints."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contextune.cli import steering, work
from contextune.cli.agents import agents
from contextune.cli.ask import ask
from contextune.cli.cost import cost
from contextune.cli.debug_bundle import debug_bundle
from contextune.cli.github import github
from contextune.cli.output import Output
from contextune.cli.pictures import show_checks, show_run, show_run_line, show_todos
from contextune.cli.review import discard, show_review
from contextune.cli.skills import skills
from contextune.cli.tables import cell, table
from contextune.cli.worktrees import worktrees
from contextune.compose import compose
from contextune.core.errors import UsageProblem
from contextune.engine.application import Application
from contextune.protocol.transcript_text import whole_text
from contextune.protocol.wording import bill_text

Command = Callable[[Namespace], Coroutine[Any, Any, int]]
Steering = Callable[[Application, Namespace, Output], Coroutine[Any, Any, int]]


@asynccontextmanager
async def opened(*, offline: bool = False, unfenced: bool = False) -> AsyncIterator[Application]:
    """The application for the length of one command."""
    application = await compose(offline=offline, unfenced=unfenced)
    try:
        yield application
    finally:
        await application.close()


def _with_application(act: Steering) -> Command:
    async def command(given: Namespace) -> int:
        async with opened(offline=getattr(given, "offline", False)) as app:
            return await act(app, given, Output(as_json=given.json))

    return command


async def _todos(app: Application, given: Namespace, out: Output) -> int:
    show_todos(await app.scan(_existing(given.path)), out)
    return 0


async def _quote(app: Application, given: Namespace, out: Output) -> int:
    await work.quote(app, given, out)
    out.note("Nothing was started. `contextune run` with the same words plans anew, asks you, and starts.")
    return 0


async def _runs(app: Application, given: Namespace, out: Output) -> int:
    runs = await app.runs(None if given.all else _existing(given.path))
    # Plain words mean a Run by this number, so it is told only where all are of one repository.
    numbered = [] if given.all else ["#"]
    more = len(numbered)
    heads = ("Run", *numbered, "Started", "State", "Tasks", "Cost", "Title")
    listed = table(*heads, wide=5 + more, right=(more, 3 + more, 4 + more))
    for number, one in enumerate(runs, 1):
        show_run_line(one, out)
        accepted = sum(task.state == "accepted" for task in one.tasks)
        tasks, paid = f"{accepted}/{len(one.tasks)}", bill_text(one.bill)
        at_work = one.state == "running" and app.is_driven_elsewhere(one.id)
        state = "interrupted" if one.state == "running" and not at_work else one.state
        place = [str(number)] if numbered else []
        listed.add_row(one.id, *place, _when(one.created_at), state, tasks, paid, cell(one.title))
    if runs:
        out.show(listed)
    else:
        out.say("There are no Runs yet. `contextune run` starts one.")
    return 0


async def _show(app: Application, given: Namespace, out: Output) -> int:
    run_id = given.run
    if run_id is None:
        newest = await app.runs(None)
        if not newest:
            raise UsageProblem("There are no Runs yet. `contextune run` starts one.")
        run_id = newest[0].id
    shown = await app.run(run_id)
    if given.journal:
        async for event in app.events(shown.id):
            Output(as_json=True).line(event)
        return 0
    if given.transcript is not None:
        entries = await app.transcripts.all(shown.id, given.transcript)
        if out.as_json:
            for entry in entries:
                out.line(entry)
        else:
            out.say(whole_text(entries).rstrip("\n"))
        return 0
    show_run_line(shown, out)
    if given.review and not out.as_json:
        await show_review(app, shown, out)
        return 0
    if given.diff and not out.as_json:
        out.diff(await app.diff(shown.id))
        out.blank()
    show_run(shown, out, in_full=True)
    return 0


async def _doctor(app: Application, given: Namespace, out: Output) -> int:
    checks = await app.doctor(_existing(given.path))
    show_checks(checks, out)
    return 4 if any(check.state == "problem" for check in checks) else 0


async def _trust(app: Application, given: Namespace, out: Output) -> int:
    folder = _existing(given.path).resolve()
    if given.unfenced is not None:
        return await _unfenced(app, folder, given, out)
    app.trust(folder, not given.revoke)
    if out.as_json:
        out.line({"folder": str(folder), "trusted": not given.revoke})
    out.say(f"{folder} is {'no longer trusted' if given.revoke else 'trusted, and all that is in it'}.")
    return 0


async def _unfenced(app: Application, folder: Path, given: Namespace, out: Output) -> int:
    allowed = not given.revoke
    root = await app.allow_unfenced(folder, given.unfenced, allowed=allowed)
    if out.as_json:
        out.line({"folder": str(root), "unfenced": allowed})
    may = "may run commands without a Fence" if allowed else "may run commands inside a Fence only"
    out.say(f"Agents {may} in {root}.")
    return 0


def _existing(path: Path) -> Path:
    if not path.exists():
        raise UsageProblem(f"PATH: {path} does not exist. Give a folder that does.")
    return path


def _when(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M")


async def _ask(app: Application, given: Namespace, out: Output) -> int:
    async def perform(named: Namespace) -> int:
        return await ACTIONS[named.command](app, named, out)

    return await ask(app, given, out, perform)


ACTIONS: dict[str, Steering] = {
    "todos": _todos,
    "quote": _quote,
    "run": work.run,
    "resume": work.resume,
    "retry": work.retry,
    "runs": _runs,
    "show": _show,
    "cost": cost,
    "pause": steering.pause,
    "set": steering.adjust,
    "cancel": steering.cancel,
    "tell": steering.tell,
    "course": steering.course,
    "answer": steering.answer,
    "accept": steering.accept,
    "rebase": steering.rebase,
    "rewind": work.rewind,
    "undo": steering.undo,
    "discard": discard,
    "worktrees": worktrees,
    "agents": agents,
    "ask": _ask,
    "skills": skills,
    "github": github,
    "doctor": _doctor,
    "debug-bundle": debug_bundle,
    "trust": _trust,
}

COMMANDS: dict[str, Command] = {name: _with_application(act) for name, act in ACTIONS.items()}

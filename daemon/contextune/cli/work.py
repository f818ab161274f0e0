"""`quote`, `run`, `resume` and `retry`: from a selection to the end of a Run, with live progress."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from contextune.cli.asking import Asking, consent, someone_is_there
from contextune.cli.live import Live
from contextune.cli.naming import find_task, run_named, task_named
from contextune.cli.output import Output
from contextune.cli.pictures import show_quote, show_run, show_run_line
from contextune.cli.plan_file import read_plan_file
from contextune.cli.tables import beside_text
from contextune.core.errors import BudgetReached, ContextuneError, UsageProblem
from contextune.core.planning.quote import Quote
from contextune.core.runs import events as ev
from contextune.core.runs.endings import RunFinished
from contextune.core.runs.forge_text import is_by_pull, pull_text
from contextune.core.runs.run import Run, is_unfinished
from contextune.core.settings import BUDGET_SETTINGS
from contextune.engine.application import Application
from contextune.engine.quotes.quote import QuoteRequest
from contextune.engine.runs.ownership import BEAT, LEASE
from contextune.protocol.convert import made_branch

FAILED, PARKED, INTERRUPTED = 1, 3, 130


async def quote(
    app: Application,
    given: Namespace,
    out: Output,
    request: QuoteRequest | None = None,
    *,
    asks: bool = False,
) -> Quote:
    """Make and show a Quote, by default of what the arguments name; `asks` is whether it may start then."""
    request = request or _request(given)
    choose_pool(app, given)
    try:
        made = await app.quote(request, on_stage=out.step, overrides=_overrides(given), shown=asks)
    except BudgetReached as reached:
        hint = "Nothing was started. Planning needs that much: give a higher --budget."
        raise BudgetReached(f"{reached} {hint}") from None
    show_quote(made, out)
    return made


async def run(app: Application, given: Namespace, out: Output, request: QuoteRequest | None = None) -> int:
    """Quote, ask, drive, and tell how it ended. Returns the exit status."""
    if not given.yes and not someone_is_there():
        raise UsageProblem("Nobody is there to approve the quote. Add --yes to start without asking.")
    ended = await carry_out(app, given, out, request)
    return 0 if ended is None else await _concluded(app, ended, out)


async def carry_out(
    app: Application, given: Namespace, out: Output, request: QuoteRequest | None = None
) -> Run | None:
    """Quote, ask and drive; the Run as it then stands, or None if the person declined."""
    made = await quote(app, given, out, request, asks=not given.yes)
    if not given.yes and not await consent(out, "Start?"):
        out.note("Nothing was started.")
        return None
    asks = not given.yes and app.forge.asks(made.repository)
    issues = await consent(out, "Make issues on GitHub for it?") if asks else None
    return await watch(app, made.id, lambda: app.start(made.id, issues=issues), out)


async def resume(app: Application, given: Namespace, out: Output) -> int:
    """Go on with a Run, the newest unfinished one if none is named, or with a paused Task.

    Returns the exit status.
    """
    choose_pool(app, given)
    run_id = given.what
    named = None if run_id is None else await find_task(app, run_id)
    if named is not None:
        if given.budget is not None:
            raise UsageProblem("--budget is of a whole Run: `contextune set RUN --budget USD`.")

        async def go_on_with_task() -> None:
            await app.steering.resume_task(*named)

        return await _go_on(app, named[0], go_on_with_task, out)
    if run_id is None:
        waiting = [one.id for one in await app.runs(None) if is_unfinished(one)]
        if not waiting:
            out.note("There is nothing to resume.")
            return 0
        run_id = waiting[0]
    found = await run_named(app, run_id)

    async def go_on() -> None:
        await app.resume(found.id, given.budget)

    return await _go_on(app, found.id, go_on, out)


async def retry(app: Application, given: Namespace, out: Output) -> int:
    """Do a Task again, to the end of its Run. Returns the exit status."""
    run_id, task_id = await task_named(app, given.task)

    async def again() -> None:
        await app.retrying.retry(run_id, task_id, given.rung)

    return await _go_on(app, run_id, again, out)


async def rewind(app: Application, given: Namespace, out: Output) -> int:
    """Take a Task back to a turn, and go on to the end of its Run. Returns the exit status."""
    run_id, task_id = await task_named(app, given.task)

    async def back() -> None:
        await app.rewind(run_id, task_id, given.turn, given.text, attempt=given.attempt)

    return await _go_on(app, run_id, back, out)


async def _go_on(app: Application, run_id: str, begin: Callable[[], Awaitable[Any]], out: Output) -> int:
    """Go on with a Run here, or have the process that drives it do so."""
    if await _is_hung(app, run_id, out):
        return await _concluded(app, await watch(app, run_id, lambda: app.take_over(run_id), out), out)
    if not app.is_driven_elsewhere(run_id):
        return await _concluded(app, await watch(app, run_id, begin, out), out)
    await begin()
    out.note(f"Another process drives run {run_id}, and was told.")
    show_run_line(await app.run(run_id), out)
    return 0


async def _is_hung(app: Application, run_id: str, out: Output) -> bool:
    """Whether another process drives a Run without a sign of life."""
    silent = app.lookout.silent_for(run_id)
    if silent < 3 * BEAT:
        return False
    out.note(
        f"The process that drives run {run_id} has given no sign of life for {silent:.0f} s. "
        f"Unless it does within {LEASE:.0f} s, it is ended and its Run goes on here."
    )
    return await app.lookout.is_hung(run_id)


async def watch(app: Application, run_id: str, begin: Callable[[], Awaitable[Any]], out: Output) -> Run:
    """Begin or go on with a Run and show it until it ends, parks, or meets a problem, which is raised."""
    ended, live = asyncio.Event(), Live(out)

    async def answer(task_id: str, text: str) -> None:
        await app.answer(run_id, task_id, text)

    asking = Asking(out, answer=answer, held=live.held)

    def heard(changed: Run, event: ev.AnyEvent) -> None:
        if changed.id != run_id:
            return
        live.hear(changed, event)
        asking.hear(changed, event)
        parked = isinstance(event, ev.RunPaused) and event.state == "parked"
        if parked or out.gone or isinstance(event, RunFinished):
            ended.set()

    unsubscribe = app.subscribe(heard)
    try:
        await begin()
        with live:
            problem = await _until(ended, app, run_id)
    except asyncio.CancelledError:
        out.note(f"Interrupted. Stopping at a safe point; `contextune resume {run_id}` goes on.")
        await app.interrupt(run_id)
        raise
    finally:
        await asking.close()
        unsubscribe()
    if problem is not None:
        out.note(f"The Run stopped. `contextune resume {run_id}` goes on once this is mended:")
        raise problem
    return await app.run(run_id)


async def _until(ended: asyncio.Event, app: Application, run_id: str) -> ContextuneError | None:
    """Until the Run finished or parked, or its drive here ended. Returns the problem that did it, if any."""
    drive = asyncio.create_task(app.wait(run_id))
    event = asyncio.create_task(ended.wait())
    try:
        await asyncio.wait([drive, event], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (drive, event):
            task.cancel()
    if drive.done() and not drive.cancelled():
        try:
            drive.result()
        except ContextuneError as problem:
            return problem
    return app.problem(run_id)


async def _concluded(app: Application, final: Run, out: Output) -> int:
    """Show how a Run ended, then stay while its shadow samples are made. Returns the exit status."""
    status = conclude(final, out)
    if final.state in ("review", "accepted") and not out.gone:
        await app.wait(final.id)
        if app.is_sampling(final.id):
            out.note("Shadow samples of this Run are being made; its result is there. Ctrl-C ends them.")
            with suppress(asyncio.CancelledError):  # the Run is over: that tells its own status
                await app.sampled(final.id)
    return status


def conclude(final: Run, out: Output) -> int:
    """Show how a Run ended and what can be done next. Returns the exit status."""
    show_run(final, out)
    _tell_next(final, out)
    return status_of(final, out)


def status_of(final: Run, out: Output) -> int:
    """The exit status that tells how a Run ended."""
    if out.gone:
        return INTERRUPTED
    if final.state == "parked":
        return PARKED
    refused = final.accept != "none" and final.state == "review"
    return 0 if all(task.state == "accepted" for task in final.tasks) and not refused else FAILED


def _tell_next(final: Run, out: Output) -> None:
    if out.gone:
        out.note(f"Nobody reads any more. `contextune resume {final.id}` goes on.")
        return
    match final.state:
        case "parked":
            out.note(f"{final.reason} {_way_on(final)}")
        case "paused":
            out.note(f"{final.reason} `contextune resume {final.id}` goes on.")
        case "review":
            out.note(
                f"`contextune show {final.id} --diff` shows the result, `contextune accept {final.id}` moves "
                f"your branch to it, `contextune discard {final.id}` drops it."
            )
        case "accepted" if is_by_pull(final):
            out.note(pull_text(final))
        case "accepted" if (beside := made_branch(final)) is not None:
            out.note(f"The branch {beside} holds the result. {beside_text(final)}")
        case "accepted":
            out.note(f"`contextune undo {final.id}` moves your branch back.")
        case "undone" | "discarded" | "cancelled" | "failed" | "running":
            pass


def _way_on(parked: Run) -> str:
    """How a Run goes on whose budget, or one around it, is reached."""
    if parked.parked_by in (None, "run"):
        return f"`contextune resume {parked.id} --budget USD` goes on with a higher one."
    setting = BUDGET_SETTINGS[parked.parked_by]
    return f"Raise `{setting}` in the settings; `contextune resume {parked.id}` then goes on."


def _request(given: Namespace) -> QuoteRequest:
    if not (given.todo or given.all or given.goal or given.plan):
        raise UsageProblem("Say what to work on: --todo ID, --all, --goal TEXT or --plan FILE.")
    if sum(map(bool, (given.todo, given.all, given.goal))) > 1:
        raise UsageProblem("Give one of --todo, --all and --goal.")
    if not given.path.exists():
        raise UsageProblem(f"PATH: {given.path} does not exist. Give a folder of a git repository.")
    plan_file: Path | None = given.plan
    plan = read_plan_file(plan_file) if plan_file else None
    todo_ids = tuple(given.todo)
    if plan is not None and not (todo_ids or given.all):
        todo_ids = tuple(todo_id for task in plan.tasks for todo_id in task.todo_ids)
    return QuoteRequest(
        folder=given.path, todo_ids=todo_ids, all=given.all, goal=given.goal, base=given.base, plan=plan
    )


def choose_pool(app: Application, given: Namespace) -> None:
    """Have the commands of this process run where the arguments say; that is no property of a Run."""
    if getattr(given, "pool", None):
        app.configure(None, {"pool": given.pool})


def _overrides(given: Namespace) -> dict[str, Any]:
    named = {name: getattr(given, name, None) for name in ("budget", "agents", "gate", "accept")}
    chosen: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    if given.offline:
        chosen["offline"] = True
    return chosen

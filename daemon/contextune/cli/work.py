"""`quote`, `run` and `resume`: from a selection to the end of a Run, with live progress."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import msgspec

from contextune.cli.live import Live
from contextune.cli.output import Output
from contextune.core import events as ev
from contextune.core.errors import UsageProblem
from contextune.core.plan import Plan
from contextune.core.quote import Quote
from contextune.core.run import Run
from contextune.core.states import LIVE_RUN
from contextune.engine.application import Application
from contextune.engine.quote import QuoteRequest

FAILED, PARKED = 1, 3


async def quote(app: Application, given: Namespace, out: Output) -> Quote:
    """Make and show a Quote."""
    made = await app.quote(_request(given), on_stage=out.note, overrides=_overrides(given))
    out.quote(made)
    return made


async def run(app: Application, given: Namespace, out: Output) -> int:
    """Quote, ask, drive, and tell how it ended."""
    if not given.yes and not sys.stdin.isatty():
        raise UsageProblem("Nobody is there to approve the quote. Add --yes to start without asking.")
    made = await quote(app, given, out)
    if not given.yes and not await _consent():
        out.say("Nothing was started.")
        return 0
    ended, live = asyncio.Event(), Live(out)

    def heard(changed: Run, event: ev.AnyEvent) -> None:
        if changed.id != made.id:
            return
        live.show(changed, event)
        if isinstance(event, ev.RunFinished) or (isinstance(event, ev.RunPaused) and event.state == "parked"):
            ended.set()

    unsubscribe = app.subscribe(heard)
    try:
        await app.start(made.id)
        with live:
            await _until(ended, app, made.id)
    finally:
        unsubscribe()
    return _told(await app.run(made.id), out)


async def resume(app: Application, given: Namespace, out: Output) -> int:
    """Go on with a Run, the newest unfinished one if none is named."""
    run_id = given.run
    if run_id is None:
        waiting = [one.id for one in await app.runs(None) if one.state in LIVE_RUN]
        if not waiting:
            out.say("There is nothing to resume.")
            return 0
        run_id = waiting[0]
    found = await app.run(run_id)
    ended, live = asyncio.Event(), Live(out)

    def heard(changed: Run, event: ev.AnyEvent) -> None:
        if changed.id != found.id:
            return
        live.show(changed, event)
        if isinstance(event, ev.RunFinished) or (isinstance(event, ev.RunPaused) and event.state == "parked"):
            ended.set()

    unsubscribe = app.subscribe(heard)
    try:
        await app.resume(found.id, given.budget)
        with live:
            await _until(ended, app, found.id)
    finally:
        unsubscribe()
    return _told(await app.run(found.id), out)


async def _until(ended: asyncio.Event, app: Application, run_id: str) -> None:
    """Until the Run finished, parked, or its drive ended by a problem."""
    drive = asyncio.create_task(app.wait(run_id))
    event = asyncio.create_task(ended.wait())
    try:
        await asyncio.wait([drive, event], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (drive, event):
            task.cancel()
    if drive.done() and not drive.cancelled():
        drive.result()


def _told(final: Run, out: Output) -> int:
    if not out.as_json:
        out.run(final)
    if final.state == "parked":
        out.note(f"{final.reason} `contextune resume {final.id} --budget USD` goes on.")
        return PARKED
    if final.state == "review":
        out.note(
            f"`contextune accept {final.id}` moves your branch, `contextune discard {final.id}` drops it."
        )
    if final.state == "paused":
        out.note(f"{final.reason} `contextune resume {final.id}` goes on.")
    if final.state == "accepted":
        out.note(f"`contextune undo {final.id}` moves your branch back.")
    wrong = final.accept != "none" and final.state == "review"
    return 0 if all(task.state == "accepted" for task in final.tasks) and not wrong else FAILED


def _request(given: Namespace) -> QuoteRequest:
    plan_file: Path | None = getattr(given, "plan", None)
    if not (given.todo or given.all or given.goal or plan_file):
        raise UsageProblem("Say what to work on: --todo ID, --all, or --goal TEXT.")
    return QuoteRequest(
        folder=given.path,
        todo_ids=tuple(given.todo),
        all=given.all,
        goal=given.goal,
        base=given.base,
        plan=_plan(plan_file) if plan_file else None,
    )


def _plan(file: Path) -> Plan:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Plan)
    except OSError as problem:
        raise UsageProblem(f"--plan: {file} cannot be read: {problem.strerror}.") from None
    except msgspec.MsgspecError as problem:
        raise UsageProblem(f"--plan: {file} is not a plan: {problem}.") from None


def _overrides(given: Namespace) -> dict[str, Any]:
    named = {name: getattr(given, name, None) for name in ("budget", "agents", "gate", "accept")}
    chosen: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    if given.offline:
        chosen["offline"] = True
    return chosen


async def _consent() -> bool:
    sys.stderr.write("Start? [y/N] ")
    sys.stderr.flush()
    answer = await asyncio.to_thread(sys.stdin.readline)
    return answer.strip().lower() in ("y", "yes")

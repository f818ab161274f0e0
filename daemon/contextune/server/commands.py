"""What `workspace/executeCommand` does. Commands answer at once; what takes long goes on and shows itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, get_args

import msgspec
from pygls.exceptions import JsonRpcInvalidParams

from contextune.core.errors import UsageProblem
from contextune.core.runs.run import Run
from contextune.core.states import LIVE_RUN
from contextune.engine.quotes.quote import QuoteRequest
from contextune.protocol.convert import can_accept, can_undo
from contextune.protocol.params import RadarChooseParams, RunChanged
from contextune.protocol.wire import Params
from contextune.server import flow
from contextune.server.names import (
    AnswerTarget,
    ArrangeTarget,
    ChoiceTarget,
    Name,
    RunTarget,
    TaskTarget,
    WorkTarget,
)
from contextune.server.quoting import change_quote
from contextune.server.session import Session

Target = TypeVar("Target", bound=Params)
Fits = Callable[[Run], bool]


async def execute(session: Session, name: Name, arguments: Sequence[Any]) -> RunChanged | None:
    """Run one of our commands. Raises JsonRpcInvalidParams naming what is wrong with its argument."""
    if name == "answerQuestion":
        said = _argument(arguments, AnswerTarget)
        await (await session.application()).answer(said.run_id, said.task_id, said.text)
        return None
    if name in ("pauseTask", "resumeTask"):
        task, steering = _argument(arguments, TaskTarget), (await session.application()).steering
        steer = steering.pause_task if name == "pauseTask" else steering.resume_task
        return RunChanged(run=session.view(await steer(task.run_id, task.task_id)))
    if name == "arrangeTasks":
        wish = _argument(arguments, ArrangeTarget)
        pair = wish.choice, wish.first, wish.second
        changed = await change_quote(session, wish.quote_id, lambda to, own: to.arrange(own, *pair))
        # The question that a plain client shows still has the Quote as it was.
        session.client.say(flow.quote_text(changed.quote))
        return None
    if name == "choose":
        session.client.questions.choose(_argument(arguments, ChoiceTarget))
        return None
    if name == "chooseCourse":
        chosen = _argument(arguments, RadarChooseParams)
        await (await session.application()).choose_course(chosen.run_id, chosen.task_id, chosen.course)
        return None
    if name in _OF_RUNS:
        target = _argument(arguments, RunTarget)
        return await _of_run(session, name, target)
    wanted = _argument(arguments, WorkTarget)
    request = QuoteRequest(
        folder=session.folder(wanted.folder),
        todo_ids=wanted.todo_ids,
        all=wanted.all or (name == "parallelizeWorkspace" and not wanted.todo_ids),
        goal=wanted.goal,
    )
    if not (request.todo_ids or request.all or request.goal):
        raise JsonRpcInvalidParams("Expected `todoIds`, `all` or `goal` in the command's argument.")
    session.spawn(flow.work(session, request))
    return None


async def _of_run(session: Session, name: str, target: RunTarget) -> RunChanged | None:
    run = await _find(session, name, target)
    application = await session.application()
    match name:
        case "showRun":
            session.client.say(flow.outcome_text(run))
            return RunChanged(run=session.view(run))
        case "acceptRun":
            session.spawn(flow.accept(session, run.id))
        case "undoRun":
            session.spawn(flow.undo(session, run.id))
        case "discardRun":
            session.spawn(flow.discard(session, run.id))
        case "pauseRun":
            await application.pause(run.id)
        case "resumeRun":
            await application.resume(run.id, None)
        case "cancelRun":
            await application.cancel(run.id)
    return None


async def _find(session: Session, name: str, target: RunTarget) -> Run:
    application = await session.application()
    if target.run_id is not None:
        return await application.run(target.run_id)
    fits = _OF_RUNS[name]
    for folder in session.folders:
        run = next((run for run in await application.runs(folder) if fits(run)), None)
        if run is not None:
            return run
    raise UsageProblem(f"No Run of the open folders fits {name}. Name one by `runId`.")


_OF_RUNS: Mapping[str, Fits] = {
    "showRun": lambda _: True,
    "acceptRun": can_accept,
    "undoRun": can_undo,
    "discardRun": lambda run: run.state == "review",
    "pauseRun": lambda run: run.state == "running",
    "resumeRun": lambda run: run.state in LIVE_RUN,
    "cancelRun": lambda run: run.state in LIVE_RUN,
}


def _argument(arguments: Sequence[Any], kind: type[Target]) -> Target:
    if len(arguments) > 1:
        raise JsonRpcInvalidParams(f"Expected one argument, got {len(arguments)}.")
    try:
        return msgspec.convert(arguments[0] if arguments else {}, kind)
    except msgspec.ValidationError as problem:
        raise JsonRpcInvalidParams(f"The command's argument: {problem}") from None


NAMES: tuple[Name, ...] = get_args(Name)

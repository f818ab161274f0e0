"""What a process that died left open, brought to an end by the one that goes on."""

from __future__ import annotations

from contextune.core.model.ledger import PLANNING, SHADOW, LedgerEntry
from contextune.core.model.money import Charge, Usage
from contextune.core.model.requests import RequestSettled
from contextune.core.runs import events as ev
from contextune.core.runs.run import Run
from contextune.engine.surroundings.world import World

GONE = "The process ended before the reply came."


def interrupted(run: Run, at: int) -> list[ev.AnyEvent]:
    """Events that settle the requests in flight, at their worst case.

    Whether such a request was billed is not known, so that the budget must count it.
    """
    return [
        RequestSettled(
            run_id=run.id,
            at=at,
            request_id=request.request_id,
            task_id=request.task_id,
            role=request.role,
            rung=request.rung,
            charge=Charge(
                usage=Usage(), dollars=request.worst_case, at_sonnet=request.worst_case, estimated=True
            ),
            error=GONE,
            attempt=request.attempt,
        )
        for request in run.in_flight
    ]


def left_open(run: Run, at: int) -> list[ev.AnyEvent]:
    """Events that end the attempts at work, of a Run that nobody goes on with."""
    return [
        ev.AttemptEnded(
            run_id=run.id,
            at=at,
            task_id=task.id,
            attempt=attempt.number,
            outcome="cancelled",
            summary="The process ended.",
        )
        for task in run.tasks
        for attempt in task.attempts
        if attempt.outcome == "working"
    ]


async def settle_abandoned(world: World) -> None:
    """Bill the requests that a dead process left open outside of Runs: of planning, and of shadow samples.

    Those of a Run are billed when it is resumed or cancelled.
    """
    left = [entry for entry in await world.journal.unsettled() if entry.stream.startswith((PLANNING, SHADOW))]
    for entry in left:
        with world.mailbox.own(entry.stream.removeprefix(SHADOW)) as owned:
            if owned:
                await world.journal.append([_at_worst(entry, world.clock.now())])


def _at_worst(entry: LedgerEntry, at: int) -> RequestSettled:
    return RequestSettled(
        run_id=entry.stream,
        at=at,
        request_id=entry.request_id,
        task_id=entry.task_id,
        role=entry.role,
        rung=entry.rung,
        charge=Charge(usage=Usage(), dollars=entry.worst_case, at_sonnet=entry.worst_case, estimated=True),
        error=GONE,
        attempt=entry.attempt,
    )

"""What a process that died left open in a Run, brought to an end by the one that goes on."""

from __future__ import annotations

from contextune.core import events as ev
from contextune.core.money import Charge, Usage
from contextune.core.run import Run


def interrupted(run: Run, at: int) -> list[ev.AnyEvent]:
    """Events that settle the requests in flight, at their worst case, and end the attempts at work.

    Whether such a request was billed is not known, so that the budget must count it.
    """
    settled: list[ev.AnyEvent] = [
        ev.RequestSettled(
            run_id=run.id,
            at=at,
            request_id=request.request_id,
            task_id=request.task_id,
            role=request.role,
            rung=request.rung,
            charge=Charge(
                usage=Usage(), dollars=request.worst_case, at_sonnet=request.worst_case, estimated=True
            ),
            error="The process ended before the reply came.",
        )
        for request in run.in_flight
    ]
    ended: list[ev.AnyEvent] = [
        ev.AttemptEnded(
            run_id=run.id,
            at=at,
            task_id=task.id,
            attempt=task.attempt.number,
            outcome="cancelled",
            summary="The process ended.",
        )
        for task in run.tasks
        if task.attempt is not None and task.attempt.outcome == "working"
    ]
    return settled + ended

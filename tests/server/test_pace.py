"""What of a Run a person is told at once, and how often of what only moves on."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from contextune.core.model.requests import RequestReserved
from contextune.core.runs import events as ev
from contextune.core.runs.run import advance
from contextune.server.pace import LONGEST_PROGRESS, run_interval, standing
from tests.protocol import samples as s

RUN = s.make_run(*s.started("round-up"))


@pytest.mark.parametrize(
    ("event", "is_news"),
    [
        (ev.Noted(run_id="r_1", at=3_000, text="A note."), False),
        (ev.FilesTouched(run_id="r_1", at=3_000, task_id="round-up", files=("a.py",)), False),
        (
            RequestReserved(
                run_id="r_1", at=3_000, request_id="q_9", task_id="round-up", role="x", rung=s.LOW,
                prompt_tokens=1, worst_case=Decimal(1),
            ),
            False,
        ),
        (ev.QuestionAsked(run_id="r_1", at=3_000, task_id="round-up", question="How?", choices=()), True),
        (ev.TaskPaused(run_id="r_1", at=3_000, task_id="round-up"), True),
        (ev.RunPaused(run_id="r_1", at=3_000, state="parked", reason="Reached."), True),
        (ev.RunAdjusted(run_id="r_1", at=3_000, budget=Decimal(9), agents=2), True),
        (ev.TaskEnded(run_id="r_1", at=3_000, task_id="round-up", state="failed", reason="Red."), True),
    ],
)  # fmt: skip
def test_what_a_person_has_to_know_is_news(event: ev.AnyEvent, is_news: bool) -> None:
    assert (standing(advance(RUN, event)) != standing(RUN)) is is_news


def test_what_moves_on_is_told_as_often_as_it_is_drawn() -> None:
    assert run_interval(RUN, is_news=True) < 0.05
    assert run_interval(RUN, is_news=False) < 0.05
    ten = msgspec.structs.replace(RUN, tasks=(RUN.task("round-up"),) * 10)
    assert run_interval(ten, is_news=True) == 0.05
    assert run_interval(ten, is_news=False) == 0.5
    many = [RUN.task("round-up")] * 50
    crowd = msgspec.structs.replace(RUN, tasks=tuple(many))
    assert run_interval(crowd, is_news=True) == 0.1
    assert run_interval(crowd, is_news=False) == LONGEST_PROGRESS

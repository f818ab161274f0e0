"""How Tasks stand while their Run waits: one answer for trees, lenses, hovers and plain words."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec
import pytest

from contextune.core.model.requests import RequestReserved
from contextune.protocol.convert import run_view
from contextune.protocol.task_words import task_meaning_text, task_state_text
from contextune.protocol.words import ENGLISH, speak
from contextune.server.languages import language_of
from tests.protocol import samples as s


@pytest.mark.parametrize(("state", "says"), [("parked", "A budget is reached"), ("paused", "No agent takes")])
def test_tasks_stand_as_their_run_does_while_it_waits(state: Literal["parked", "paused"], says: str) -> None:
    run = s.with_state(s.make_run(*s.started("round-up")), state)
    tasks = run_view(run).tasks
    assert [(task.state, task.halted) for task in tasks] == [("working", state), ("waiting", state)]
    assert all(task.state_text.startswith(says) for task in tasks)
    assert [task.halted for task in run_view(s.with_state(run, "running")).tasks] == [None, None]


def test_a_task_whose_request_is_under_way_is_at_work_until_it_is_answered() -> None:
    run = s.with_state(s.make_run(*s.started("round-up")), "parked")
    task = run.task("round-up")
    assert task.attempt is not None
    sent = RequestReserved(
        run_id="r_1",
        at=4_000,
        request_id="q_9",
        task_id=task.id,
        role=task.attempt.role,
        rung=task.attempt.rung,
        prompt_tokens=1_000,
        worst_case=Decimal("0.01"),
    )
    tasks = run_view(msgspec.structs.replace(run, in_flight=(sent,))).tasks
    assert [task.halted for task in tasks] == [None, "parked"]


def test_a_task_that_asks_or_has_ended_says_so_while_its_run_waits() -> None:
    run = s.with_state(s.reviewed(), "parked")
    assert [task.halted for task in run_view(run).tasks] == [None, None]


def test_it_is_said_in_german_too() -> None:
    run = s.with_state(s.make_run(*s.started("round-up")), "parked")
    task = run.task("round-up")
    speak(language_of("de"))
    try:
        assert task_state_text(run, task) == "Budget erreicht"
        assert task_meaning_text(run, task).startswith("Ein Budget ist erreicht")
    finally:
        speak(ENGLISH)

"""Where a Task begins on the Ladder, and where it stands after some attempts."""

from __future__ import annotations

import msgspec
import pytest

from contextune.core.model.conversation import Rung
from contextune.core.planning.plan import Complexity, Task
from contextune.core.planning.quote import Quote
from contextune.core.runs.ladder import beginning, reached
from contextune.core.runs.task_run import Attempt
from contextune.core.states import AttemptOutcome
from tests.protocol import samples as s

LOW = Rung(model="claude-haiku-5-5", effort="low")
THREE = Rung(model="claude-haiku-5-5", effort="low", tries=3)
HIGH = Rung(model="claude-haiku-5-5", effort="high")
TOP = Rung(model="claude-sonnet-5-5", effort="medium")
LADDER = (LOW, HIGH, TOP)

Told = tuple[int | None, AttemptOutcome] | tuple[int | None, AttemptOutcome, int]


def attempts(*told: Told, rungs: tuple[Rung, ...] = LADDER) -> list[Attempt]:
    """Attempts by step, outcome and, where there are several, try."""
    return [
        Attempt(
            number=number,
            role="x",
            rung=rungs[one[0] or 0],
            reason="",
            started_at=0,
            outcome=one[1],
            step=one[0],
            trial=one[2] if len(one) == 3 else 1,
        )
        for number, one in enumerate(told, start=1)
    ]


@pytest.mark.parametrize(
    ("told", "step"),
    [
        ([], 0),
        ([(0, "working")], 0),
        ([(0, "cancelled")], 0),
        ([(0, "failed")], 0),
        ([(0, "red")], 1),
        ([(0, "limit")], 1),
        ([(0, "refused")], 1),
        ([(0, "green")], 0),
        ([(0, "red"), (1, "cancelled")], 1),
        ([(0, "red"), (1, "cancelled"), (1, "red")], 2),
        ([(0, "red"), (1, "red"), (2, "red")], 3),
        ([(0, "handed_over")], 0),
        ([(0, "handed_over")] * 3, 0),
        ([(0, "handed_over")] * 4, 1),
        ([(0, "handed_over")] * 4 + [(1, "handed_over")], 2),
        ([(2, "red")], 3),
    ],
)
def test_a_rung_is_left_when_it_has_lost(told: list[Told], step: int) -> None:
    assert reached(LADDER, 0, attempts(*told)) == step


@pytest.mark.parametrize(
    ("told", "step"),
    [
        ([(0, "red", 1), (0, "red", 2)], 0),
        ([(0, "red", 1), (0, "cancelled", 2), (0, "limit", 3)], 0),
        ([(0, "red", 1), (0, "red", 2), (0, "limit", 3)], 1),
        ([(0, "red", 1), (0, "red", 2), (0, "cancelled", 3), (0, "red", 3)], 1),
        ([(0, "red", 1), (0, "green", 2), (0, "red", 3)], 0),
        ([(0, "outdone", 1), (0, "green", 2), (0, "cancelled", 3)], 0),
        ([(0, "handed_over", 1), (0, "red", 2), (0, "red", 3)], 0),
        ([(0, "red", 1), (0, "red", 2), (0, "red", 3), (1, "working", 1)], 1),
    ],
)
def test_a_rung_of_several_tries_is_left_when_all_have_lost(told: list[Told], step: int) -> None:
    rungs = (THREE, TOP)
    assert reached(rungs, 0, attempts(*told, rungs=rungs)) == step


def test_an_older_journal_tells_the_step_by_the_rung() -> None:
    def old(*told: tuple[Rung, AttemptOutcome]) -> list[Attempt]:
        return [
            Attempt(number=n, role="x", rung=rung, reason="", started_at=0, outcome=outcome)
            for n, (rung, outcome) in enumerate(told, start=1)
        ]

    assert reached(LADDER, 0, old((LOW, "red"), (HIGH, "cancelled"))) == 1
    assert reached(LADDER, 0, old((LOW, "red"), (HIGH, "red"))) == 2
    assert reached(LADDER, 1, old((TOP, "red"))) == 3
    assert reached(LADDER, 1, old((LOW, "red"))) == 2  # a rung that the Ladder does not have from there on


def quoted(start: int, kind: str, complexity: Complexity) -> tuple[Quote, Task]:
    quote = s.make_quote()
    task = msgspec.structs.replace(quote.plan.tasks[0], complexity=complexity)
    tasks = tuple(
        msgspec.structs.replace(one, start=start, kind=kind, reason="Because.") for one in quote.tasks
    )
    return msgspec.structs.replace(quote, tasks=tasks), task


@pytest.mark.parametrize(
    ("start", "kind", "complexity", "step"),
    [
        (0, "", "standard", 0),
        (0, "", "hard", 1),
        (0, "tests", "hard", 0),
        (2, "tests", "simple", 2),
        (2, "", "hard", 2),
        (9, "tests", "simple", 2),
    ],
)
def test_a_task_begins_where_its_quote_says(start: int, kind: str, complexity: Complexity, step: int) -> None:
    assert beginning(*quoted(start, kind, complexity), LADDER) == (step, "Because.")


def test_a_task_without_a_quote_begins_at_the_bottom() -> None:
    quote, task = quoted(2, "tests", "standard")
    other = msgspec.structs.replace(task, id="another")
    assert beginning(quote, other, LADDER) == (0, "")
    assert beginning(quote, msgspec.structs.replace(other, complexity="hard"), (LOW,)) == (0, "")

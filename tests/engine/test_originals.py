"""A Gate that an agent's own tests cannot talk round: the tests as they were before have their say."""

from __future__ import annotations

from typing import Any

import pytest

from contextune.agents.briefing import OBJECTION
from contextune.core.errors import UsageProblem
from contextune.core.proof.flags import REWRITTEN
from contextune.core.runs import events as ev
from contextune.engine.proof.originals import sort_of
from tests.engine.conftest import MakeDesk
from tests.engine.test_resume import killed
from tests.engine.world import FILES, PYTHON, edit, finish, plays, task, turn, write

TESTS = "tests/test_calc.py"
WRONG = edit("calc/area.py", "return w * h", "return w + h")
RIGHT = edit("calc/area.py", "return w + h", "return w * h")
FITTED = edit(TESTS, "self.assertEqual(area(2, 3), 6)", "self.assertEqual(area(2, 3), 5)")
BROKEN = edit("calc/rates.py", "return hours * RATE", "return 0")
PUT_BACK = edit(TESTS, "self.assertEqual(area(2, 3), 5)", "self.assertEqual(area(2, 3), 6)")


async def test_a_test_rewritten_to_fit_is_told_and_never_accepted_unseen(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            "area adds",
            turn(WRONG, FITTED, finish("Areas are sums.")),
            turn(finish("The Task asks for sums."), expect=[OBJECTION, "test_area", f"You changed {TESTS}"]),
        )
    )
    run = await here.finish(task("area adds"))
    assert (run.state, run.joined) == ("review", ("area",))
    attempt = run.task("area").attempt
    assert attempt is not None
    assert attempt.evidence is not None
    assert (attempt.outcome, attempt.summary) == ("green", "The Task asks for sums.")
    assert len(attempt.evidence.outdated) == 1
    assert "test_area" in attempt.evidence.outdated[0]
    assert attempt.evidence.rewritten == (TESTS,)
    assert {change.path: change.flag for change in run.changes} == {"calc/area.py": "", TESTS: REWRITTEN}
    with pytest.raises(UsageProblem, match=f"{TESTS} .{REWRITTEN}"):
        await here.app.accept(run.id, "merge")
    assert (await here.app.accept(run.id, "merge", seen=[TESTS])).state == "accepted"


async def test_the_same_change_that_keeps_the_tests_is_red_without_any_of_this(desk: MakeDesk) -> None:
    """What the guard is for: with the tests as they were, this code does not pass."""
    here = await desk(
        plays("area adds", turn(WRONG, finish()), turn(RIGHT, write("calc/more.py", "MORE = 1\n"), finish()))
    )
    run = await here.finish(task("area adds"))
    verdicts = [event.evidence.verdict for event in here.heard if isinstance(event, ev.GateFinished)]
    assert verdicts[0] == "red"
    assert run.state == "review"


async def test_an_agent_that_puts_the_test_back_is_green_without_a_flag(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            "area adds",
            turn(WRONG, FITTED, finish()),
            turn(RIGHT, PUT_BACK, write("calc/more.py", "MORE = 1\n"), finish(), expect=[OBJECTION]),
        )
    )
    run = await here.finish(task("area adds"))
    assert [(change.path, change.flag) for change in run.changes] == [("calc/more.py", "")]


async def test_a_second_look_makes_nothing_worse(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            "area adds",
            turn(WRONG, FITTED, finish("Sums.")),
            turn(
                edit("calc/rates.py", "return hours * RATE", "return 0"),
                finish("Broken."),
                expect=[OBJECTION],
            ),
        )
    )
    run = await here.finish(task("area adds"))
    attempt = run.task("area").attempt
    assert attempt is not None
    assert (attempt.outcome, attempt.summary) == ("green", "Sums.")
    assert attempt.evidence is not None
    assert (attempt.evidence.verdict, attempt.evidence.rewritten) == ("green", (TESTS,))
    assert [change.path for change in run.changes] == ["calc/area.py", TESTS]


async def test_a_second_look_that_a_kill_broke_off_makes_nothing_worse_either(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            "area adds",
            turn(WRONG, FITTED, finish("Sums.")),
            turn(BROKEN, finish("Broken."), fault={"kind": "slow", "delay_ms": 3_000}),
        ),
        unplayed=True,
    )
    left = await killed(here, ["RequestReserved area"] * 2, "area adds")
    await here.app.resume(left.id)
    run = await here.wait(left.id)
    attempt = run.task("area").attempt
    assert attempt is not None
    assert (attempt.outcome, attempt.summary, attempt.number) == ("green", "Sums.", 1)
    assert [(change.path, change.flag) for change in run.changes] == [
        ("calc/area.py", ""),
        (TESTS, REWRITTEN),
    ]


CHECK = f"""{PYTHON} -c 'import conftest, calc.area; assert calc.area.area(2, 3) == conftest.EXPECTED'"""


async def test_a_pass_that_only_a_changed_set_up_gives_is_red(desk: MakeDesk) -> None:
    here = await desk(
        plays(
            "area adds",
            turn(WRONG, edit("conftest.py", "6", "5"), finish()),
            turn(
                edit("conftest.py", "5", "6"),
                RIGHT,
                write("calc/more.py", "MORE = 1\n"),
                finish(),
                expect=["only because the set-up of the tests was changed", "conftest.py"],
            ),
        ),
        files={**FILES, "conftest.py": "EXPECTED = 6\n"},
        settings=f'gate = "{CHECK}"\n',
    )
    run = await here.finish(task("area adds"))
    verdicts = [event.evidence.verdict for event in here.heard if isinstance(event, ev.GateFinished)]
    assert verdicts == ["red", "green", "green"]
    assert [change.path for change in run.changes] == ["calc/more.py"]


async def test_new_tests_and_changed_ones_that_pass_as_they_were_cost_no_turn(desk: MakeDesk) -> None:
    added = edit(
        TESTS,
        "    def test_greet",
        "    def test_more(self):\n        self.assertTrue(area)\n\n    def test_greet",
    )
    here = await desk(
        plays("more tests", turn(added, write("tests/test_new.py", "import unittest\n"), finish()))
    )
    run = await here.finish(task("more tests"))
    assert [(change.path, change.flag) for change in run.changes] == [(TESTS, ""), ("tests/test_new.py", "")]
    gates = [event for event in here.heard if isinstance(event, ev.GateFinished)]
    assert [gate.evidence.outdated for gate in gates] == [()] * len(gates)


@pytest.mark.parametrize(
    ("path", "before", "after", "sort"),
    [
        ("src/app.py", "a", "b", None),
        ("tests/test_app.py", "a", "b", "test"),
        ("src/__snapshots__/app.js.snap", "a", "b", "test"),
        ("tests/conftest.py", None, "b", "set-up"),
        ("pytest.ini", "a", None, "set-up"),
        ("vitest.config.mts", "a", "b", "set-up"),
        ("package.json", '{"dependencies": {}}', '{"dependencies": {"a": "1"}}', None),
        ("package.json", '{"scripts": {"test": "jest"}}', '{"scripts": {"test": "true"}}', "set-up"),
        ("package.json", "{}", "{broken", "set-up"),
        ("web/package.json", None, '{"jest": {"testMatch": []}}', "set-up"),
        ("pyproject.toml", "[project]\nname = 'a'", "[project]\nname = 'b'", None),
        ("pyproject.toml", "", "[tool.pytest.ini_options]\naddopts = '-k nothing'", "set-up"),
        ("pyproject.toml", "", "tool = 3", None),
        ("setup.cfg", "[metadata]\nname = a", "[metadata]\nname = b", None),
        ("setup.cfg", "", "[tool:pytest]\naddopts = -x", "set-up"),
    ],
)
def test_what_a_file_has_to_do_with_the_tests(
    path: str, before: str | None, after: str | None, sort: Any
) -> None:
    assert sort_of(path, before, after) == sort

"""Tests that are run by hand: in a worktree at the Base, more than once where they are red."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contextune.agents.digest import failing_words
from contextune.core.errors import UsageProblem
from contextune.core.spending.agents import agent_rows
from tests.engine.conftest import MakeDesk
from tests.engine.world import FILES, PYTHON

FLAKY = """
import pathlib, unittest

class TestOdd(unittest.TestCase):
    def test_odd(self):
        seen = pathlib.Path("seen.txt")
        first = not seen.exists()
        seen.touch()
        self.assertFalse(first, "not the first time")

    def test_red(self):
        self.assertEqual(1, 2)

    @unittest.skip("later")
    def test_later(self):
        pass
"""


async def test_green_tests_are_run_once(desk: MakeDesk) -> None:
    made = await desk()
    found = await made.app.agents.suites.run(made.place.root, overlays=made.app.todos.overlays)
    assert found.green
    assert (found.tally.runner, found.tally.passed, len(found.durations_ms)) == ("unittest", 3, 1)
    assert list((made.home / "worktrees").glob("*/*")) == [], "its worktree is given back"
    assert len(made.server.log) == 0, "no model is asked"


async def test_red_tests_are_told_from_flaky_ones(desk: MakeDesk) -> None:
    made = await desk(files={**FILES, "tests/test_odd.py": FLAKY})
    found = await made.app.agents.suites.run(made.place.root, overlays=made.app.todos.overlays)
    assert not found.green
    assert found.flaky == ("test_odd (tests.test_odd.TestOdd.test_odd)",)
    (red,) = found.failures
    assert red.name == "test_red (tests.test_odd.TestOdd.test_red)"
    assert "AssertionError: 1 != 2" in red.said
    assert (found.tally.skipped, len(found.durations_ms)) == (1, 2)


async def test_they_see_what_the_user_sees_and_run_as_often_as_is_asked(desk: MakeDesk) -> None:
    made = await desk()
    made.place.write("calc/names.py", "def greet(name):\n    return ''\n")
    found = await made.app.agents.suites.run(made.place.root, overlays=made.app.todos.overlays, times=3)
    assert [failure.name for failure in found.failures] == [
        "test_greet (tests.test_calc.TestCalc.test_greet)"
    ]
    assert (found.flaky, len(found.durations_ms)) == ((), 3)


async def test_a_report_of_the_run_itself_is_read_and_an_older_one_is_not(desk: MakeDesk) -> None:
    old = "<testsuite><testcase name='old'><failure/></testcase></testsuite>"
    new = old.replace("old", "new")
    made = await desk(files={**FILES, "test-results/old.xml": old})
    script = Path(made.home / "gate.py")
    script.write_text(f"import pathlib\npathlib.Path('junit.xml').write_text({new!r})\nraise SystemExit(1)\n")
    found = await made.app.agents.suites.run(
        made.place.root, overlays=made.app.todos.overlays, overrides={"gate": f"{PYTHON} {script}"}
    )
    assert [failure.name for failure in found.failures] == ["new"]
    assert found.tally.runner == "junit"


async def test_without_a_command_it_says_what_to_name(desk: MakeDesk) -> None:
    made = await desk(files={"a.txt": "a\n"}, settings="agents = 1\n")
    with pytest.raises(UsageProblem, match="No test command was found"):
        await made.app.agents.suites.run(made.place.root, overlays=made.app.todos.overlays)


DIGEST = {
    "summary": "One is red.",
    "causes": [{"tests": [1], "cause": "1 is not 2", "look": ""}],
}


async def test_the_agent_puts_what_fails_into_words(desk: MakeDesk) -> None:
    asked = {
        "name": "digest",
        "when": {"system": "You are the test-runner", "user": ["1. test_red", "AssertionError: 1 != 2"]},
        "turn": [{"text": json.dumps(DIGEST)}],
    }
    made = await desk(asked, files={**FILES, "tests/test_odd.py": FLAKY})
    root = made.place.root
    found = await made.app.agents.suites.run(root, overlays=made.app.todos.overlays)
    who = (await made.app.agents.roles(root)).get("test-runner")
    assert await made.app.agents.ask(root, who, failing_words(found)) == DIGEST
    row = agent_rows(await made.app.costs(None))["test-runner"]
    assert (row.calls, row.good) == (1, 1)
    assert 0 < row.dollars < 0.03

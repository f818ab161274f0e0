"""When an agent goes round in circles, and when it only looks like it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from contextune.agents.circles import Circles
from contextune.agents.toolbox import Toolbox
from contextune.core.errors import Finished, Stuck
from contextune.core.model.conversation import Message, Text, ToolResult, ToolUse
from contextune.core.runs.effects import FileEffect
from tests.agents.conftest import MakeModel
from tests.agents.scripted import reply, use
from tests.agents.test_loop import DONE, Session


def verdicts(*turns: tuple[str, str]) -> list[str]:
    """What is said after each turn, a command and its output."""
    circles = Circles()
    said: list[str] = []
    for command, output in turns:
        circles.add([use("bash", command=command)], [ToolResult(tool_use_id="u1", content=output)])
        said.append(circles.verdict().kind)
    return said


def after_writes(*states: str, path: str = "a.py", meanwhile: bool = False) -> list[str]:
    """What is said after each turn that brings a file to the next state; `meanwhile` others look around."""
    circles = Circles()
    said: list[str] = []
    for number, (before, after) in enumerate(pairwise(states)):
        circles.wrote([FileEffect(path=path, before=before, after=after)])
        circles.add([use("write", content=f"{after} {number}")], [])
        said.append(circles.verdict().kind)
        if meanwhile:
            circles.add([use("read", number=number)], [])
            assert circles.verdict().kind == "fine"
    return said


@pytest.mark.parametrize("meanwhile", [False, True])
def test_edits_that_undo_each_other(meanwhile: bool) -> None:
    said = after_writes(*"ababababa", meanwhile=meanwhile)
    assert said == ["fine", "fine", "fine", "told", "fine", "stuck", "stuck", "stuck"]


def test_a_state_that_a_file_never_had_is_something_new() -> None:
    assert set(after_writes(*"abacadaeafaga")) == {"fine"}


def test_to_undo_once_is_no_circle() -> None:
    assert set(after_writes(*"abcba")) == {"fine"}


def test_what_a_command_changed_in_between_counts_as_new() -> None:
    circles = Circles()
    for number in range(8):
        circles.wrote([FileEffect(path="a", before=f"formatted {number}", after="a")])
        circles.add([use("write", number=number)], [])
        assert circles.verdict().kind == "fine"


def test_the_same_error_whatever_was_asked() -> None:
    circles = Circles()
    said: list[str] = []
    for number in range(6):
        failed = ToolResult(tool_use_id="u1", content="a.py: `old` does not occur.", is_error=True)
        circles.add([use("edit", old=f"try {number}")], [failed])
        said.append(circles.verdict().kind)
    assert said == ["fine", "fine", "fine", "told", "fine", "stuck"]


def test_other_errors_and_what_comes_between_are_no_circle() -> None:
    circles = Circles()
    for number in range(12):
        text = f"a.py: `old` occurs {number} times." if number % 3 else "a.py: `old` does not occur."
        circles.add(
            [use("edit", old=f"{number}")], [ToolResult(tool_use_id="u1", content=text, is_error=True)]
        )
        assert circles.verdict().kind == "fine"


def test_the_same_call_with_the_same_result() -> None:
    assert verdicts(*[("ls", "a")] * 5) == ["fine", "fine", "told", "fine", "stuck"]


def test_a_duration_is_no_change() -> None:
    assert verdicts(*[("pytest", f"1 failed in 0.{n}s") for n in range(3)])[-1] == "told"


@pytest.mark.parametrize("length", [2, 3, 4])
def test_a_circle_of_several_turns(length: int) -> None:
    circle = [(f"step {n}", "") for n in range(length)]
    said = verdicts(*circle * 4)
    assert said.index("told") == 3 * length - 1
    assert said.index("stuck") == 4 * length - 1


def test_other_results_are_no_circle() -> None:
    assert set(verdicts(*[("tail log", f"line {n}") for n in range(9)])) == {"fine"}


def test_tests_between_different_edits_are_no_circle() -> None:
    turns = [turn for n in range(6) for turn in ((f"edit {n}", "ok"), ("pytest", "1 failed in 0.3s"))]
    assert set(verdicts(*turns)) == {"fine"}


async def test_an_agent_is_told_and_then_stopped(model: MakeModel, toolbox: Toolbox) -> None:
    again = use("bash", command="false")
    here = Session(model(*[reply(again)] * 5), toolbox, max_turns=40)
    end = await here.start()
    assert isinstance(end, Stuck)
    assert str(end) == "It went round in circles: the same calls came to the same results 5 times."
    told = [message for message, _ in here.recorded if message.role == "user"]
    assert [isinstance(message.blocks[-1], Text) for message in told[1:]] == [False, False, True, False]


async def test_an_agent_that_heeds_it_goes_on(model: MakeModel, toolbox: Toolbox, folder: Path) -> None:
    again = use("bash", command="cat there")
    replies = [reply(again)] * 3 + [reply(use("bash", command="echo x > there")), reply(again), reply(DONE)]
    here = Session(model(*replies), toolbox)
    assert isinstance(await here.start(), Finished)
    assert (folder / "there").exists()


def test_a_conversation_of_another_process_counts() -> None:
    messages = []
    for _ in range(3):
        messages.append(reply(use("bash", command="ls")).message)
        messages.append(Message(role="user", blocks=(ToolResult(tool_use_id="u1", content="a"),)))
    circles = Circles()
    circles.recall(messages)
    assert circles.verdict().kind == "told"
    assert "3 times" in circles.verdict().text


async def test_an_agent_whose_edits_undo_each_other_is_told_and_then_stopped(
    model: MakeModel, toolbox: Toolbox, folder: Path
) -> None:
    (folder / "a.txt").write_text("one\n")

    def change(old: str, new: str) -> ToolUse:
        return use("edit", edits=[{"path": "a.txt", "old": old, "new": new}])

    turns = [change("one", "two"), change("two", "one")] * 10
    looks = [use("grep", pattern=f"look {number}") for number in range(20)]
    calls = [call for pair in zip(turns, looks, strict=True) for call in pair]
    replies = [reply(use("read", files=[{"path": "a.txt"}])), *(reply(call) for call in calls[:11])]
    here = Session(model(*replies), toolbox, max_turns=40)
    end = await here.start()
    assert isinstance(end, Stuck)
    assert str(end) == "It went round in circles: its last 5 writes undid each other."

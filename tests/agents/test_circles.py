"""When an agent goes round in circles, and when it only looks like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.agents.circles import Circles
from contextune.agents.toolbox import Toolbox
from contextune.core.conversation import Message, Text, ToolResult
from contextune.core.errors import Finished, Stuck
from tests.agents.conftest import MakeModel
from tests.agents.scripted import reply, use
from tests.agents.test_loop import DONE, Session


def verdicts(*turns: tuple[str, str]) -> list[str]:
    """What is said after each turn, a command and its output."""
    circles = Circles()
    said: list[str] = []
    for command, output in turns:
        circles.add([use("bash", command=command)], [ToolResult(tool_use_id="u1", content=output)])
        said.append(circles.verdict()[0])
    return said


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
    assert circles.verdict() == ("told", 3)

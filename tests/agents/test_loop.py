"""The agent loop: query, act, observe; what ends it and what goes back."""

from __future__ import annotations

import msgspec
import pytest

from contextune.agents.loop import NOT_RUN, AgentLoop
from contextune.agents.toolbox import Toolbox
from contextune.core.conversation import (
    Message,
    OpaqueBlock,
    Rung,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
    said_by_user,
)
from contextune.core.errors import Asked, AttemptEnd, Finished, LimitReached, ModelProblem, ModelRefusal
from tests.agents.conftest import MakeModel
from tests.agents.scripted import ScriptedModel, reply, use

FIRST = (Text(text="# Task: count"),)
LOOK = use("bash", "u1", command="echo seen")
DONE = use("finish", "u9", summary="Counted.")


class Session:
    """A loop with what it recorded, what the user says to it, and how often it acted."""

    def __init__(self, model: ScriptedModel, toolbox: Toolbox, *, max_turns: int = 10) -> None:
        self.model = model
        self.recorded: list[tuple[Message, int]] = []
        self.words: list[str] = []
        self.acts = 0
        self.loop = AgentLoop(
            send=model.send,
            record=self._record,
            hear=lambda: tuple(self.words),
            toolbox=toolbox,
            rung=Rung(model="claude-haiku-5-5", effort="low"),
            system=(Text(text="You are an agent.", cache=True),),
            max_tokens=1000,
            max_turns=max_turns,
            acted=self._acted,
        )

    async def start(self) -> AttemptEnd:
        return await self.loop.start(FIRST)

    def observed(self) -> Message:
        """The newest message that went to the model."""
        return self.model.requests[-1].messages[-1]

    async def _record(self, message: Message, turn: int) -> None:
        self.recorded.append((message, turn))

    async def _acted(self) -> None:
        self.acts += 1


async def test_it_queries_acts_and_observes_until_it_finishes(model: MakeModel, toolbox: Toolbox) -> None:
    here = Session(model(reply("Looking.", LOOK), reply(DONE)), toolbox)
    end = await here.start()
    assert isinstance(end, Finished)
    assert (end.call_id, end.summary, here.loop.turn, here.acts) == ("u9", "Counted.", 2, 2)
    result = ToolResult(tool_use_id="u1", content="seen\n[exit code 0]")
    assert here.recorded == [
        (Message(role="user", blocks=FIRST), 0),
        (Message(role="assistant", blocks=(Text(text="Looking."), LOOK)), 1),
        (Message(role="user", blocks=(result,)), 1),
        (Message(role="assistant", blocks=(DONE,)), 2),
    ]
    assert here.model.requests[1].messages == tuple(message for message, _ in here.recorded[:3])


async def test_requests_share_their_prefix_byte_for_byte(model: MakeModel, toolbox: Toolbox) -> None:
    here = Session(model(reply(LOOK), reply(LOOK), reply(DONE)), toolbox)
    await here.start()
    first, second, third = here.model.requests
    for one, other in ((first, second), (second, third)):
        assert msgspec.json.encode((one.system, one.tools)) == msgspec.json.encode(
            (other.system, other.tools)
        )
        assert other.messages[: len(one.messages)] == one.messages
        assert other.rung == one.rung


async def test_a_red_gate_goes_back_as_the_answer_to_finish(model: MakeModel, toolbox: Toolbox) -> None:
    here = Session(model(reply(DONE), reply(use("finish", "u10", summary="Now."))), toolbox)
    assert isinstance(await here.start(), Finished)
    end = await here.loop.observe("u9", "The Gate is red.", is_error=True)
    assert isinstance(end, Finished)
    assert end.call_id == "u10"
    assert here.observed() == Message(
        role="user", blocks=(ToolResult(tool_use_id="u9", content="The Gate is red.", is_error=True),)
    )


async def test_a_question_is_answered_and_the_answer_said_once(model: MakeModel, toolbox: Toolbox) -> None:
    here = Session(model(reply(use("ask", "u2", question="Which?")), reply(DONE)), toolbox)
    end = await here.start()
    assert isinstance(end, Asked)
    here.words = ["be quick", "the first"]
    assert isinstance(await here.loop.observe("u2", "the first", is_error=False), Finished)
    assert here.observed().blocks == (
        ToolResult(tool_use_id="u2", content="the first"),
        said_by_user("be quick"),
    )


async def test_a_finish_in_the_middle_ends_the_turn(model: MakeModel, toolbox: Toolbox) -> None:
    late = use("bash", "u3", command="touch late")
    here = Session(model(reply(LOOK, DONE, late), reply(use("finish", "u10", summary="x"))), toolbox)
    assert isinstance(await here.start(), Finished)
    await here.loop.observe("u9", "The Gate is red.", is_error=True)
    assert here.observed().blocks == (
        ToolResult(tool_use_id="u9", content="The Gate is red.", is_error=True),
        ToolResult(tool_use_id="u1", content="seen\n[exit code 0]"),
        ToolResult(tool_use_id="u3", content=NOT_RUN, is_error=True),
    )
    assert "late" not in await toolbox.call(use("glob", patterns=["late"]))


async def test_several_calls_run_in_order(model: MakeModel, toolbox: Toolbox) -> None:
    calls = [use("bash", f"u{n}", command=f"echo {n} >> order; cat order") for n in (1, 2, 3)]
    here = Session(model(reply(*calls), reply(DONE)), toolbox)
    await here.start()
    contents = [block.content for block in here.observed().blocks if isinstance(block, ToolResult)]
    assert contents == ["1\n[exit code 0]", "1\n2\n[exit code 0]", "1\n2\n3\n[exit code 0]"]


async def test_a_problem_of_a_tool_goes_back_and_the_other_calls_run(
    model: MakeModel, toolbox: Toolbox
) -> None:
    wrong = use("read", "u2", files=[{"path": "gone.py"}])
    here = Session(model(reply(wrong, LOOK), reply(DONE)), toolbox)
    await here.start()
    problem, seen = here.observed().blocks
    assert isinstance(problem, ToolResult)
    assert isinstance(seen, ToolResult)
    assert (problem.is_error, seen.is_error) == (True, False)
    assert "gone.py" in problem.content


async def test_a_turn_without_a_call_counts_as_finish(model: MakeModel, toolbox: Toolbox) -> None:
    here = Session(model(reply("That is all."), reply("Really.")), toolbox)
    end = await here.start()
    assert isinstance(end, Finished)
    assert (end.call_id, end.summary) == ("", "That is all.")
    # Without a call there is nothing to answer: the Gate's word comes as text.
    await here.loop.observe("", "The Gate is red.", is_error=True)
    assert here.observed().blocks == (Text(text="The Gate is red."),)


async def test_a_cut_reply_runs_no_call_and_says_so(model: MakeModel, toolbox: Toolbox) -> None:
    half = use("bash", "u2", command="touch half")
    here = Session(
        model(reply("I will", half, stop="max_tokens"), reply(half, stop="max_tokens"), reply(DONE)), toolbox
    )
    assert isinstance(await here.start(), Finished)
    said = [message for message, _ in here.recorded]
    assert said[1] == Message(role="assistant", blocks=(Text(text="I will"),))
    assert isinstance(said[2].blocks[0], Text)
    assert "cut at 1000 tokens; no call in it was run" in said[2].blocks[0].text
    # A message must say something: what is left of a reply that was all call is a remark.
    assert said[3] == Message(role="assistant", blocks=(Text(text="(cut off)"),))
    assert await toolbox.call(use("glob", patterns=["half"])) == "no file"


async def test_thinking_and_unknown_blocks_go_back_unchanged(model: MakeModel, toolbox: Toolbox) -> None:
    thought = Thinking(thinking="hm", signature="sig")
    unknown = OpaqueBlock(data={"type": "redacted_thinking", "data": "x"})
    here = Session(model(reply(thought, unknown, LOOK), reply(DONE)), toolbox)
    await here.start()
    assert here.model.requests[1].messages[1].blocks == (thought, unknown, LOOK)


async def test_a_refusal_is_no_turn(model: MakeModel, toolbox: Toolbox) -> None:
    here = Session(model(reply(stop="refusal")), toolbox)
    with pytest.raises(ModelRefusal, match=r"claude-haiku-5-5 \(low\) declined the Task"):
        await here.start()
    assert here.loop.turn == 0
    assert len(here.recorded) == 1


async def test_a_problem_of_the_server_passes_through(model: MakeModel, toolbox: Toolbox) -> None:
    here = Session(model(ModelProblem("529")), toolbox)
    with pytest.raises(ModelProblem, match="529"):
        await here.start()


async def test_the_turns_of_an_attempt_are_counted_over_all_observations(
    model: MakeModel, toolbox: Toolbox
) -> None:
    here = Session(model(reply(LOOK), reply(DONE)), toolbox, max_turns=2)
    assert isinstance(await here.start(), Finished)
    end = await here.loop.observe("u9", "The Gate is red.", is_error=True)
    assert isinstance(end, LimitReached)
    assert str(end) == "2 turns are used up."


async def test_words_of_the_user_come_with_the_next_results(model: MakeModel, toolbox: Toolbox) -> None:
    here = Session(model(reply(LOOK), reply(LOOK), reply(DONE)), toolbox)
    here.words = ["use tabs", "use tabs and spaces"]

    async def once(message: Message, turn: int) -> None:
        if any(block == said_by_user("use tabs") for block in message.blocks):
            here.words.clear()
        here.recorded.append((message, turn))

    here.loop._record = once
    await here.start()
    said = [block for message, _ in here.recorded for block in message.blocks if isinstance(block, Text)]
    assert said[1:] == [said_by_user("use tabs"), said_by_user("use tabs and spaces")]


async def test_the_script_must_fit(toolbox: Toolbox) -> None:
    short = ScriptedModel(reply(LOOK))
    with pytest.raises(AssertionError, match="request 2 was not expected"):
        await Session(short, toolbox).start()
    long = ScriptedModel(reply(DONE), reply(DONE))
    await Session(long, toolbox).start()
    with pytest.raises(AssertionError):
        long.assert_complete()


def test_a_tool_use_knows_its_call() -> None:
    assert reply("a", LOOK, "b").calls == (LOOK,)
    assert reply("a", LOOK, "b").text == "ab"
    assert isinstance(LOOK, ToolUse)

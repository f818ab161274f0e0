"""The agent loop: query, act, observe; what ends it and what goes back."""

from __future__ import annotations

import threading
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contextune.adapters.commands.shell import FencedShell
from contextune.adapters.fence.choice import NoFence
from contextune.adapters.files.workspace import WorktreeFiles
from contextune.agents.loop import NOT_FINISHED, NOT_RUN, UNCERTAIN, AgentLoop, LeftOff, said
from contextune.agents.roles import role
from contextune.agents.toolbox import Toolbox
from contextune.core.errors import (
    Asked,
    AttemptEnd,
    Finished,
    HandedOver,
    LimitReached,
    ModelProblem,
    ModelRefusal,
    PromptTooLong,
)
from contextune.core.model.conversation import (
    Block,
    Message,
    ModelReply,
    ModelRequest,
    OpaqueBlock,
    Rung,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
    said_by_user,
)
from contextune.core.ports import Leave, at_once
from contextune.core.runs.effects import FileEffect
from tests.agents.conftest import MakeModel
from tests.agents.scripted import ScriptedModel, reply, use

FIRST = (Text(text="# Task: count"),)
LOOK = use("bash", "u1", command="echo seen")
DONE = use("finish", "u9", summary="Counted.")


class Session:
    """A loop with what it recorded, and what the user says to it."""

    def __init__(self, model: ScriptedModel, toolbox: Toolbox, *, max_turns: int = 10) -> None:
        self.model = model
        self.recorded: list[tuple[Message, int]] = []
        self.words: list[str] = []
        self.cliffs: list[tuple[str, int, int]] = []
        self.intents: list[tuple[str, tuple[FileEffect, ...]]] = []
        self.outcomes: list[ToolResult] = []
        self.loop = AgentLoop(
            send=self._send,
            record=self._record,
            before=self._before,
            after=self._after,
            hear=lambda: tuple(self.words),
            toolbox=toolbox,
            rung=Rung(model="claude-haiku-5-5", effort="low"),
            system=(Text(text="You are an agent.", cache=True),),
            max_tokens=1000,
            max_turns=max_turns,
            cliff=self._cliff,
        )

    async def start(self) -> AttemptEnd:
        return await self.loop.start(FIRST)

    def observed(self) -> Message:
        """The newest message that went to the model."""
        return self.model.requests[-1].messages[-1]

    async def _send(self, request: ModelRequest) -> ModelReply:
        answer = await self.model.send(request)
        self.recorded.append((said(answer), self.loop.turn + 1))
        return answer

    async def _before(self, use: ToolUse, turn: int, effects: tuple[FileEffect, ...]) -> None:
        assert turn == self.loop.turn
        self.intents.append((use.id, effects))

    async def _after(self, result: ToolResult) -> None:
        self.outcomes.append(result)

    async def _record(self, message: Message, turn: int) -> None:
        self.recorded.append((message, turn))

    async def _cliff(self, how: str, tokens: int, limit: int) -> None:
        self.cliffs.append((how, tokens, limit))


async def call(toolbox: Toolbox, use: ToolUse) -> str:
    return await (await toolbox.prepare(use)).run()


async def test_it_queries_acts_and_observes_until_it_finishes(model: MakeModel, toolbox: Toolbox) -> None:
    here = Session(model(reply("Looking.", LOOK), reply(DONE)), toolbox)
    end = await here.start()
    assert isinstance(end, Finished)
    assert (end.call_id, end.summary, here.loop.turn) == ("u9", "Counted.", 2)
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


async def test_each_request_tells_where_the_one_before_it_ended(model: MakeModel, toolbox: Toolbox) -> None:
    replies = [msgspec.structs.replace(reply(LOOK), id=f"msg{n}") for n in (1, 2)]
    here = Session(model(*replies, reply(DONE)), toolbox)
    await here.start()
    told = [(request.anchor, request.previous_id, len(request.messages)) for request in here.model.requests]
    assert told == [(0, None, 1), (1, "msg1", 3), (3, "msg2", 5)]


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
    assert "late" not in await call(toolbox, use("glob", patterns=["late"]))


async def test_several_calls_run_in_order(model: MakeModel, toolbox: Toolbox) -> None:
    calls = [use("bash", f"u{n}", command=f"echo {n} >> order; cat order") for n in (1, 2, 3)]
    here = Session(model(reply(*calls), reply(DONE)), toolbox)
    await here.start()
    contents = [block.content for block in here.observed().blocks if isinstance(block, ToolResult)]
    assert contents == ["1\n[exit code 0]", "1\n2\n[exit code 0]", "1\n2\n3\n[exit code 0]"]


class SlowFiles:
    """A workspace whose reads begin only when another one has begun as well, or when nobody else comes."""

    def __init__(self, folder: Path, together: int) -> None:
        self._files = WorktreeFiles(folder)
        self._barrier = threading.Barrier(together, timeout=10)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._files, name)

    def read(self, path: str) -> bytes:
        self._barrier.wait()
        return self._files.read(path)


async def test_calls_that_only_read_run_side_by_side_and_answer_in_order(
    model: MakeModel, folder: Path
) -> None:
    shell = FencedShell(NoFence("the test's own commands need none."))
    names = role("parallel-task-executor").tools
    box = Toolbox(SlowFiles(folder, 2), shell, names=names, environment={}, command_timeout=2)
    calls = [
        use("read", "u1", files=[{"path": "pkg/one.py", "to": 1}]),
        use("grep", "u2", pattern="x = 1"),
        use("read", "u3", files=[{"path": "pkg/two.py", "to": 1}]),
    ]
    here = Session(model(reply(*calls), reply(DONE)), box)
    assert isinstance(await here.start(), Finished)
    said = [block.content for block in here.observed().blocks if isinstance(block, ToolResult)]
    assert said == ["pkg/one.py (4 lines)\n1\ta = 1", "pkg/two.py:1:x = 1", "pkg/two.py (2 lines)\n1\tx = 1"]


async def test_a_read_after_a_write_sees_it(model: MakeModel, toolbox: Toolbox) -> None:
    look = {"files": [{"path": "pkg/one.py"}]}
    calls = [
        use("read", "u1", **look),
        use("write", "u2", files=[{"path": "pkg/one.py", "content": "new\n"}]),
        use("read", "u3", **look),
        use("bash", "u4", command="echo by bash > pkg/one.py"),
        use("read", "u5", **look),
    ]
    here = Session(model(reply(*calls), reply(DONE)), toolbox)
    await here.start()
    said = [block.content for block in here.observed().blocks if isinstance(block, ToolResult)]
    assert [said[n].rpartition("\t")[2] for n in (0, 2, 4)] == ["a = 1", "new", "by bash"]


async def test_a_finish_after_a_failed_edit_is_not_taken(model: MakeModel, toolbox: Toolbox) -> None:
    wrong = use("edit", "u1", edits=[{"path": "pkg/one.py", "old": "nowhere", "new": "x"}])
    here = Session(model(reply(wrong, DONE), reply(use("finish", "u10", summary="Now."))), toolbox)
    end = await here.start()
    assert isinstance(end, Finished)
    assert end.call_id == "u10"
    problem, finish = here.observed().blocks
    assert isinstance(problem, ToolResult)
    assert finish == ToolResult(tool_use_id="u9", content=NOT_FINISHED, is_error=True)


async def test_a_finish_after_a_failed_read_is_taken(model: MakeModel, toolbox: Toolbox) -> None:
    wrong = use("read", "u1", files=[{"path": "gone.py"}])
    here = Session(model(reply(wrong, DONE)), toolbox)
    assert isinstance(await here.start(), Finished)


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
    assert await call(toolbox, use("glob", patterns=["half"])) == "no file"


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
    assert [message.role for message, _ in here.recorded] == ["user", "assistant"]


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


LIMIT = 10_000
PRINT = use("bash", "u1", command="head -c 8000 /dev/zero | tr '\\0' x")


class Cliff(ScriptedModel):
    """Refuses what has more than `LIMIT` tokens, at four bytes a token."""

    async def send(self, request: ModelRequest, *, leave: Leave = at_once) -> ModelReply:
        tokens = len(msgspec.json.encode((request.system, request.tools, request.messages))) // 4
        if tokens > LIMIT:
            raise PromptTooLong("Too long.", tokens=tokens, limit=LIMIT)
        return await super().send(request, leave=leave)


def printing(turns: int, *more: Block) -> list[ModelReply]:
    return [
        reply(
            f"Turn {n}.",
            *more,
            msgspec.structs.replace(
                PRINT, id=f"u{n}", input={**PRINT.input, "command": f"{PRINT.input['command']} # {n}"}
            ),
        )
        for n in range(turns)
    ]


async def test_a_conversation_is_pruned_once_before_the_cliff_and_goes_on(toolbox: Toolbox) -> None:
    model = Cliff(*printing(7), reply(DONE))
    here = Session(model, toolbox)
    assert isinstance(await here.start(), Finished)
    model.assert_complete()
    ((how, tokens, limit),) = here.cliffs
    assert (how, limit) == ("pruned", LIMIT)
    assert tokens > LIMIT
    (short,) = (request for request in model.requests[1:] if request.anchor == 0)
    assert len(msgspec.json.encode(short)) // 4 < LIMIT * 0.6
    assert short.messages[0] == Message(role="user", blocks=FIRST)
    # The newest result is what the agent waits for.
    assert "x" * 8_000 in msgspec.json.encode(short.messages[-1]).decode()
    # The Journal keeps what was really said.
    assert all("left out" not in msgspec.json.encode(message).decode() for message, _ in here.recorded)


@pytest.mark.parametrize("why", ["thinking", "nothing to prune", "estimate"])
async def test_what_cannot_be_pruned_is_handed_over(toolbox: Toolbox, why: str) -> None:
    thought = (Thinking(thinking="", signature="s"),) if why == "thinking" else ()
    replies = printing(5, *thought)
    if why == "nothing to prune":
        big = use("write", "u1", files=[{"path": "big.txt", "content": "x" * 50_000}])
        replies = [reply("Turn 0.", big)]
    model = Cliff(*replies)
    if why == "estimate":
        # The server's count has little to do with bytes here: all requests from the fifth on are too long.
        async def send(request: ModelRequest, *, leave: Leave = at_once) -> ModelReply:
            if len(model.requests) == 4:
                raise PromptTooLong("Too long.", tokens=LIMIT + 1, limit=LIMIT)
            return await ScriptedModel.send(model, request, leave=leave)

        model.send = send  # type: ignore[method-assign]
    here = Session(model, toolbox)
    end = await here.start()
    assert isinstance(end, HandedOver)
    said = [message for message, _ in here.recorded if message.role == "assistant"]
    assert str(end) == f"Turn {len(said) - 1}."
    assert [how for how, _, _ in here.cliffs] == ["handed_over"]


async def test_a_first_message_that_is_too_long_is_nobodys_to_mend(toolbox: Toolbox) -> None:
    here = Session(Cliff(), toolbox)
    with pytest.raises(PromptTooLong):
        await here.loop.start((Text(text="x" * 60_000),))
    assert here.cliffs == []


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


def left(*blocks: Block, **more: Any) -> LeftOff:
    """A conversation that a process left after its first reply."""
    told = Message(role="user", blocks=FIRST)
    return LeftOff(
        messages=(told, Message(role="assistant", blocks=blocks)),
        turn=1,
        stop_reason="tool_use",
        previous_id="msg_1",
        **more,
    )


def sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()


async def test_calls_that_change_something_are_told_before_and_after(
    model: MakeModel, toolbox: Toolbox, folder: Path
) -> None:
    (folder / "old.txt").write_text("a\n")
    calls = (
        use("read", "u0", files=[{"path": "old.txt"}]),
        use("edit", "u1", edits=[{"path": "old.txt", "old": "a", "new": "b"}]),
        use("write", "u2", files=[{"path": "new.txt", "content": "n"}]),
        use("bash", "u3", command="echo c"),
        use("edit", "u4", edits=[{"path": "old.txt", "old": "zzz", "new": "b"}]),
    )
    here = Session(model(reply(*calls), reply(DONE)), toolbox)
    assert isinstance(await here.start(), Finished)
    assert here.intents == [
        ("u1", (FileEffect(path="old.txt", before=sha("a\n"), after=sha("b\n")),)),
        ("u2", (FileEffect(path="new.txt", before=None, after=sha("n")),)),
        ("u3", ()),
    ]
    assert [outcome.tool_use_id for outcome in here.outcomes] == ["u1", "u2", "u3"]


async def test_a_conversation_goes_on_at_the_first_call_without_a_result(
    model: MakeModel, toolbox: Toolbox, folder: Path
) -> None:
    first, second = use("bash", "u1", command="echo 1 >> order"), use("bash", "u2", command="echo 2 >> order")
    here = Session(model(reply(DONE)), toolbox)
    known = ToolResult(tool_use_id="u1", content="[exit code 0]")
    end = await here.loop.take_up(left(first, second, results={"u1": known}))
    assert isinstance(end, Finished)
    assert (folder / "order").read_text() == "2\n"
    assert here.observed().blocks == (known, ToolResult(tool_use_id="u2", content="[exit code 0]"))
    # The request is the one that the process before would have sent.
    assert (here.model.requests[0].anchor, here.model.requests[0].previous_id) == (1, "msg_1")
    assert [turn for _, turn in here.recorded] == [1, 2]


async def test_a_command_that_may_have_run_is_never_run_again(
    model: MakeModel, toolbox: Toolbox, folder: Path
) -> None:
    here = Session(model(reply(DONE)), toolbox)
    await here.loop.take_up(left(use("bash", "u1", command="touch ran"), begun={"u1": ()}))
    assert not (folder / "ran").exists()
    assert here.observed().blocks == (ToolResult(tool_use_id="u1", content=UNCERTAIN, is_error=True),)


@pytest.mark.parametrize(
    ("there", "is_known"), [("a\n", True), ("b\n", True), ("neither\n", False), (None, False)]
)
async def test_an_edit_that_may_have_run_is_looked_up(
    model: MakeModel, toolbox: Toolbox, folder: Path, there: str | None, is_known: bool
) -> None:
    if there is not None:
        (folder / "old.txt").write_text(there)
    call = use("edit", "u1", edits=[{"path": "old.txt", "old": "a", "new": "b"}])
    effects = (FileEffect(path="old.txt", before=sha("a\n"), after=sha("b\n")),)
    here = Session(model(reply(DONE)), toolbox)
    await here.loop.take_up(left(call, begun={"u1": effects}))
    if is_known:
        assert (folder / "old.txt").read_text() == "b\n"
        assert here.observed().blocks == (ToolResult(tool_use_id="u1", content="edited old.txt"),)
    else:
        assert not (folder / "old.txt").exists() or (folder / "old.txt").read_text() == there
        assert here.observed().blocks == (ToolResult(tool_use_id="u1", content=UNCERTAIN, is_error=True),)


async def test_a_write_of_which_a_part_was_done_is_finished(
    model: MakeModel, toolbox: Toolbox, folder: Path
) -> None:
    (folder / "one.txt").write_text("1")
    files = [{"path": "one.txt", "content": "1"}, {"path": "two.txt", "content": "2"}]
    effects = (
        FileEffect(path="one.txt", before=None, after=sha("1")),
        FileEffect(path="two.txt", before=None, after=sha("2")),
    )
    here = Session(model(reply(DONE)), toolbox)
    await here.loop.take_up(left(use("write", "u1", files=files), begun={"u1": effects}))
    assert (folder / "two.txt").read_text() == "2"
    assert here.observed().blocks == (ToolResult(tool_use_id="u1", content="wrote one.txt\nwrote two.txt"),)


async def test_a_conversation_whose_last_word_was_told_asks_the_model(
    model: MakeModel, toolbox: Toolbox
) -> None:
    here = Session(model(reply(DONE)), toolbox)
    told = LeftOff(
        messages=(Message(role="user", blocks=FIRST),), turn=0, stop_reason="end_turn", previous_id=None
    )
    assert isinstance(await here.loop.take_up(told), Finished)
    assert here.model.requests[0].messages == told.messages

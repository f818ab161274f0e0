"""Pruning: what goes first, what stays, and that the conversation remains one that a server takes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contextune.agents.pruning import is_bound, pruned, size
from contextune.core.model.conversation import (
    Block,
    Message,
    OpaqueBlock,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)
from tests.agents.scripted import use

FIRST = Message(role="user", blocks=(Text(text="# Task: count", cache=True),))
LONG = "x" * 2_000


def turn(*calls: ToolUse, content: str = LONG) -> list[Message]:
    """A reply with calls, and their results."""
    results = tuple(ToolResult(tool_use_id=call.id, content=f"{call.id} {content}") for call in calls)
    return [Message(role="assistant", blocks=calls), Message(role="user", blocks=results)]


def read(call_id: str, *paths: str) -> ToolUse:
    return use("read", call_id, files=[{"path": path} for path in paths])


def edit(call_id: str, path: str) -> ToolUse:
    return use("edit", call_id, edits=[{"path": path, "old": "a", "new": "b"}])


def conversation(*turns: list[Message]) -> list[Message]:
    return [FIRST, *(message for one in turns for message in one)]


def gone(before: list[Message], target: int) -> list[str]:
    """Ids of the calls whose results were replaced, in order."""
    after = pruned(before, target)
    pairs = zip(before, after, strict=True)
    blocks = [pair for one, other in pairs for pair in zip(one.blocks, other.blocks, strict=True)]
    return [one.tool_use_id for one, other in blocks if isinstance(one, ToolResult) and one != other]


REST = [turn(use("bash", f"last{n}", command="true")) for n in range(3)]


def test_the_stalest_go_first_and_no_more_than_must() -> None:
    before = conversation(
        turn(read("kept", "c.py")),
        turn(use("grep", "search", pattern="x")),
        turn(read("again", "a.py")),
        turn(read("edited", "b.py")),
        turn(read("u5", "a.py"), edit("u6", "b.py")),
        turn(use("bash", "command", command="pytest")),
        *REST,
    )
    whole = size(before)
    # `u5` is the newest word on a.py, `kept` the only one on c.py; an edit's result is short.
    order = ["again", "edited", "search", "command", "kept", "u5", "last0", "last1"]
    for count in range(len(order) + 1):
        found = gone(before, whole - 1_900 * count + 600)
        assert sorted(found) == sorted(order[:count]), count
    assert "last2" not in gone(before, 0)


def test_what_was_there_is_told_in_a_line() -> None:
    before = conversation(
        turn(read("one", "a.py", "b.py")),
        turn(use("bash", "two", command="pytest -q"), content=LONG + "\n[exit code 1]"),
        turn(use("grep", "three", pattern="def x")),
        turn(use("finish", "four", summary="Done.")),
        turn(use("finish", "five", summary="Done.")),
        *REST,
    )
    told = {
        block.tool_use_id: block.content
        for message in pruned(before, 0)
        for block in message.blocks
        if isinstance(block, ToolResult)
    }
    assert told["one"] == "[left out to keep this short: a.py, b.py; call read again if you need it]"
    assert "output of `pytest -q` [exit code 1]; call bash again" in told["two"]
    assert "matches of def x" in told["three"]
    assert "an earlier word of the Gate" in told["four"]
    assert told["five"].endswith(LONG)


def test_what_a_person_said_and_short_results_stay() -> None:
    before = conversation(
        turn(use("ask", "asked", question="Which?")), turn(read("short", "a.py"), content="1"), *REST
    )
    assert not {"asked", "short"} & set(gone(before, 0))


def test_thinking_holds_a_conversation_together() -> None:
    plain = conversation(*REST)
    assert not is_bound(plain)
    for block in (Thinking(thinking="", signature="s"), OpaqueBlock(data={"type": "redacted_thinking"})):
        assert is_bound([*plain, Message(role="assistant", blocks=(block,))])


paths = st.sampled_from(["a.py", "b.py", "c.py"])
inputs: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "read": st.lists(paths, min_size=1, max_size=2).map(lambda p: {"files": [{"path": x} for x in p]}),
    "edit": paths.map(lambda p: {"edits": [{"path": p, "old": "a", "new": "b"}]}),
    "write": paths.map(lambda p: {"files": [{"path": p, "content": "c"}]}),
    "bash": st.text(max_size=200).map(lambda c: {"command": c}),
    "grep": st.text(max_size=9).map(lambda p: {"pattern": p}),
    "glob": st.just({"patterns": ["*"]}),
    "ask": st.just({"question": "Which?"}),
    "finish": st.just({"summary": "Done."}),
    # What a model wrote need not fit any tool.
    "fly": st.dictionaries(st.sampled_from(["files", "edits"]), st.sampled_from([None, 1, "x", [1], [{}]])),
}
calls = st.sampled_from(sorted(inputs)).flatmap(lambda name: st.tuples(st.just(name), inputs[name]))


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    messages = [FIRST]
    number = 0
    for chosen in draw(st.lists(st.lists(calls, min_size=1, max_size=4), max_size=8)):
        said: list[Block] = [Text(text=draw(st.text(min_size=1, max_size=5)))]
        results: list[Block] = []
        for name, given_input in chosen:
            number += 1
            said.append(ToolUse(id=f"u{number}", name=name, input=given_input))
            results.append(
                ToolResult(
                    tool_use_id=f"u{number}",
                    content=draw(st.sampled_from(["", "ok", LONG, LONG * 5])),
                    is_error=draw(st.booleans()),
                )
            )
        if draw(st.booleans()):
            results.append(Text(text="The user says: hurry"))
        messages += [
            Message(role="assistant", blocks=tuple(said)),
            Message(role="user", blocks=tuple(results)),
        ]
    return messages


def shape(block: Block) -> object:
    """A block without the content of a result."""
    return (block.tool_use_id, block.is_error) if isinstance(block, ToolResult) else block


@given(conversations(), st.floats(min_value=0, max_value=1.2))
def test_every_call_keeps_its_result_and_the_first_message_stays(before: list[Message], share: float) -> None:
    whole = size(before)
    after = pruned(before, int(whole * share))
    assert after[0] == before[0]
    assert after[-1] == before[-1]
    assert [(m.role, [shape(b) for b in m.blocks]) for m in after] == [
        (m.role, [shape(b) for b in m.blocks]) for m in before
    ]
    assert size(after) <= whole
    if share >= 1:
        assert list(after) == before
    # To prune once more to the same length changes nothing, or what is left is all that could go.
    assert size(pruned(after, int(whole * share))) == size(after)

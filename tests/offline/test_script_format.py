"""The script format: what is loaded, what is refused, which turn answers, what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from anthropic import BadRequestError, OverloadedError
from anthropic.types import Message

from contextune.offline.script import BadScript, load_script, parse_script

from .conftest import READ_TOOL, SONNET, Serve, ask, one

GOOD = """
about = "What this script is for."
[[conversation]]
name = "count"
when.system = "executor"
when.user = ["add count kwarg"]
when.unless = ["Earlier attempt"]
when.model = "claude-haiku-5-5"
when.effort = "low"
[[conversation.turn]]
thinking = "Where is it?"
text = "I read the function first."
expect = ["go"]
fault = { kind = "overloaded", times = 1 }
delay_ms = 0
[[conversation.turn.tool]]
name = "read"
[conversation.turn.tool.input]
files = [{ path = "boltons/iterutils.py", from = 320, to = 360 }]
[[conversation]]
name = "plan"
when.system = "orchestrator"
[[conversation.turn]]
compose = "tasks"
drop_absent = "depends_on"
[[conversation.turn.item]]
needs.todo = 'todo id="([^"]+)"'
[conversation.turn.item.value]
key = "count"
todo_ids = ["{todo}"]
"""


def test_a_good_script_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "demo.toml"
    path.write_text(GOOD)
    script = load_script(path)
    assert (script.name, script.about) == ("demo", "What this script is for.")
    assert [conversation.name for conversation in script.conversations] == ["count", "plan"]
    assert script.conversations[0].turn[0].tool[0].input["files"][0]["from"] == 320


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("thinking =", "thoughts ="), '"count", turn 1: Object contains unknown field `thoughts`'),
        (('name = "read"', ""), 'conversation "count", turn 1, tool 1: Object missing required field `name`'),
        (('kind = "overloaded"', 'kind = "flood"'), "turn 1, fault, kind: Invalid enum value 'flood'"),
        (("times = 1", "times = 0"), "turn 1, fault: times is 0"),
        (('"executor"', "3"), 'conversation "count", when, system: Expected `str | array | null`, got `int`'),
        (('name = "plan"', 'name = "count"'), 'conversation "count": the name is used 2 times'),
        (
            ('key = "count"', 'other = "count"'),
            'conversation "plan", turn 1: item 1: value has no text "key"',
        ),
        (('\'todo id="([^"]+)"\'', "'('"), '"plan", turn 1: item 1, needs.todo: not a regular'),
        (('compose = "tasks"', 'text = "x"'), "compose and item belong together"),
        (('text = "I read the function first."', 'text = ""'), "text or thinking is empty"),
        (("about =", "about"), "not valid TOML"),
    ],
)
def test_a_bad_script_is_refused_by_name(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    path = tmp_path / "demo.toml"
    assert change[0] in GOOD
    path.write_text(GOOD.replace(*change))
    with pytest.raises(BadScript) as caught:
        load_script(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert problem in str(caught.value)


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadScript, match=r"none\.toml: can't be read: No such file"):
        load_script(tmp_path / "none.toml")


def test_a_turn_must_say_something() -> None:
    with pytest.raises(BadScript, match=r'conversation "any", turn 1: says nothing'):
        one({"thinking": "Hm."})
    with pytest.raises(BadScript, match="no turn"):
        one()


def text_of(message: Message) -> str:
    block = message.content[0]
    assert block.type == "text"
    return block.text


async def test_the_first_conversation_that_fits_answers(serve: Serve) -> None:
    def conversation(name: str, **when: Any) -> dict[str, Any]:
        return {"name": name, "when": when, "turn": [{"text": name}]}

    script = parse_script(
        "test",
        {
            "conversation": [
                conversation("retried", system="executor", user=["count", "Earlier attempt"]),
                conversation("sonnet", system=["executor", "task"], user="count", model=SONNET),
                conversation("hard", system="executor", user="count", effort="high"),
                conversation("counted", system="executor", user="count", unless="skip"),
                conversation("default effort", system="medium", effort="medium"),
            ]
        },
    )
    client = (await serve(scripts=[script])).client()

    async def answer(user: Any, system: str = "You are the task-executor.", **more: Any) -> str:
        return text_of(await client.messages.create(**ask(user, system=system, **more)))

    assert await answer("add count") == "counted"
    assert await answer("add count. Earlier attempt: …") == "retried"
    assert await answer("add count", model=SONNET) == "sonnet"
    assert await answer("add count", output_config={"effort": "high"}) == "hard"
    assert await answer("x", system="medium") == "default effort"
    blocks = [{"type": "text", "text": "a map"}, {"type": "text", "text": "add count"}]
    assert await answer(blocks) == "counted"
    with pytest.raises(BadRequestError):
        await answer("add count, skip")


async def test_a_request_without_a_script_is_told_that_this_is_no_ai(serve: Serve) -> None:
    client = (await serve(scripts=[])).client()
    task = "Make Base a real\nabstract class " + "x" * 100
    blocks = [{"type": "text", "text": "a map of the repository"}, {"type": "text", "text": task}]
    with pytest.raises(BadRequestError) as caught:
        await client.messages.create(**ask(blocks))
    quoted = ("Make Base a real abstract class " + "x" * 100)[:80]
    assert caught.value.body["error"]["message"] == (  # type: ignore[index]
        "This is the offline model. It is no AI and only plays scripts. It has no script for this request, "
        f'which begins: "{quoted}". '
        "`contextune demo` does work that it has scripts for; all else needs a model, such as by a key."
    )


async def test_a_conversation_that_is_over_says_so(serve: Serve) -> None:
    client = (await serve({"text": "one"})).client()
    messages = [{"role": role, "content": "x"} for role in ("user", "assistant", "user")]
    with pytest.raises(BadRequestError, match="ends after 1 replies, and this request asks for number 2"):
        await client.messages.create(**ask(messages=messages))


async def test_consecutive_assistant_messages_are_one_turn(serve: Serve) -> None:
    client = (await serve({"text": "one"}, {"text": "two"}, {"text": "three"})).client()
    messages = [{"role": role, "content": "x"} for role in ("user", "assistant", "assistant", "user")]
    assert text_of(await client.messages.create(**ask(messages=messages))) == "two"


PLAN = {
    "compose": "tasks",
    "drop_absent": "depends_on",
    "json": {"summary": "The plan."},
    "item": [
        {
            "needs": {"todo": r'todo id="([^"]+)"[^>]*>\s*add count kwarg', "line": r"^line (\d+)"},
            "value": {
                "key": "count",
                "todo_ids": ["{todo}"],
                "brief": "line {line} {other}",
                "depends_on": [],
            },
        },
        {
            "needs": {"todo": r'todo id="([^"]+)"[^>]*>\s*inverse of ljust'},
            "value": {"key": "unjust", "todo_ids": ["{todo}"], "depends_on": ["count", "none"]},
        },
        {"group": "last", "needs": {"todo": "never there"}, "value": {"key": "a", "depends_on": []}},
        {
            "group": "last",
            "needs": {"todo": "ljust"},
            "value": {"key": "b", "depends_on": ["unjust"], "saw": "{todo}"},
        },
        {"group": "last", "value": {"key": "c", "depends_on": []}},
    ],
}


async def test_a_reply_is_composed_of_what_the_request_has(serve: Serve) -> None:
    server = await serve(PLAN)
    client = server.client()

    async def plan(*todos: str) -> Any:
        return msgspec.json.decode(text_of(await client.messages.create(**ask("\n".join(todos)))))

    count = '<todo id="t-1" file="a.py">\n  add count kwarg?</todo>\nline 12'
    unjust = '<todo id="t-2">inverse of ljust</todo>'
    assert await plan(count, unjust) == {
        "summary": "The plan.",
        "tasks": [
            {"key": "count", "todo_ids": ["t-1"], "brief": "line 12 {other}", "depends_on": []},
            {"key": "unjust", "todo_ids": ["t-2"], "depends_on": ["count"]},
            {"key": "b", "depends_on": ["unjust"], "saw": "ljust"},
        ],
    }
    assert [task["key"] for task in (await plan(unjust))["tasks"]] == ["unjust", "b"]
    assert (await plan("nothing"))["tasks"] == [{"key": "c", "depends_on": []}]


async def test_a_composed_reply_of_nothing_is_refused_unless_allowed(serve: Serve) -> None:
    turn = {"compose": "overlaps", "item": [{"needs": {"x": "never"}, "value": {"key": "a"}}]}
    with pytest.raises(BadRequestError, match="has nothing that the script's items need"):
        await (await serve(turn)).client().messages.create(**ask())
    server = await serve({**turn, "allow_empty": True})
    assert text_of(await server.client().messages.create(**ask())) == '{"overlaps":[]}'


async def test_captured_text_fills_the_reply(serve: Serve) -> None:
    turn = {
        "capture": {"path": r"worktree: (\S+)"},
        "text": "I work in {path}, {not} elsewhere.",
        "tool": [{"name": "read", "input": {"path": "{path}/a.py"}}],
    }
    client = (await serve(turn)).client()
    message = await client.messages.create(**ask("Go.\nworktree: /tmp/w1", tools=[READ_TOOL]))
    assert text_of(message) == "I work in /tmp/w1, {not} elsewhere."
    assert message.content[1].input == {"path": "/tmp/w1/a.py"}
    with pytest.raises(BadRequestError, match="nothing in the request matches path"):
        await client.messages.create(**ask("Go.", tools=[READ_TOOL]))


async def test_unused_turns_are_known(serve: Serve) -> None:
    script = one({"text": "a", "fault": {"kind": "overloaded", "times": 2}}, {"text": "b"}, name="talk")
    server = await serve(scripts=[script])
    assert server.model.unused() == [
        "test: talk, reply 1",
        "test: talk, reply 1: fault, 2 times",
        "test: talk, reply 2",
    ]
    for _ in range(2):
        with pytest.raises(OverloadedError):
            await server.client().messages.create(**ask())
    await server.client().messages.create(**ask())
    assert server.model.unused() == ["test: talk, reply 2"]

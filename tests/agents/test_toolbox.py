"""Every tool at work on real files, and what each says when it can't."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contextune.adapters.files.workspace import WorktreeFiles
from contextune.agents.roles import builtin_roles
from contextune.agents.tool_inputs import INPUTS, as_tool
from contextune.agents.toolbox import OUTPUT_LIMIT, Toolbox, bounded
from contextune.core.errors import Asked, Finished, ToolProblem
from contextune.core.proof.evidence import CommandResult
from tests.agents.scripted import use


async def call(toolbox: Toolbox, name: str, **given: Any) -> str:
    return await (await toolbox.prepare(use(name, **given))).run()


async def test_bash_tells_output_and_exit_code(toolbox: Toolbox, folder: Path) -> None:
    assert await call(toolbox, "bash", command="pwd; echo $PORT; exit 3") == f"{folder}\n4100\n[exit code 3]"
    assert await call(toolbox, "bash", command="true") == "[exit code 0]"


async def test_bash_is_stopped_in_time(toolbox: Toolbox) -> None:
    never = "until [ -e never ]; do sleep 0.05; done"
    assert (await call(toolbox, "bash", command=f"echo a; {never}", timeout_s=1)) == "a\n[stopped after 1 s]"


class Clockwatcher:
    """core.ports.Shell that only looks at its time limit."""

    def __init__(self) -> None:
        self.timeouts: list[float] = []

    async def run(
        self,
        command: str,
        *,
        cwd: Path,
        timeout: float,
        environment: Mapping[str, str],
        output_limit: int = 30_000,
    ) -> CommandResult:
        self.timeouts.append(timeout)
        return CommandResult(command=command, exit_code=0, output="", duration_ms=0)


async def test_the_users_limit_on_commands_holds_for_the_model(folder: Path) -> None:
    shell = Clockwatcher()
    box = Toolbox(WorktreeFiles(folder), shell, names=("bash",), environment={}, command_timeout=60)
    for wanted in ({}, {"timeout_s": 5}, {"timeout_s": 3600}):
        await call(box, "bash", command="true", **wanted)
    assert shell.timeouts == [60, 5, 60]


async def test_bash_output_is_bounded(toolbox: Toolbox) -> None:
    said = await call(toolbox, "bash", command="seq 1 100000")
    assert len(said) < OUTPUT_LIMIT + 100
    assert said.startswith("1\n2\n")
    assert said.endswith("99999\n100000\n[exit code 0]")
    assert "left out" in said


async def test_read_numbers_lines_of_several_files(toolbox: Toolbox) -> None:
    files = [{"path": "pkg/one.py", "from": 2, "to": 3}, {"path": "pkg/two.py"}]
    assert await call(toolbox, "read", files=files) == (
        "pkg/one.py (4 lines)\n2\tb = 2\n3\tc = 3\n\npkg/two.py (2 lines)\n1\tx = 1\n2\ty = 2"
    )
    assert (await call(toolbox, "read", files=[{"path": "pkg/one.py", "to": 99}])).endswith("4\ta = 1")


async def test_read_is_bounded(toolbox: Toolbox, folder: Path) -> None:
    (folder / "long.txt").write_text("0123456789\n" * 20_000)
    said = await call(toolbox, "read", files=[{"path": "long.txt"}])
    assert len(said) < OUTPUT_LIMIT + 100
    assert "characters left out]" in said


async def test_write_makes_and_replaces_files(toolbox: Toolbox, folder: Path) -> None:
    files = [{"path": "new/deep/a.py", "content": "a = 1\n"}, {"path": "pkg/one.py", "content": ""}]
    assert await call(toolbox, "write", files=files) == "wrote new/deep/a.py\nwrote pkg/one.py"
    assert (folder / "new/deep/a.py").read_text() == "a = 1\n"
    assert (folder / "pkg/one.py").read_text() == ""


@pytest.mark.parametrize("seen_by", ["read", "write", "edit", "other"])
async def test_a_file_that_changed_since_it_was_seen_is_not_overwritten_unawares(
    toolbox: Toolbox, folder: Path, seen_by: str
) -> None:
    match seen_by:
        case "read":
            await call(toolbox, "read", files=[{"path": "pkg/one.py"}])
        case "write":
            await call(toolbox, "write", files=[{"path": "./pkg/one.py", "content": "mine\n"}])
        case "edit":
            await call(toolbox, "edit", edits=[{"path": "pkg/one.py", "old": "b = 2", "new": "b = 20"}])
        case _:
            # What the agent is told of a file beforehand is read through the same files.
            toolbox.files.read("pkg/one.py")
    await call(toolbox, "bash", command="echo theirs > pkg/one.py")
    files = [{"path": "new.py", "content": "x"}, {"path": "pkg/one.py", "content": "mine again\n"}]
    with pytest.raises(ToolProblem, match=r"pkg/one.py changed since you saw it.*send the same write again"):
        await call(toolbox, "write", files=files)
    assert (folder / "pkg/one.py").read_text() == "theirs\n"
    assert not (folder / "new.py").exists()
    # It is said once: who insists knows what is replaced.
    assert await call(toolbox, "write", files=files) == "wrote new.py\nwrote pkg/one.py"
    assert (folder / "pkg/one.py").read_text() == "mine again\n"


async def test_what_nobody_saw_or_nobody_changed_may_be_written(toolbox: Toolbox, folder: Path) -> None:
    await call(toolbox, "write", files=[{"path": "pkg/one.py", "content": "first\n"}])
    await call(toolbox, "write", files=[{"path": "pkg/one.py", "content": "second\n"}])
    await call(toolbox, "read", files=[{"path": "pkg/two.py"}])
    (folder / "pkg/two.py").unlink()
    await call(toolbox, "write", files=[{"path": "pkg/two.py", "content": "anew\n"}])
    assert (folder / "pkg/one.py").read_text() + (folder / "pkg/two.py").read_text() == "second\nanew\n"


async def test_an_edit_needs_no_read_and_checks_the_text_that_it_replaces(
    toolbox: Toolbox, folder: Path
) -> None:
    await call(toolbox, "read", files=[{"path": "pkg/one.py"}])
    (folder / "pkg/one.py").write_text("b = 2\nd = 4\n")
    await call(toolbox, "edit", edits=[{"path": "pkg/one.py", "old": "d = 4", "new": "d = 5"}])
    assert (folder / "pkg/one.py").read_text() == "b = 2\nd = 5\n"
    with pytest.raises(ToolProblem, match="`old` does not occur"):
        await call(toolbox, "edit", edits=[{"path": "pkg/one.py", "old": "c = 3", "new": "c = 4"}])


async def test_edits_follow_one_another_and_keep_line_ends(toolbox: Toolbox, folder: Path) -> None:
    edits = [
        {"path": "pkg/one.py", "old": "b = 2", "new": "b = 20"},
        {"path": "pkg/one.py", "old": "b = 20\nc = 3", "new": "c = 30"},
        {"path": "pkg/one.py", "old": "a = 1", "new": "a = 10", "all": True},
        {"path": "pkg/two.py", "old": "y = 2", "new": "y = 20"},
    ]
    assert await call(toolbox, "edit", edits=edits) == "edited pkg/one.py\nedited pkg/two.py"
    assert (folder / "pkg/one.py").read_text() == "a = 10\nc = 30\na = 10\n"
    assert (folder / "pkg/two.py").read_bytes() == b"x = 1\r\ny = 20\r\n"


async def test_several_lines_are_replaced_whatever_ends_them(toolbox: Toolbox, folder: Path) -> None:
    file = folder / "pkg/two.py"
    edit = {"path": "pkg/two.py", "old": "x = 1\ny = 2", "new": "x = 1\nz = 3\ny = 2"}
    await call(toolbox, "edit", edits=[edit])
    assert file.read_bytes() == b"x = 1\r\nz = 3\r\ny = 2\r\n"
    file.write_bytes(b"x = 1\r\ny = 2\nz = 3\n")
    with pytest.raises(ToolProblem, match="`old` does not occur"):
        await call(toolbox, "edit", edits=[edit])
    await call(toolbox, "edit", edits=[edit | {"old": "x = 1\r\n", "new": "x = 4\r\n"}])
    assert file.read_bytes() == b"x = 4\r\ny = 2\nz = 3\n"


@pytest.mark.parametrize("sign", ["\u202e", "\u2028", "\x0c", "\x85", "\x1b", "\u200b", "\U000e0041"])
async def test_signs_that_are_not_seen_are_read_told_and_replaced(
    toolbox: Toolbox, folder: Path, sign: str
) -> None:
    """What is read is what is there, and numbered as editors number it: an edit needs the exact text."""
    file = folder / "pkg/one.py"
    file.write_text(f"a = 1\nb = 'x{sign}y'\nc = 3\n", "utf-8")
    assert await call(toolbox, "read", files=[{"path": "pkg/one.py"}]) == (
        f"pkg/one.py (3 lines, signs that are not seen in 2)\n1\ta = 1\n2\tb = 'x{sign}y'\n3\tc = 3"
    )
    edits = [{"path": "pkg/one.py", "old": f"'x{sign}y'", "new": f"'z{sign}'"}]
    await call(toolbox, "edit", edits=edits)
    assert file.read_bytes() == f"a = 1\nb = 'z{sign}'\nc = 3\n".encode()
    await call(toolbox, "edit", edits=[{"path": "pkg/one.py", "old": f"z{sign}", "new": "z"}])
    assert file.read_bytes() == b"a = 1\nb = 'z'\nc = 3\n"


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"old": "nowhere", "new": "x"}, "`old` does not occur; nothing was changed"),
        ({"old": "a = 1", "new": "x"}, "`old` occurs 2 times; nothing was changed"),
        ({"old": "", "new": "x"}, "`old` is empty; use write for a new file"),
        ({"old": "b = 2", "new": "b = 2"}, "`old` and `new` are the same"),
    ],
)
async def test_all_edits_or_none(toolbox: Toolbox, folder: Path, bad: dict[str, str], said: str) -> None:
    before = [(folder / name).read_bytes() for name in ("pkg/one.py", "pkg/two.py")]
    good = {"path": "pkg/two.py", "old": "y = 2", "new": "y = 20"}
    with pytest.raises(ToolProblem, match=said):
        await call(toolbox, "edit", edits=[good, {"path": "pkg/one.py"} | bad])
    assert [(folder / name).read_bytes() for name in ("pkg/one.py", "pkg/two.py")] == before


async def test_grep_and_glob(toolbox: Toolbox) -> None:
    assert await call(toolbox, "grep", pattern="^[bx] =") == "pkg/one.py:2:b = 2\npkg/two.py:1:x = 1"
    assert await call(toolbox, "grep", pattern="=", path="pkg", glob="two.*") == (
        "pkg/two.py:1:x = 1\npkg/two.py:2:y = 2"
    )
    assert (await call(toolbox, "grep", pattern="b = 2", context=1)).count("\n") == 2
    assert await call(toolbox, "grep", pattern="nothing") == "no match"
    assert await call(toolbox, "glob", patterns=["pkg/*.py", "**/one.py"]) == "pkg/one.py\npkg/two.py"
    assert await call(toolbox, "glob", patterns=["*.rs"]) == "no file"


async def test_finish_and_ask_end_the_turn(toolbox: Toolbox) -> None:
    with pytest.raises(Finished) as finished:
        await toolbox.prepare(use("finish", "u7", summary="Done.", remaining="Docs."))
    assert (finished.value.call_id, finished.value.summary, finished.value.remaining) == (
        "u7",
        "Done.",
        "Docs.",
    )
    with pytest.raises(Asked) as asked:
        await toolbox.prepare(use("ask", "u8", question="Which?", choices=["a", "b"]))
    assert (asked.value.call_id, asked.value.question, asked.value.choices) == ("u8", "Which?", ("a", "b"))


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("fly", {}, "There is no tool 'fly'. Tools: ask, bash, edit, finish, glob, grep, read, write."),
        ("read", {}, "read: Object missing required field `files`"),
        ("read", {"files": []}, "read: Expected `array` of length >= 1"),
        (
            "read",
            {"files": [{"path": "pkg/one.py", "line": 1}]},
            "read: Object contains unknown field `line`",
        ),
        ("read", {"files": [{"path": "pkg/one.py", "from": 0}]}, "read: Expected `int` >= 1"),
        ("read", {"files": [{"path": "pkg/one.py", "from": 9}]}, "has 4 lines; line 9 is past its end"),
        ("read", {"files": [{"path": "gone.py"}]}, "gone.py"),
        ("read", {"files": [{"path": "data.bin"}]}, "data.bin is not UTF-8 text"),
        ("read", {"files": [{"path": "../secret"}]}, "secret"),
        ("write", {"files": [{"path": "/etc/passwd", "content": "x"}]}, "/etc/passwd"),
        ("write", {"files": [{"path": ".git/config", "content": "x"}]}, "git"),
        ("edit", {"edits": [{"path": "gone.py", "old": "a", "new": "b"}]}, "gone.py"),
        ("grep", {"pattern": "("}, "The search failed"),
        ("grep", {"pattern": "a", "path": "../.."}, r"\.\."),
        ("glob", {"patterns": ["../*"]}, r"\.\."),
        ("bash", {"command": 3}, "bash: Expected `str`, got `int`"),
        ("bash", {"command": "true", "timeout_s": 0}, "bash: Expected `int` >= 1"),
        ("finish", {}, "finish: Object missing required field `summary`"),
    ],
)
async def test_each_problem_goes_back_to_the_model(
    toolbox: Toolbox, name: str, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(ToolProblem, match=said):
        await call(toolbox, name, **given)


def test_a_bounded_text_keeps_head_and_tail() -> None:
    assert bounded("short", 10) == "short"
    assert bounded("0123456789abcdef", 10) == "01234\n[6 characters left out]\nbcdef"


def test_the_models_see_the_same_bytes_every_time(toolbox: Toolbox) -> None:
    one = msgspec.json.encode(toolbox.tools)
    assert msgspec.json.encode(toolbox.tools) == one
    assert [tool.name for tool in toolbox.tools] == sorted(INPUTS)
    # Order and number of the names that a role gives do not show.
    shuffled = Toolbox(
        toolbox.files,
        toolbox._shell,
        names=tuple(reversed(tuple(INPUTS))),
        environment={},
        command_timeout=1,
    )
    assert msgspec.json.encode(shuffled.tools) == one


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_schemas_stand_alone_and_say_names_types_and_what_is_required(name: str) -> None:
    tool = as_tool(INPUTS[name])
    assert tool.description
    assert tool.schema["type"] == "object"
    assert set(tool.schema["required"]) <= set(tool.schema["properties"])

    def words(schema: Any) -> set[str]:
        if isinstance(schema, list):
            return {word for item in schema for word in words(item)}
        if not isinstance(schema, dict):
            return set()
        fields = schema.get("properties", {})
        rest = {key: value for key, value in schema.items() if key != "properties"}
        inside = [*fields.values(), *rest.values()]
        return {*rest, *(["properties"] if fields else []), *words(inside)}

    assert words(tool.schema) <= {"type", "properties", "items", "required"}


@pytest.mark.parametrize("name", sorted(INPUTS))
async def test_what_a_schema_leaves_unsaid_is_checked_all_the_same(toolbox: Toolbox, name: str) -> None:
    with pytest.raises(ToolProblem, match=f"{name}: Object (contains unknown field|missing required field)"):
        await call(toolbox, name, surprise=True)


def test_the_tools_and_the_prompt_of_an_executor_stay_short() -> None:
    """By the offline model's rule, four bytes a token: every agent pays for these with each turn."""
    given = builtin_roles()["parallel-task-executor"]
    sizes = [
        len(msgspec.json.encode({"name": t.name, "description": t.description, "input_schema": t.schema}))
        for t in (as_tool(INPUTS[tool]) for tool in given.tools)
    ]
    assert (sum(sizes) + len(given.prompt)) / 4 <= 900


@pytest.mark.parametrize("name", sorted(builtin_roles()))
def test_a_prompt_speaks_of_the_tools_that_end_a_turn_and_of_no_others(name: str) -> None:
    given = builtin_roles()[name]
    for tool in ("finish", "ask"):
        assert (f"`{tool}`" in given.prompt) == (tool in given.tools), tool
    mentioned = {tool for tool in INPUTS if f"`{tool}`" in given.prompt}
    assert mentioned <= set(given.tools)


async def _ask(toolbox: Toolbox, **given: Any) -> Asked:
    with pytest.raises(Asked) as asked:
        await toolbox.prepare(use("ask", **given))
    return asked.value


async def test_choices_are_shown_once_each_and_on_one_line(toolbox: Toolbox) -> None:
    asked = await _ask(toolbox, question=" Which? ", choices=["raise", "raise", " ", "clamp\nit"])
    assert (asked.question, asked.choices) == ("Which?", ("raise", "clamp it"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"question": "  "}, "`question` is empty"),
        ({"question": "Which?", "choices": [str(n) for n in range(9)]}, "give at most 8"),
        ({"question": 3}, "Expected `str`"),
        ({}, "required field `question`"),
    ],
)
async def test_a_question_that_nobody_can_answer_goes_back_to_the_agent(
    toolbox: Toolbox, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(ToolProblem, match=said):
        await toolbox.prepare(use("ask", **given))

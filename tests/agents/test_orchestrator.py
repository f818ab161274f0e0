"""From Todos or a Goal to a valid Plan, whatever the model writes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextune.agents.orchestrator import PlanInput, lone_plan, make_plan, read_plan, slug
from contextune.agents.roles import role
from contextune.core.conversation import ModelReply, Rung
from contextune.core.errors import PlanRejected
from contextune.core.plan import Plan, Task
from contextune.core.todo import Todo
from tests.agents.conftest import MakeModel
from tests.agents.scripted import reply, texts

RUNG = Rung(model="claude-sonnet-5-5", effort="medium")
FILES = ("pkg/one.py", "pkg/two.py", "tests/test_one.py", "README.md")


def todo(key: str, path: str = "pkg/one.py", **more: Any) -> Todo:
    plain = Todo(id=key, path=path, line=2, column=1, end_line=2, marker="TODO", text=f"do {key}")
    return msgspec.structs.replace(plain, **more)


TODOS = (todo("t_a"), todo("t_b", "pkg/two.py"))


def task(key: str, *todo_ids: str, **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "title": f" Title of {key} ",
        "brief": f"Brief of {key}.",
        "todo_ids": list(todo_ids),
        "files": [],
        "depends_on": [],
        "complexity": "simple",
    } | more


def answer(*tasks: dict[str, Any]) -> ModelReply:
    return reply(json.dumps({"tasks": list(tasks)}))


def asked(todos: tuple[Todo, ...] = TODOS, goal: str | None = None, **more: Any) -> PlanInput:
    values: dict[str, Any] = {
        "todos": todos,
        "goal": goal,
        "files": FILES,
        "gate": "pytest -q",
        "instructions": None,
        "lines": lambda path: [f"line {n} of {path}" for n in range(1, 6)],
    }
    return PlanInput(**values | more)


GOOD = answer(task("One", "t_a", files=["./pkg/one.py"]), task("two", "t_b", depends_on=["One"]))


async def test_a_valid_answer_becomes_a_plan(model: MakeModel) -> None:
    played = model(GOOD)
    plan = await make_plan(asked(), rung=RUNG, send=played.send)
    assert plan == Plan(
        tasks=(
            Task(
                id="one",
                title="Title of One",
                brief="Brief of One.",
                todo_ids=("t_a",),
                files=("pkg/one.py",),
                complexity="simple",
            ),
            Task(
                id="two",
                title="Title of two",
                brief="Brief of two.",
                todo_ids=("t_b",),
                depends_on=("one",),
                complexity="simple",
            ),
        )
    )
    (request,) = played.requests
    assert (request.rung, request.tools) == (RUNG, ())
    assert request.system[0].text == role("orchestrator").prompt
    assert request.output_schema is not None
    assert request.output_schema["required"] == ["tasks"]
    said = "\n".join(texts(request))
    assert '<todo id="t_a" path="pkg/one.py" line="2" marker="TODO">\ndo t_a\n1\tline 1' in said
    assert "The Gate of this project is: pytest -q" in said
    assert "pkg/two.py" in said


async def test_one_todo_asks_no_model(model: MakeModel) -> None:
    plan = await make_plan(asked((todo("t_a", symbol="f"),)), rung=RUNG, send=model().send)
    (only,) = plan.tasks
    assert (only.id, only.title, only.todo_ids, only.files) == ("do-t-a", "do t_a", ("t_a",), ("pkg/one.py",))
    assert "pkg/one.py, line 2, in f" in only.brief


async def test_one_todo_with_a_goal_does(model: MakeModel) -> None:
    played = model(answer(task("one", "t_a")))
    await make_plan(asked((todo("t_a"),), goal="do it well"), rung=RUNG, send=played.send)
    assert "# Goal\ndo it well" in "\n".join(texts(played.requests[0]))


@pytest.mark.parametrize(
    "wrong",
    [
        reply("I cannot do that."),
        reply('{"tasks": [{"key": "one"}]}'),
        reply('{"tasks": [], "extra": 1}'),
        answer(),
        answer(task("one", "t_a")),
        answer(task("one", "t_a"), task("one", "t_b")),
        answer(task("one", "t_a", "t_zz"), task("two", "t_b")),
        answer(task("one", "t_a", depends_on=["two"]), task("two", "t_b", depends_on=["one"])),
        answer(task("one", "t_a", complexity="easy"), task("two", "t_b")),
    ],
)
async def test_a_wrong_answer_is_sent_back_once_with_what_is_wrong(
    model: MakeModel, wrong: ModelReply
) -> None:
    played = model(wrong, GOOD)
    plan = await make_plan(asked(), rung=RUNG, send=played.send)
    assert len(plan.tasks) == 2
    _, second = played.requests
    assert second.messages[1] == wrong.message
    (correction,) = texts(second)
    assert correction.startswith("The plan cannot be used:\n")
    assert len(correction.splitlines()) >= 3


async def test_a_second_wrong_answer_is_the_end(model: MakeModel) -> None:
    played = model(answer(task("one", "t_a")), answer(task("two", "t_b")))
    with pytest.raises(PlanRejected, match=r"stayed invalid: No task covers todo t_a\."):
        await make_plan(asked(), rung=RUNG, send=played.send)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../outside.py",
        "pkg/../../outside.py",
        "..\\outside.py",
        ".git/hooks/pre-commit",
        "no/such/folder/x.py",
        "~/.bashrc",
        "C:\\Windows\\x",
    ],
)
async def test_hostile_paths_are_no_files_of_a_task(model: MakeModel, path: str) -> None:
    bad = answer(task("one", "t_a", files=[path]), task("two", "t_b"))
    with pytest.raises(PlanRejected, match="neither a file of the repository nor a new file"):
        await make_plan(asked(), rung=RUNG, send=model(bad, bad).send)


@pytest.mark.parametrize("path", ["pkg/one.py", "pkg/new.py", "new.py", "./tests/test_new.py"])
def test_files_and_new_files_in_known_folders_are(path: str) -> None:
    from contextune.agents.orchestrator import _known

    text = json.dumps({"tasks": [task("one", "t_a", files=[path, path])]})
    plan, said = read_plan(text, [todo("t_a")], _known(FILES))
    assert said == ()
    assert plan is not None
    assert plan.tasks[0].files == (path.removeprefix("./"),)


@given(st.text(max_size=200))
def test_an_id_is_safe_in_branches_and_paths(words: str) -> None:
    made = slug(words)
    assert 1 <= len(made) <= 40
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not made.startswith("-")
    assert not made.endswith("-")
    assert slug(made) == made


@given(st.text(max_size=200))
def test_any_lone_todo_has_a_plan(text: str) -> None:
    (only,) = lone_plan(todo("t_a", text=text)).tasks
    assert only.title.strip()
    assert "\n" not in only.title
    assert len(only.title) <= 72


def test_the_answers_schema_is_closed_and_the_same_every_time() -> None:
    from contextune.agents.orchestrator import PlannedTasks
    from contextune.agents.tool_inputs import specification

    schema = specification(PlannedTasks).schema
    assert msgspec.json.encode(schema) == msgspec.json.encode(specification(PlannedTasks).schema)
    item = schema["properties"]["tasks"]["items"]
    assert schema["additionalProperties"] is item["additionalProperties"] is False
    assert set(item["required"]) == set(item["properties"])

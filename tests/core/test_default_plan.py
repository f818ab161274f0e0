"""The Plan that code makes of Todos alone: titles, briefs, files, complexity, and who shares a Task."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextune.core.planning.default_plan import (
    SLUG_LIMIT,
    TITLE_LIMIT,
    Draft,
    by_symbol,
    complexity_of,
    default_plan,
    finished,
    slug,
)
from contextune.core.planning.plan import Complexity, Plan, Task, faults
from contextune.core.source.suite_layout import SuiteLayout
from contextune.core.todos.todo import Todo

FILES = ("pkg/one.py", "pkg/two.py", "tests/test_one.py", "README.md")
LAYOUT = SuiteLayout(FILES)


def todo(key: str, path: str = "pkg/one.py", **more: Any) -> Todo:
    plain = Todo(id=key, path=path, line=2, column=1, end_line=2, marker="TODO", text=f"do {key}")
    return msgspec.structs.replace(plain, **more)


def test_each_todo_is_a_task_with_its_file_and_its_test() -> None:
    plan = default_plan(
        [todo("t_a", symbol="f"), todo("t_b", "pkg/two.py"), todo("t_c", "README.md")], LAYOUT
    )
    assert plan == Plan(
        tasks=(
            Task(
                id="do-t-a",
                title="do t_a",
                brief="Do this Todo of pkg/one.py, line 2, in f. Decide what it leaves open in the way that "
                "the authors most likely meant. Test it in tests/test_one.py, or in a new file beside it.",
                todo_ids=("t_a",),
                files=("pkg/one.py", "tests/test_one.py"),
                complexity="simple",
            ),
            Task(
                id="do-t-b",
                title="do t_b",
                brief="Do this Todo of pkg/two.py, line 2. Decide what it leaves open in the way that "
                "the authors most likely meant. Test it in a new file, tests/test_two.py.",
                todo_ids=("t_b",),
                files=("pkg/two.py", "tests/test_two.py"),
                complexity="simple",
            ),
            Task(
                id="do-t-c",
                title="do t_c",
                brief="Do this Todo of README.md, line 2. Decide what it leaves open in the way that "
                "the authors most likely meant.",
                todo_ids=("t_c",),
                files=("README.md",),
                complexity="simple",
            ),
        )
    )


def test_todos_of_a_symbol_are_one_task_and_those_of_a_file_are_not() -> None:
    todos = [todo("t_a", symbol="f"), todo("t_b"), todo("t_c", line=9, symbol="f"), todo("t_d")]
    assert [[one.id for one in group] for group in by_symbol(todos)] == [["t_a", "t_c"], ["t_b"], ["t_d"]]
    together = default_plan(todos, LAYOUT).tasks[0]
    assert (together.title, together.todo_ids) == ("do t_a; do t_c", ("t_a", "t_c"))
    assert together.brief.startswith("Do these 2 Todos of pkg/one.py, lines 2, 9, in f.")


def test_tasks_of_one_file_get_test_files_of_their_own() -> None:
    plan = default_plan(
        [todo("t_a", text="round half up"), todo("t_b", text="refuse what is negative")], LAYOUT
    )
    assert [task.files[1] for task in plan.tasks] == [
        "tests/test_one_round_half.py",
        "tests/test_one_refuse_what_negative.py",
    ]
    assert plan.overlaps([])[0].path == "pkg/one.py"


def test_a_test_file_that_no_name_tells_is_shared_by_nobody() -> None:
    layout = SuiteLayout(
        ("pkg/one.py", "pkg/two.py", "tests/test_all.py"),
        {"pkg/one.py": ["tests/test_all.py"], "pkg/two.py": ["tests/test_all.py"]},
    )
    alone = default_plan([todo("t_a")], layout)
    assert alone.tasks[0].files == ("pkg/one.py", "tests/test_all.py")
    both = default_plan([todo("t_a"), todo("t_b", "pkg/two.py")], layout)
    assert [task.files[1] for task in both.tasks] == ["tests/test_one.py", "tests/test_two.py"]


def test_what_is_decided_takes_the_place_of_the_default() -> None:
    drafts = [
        Draft(
            todos=(todo("t_a"),),
            title="Round",
            brief="Half goes up.",
            files=("pkg/two.py", "tests/test_rounding.py"),
            complexity="extreme",
            after=(1, 0),
        ),
        Draft(title="Round", brief="Say it in the README.", files=("README.md",)),
    ]
    first, second = finished(drafts, LAYOUT).tasks
    assert first.files == ("pkg/one.py", "pkg/two.py", "tests/test_rounding.py")
    assert (first.brief, first.complexity) == ("Half goes up.", "extreme")
    assert (first.id, second.id, first.depends_on) == ("round", "round-2", ("round-2",))
    assert (second.brief, second.files, second.complexity) == (
        "Say it in the README.",
        ("README.md",),
        "standard",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("round half up", "simple"),
        ("add count kwarg?", "standard"),
        ("a row for the insurance if there is one and none at all if not", "standard"),
        ("refactor this", "hard"),
        ("there is a race condition here", "hard"),
        ("word " * 61, "hard"),
    ],
)
def test_words_tell_how_hard_a_todo_is(text: str, expected: Complexity) -> None:
    assert complexity_of([todo("t_a", text=text)]) == expected


@given(st.text(max_size=200))
def test_an_id_is_safe_in_branches_and_paths(words: str) -> None:
    made = slug(words)
    assert 1 <= len(made) <= SLUG_LIMIT
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not made.startswith("-")
    assert not made.endswith("-")
    assert slug(made) == made


@given(
    st.lists(
        st.tuples(st.text(max_size=90), st.sampled_from(FILES), st.sampled_from([None, "f", "C.m"])),
        min_size=1,
        max_size=8,
    )
)
def test_any_todos_have_a_valid_plan(found: list[tuple[str, str, str | None]]) -> None:
    todos = [todo(f"t_{n}", path, text=text, symbol=symbol) for n, (text, path, symbol) in enumerate(found)]
    plan = default_plan(todos, LAYOUT)
    assert faults(plan, todos, lambda path: path in FILES or path.startswith("tests/")) == ()
    for task in plan.tasks:
        assert "\n" not in task.title
        assert len(task.title) <= TITLE_LIMIT
        assert slug(task.id) == task.id

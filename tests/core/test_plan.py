"""What makes a Plan invalid, its waves and its overlaps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextune.core.planning.plan import Overlap, Plan, Task, faults
from contextune.core.todos.todo import Todo


def task(key: str, **more: Any) -> Task:
    return Task(**{"id": key, "title": f"Title of {key}", "brief": f"Brief of {key}."} | more)


def todo(key: str, path: str = "a.py", symbol: str | None = None) -> Todo:
    return Todo(
        id=key, path=path, line=1, column=1, end_line=1, marker="TODO", text=f"text of {key}", symbol=symbol
    )


def known(*paths: str) -> Callable[[str], bool]:
    return lambda path: path in paths


ANY = known("a.py", "b.py")


@pytest.mark.parametrize(
    ("tasks", "todos", "said"),
    [
        ([], [], "The plan has no tasks."),
        ([task("a"), task("a")], [], "Two tasks have the key 'a'."),
        ([task("a", title="  ")], [], "Task 'a' has an empty title or brief."),
        ([task("a", brief="")], [], "Task 'a' has an empty title or brief."),
        ([task("a", todo_ids=("t9",))], [], "Task 'a' names the unknown todo 't9'."),
        ([task("a", depends_on=("z",))], [], "Task 'a' depends on 'z', which is no task."),
        (
            [task("a", files=("c/d.py",))],
            [],
            "Task 'a' names 'c/d.py', which is neither a file of the repository nor a new file in one of its "
            "folders.",
        ),
        (
            [task("a", todo_ids=("t1",)), task("b", todo_ids=("t1",))],
            [todo("t1")],
            "Todo t1 is in both 'a' and 'b'.",
        ),
        ([task("a")], [todo("t1")], "No task covers todo t1."),
        (
            [task("a", depends_on=("b",)), task("b", depends_on=("a",))],
            [],
            "These tasks wait for each other: a -> b.",
        ),
        ([task("a", depends_on=("a",))], [], "These tasks wait for each other: a."),
        (
            [
                task("a", todo_ids=("t1",), files=("a.py",)),
                task("b", todo_ids=("t2",), files=("a.py",)),
            ],
            [todo("t1", symbol="f"), todo("t2", symbol="f")],
            "Tasks 'a' and 'b' both change f in a.py: merge them or make one depend on the other.",
        ),
    ],
)
def test_each_fault_is_one_sentence(tasks: list[Task], todos: list[Todo], said: str) -> None:
    assert faults(Plan(tasks=tuple(tasks)), todos, ANY) == (said,)


def test_all_faults_of_a_kind_are_told_at_once() -> None:
    plan = Plan(tasks=(task("a", brief="", files=("x",), depends_on=("z",)),))
    assert len(faults(plan, [todo("t1")], ANY)) == 4


def test_a_valid_plan_has_no_faults() -> None:
    todos = [todo("t1", symbol="f"), todo("t2", symbol="g")]
    plan = Plan(
        tasks=(
            task("a", todo_ids=("t1",), files=("a.py",)),
            task("b", todo_ids=("t2",), files=("a.py",)),
            task("c", depends_on=("a", "b")),
        )
    )
    assert faults(plan, todos, ANY) == ()
    assert plan.waves() == (("a", "b"), ("c",))


def test_an_order_between_tasks_ends_their_overlap() -> None:
    todos = [todo("t1", symbol="f"), todo("t2", symbol="f"), todo("t3", path="b.py")]
    one, two = (
        task("a", todo_ids=("t1",), files=("a.py", "b.py")),
        task("b", todo_ids=("t2",), files=("a.py",)),
    )
    three = task("c", todo_ids=("t3",), files=("b.py",))
    assert Plan(tasks=(one, two, three)).overlaps(todos) == (
        Overlap(first="a", second="b", path="a.py", symbol="f"),
        Overlap(first="a", second="c", path="b.py"),
    )
    after = task("b", todo_ids=("t2",), files=("a.py",), depends_on=("c",))
    later = task("c", todo_ids=("t3",), files=("b.py",), depends_on=("a",))
    # Not the direct order alone counts: a comes before b because c stands between them.
    assert Plan(tasks=(one, after, later)).overlaps(todos) == ()
    assert Plan(tasks=(one, after, later)).ancestors("b") == {"a", "c"}


def test_an_unknown_task_is_an_error() -> None:
    with pytest.raises(KeyError):
        Plan(tasks=(task("a"),)).task("b")


@st.composite
def ordered(draw: st.DrawFn) -> Plan:
    """A plan in which each Task depends on earlier ones only, told in any order."""
    count = draw(st.integers(1, 8))
    tasks = [
        task(f"k{n}", depends_on=tuple(draw(st.sets(st.sampled_from([f"k{m}" for m in range(n)])))))
        if n
        else task("k0")
        for n in range(count)
    ]
    return Plan(tasks=tuple(draw(st.permutations(tasks))))


@given(ordered())
def test_waves_hold_every_task_once_after_what_it_depends_on(plan: Plan) -> None:
    waves = plan.waves()
    place = {task_id: n for n, wave in enumerate(waves) for task_id in wave}
    assert sorted(task_id for wave in waves for task_id in wave) == sorted(t.id for t in plan.tasks)
    for one in plan.tasks:
        assert place[one.id] == max((place[d] + 1 for d in one.depends_on), default=0)
        assert plan.ancestors(one.id) >= set(one.depends_on)
    assert faults(plan, [], ANY) == ()

"""Overlaps of a Plan from facts, the order that follows, and what a person may choose instead."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contextune.core.overlap.overlaps import find_overlaps, serialised, with_order
from contextune.core.overlap.touches import Call, Spot, TaskFacts, both
from contextune.core.planning.plan import Overlap, Plan, Task
from contextune.core.planning.rearranged import Choice, rearranged
from contextune.core.source.source_file import Place


def task(task_id: str, *after: str, **more: object) -> Task:
    return msgspec.convert(
        {
            "id": task_id,
            "title": f"Do {task_id}",
            "brief": f"Brief of {task_id}.",
            "dependsOn": after,
            **more,
        },
        Task,
    )


def plan(*tasks: Task) -> Plan:
    return Plan(tasks=tasks)


def strong(first: str, second: str) -> Overlap:
    return Overlap(first=first, second=second, path="a.py", kind="same_symbol", strong=True, reason="Both.")


PARSE = Place("a.py", "parse")


def test_generated_facts_need_no_repository() -> None:
    facts = [
        TaskFacts("a", changes=(PARSE,), files=("a.py",), interface=True),
        TaskFacts("b", files=("b.py",), calls=(Call(PARSE, "main"),)),
        TaskFacts("c", changes=(PARSE,), files=("a.py",)),
        TaskFacts("d", files=("d.py",)),
    ]
    found = find_overlaps(plan(*(task(name) for name in "abcd")), facts)
    assert [(one.kind, one.first, one.second, one.strong) for one in found] == [
        ("calls", "a", "b", True),
        ("same_symbol", "a", "c", True),
        ("calls", "c", "b", False),
    ]
    assert found[1].reason == "“Do a” and “Do c” both touch `parse()`."


def test_an_order_between_tasks_is_told_with_the_overlap() -> None:
    facts = [TaskFacts(name, changes=(PARSE,), files=("a.py",)) for name in "ac"]
    ordered = plan(task("a"), task("b", "a"), task("c", "b"))
    assert [one.in_order for one in find_overlaps(ordered, facts)] == [True]
    assert [one.in_order for one in find_overlaps(plan(task("a"), task("c")), facts)] == [False]


def test_only_strong_overlaps_are_put_in_order() -> None:
    weak = msgspec.structs.replace(strong("b", "c"), strong=False)
    settled = serialised(plan(task("a"), task("b"), task("c")), [strong("a", "c"), weak])
    assert settled.waves() == (("a", "b"), ("c",))


def test_an_order_that_is_there_is_kept() -> None:
    backwards = plan(task("a", "c"), task("b"), task("c"))
    assert serialised(backwards, [strong("a", "c")]) == backwards


def test_lines_of_two_todos_are_near_or_far() -> None:
    def found(line: int) -> list[tuple[str, bool]]:
        facts = [
            TaskFacts("a", files=("a.py",), spots=(Spot("a.py", 10, 11),)),
            TaskFacts("b", files=("a.py",), spots=(Spot("a.py", line, line),)),
        ]
        return [(one.kind, one.strong) for one in find_overlaps(plan(task("a"), task("b")), facts)]

    assert found(19) == found(2) == [("same_file", True)]
    assert found(20) == found(1) == [("same_file", False)]


def test_one_test_file_is_told_and_keeps_nothing_apart() -> None:
    facts = [TaskFacts(name, files=(f"{name}.py", "tests/test_all.py")) for name in "ab"]
    (one,) = find_overlaps(plan(task("a"), task("b")), facts)
    assert (one.kind, one.strong, one.path) == ("same_test", False, "tests/test_all.py")


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan without a cycle, its Tasks told in any order."""
    count = draw(st.integers(2, 9))
    tasks = [
        task(f"k{n}", *(draw(st.sets(st.sampled_from([f"k{m}" for m in range(n)]), max_size=3)) if n else ()))
        for n in range(count)
    ]
    return Plan(tasks=tuple(draw(st.permutations(tasks))))


@st.composite
def overlapping(draw: st.DrawFn) -> tuple[Plan, list[Overlap]]:
    made = draw(plans())
    ids = st.sampled_from([one.id for one in made.tasks])
    pairs = draw(st.lists(st.tuples(ids, ids).filter(lambda pair: pair[0] != pair[1]), max_size=30))
    return made, [strong(*pair) for pair in pairs]


@given(overlapping())
def test_no_order_of_overlaps_makes_a_cycle(given_: tuple[Plan, list[Overlap]]) -> None:
    made, found = given_
    settled = serialised(made, found)
    settled.waves()  # raises on a cycle
    assert all(one.in_order for one in with_order(settled, found))
    for before, after in zip(made.tasks, settled.tasks, strict=True):
        # Nothing that was asked for is lost.
        assert after.depends_on[: len(before.depends_on)] == before.depends_on
        assert msgspec.structs.replace(after, depends_on=before.depends_on) == before


@given(overlapping(), st.data())
def test_no_row_of_choices_makes_a_cycle(given_: tuple[Plan, list[Overlap]], data: st.DataObject) -> None:
    made, found = given_
    made = serialised(made, found)
    for _ in range(5):
        ids = [one.id for one in made.tasks]
        first, second = data.draw(st.sampled_from(ids)), data.draw(st.sampled_from(ids))
        choice: Choice = data.draw(st.sampled_from(["serialise", "merge", "together"]))
        todos = {todo for one in made.tasks for todo in one.todo_ids}
        try:
            made = rearranged(made, choice, first, second)
        except ValueError as problem:
            assert str(problem).endswith(".")  # noqa: PT017 a sentence for people
            continue
        assert {todo for one in made.tasks for todo in one.todo_ids} == todos
        orders = made.orders()
        if choice == "serialise":
            assert first in orders[second] or second in orders[first]
        elif choice == "together":
            assert first not in orders[second]
            assert second not in orders[first]
        else:
            assert len(made.tasks) == len(ids) - 1


def test_two_tasks_in_one_are_both() -> None:
    one = task("a", todoIds=["t1"], files=["a.py"], complexity="simple", gate="pytest a")
    other = task("b", "x", todoIds=["t2"], files=["a.py", "b.py"], complexity="hard")
    merged = rearranged(plan(task("x"), one, other, task("y", "b")), "merge", "b", "a")
    assert [each.id for each in merged.tasks] == ["x", "a", "y"]
    made = merged.task("a")
    assert (made.title, made.todo_ids, made.files) == ("Do a; Do b", ("t1", "t2"), ("a.py", "b.py"))
    assert (made.depends_on, made.complexity, made.gate) == (("x",), "hard", None)
    assert made.brief == "Brief of a.\n\nAnd: Brief of b."
    assert merged.task("y").depends_on == ("a",)


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("merge", "“Do a” and “Do c” cannot be one Task: another one waits for the first"),
        ("together", "“Do c” waits for “Do b”, which waits for “Do a”: part one of those first."),
    ],
)
def test_a_task_that_stands_between_is_named(choice: Choice, said: str) -> None:
    with pytest.raises(ValueError, match="Do") as raised:
        rearranged(plan(task("a"), task("b", "a"), task("c", "b")), choice, "a", "c")
    assert str(raised.value).startswith(said)


def test_the_facts_of_two_tasks_in_one() -> None:
    one = TaskFacts("a", changes=(PARSE,), files=("a.py",), named_files=("b.py",))
    other = TaskFacts("b", names=(PARSE,), files=("b.py",), calls=(Call(PARSE, "main"),), interface=True)
    assert both(one, other) == TaskFacts("a", changes=(PARSE,), files=("a.py", "b.py"), interface=True)

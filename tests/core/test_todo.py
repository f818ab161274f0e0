"""Ids of Todos survive edits elsewhere in their file."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from contextune.core.todos.todo import Todo, with_ids

WORDS = st.sampled_from(["round up", "add kilos", "tidy", "round  up", "tidy\n"])
FOUND = st.lists(st.tuples(st.sampled_from(["TODO", "FIXME"]), WORDS), max_size=8)


def todos(found: list[tuple[str, str]], *, shift: int = 0, path: str = "a.py") -> tuple[Todo, ...]:
    return with_ids(
        Todo(
            id="",
            path=path,
            line=10 * n + shift,
            column=1 + shift,
            end_line=10 * n + shift,
            marker=marker,
            text=text,
        )
        for n, (marker, text) in enumerate(found, start=1)
    )


@given(found=FOUND, shift=st.integers(0, 100))
def test_edits_above_change_no_id_and_no_two_are_equal(found: list[tuple[str, str]], shift: int) -> None:
    before, after = todos(found), todos(found, shift=shift)
    assert [todo.id for todo in before] == [todo.id for todo in after]
    assert len({todo.id for todo in before}) == len(found)


@given(found=FOUND, other=st.text(min_size=1, max_size=5, alphabet="xyz"), place=st.integers(0, 8))
def test_a_new_todo_anywhere_leaves_the_others_alone(
    found: list[tuple[str, str]], other: str, place: int
) -> None:
    place = min(place, len(found))
    grown = todos([*found[:place], ("TODO", other), *found[place:]])
    assert [todo.id for n, todo in enumerate(grown) if n != place] == [todo.id for todo in todos(found)]


def test_the_id_depends_on_path_marker_and_words_alone() -> None:
    (todo,) = todos([("TODO", "round up")])
    assert todo.id.startswith("t_")
    (same,) = with_ids([msgspec.structs.replace(todo, id="", symbol="f", owner="ada", text="round\n   up")])
    assert same.id == todo.id
    ids = {
        todos([("TODO", "round up")], path="b.py")[0].id,
        todos([("FIXME", "round up")])[0].id,
        todos([("TODO", "round down")])[0].id,
        todo.id,
    }
    assert len(ids) == 4

"""What the end of a Run says of each accepted Task."""

from __future__ import annotations

import pytest

from contextune.core.runs.held import Held, held_text, lost

COMMIT, TREE = "c" * 40, "t" * 40


@pytest.mark.parametrize(
    ("own", "different", "later", "missing"),
    [
        ({"a"}, set(), set(), ()),
        ({"a"}, {"b"}, {"b"}, ()),
        ({"a"}, {"a"}, {"a"}, ()),
        ({"a", "b"}, {"b", "a"}, {"a"}, ("b",)),
        ({"b", "a"}, {"a", "b", "c"}, set(), ("a", "b")),
    ],
)
def test_a_file_is_lost_that_is_otherwise_though_no_later_task_changed_it(
    own: set[str], different: set[str], later: set[str], missing: tuple[str, ...]
) -> None:
    assert lost(own, different, later) == missing


def test_what_is_said_of_it() -> None:
    whole = Held(task_id="a", commit=COMMIT, tree=TREE, is_inside=True)
    assert whole.is_whole
    assert held_text(whole) == f"The result holds it: commit {COMMIT[:10]}, tree {TREE[:10]}."
    partly = Held(task_id="a", commit=COMMIT, tree=TREE, is_inside=True, lost=("x.py", "y.py"))
    assert not partly.is_whole
    assert held_text(partly) == "The result does not hold all of it: x.py, y.py is missing."
    outside = Held(task_id="a", commit=COMMIT, tree=TREE, is_inside=False)
    assert not outside.is_whole
    assert held_text(outside) == f"The result does not hold all of it: its commit {COMMIT[:10]} is missing."

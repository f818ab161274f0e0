"""The code around a Todo."""

from __future__ import annotations

import msgspec
import pytest

from contextune.core.todos.excerpt import LONGEST, MOST_LINES, excerpt
from contextune.core.todos.todo import Todo

TODO = Todo(id="t", path="a.py", line=4, column=5, end_line=5, marker="TODO", text="check")
LINES = [
    "import os",
    "",
    "\tdef f():",
    "        # TODO: check",
    "        #   twice",
    "        return 1",
    "",
    "",
]


def test_it_is_what_stands_around_the_comment_without_margin_and_blank_ends() -> None:
    assert excerpt(TODO, LINES[2:3] * 3 + LINES[3:]) == (
        "def f():",
        "def f():",
        "def f():",
        "    # TODO: check",
        "    #   twice",
        "    return 1",
    )
    assert excerpt(TODO, LINES)[0] == "import os"


def test_a_blank_line_above_is_no_beginning() -> None:
    assert excerpt(TODO, ["", "", "", *LINES[3:]])[0] == "# TODO: check"


def test_long_comments_and_lines_are_cut() -> None:
    long = msgspec.structs.replace(TODO, end_line=90)
    shown = excerpt(long, ["x" * 500] * 100)
    assert (len(shown), len(shown[0]), shown[0][-1]) == (MOST_LINES, LONGEST, "…")


@pytest.mark.parametrize("lines", [[], ["one"], LINES[:3]])
def test_a_file_that_became_shorter_has_none(lines: list[str]) -> None:
    assert excerpt(TODO, lines) == ()
